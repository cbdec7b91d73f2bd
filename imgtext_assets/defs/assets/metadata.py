"""The first stages: a source's rows in one schema, judged by licence."""

import dagster as dg
import polars as pl

from imgtext_assets import rights, sources
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.automation import on_change
from imgtext_assets.defs.discover import reading, shard_plan
from imgtext_assets.defs.history import SOURCE_FILES
from imgtext_assets.defs.partitions import shards
from imgtext_assets.defs.stage import OWNERS, stage_output, table_options
from imgtext_assets.lake import Lake, scan_file
from imgtext_assets.tables import LICENSE_FILTERED, RAW_METADATA, REMOVALS

source_files = dg.AssetSpec(
    SOURCE_FILES,
    description="The metadata files that the catalog names, cut into shards by row range. The shard sensor "
    "reports their versions: a file that changes makes its shards stale.",
    group_name="sources",
    kinds={"parquet"},
    owners=OWNERS,
    partitions_def=shards,
)


@dg.asset(
    **table_options(RAW_METADATA, group="sources", kinds={"parquet"}),
    deps=[source_files],
    automation_condition=on_change(),
)
def raw_metadata(
    context: dg.AssetExecutionContext, catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]
) -> dg.Output[pl.DataFrame]:
    """A source's rows in one schema, one shard of at most 100,000 rows at a time."""
    shard = shard_plan(lake, context.partition_key)
    rows = scan_file(shard["source_file"])
    with reading(shard):
        return stage_output(RAW_METADATA, sources.read(rows, catalog.source(shard["source"]), shard))


@dg.asset(**table_options(LICENSE_FILTERED, group="rights", kinds={"policy"}), automation_condition=on_change())
def license_filtered(
    raw_metadata: pl.LazyFrame, catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]
) -> dg.Output[pl.DataFrame]:
    """Rows whose licence, account and caption the policy allows; removed rows end here."""
    removals = lake.tables.scan(REMOVALS.name, REMOVALS.schema)
    return stage_output(LICENSE_FILTERED, rights.license_filter(raw_metadata, catalog.policy.licenses, removals))
