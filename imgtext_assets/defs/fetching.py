"""What the assets that fetch have in common: the shard's journal, the blob store, and counts for the UI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dagster as dg
import polars as pl

from imgtext_assets.catalog import FetchSettings, digest
from imgtext_assets.defs.progress import Progress
from imgtext_assets.fetch import Outcome, Request, fetch_all
from imgtext_assets.fetch.harvest import Harvest, harvest, latest
from imgtext_assets.lake import Lake
from imgtext_assets.tables import FETCHES

# One pool for all that asks the web; dagster.yaml says how many such steps run at once.
POOL = "web"


@dataclass(frozen=True)
class Fetcher:
    """Fetches addresses of one shard into the lake, each picture once."""

    context: dg.AssetExecutionContext
    lake: Lake
    settings: FetchSettings
    progress: Progress

    def fetch(self, rows: pl.DataFrame, what: str, url: str = "url", url_key: str = "url_key") -> Harvest:
        """An answer for every address of the rows: from the shard's journal where it has one, else from the web."""
        pairs = rows.select(key=pl.col(url_key), address=pl.col(url)).drop_nulls()
        addresses = dict(pairs.unique("key", keep="first", maintain_order=True).iter_rows())
        shard, tables = self.context.partition_key, self.lake.tables
        journal = tables.scan(FETCHES.name, FETCHES.schema, [shard])
        asked_for = pl.col("url_key").is_in(list(addresses))
        result = harvest(
            addresses,
            self._stored(latest(journal).filter(asked_for).collect()),
            settings=digest(self.settings.what_may_be_had),
            ask=self._ask,
            store=self.lake.blobs.put,
            journal=self._journal,
            progress=self.progress.start(self.context, what),
        )
        self._compact()
        self.context.log.info(
            f"{what}: {result.fetched:,} fetched, {result.found:,} already in the blob store, {result.failed:,} failed"
        )
        return result

    def _compact(self) -> None:
        """One journal file a shard, with the latest answers."""
        shard, tables = self.context.partition_key, self.lake.tables
        files = tables.files(FETCHES.name, shard)
        if len(files) > 1:
            answers = latest(tables.scan(FETCHES.name, FETCHES.schema, [shard])).sort("url_key").collect()
            tables.compact(FETCHES.name, answers, files, shard)

    def _journal(self, rows: pl.DataFrame) -> None:
        self.lake.tables.append(FETCHES.name, rows, self.context.partition_key)

    def _ask(self, urls: Iterable[str]) -> Iterator[Outcome]:
        return fetch_all((Request(url) for url in urls), self.settings)

    def _stored(self, answers: pl.DataFrame) -> pl.DataFrame:
        """Answers whose bytes are in the store; the others are as if never given."""
        present = self.lake.blobs.present(answers.filter(outcome="ok")["sha256"].drop_nulls().unique())
        return answers.filter((pl.col("outcome") != "ok") | pl.col("sha256").is_in(list(present)))


def counts(*results: Harvest) -> dict[str, int]:
    """What a run fetched, for the UI."""
    return {
        "fetched": sum(result.fetched for result in results),
        "already_in_blob_store": sum(result.found for result in results),
        "failed": sum(result.failed for result in results),
    }
