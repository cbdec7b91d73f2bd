"""What is removed, as the stages ask for it: rows, addresses on the way of a request, bytes, looks.

What belongs here: reading the tombstones of the lake, and asking by them wherever a stage takes something in. What does
not: what a tombstone names (`rights.removals`, `duplicates.removed`), writing them (`takedowns`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import polars as pl

from imgtext_assets import duplicates, rights
from imgtext_assets.catalog import Policy
from imgtext_assets.fetch import Outcome
from imgtext_assets.lake import Lake
from imgtext_assets.sources import url_key
from imgtext_assets.sources.urls import normalise
from imgtext_assets.tables import REMOVALS, goes_on

PREVIEW_KEY = url_key(pl.col("preview_url"))
BY_NAME = [*rights.BY_ROW, ("url", PREVIEW_KEY)]
"""What a row of `raw_metadata` is known by."""
BY_REDIRECT = [("url", url_key(pl.col("final_url")))]
_OUTCOME = "removed"


def tombstones(lake: Lake) -> pl.LazyFrame:
    """All tombstones: REMOVALS."""
    return lake.tables.scan(REMOVALS.name, REMOVALS.schema)


def removed_looks(lake: Lake, policy: Policy) -> pl.LazyFrame:
    """The tombstones of looks (REMOVALS), as far as the policy refuses what looks like a removed picture."""
    looks = tombstones(lake).filter(kind="phash")
    return looks if policy.removals.near_duplicates else looks.clear()


def of_bytes(lake: Lake, policy: Policy, inspections: pl.DataFrame) -> pl.LazyFrame:
    """Tombstones (REMOVALS) of bytes: those that were written, and of `inspections` what looks like a removed one."""
    alike = duplicates.as_bytes(inspections, removed_looks(lake, policy))
    return pl.concat([tombstones(lake).filter(kind="sha256"), alike])


def not_removed(verified: pl.LazyFrame, lake: Lake, policy: Policy) -> pl.LazyFrame:
    """The rows of VERIFIED that no tombstone names by now, by none of their names, bytes and looks.

    A release asks so once more, since a tombstone may have been written after the stages last ran.
    """
    by = [*BY_NAME, *BY_REDIRECT, *rights.BY_BYTES]
    rows = rights.not_named(verified, tombstones(lake), by)
    alike = duplicates.looks_removed(
        goes_on(rows).select("shard", "id", "phash", "low_information"), removed_looks(lake, policy)
    )
    return rows.join(alike, on=["shard", "id"], how="anti", maintain_order="left")


def refused_now(verified: pl.LazyFrame, lake: Lake, policy: Policy) -> pl.LazyFrame:
    """A tombstone (REMOVALS) of the id of each row of VERIFIED that goes on though it is removed by now.

    For whoever asks by id why a row is in no release: it may be so by its creator, its look or its preview alone.
    """
    kept = goes_on(verified).select("source", "shard", "id")
    refused = kept.join(not_removed(verified, lake, policy).select("shard", "id"), on=["shard", "id"], how="anti")
    return REMOVALS.conform(refused.select("source", kind=pl.lit("id"), value="id"))


def disobeying(verified: pl.LazyFrame, lake: Lake, policy: Policy) -> pl.LazyFrame:
    """The rows of VERIFIED that go on though their bytes, or those of their preview, or their look is removed."""
    kept = goes_on(verified)
    by_bytes = rights.named(kept, tombstones(lake), rights.BY_BYTES)
    return pl.concat([by_bytes, duplicates.looks_removed(kept, removed_looks(lake, policy))]).unique(["shard", "id"])


class Refusal:
    """Refuses what comes in by its bytes, and by the address that it came from: no removed file is stored again."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    @cached_property
    def sha256(self) -> dict[str, str]:
        """Why bytes are removed, by their SHA-256."""
        return self._reasons("sha256")

    @cached_property
    def _urls(self) -> dict[str, str]:
        return self._reasons("url")

    def watch(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """The outcomes; those that brought what is removed without it, and with why."""
        for outcome in outcomes:
            why = self._why(outcome.sha256, outcome.final_url)
            if why is not None and outcome.body is not None:
                outcome.body.close()
                outcome.body, outcome.reason, outcome.detail, outcome.passing = None, _OUTCOME, why, False
            yield outcome

    def judged(self, known: pl.DataFrame) -> pl.DataFrame:
        """Answers of a journal (FETCHES) as they are to be read by now: what is removed was never had."""
        had = known.filter(outcome="ok")
        addresses = zip(had["url_key"], had["sha256"], had["final_url"], strict=True)
        why = {key: said for key, sha256, url in addresses if (said := self._why(sha256, url))}
        if not why:
            return known
        removed = pl.DataFrame({"url_key": [*why], "why": [*why.values()]})
        is_removed = pl.col("why").is_not_null()
        return (
            known.join(removed, on="url_key", how="left", maintain_order="left")
            .with_columns(
                outcome=pl.when(is_removed).then(pl.lit(_OUTCOME)).otherwise("outcome"),
                detail=pl.when(is_removed).then("why").otherwise("detail"),
                passing=pl.col("passing") & ~is_removed,
            )
            .drop("why")
        )

    def _why(self, sha256: str | None, url: str | None) -> str | None:
        if sha256 in self.sha256:
            return self.sha256[sha256]
        return self._urls.get(normalise(url) or "") if url and self._urls else None

    def _reasons(self, kind: str) -> dict[str, str]:
        stones = tombstones(self._lake).filter(kind=kind).sort("removed_at", "reason")
        first = stones.unique("value", keep="first", maintain_order=True).select("value", "reason")
        return dict(first.collect().iter_rows())
