"""The verdicts of `deduplicated`: the clusters' word on each row of one shard."""

from __future__ import annotations

import polars as pl

from imgtext_assets import tables
from imgtext_assets.columns import CLUSTER
from imgtext_assets.duplicates.exclude import RULE as EXCLUDED
from imgtext_assets.duplicates.placeholders import RULE, asked_host
from imgtext_assets.duplicates.removed import REMOVED_LIST


def deduplicate(fingerprints: pl.LazyFrame, clusters: pl.LazyFrame) -> pl.LazyFrame:
    """The kept rows of `fingerprints` of one shard, judged by `clusters`; they conform to `tables.DEDUPLICATED`.

    `clusters` are those of all shards (`tables.DUPLICATE_CLUSTERS`); id and shard together name a row. Rows in = rows
    out, in the same order; a row that no cluster names goes on, as does a keeper.
    """
    named = clusters.filter(rule=RULE).group_by("cluster_id").agg(alike=pl.len())
    verdicts = clusters.select("id", "shard", *(column.name for column in CLUSTER))
    judged = fingerprints.join(verdicts, on=["id", "shard"], how="left", maintain_order="left").join(
        named, on="cluster_id", how="left", maintain_order="left"
    )
    keeper = pl.format("{} ({})", "keeper_id", "keeper_shard")
    bits = pl.concat_str(
        pl.format("{} of 64", "distance"),
        pl.format(" and {} of 256", "distance256"),
        pl.lit(" bits"),
        ignore_nulls=True,
    )
    by_list = pl.format("on the list {}", pl.col("cluster_id").str.strip_prefix(f"{EXCLUDED}:"))
    like_removed = pl.format("{} of 64 bits from a removed picture", "distance")
    by_look = pl.format(", {} of 64 bits from one of its pictures", "distance")
    rules = [
        (pl.col("rule") == "same_id", "same_id", pl.format("same id as {}", keeper)),
        (pl.col("rule") == "same_url", "same_url", pl.format("same address as {}", keeper)),
        (pl.col("rule") == "same_bytes", "same_bytes", pl.format("same bytes as {}", keeper)),
        (pl.col("rule") == "near_duplicate", "near_duplicate", pl.format("{} from {}", bits, keeper)),
        (pl.col("rule") == "mirrored", "mirrored", pl.format("{} from {}, mirrored", bits, keeper)),
        (pl.col("cluster_id") == f"{EXCLUDED}:{REMOVED_LIST}", "removed", like_removed),
        (pl.col("rule") == EXCLUDED, EXCLUDED, pl.concat_str(by_list, by_look, ignore_nulls=True)),
        (pl.col("rule") == RULE, RULE, pl.format("{} answers {} rows with this picture", asked_host(), "alike")),
    ]
    return tables.DEDUPLICATED.conform(tables.reject(judged, rules))
