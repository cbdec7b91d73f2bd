"""The verdicts of `deduplicated`: the clusters' word on each row of one shard."""

from __future__ import annotations

import polars as pl

from imgtext_assets import tables
from imgtext_assets.duplicates.placeholders import RULE, asked_host


def deduplicate(fingerprints: pl.LazyFrame, clusters: pl.LazyFrame) -> pl.LazyFrame:
    """The kept rows of `fingerprints` of one shard, judged by `clusters`; they conform to `tables.DEDUPLICATED`.

    `clusters` are those of all shards (`tables.DUPLICATE_CLUSTERS`); id and shard together name a row. Rows in = rows
    out, in the same order; a row that no cluster names goes on, as does a keeper.
    """
    named = clusters.filter(rule=RULE).group_by("cluster_id").agg(alike=pl.len())
    verdicts = clusters.select("id", "shard", "cluster_id", "keeper_id", "keeper_shard", "rule", "distance")
    judged = fingerprints.join(verdicts, on=["id", "shard"], how="left", maintain_order="left").join(
        named, on="cluster_id", how="left", maintain_order="left"
    )
    keeper = pl.format("{} ({})", "keeper_id", "keeper_shard")
    rules = [
        (pl.col("rule") == "same_id", "same_id", pl.format("same id as {}", keeper)),
        (pl.col("rule") == "same_url", "same_url", pl.format("same address as {}", keeper)),
        (pl.col("rule") == "same_bytes", "same_bytes", pl.format("same bytes as {}", keeper)),
        (
            pl.col("rule") == "near_duplicate",
            "near_duplicate",
            pl.format("{} of 64 bits from {}", "distance", keeper),
        ),
        (pl.col("rule") == RULE, RULE, pl.format("{} answers {} rows with this picture", asked_host(), "alike")),
    ]
    return tables.DEDUPLICATED.conform(tables.reject(judged, rules))
