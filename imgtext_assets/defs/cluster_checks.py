"""Checks of the clusters of all shards: what a person should look at, though nothing breaks the contract.

Both only warn. What belongs here: what is suspicious. What does not: counting (`duplicates.figures`), the checks of
single shards (`checks`).
"""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.describe import markdown_table
from imgtext_assets.duplicates import figures
from imgtext_assets.lake import Lake
from imgtext_assets.tables import DUPLICATE_CLUSTERS, FINGERPRINTS, Table, goes_on

_CLUSTERS = 20
_SHARDS = 20
SIZES, HASHER = "cluster_sizes", "one_hasher"


@dg.multi_asset_check(
    name="duplicate_clusters_checks",
    specs=[
        dg.AssetCheckSpec(
            SIZES,
            asset=DUPLICATE_CLUSTERS.name,
            description="No cluster has more rows than `policy.duplicates.suspicious_size`: one that has may hold "
            "strangers, or a host's placeholder that was not told as one. Look at its thumbnails.",
        ),
        dg.AssetCheckSpec(
            HASHER,
            asset=DUPLICATE_CLUSTERS.name,
            description="All hashes were taken by one version of Pillow: another may turn bits, so that copies are "
            "missed. Run `fingerprints` again for the shards of the other versions; nothing is fetched again.",
        ),
    ],
)
def cluster_checks(catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]) -> Iterator[dg.AssetCheckResult]:
    """Read back the clusters, and what took the hashes that they were made from."""
    yield _sizes(_rows(lake, DUPLICATE_CLUSTERS), catalog.policy.duplicates.suspicious_size)
    in_catalog = pl.col("source").is_in([source.name for source in catalog.sources])
    yield _one_hasher(goes_on(_rows(lake, FINGERPRINTS)).filter(in_catalog))


def _sizes(clusters: pl.LazyFrame, limit: int | None) -> dg.AssetCheckResult:
    largest = figures.largest_clusters(clusters, _CLUSTERS)
    suspicious = largest.filter(pl.col("size") > limit) if limit else largest.clear()
    shown = suspicious.select("size", "keeper_id", "keeper_shard", "said")
    return dg.AssetCheckResult(
        check_name=SIZES,
        passed=suspicious.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "largest": int(largest["size"].max() or 0),  # pyright: ignore[reportArgumentType]
            "suspicious_size": limit or "never",
            **({} if shown.is_empty() else {"suspicious_clusters": markdown_table(shown.columns, shown.rows())}),
        },
    )


def _one_hasher(fingerprints: pl.LazyFrame) -> dg.AssetCheckResult:
    found = figures.hashed_by(fingerprints)
    said = found.select(
        pl.col("fingerprint_by").fill_null("not recorded"),
        "rows",
        shards=pl.col("shards").list.len(),
        first_shards=pl.col("shards").list.head(_SHARDS).list.join(" "),
    )
    return dg.AssetCheckResult(
        check_name=HASHER,
        passed=found.height <= 1,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"hashed_by": markdown_table(said.columns, [[*map(str, row)] for row in said.rows()])},
    )


def _rows(lake: Lake, table: Table) -> pl.LazyFrame:
    return lake.tables.scan(table.name, table.schema)
