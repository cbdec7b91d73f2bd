"""The first stages: a source's rows in one schema, judged by licence, and the accounts that they come from."""

import dagster as dg
import polars as pl

from imgtext_assets import rights, sources
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.automation import on_any_shard, on_change
from imgtext_assets.defs.describe import format_read, licenses_seen, markdown_table, values_ignored
from imgtext_assets.defs.discover import shard_plan, source_of
from imgtext_assets.defs.history import SOURCE_FILES
from imgtext_assets.defs.orders import load_orders
from imgtext_assets.defs.partitions import shards
from imgtext_assets.defs.reading import foreign_rows
from imgtext_assets.defs.removals import PREVIEW_KEY, tombstones
from imgtext_assets.defs.stage import OWNERS, stage_output, table_options, table_output
from imgtext_assets.engine import Engine
from imgtext_assets.lake import Lake
from imgtext_assets.tables import ACCOUNTS, LICENSE_FILTERED, RAW_METADATA, STAGES, VERIFIED

SHOWN_ACCOUNTS = 50

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
    context: dg.AssetExecutionContext,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    reader: dg.ResourceParam[Engine],
) -> dg.Output[pl.DataFrame]:
    """A source's rows in one schema, one shard of at most 100,000 rows at a time."""
    shard = shard_plan(lake, context.partition_key)
    source = catalog.source(shard["source"])
    with foreign_rows(catalog, shard, reader) as given:
        rows = sources.read(given, source, shard).collect(engine="streaming")
        return stage_output(RAW_METADATA, rows, {"format": format_read(given, source), **values_ignored(rows)})


@dg.asset(**table_options(LICENSE_FILTERED, group="rights", kinds={"policy"}), automation_condition=on_change())
def license_filtered(
    context: dg.AssetExecutionContext,
    raw_metadata: pl.LazyFrame,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
) -> dg.Output[pl.DataFrame]:
    """Rows whose licence, account and texts the policy allows; removed and opted-out rows end here."""
    source = catalog.source(source_of(context.partition_key))
    orders = load_orders(catalog)
    rows = rights.license_filter(
        raw_metadata,
        policy=catalog.license_policy(source.name),
        scheme=source.license_scheme,
        removals=tombstones(lake),
        decisions=orders.decisions,
        opt_outs=orders.opt_outs,
        captions=sources.caption_rules(catalog.caption_policy(source.name)),
        preview_key=PREVIEW_KEY,
    ).collect(engine="streaming")
    return stage_output(LICENSE_FILTERED, rows, licenses_seen(rows))


@dg.asset(
    **table_options(ACCOUNTS, group="decisions", kinds={"policy"}, partitioned=False),
    deps=[VERIFIED.name],
    automation_condition=on_any_shard(),
)
def accounts(catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]) -> dg.Output[pl.DataFrame]:
    """What became of each account's rows over all shards, and what people decided of it: who should be looked at."""
    stages = [lake.tables.scan(table.name, table.schema) for table in STAGES]
    table = rights.accounts(stages, load_orders(catalog).decisions).collect(engine="streaming")
    decided = table.filter(pl.col("verdict").is_not_null())
    first = rights.undecided(table, SHOWN_ACCOUNTS).with_columns(pl.col("samples").list.join(" "))
    shown = first.select("source", "account", "rows", "kept_share", "rejected", "samples")
    metadata = {
        "summary": f"{table.height:,} accounts, {decided.height:,} of them decided",
        "undecided_first": markdown_table(shown.columns, shown.rows()),
    }
    return table_output(table, metadata)
