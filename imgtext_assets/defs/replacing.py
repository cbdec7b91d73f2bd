"""Addresses that rank behind others of the same picture: their links are dead, or they failed to stand in for one.

`dead_links` follows from `duplicate_clusters` in the graph, so it cannot come before it too: what is dead by now is
read from the lake, and a version of it is recorded with the clusters, as for lists of pictures to exclude.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import polars as pl

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.fetch import latest
from imgtext_assets.lake import Lake
from imgtext_assets.reasons import PASSING, REFUSALS
from imgtext_assets.sources import url_key
from imgtext_assets.tables import (
    DEAD_LINKS,
    DOWNLOADED,
    DUPLICATE_CLUSTERS,
    FETCHES,
    FINGERPRINTS,
    PASSED_OVER,
    RESOLUTION_FILTERED,
    VERIFIED,
    Table,
    goes_on,
)

_ROW = ["shard", "id"]
_LATER = (RESOLUTION_FILTERED, DOWNLOADED, VERIFIED)
"""The stages that judge what takes a dead link's place."""
_STAYS = {
    DOWNLOADED.name: PASSING,  # another day may mend it
    VERIFIED.name: REFUSALS | {"rights_claimed"},  # what somebody refused is not had elsewhere instead
}
"""By stage, the reasons for which no other address is tried."""


@dataclass(frozen=True)
class Behind:
    """url_keys whose link is `dead`, and those beside them that have `failed`: PASSED_OVER."""

    dead: pl.Series = field(default_factory=lambda: pl.Series("url_key", [], pl.String))
    failed: pl.DataFrame = field(default_factory=PASSED_OVER.schema.to_frame)

    @property
    def keys(self) -> pl.Series:
        """All of them."""
        return pl.concat([self.dead, self.failed["url_key"]])


def acts_on_dead_links(catalog: Catalog) -> bool:
    """Whether a row whose link is dead may not be in a release. Where we serve the bytes ourselves, it may."""
    return catalog.policy.links.dead != "keep" and catalog.release.public_url is None


def rows_behind(catalog: Catalog, lake: Lake) -> Behind:
    """The addresses that rank behind others now.

    Of the rows that are in a cluster with a dead one those have failed that a later stage rejected for good; and those
    that had when the clusters were last made, or they would be tried in turns. They are tried again once that stage
    goes by other code or settings.
    """
    if catalog.policy.links.dead != "replace" or not acts_on_dead_links(catalog):
        return Behind()
    links = lake.tables.scan(DEAD_LINKS.name, DEAD_LINKS.schema)
    dead = links.select(url_key=url_key(pl.col("url"))).drop_nulls().unique().collect()["url_key"].sort()
    if dead.is_empty():
        return Behind()
    members = _members(lake, _clusters(lake))
    is_dead = pl.col("url_key").is_in(dead.implode())
    beside = members.filter(is_dead.any().over("keeper_shard", "keeper_id"))
    versions = code_versions(catalog)
    judged = pl.DataFrame(
        [(stage.name, versions[stage.name]) for stage in _LATER], ["stage", "code_version"], orient="row"
    )
    before = lake.tables.scan(PASSED_OVER.name, PASSED_OVER.schema).collect()
    failed = pl.concat([_rejected(lake, beside).join(judged, on="stage"), before.join(judged, on=judged.columns)])
    return Behind(dead, failed.filter(~is_dead).unique("url_key", keep="first", maintain_order=True).sort("url_key"))


def remember(lake: Lake, behind: Behind) -> None:
    """Keep what has failed for the next time."""
    if len(behind.failed) or lake.tables.exists(PASSED_OVER.name):
        lake.tables.write(PASSED_OVER.name, behind.failed)


def version(lake: Lake, behind: Behind, clusters: pl.DataFrame | None = None) -> str:
    """A digest of what ranks behind others in these clusters, else in those of the lake; empty where nothing does.

    Links that died where nothing could take their place make no clusters stale.
    """
    if behind.dead.is_empty():
        return ""
    found = _clusters(lake) if clusters is None else clusters.lazy()
    among = _members(lake, found).filter(pl.col("url_key").is_in(behind.dead.implode()))["url_key"]
    keys = pl.concat([among, behind.failed["url_key"]]).unique().sort()
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16] if len(keys) else ""


def in_doubt(catalog: Catalog, lake: Lake, shard: str, rows: pl.DataFrame) -> pl.Series:
    """url_keys of those `rows` of RESOLUTION_FILTERED that are new at `downloaded`, and had before the latest death.

    A row that is kept already is asked for by rechecks. One that is kept only now, in a dead link's stead or since a
    policy changed, nobody has asked for since its picture was had, and that may be years ago: it has to have been
    there since the last link was found dead. Links that are dead themselves are left to rechecks.
    """
    links = lake.tables.scan(DEAD_LINKS.name, DEAD_LINKS.schema).select("url", "dead_since").collect()
    if links.is_empty() or not acts_on_dead_links(catalog):
        return pl.Series("url_key", [], pl.String)
    there = goes_on(lake.tables.scan(DOWNLOADED.name, DOWNLOADED.schema, [shard])).select("url_key")
    new = (
        rows.lazy()
        .select("url", "url_key")
        .join(there, on="url_key", how="anti")
        .join(links.lazy(), on="url", how="anti")
    )
    journal = lake.tables.scan(FETCHES.name, FETCHES.schema, [shard])
    since = links["dead_since"].max()
    early = latest(journal.join(new, on="url_key", how="semi")).filter(pl.col("fetched_at") < since)
    return early.select("url_key").collect()["url_key"]


def _clusters(lake: Lake) -> pl.LazyFrame:
    return lake.tables.scan(DUPLICATE_CLUSTERS.name, DUPLICATE_CLUSTERS.schema)


def _members(lake: Lake, clusters: pl.LazyFrame) -> pl.DataFrame:
    """The rows that repeat one another, with their cluster's keeper and their url_key."""
    repeats = clusters.filter(pl.col("keeper_id").is_not_null()).select(*_ROW, "keeper_shard", "keeper_id")
    rows = lake.tables.scan(FINGERPRINTS.name, FINGERPRINTS.schema).select(*_ROW, "url_key")
    return rows.join(repeats, on=_ROW, how="inner").drop_nulls("url_key").collect(engine="streaming")


def _rejected(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    """Of these rows those that a later stage rejected for good: `url_key` and `stage`."""

    def by(stage: Table) -> pl.LazyFrame:
        stays = list(_STAYS.get(stage.name, ()))
        ended = pl.col("reject_reason").is_not_null() & ~pl.col("reject_reason").is_in(stays)
        table = lake.tables.scan(stage.name, stage.schema, rows["shard"].unique()).filter(ended).select(_ROW)
        return rows.lazy().join(table, on=_ROW, how="semi").select("url_key", stage=pl.lit(stage.name))

    return pl.concat([by(stage) for stage in _LATER]).collect(engine="streaming")
