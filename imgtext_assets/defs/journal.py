"""Journals of fetches in the lake: what is known of addresses, and what came in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from imgtext_assets.fetch import latest
from imgtext_assets.lake import Lake
from imgtext_assets.tables import FETCHES, HOST_FILES, Table


@dataclass(frozen=True)
class Journal:
    """Answers as they came in: the parts of an append-only table with the columns of FETCHES, of which one is added to.

    Files that others write meanwhile do no harm.
    """

    lake: Lake
    table: Table
    part: str
    older_parts: tuple[str, ...] = ()

    def known(
        self, keys: Collection[str], since: datetime | None = None, removed: Collection[str] = ()
    ) -> pl.DataFrame:
        """The latest answers for these url_keys, given at `since` or later, whose bytes are in the store.

        The others are as if never given; but for answers that had bytes of the SHA-256s in `removed`, of which the
        store need not have any.
        """
        wanted = pl.col("url_key").is_in(list(keys))
        if since is not None:
            wanted &= pl.col("fetched_at") >= since
        answers = latest(self._scan(self.part, *self.older_parts)).filter(wanted).collect()
        present = self.lake.blobs.present(answers.filter(outcome="ok")["sha256"].drop_nulls().unique())
        had = {*present, *removed}
        return answers.filter((pl.col("outcome") != "ok") | pl.col("sha256").is_in(list(had)))

    def append(self, rows: pl.DataFrame) -> None:
        """Add answers as they come in."""
        self.lake.tables.append(self.table.name, rows, self.part)

    def compact(self) -> None:
        """One file for the part that is added to, with the latest answers."""
        files = self.lake.tables.files(self.table.name, self.part)
        if len(files) > 1:
            answers = latest(self._scan(self.part)).sort("url_key").collect()
            self.lake.tables.compact(self.table.name, answers, files, self.part)

    def _scan(self, *parts: str) -> pl.LazyFrame:
        return self.lake.tables.scan(self.table.name, self.table.schema, parts)


def journal_of_shard(lake: Lake, shard: str) -> Journal:
    """What came of asking for the pictures of one shard."""
    return Journal(lake, FETCHES, shard)


def journal_of_hosts(lake: Lake, now: datetime) -> Journal:
    """What came of asking hosts for their files, of all shards, today and the day before."""
    day = now.astimezone(UTC).date()
    return Journal(lake, HOST_FILES, day.isoformat(), ((day - timedelta(days=1)).isoformat(),))
