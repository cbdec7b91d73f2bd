"""Addresses that rank behind others of the same picture: their links are dead, or they failed to stand in for one.

`dead_links` follows from `duplicate_clusters` in the graph, so it cannot come before it too: what is dead by now is
read from the lake, and a version of it is recorded with the clusters, as for lists of pictures to exclude.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import polars as pl

from imgtext_assets.catalog import Catalog
from imgtext_assets.fetch import latest
from imgtext_assets.lake import Lake
from imgtext_assets.sources import url_key
from imgtext_assets.tables import DEAD_LINKS, DUPLICATE_CLUSTERS, FETCHES, FINGERPRINTS, PASSED_OVER

_ROW = ["shard", "id"]


def _none() -> pl.Series:
    return pl.Series("url_key", [], pl.String)


@dataclass(frozen=True)
class Behind:
    """url_keys whose link is `dead`, and those beside them that have `failed`."""

    dead: pl.Series = field(default_factory=_none)
    failed: pl.Series = field(default_factory=_none)

    @property
    def keys(self) -> pl.Series:
        """All of them."""
        return pl.concat([self.dead, self.failed])


def acts_on_dead_links(catalog: Catalog) -> bool:
    """Whether a row whose link is dead may not be in a release. Where we serve the bytes ourselves, it may."""
    return catalog.policy.links.dead != "keep" and catalog.release.public_url is None


def rows_behind(catalog: Catalog, lake: Lake) -> Behind:
    """The addresses that rank behind others now.

    Of the rows that are in a cluster with a dead one those have failed whose last answer at `downloaded` was a final
    failure; and those that had when the clusters were last made, and still have, or they would be tried in turns.
    """
    if catalog.policy.links.dead != "replace" or not acts_on_dead_links(catalog):
        return Behind()
    links = lake.tables.scan(DEAD_LINKS.name, DEAD_LINKS.schema)
    dead = links.select(url_key=url_key(pl.col("url"))).drop_nulls().unique().collect()["url_key"].sort()
    if dead.is_empty():
        return Behind()
    members = _members(lake, _clusters(lake))
    is_dead = pl.col("url_key").is_in(dead.implode())
    beside = members.filter(is_dead.any().over("keeper_shard", "keeper_id"))["url_key"]
    before = lake.tables.scan(PASSED_OVER.name, PASSED_OVER.schema).collect()["url_key"]
    others = pl.concat([beside, before]).unique().to_frame().filter(~is_dead)["url_key"]
    return Behind(dead, _failed(lake, others))


def remember(lake: Lake, behind: Behind) -> None:
    """Keep what has failed for the next time."""
    if len(behind.failed) or lake.tables.exists(PASSED_OVER.name):
        lake.tables.write(PASSED_OVER.name, behind.failed.to_frame())


def version(lake: Lake, behind: Behind, clusters: pl.DataFrame | None = None) -> str:
    """A digest of what ranks behind others in these clusters, else in those of the lake; empty where nothing does.

    Links that died where nothing could take their place make no clusters stale.
    """
    if behind.dead.is_empty():
        return ""
    found = _clusters(lake) if clusters is None else clusters.lazy()
    among = _members(lake, found).filter(pl.col("url_key").is_in(behind.dead.implode()))["url_key"]
    keys = pl.concat([among, behind.failed]).unique().sort()
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16] if len(keys) else ""


def _clusters(lake: Lake) -> pl.LazyFrame:
    return lake.tables.scan(DUPLICATE_CLUSTERS.name, DUPLICATE_CLUSTERS.schema)


def _members(lake: Lake, clusters: pl.LazyFrame) -> pl.DataFrame:
    """The rows that repeat one another, with their cluster's keeper and their url_key."""
    repeats = clusters.filter(pl.col("keeper_id").is_not_null()).select(*_ROW, "keeper_shard", "keeper_id")
    rows = lake.tables.scan(FINGERPRINTS.name, FINGERPRINTS.schema).select(*_ROW, "url_key")
    return rows.join(repeats, on=_ROW, how="inner").drop_nulls("url_key").collect(engine="streaming")


def _failed(lake: Lake, keys: pl.Series) -> pl.Series:
    """Of these addresses those whose latest answer is a failure that no other day mends."""
    if keys.is_empty():
        return _none()
    journal = lake.tables.scan(FETCHES.name, FETCHES.schema).filter(pl.col("url_key").is_in(keys.implode()))
    failures = latest(journal).filter((pl.col("outcome") != "ok") & ~pl.col("passing"))
    return failures.select("url_key").collect()["url_key"].sort()
