"""The funnel: rows by source, stage and reason, read from the lake's tables."""

from __future__ import annotations

import polars as pl

from imgtext_assets.lake import Lake
from imgtext_assets.tables import STAGES


def stage_funnel(lake: Lake, shards: list[str] | None = None) -> pl.DataFrame:
    """Rows of every stage by source and reason: `stage`, `source`, `reject_reason` (null: goes on), `rows`.

    Stages come in the order of the graph; only two columns of each table are read.
    """
    counted = [
        lake.tables.scan(table.name, table.schema, shards)
        .group_by("source", "reject_reason")
        .agg(rows=pl.len().cast(pl.Int64))
        .select(pl.lit(table.name).alias("stage"), "source", "reject_reason", "rows")
        .sort("source", "reject_reason", nulls_last=False)
        for table in STAGES
    ]
    return pl.concat(pl.collect_all(counted, engine="streaming"))
