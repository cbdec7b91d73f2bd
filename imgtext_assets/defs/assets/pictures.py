"""From declared size to verified bytes."""

from functools import partial

import dagster as dg
import polars as pl

from imgtext_assets import duplicates, links, rights
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.automation import on_change
from imgtext_assets.defs.discover import source_of
from imgtext_assets.defs.fetching import POOL, Asking, Fetcher, counts
from imgtext_assets.defs.orders import load_orders
from imgtext_assets.defs.progress import Progress
from imgtext_assets.defs.removals import of_bytes
from imgtext_assets.defs.replacing import in_doubt
from imgtext_assets.defs.stage import stage_output, table_options
from imgtext_assets.defs.thumbnails import thumbnails
from imgtext_assets.engine import Engine
from imgtext_assets.fetch.rows import with_answers
from imgtext_assets.lake import Lake
from imgtext_assets.pictures import resolution_filter
from imgtext_assets.pictures.rows import blob_inspection, inspection_frame
from imgtext_assets.pictures.verify import verify_table
from imgtext_assets.tables import DOWNLOADED, LINK_CHECKS, RESOLUTION_FILTERED, VERIFIED


@dg.asset(**table_options(RESOLUTION_FILTERED, group="pictures", kinds={"policy"}), automation_condition=on_change())
def resolution_filtered(
    deduplicated: pl.LazyFrame,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    engine: dg.ResourceParam[Engine],
) -> dg.Output[pl.DataFrame]:
    """Rows that are declared large enough; those of unknown size go on and are judged at `verified`."""
    rows = resolution_filter(deduplicated, catalog.policy.resolution).collect()
    pictures = thumbnails(rows, "fingerprint_sha256", lake, engine, catalog.pictures)
    return stage_output(RESOLUTION_FILTERED, rows, pictures)


@dg.asset(
    **table_options(DOWNLOADED, group="pictures", kinds={"http"}),
    pool=POOL,
    automation_condition=on_change(),
)
def downloaded(
    context: dg.AssetExecutionContext,
    config: Asking,
    resolution_filtered: pl.LazyFrame,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    engine: dg.ResourceParam[Engine],
    progress: dg.ResourceParam[Progress],
) -> dg.Output[pl.DataFrame]:
    """The original bytes in the blob store; what is there already is not fetched again.

    Of what was had before the latest link died and is wanted only now, in its stead, it is asked whether it is there.
    """
    rows = resolution_filtered.collect()
    fetcher = Fetcher(context, lake, catalog, progress, config.retry_final)
    doubted = in_doubt(catalog, lake, context.partition_key, rows)
    fetched = fetcher.fetch(rows, "pictures fetched", doubted=doubted)
    answered = with_answers(rows.lazy(), fetched.answers.lazy()).collect()
    pictures = thumbnails(answered, "sha256", lake, engine, catalog.pictures)
    return stage_output(DOWNLOADED, answered, counts(fetched) | pictures)


@dg.asset(**table_options(VERIFIED, group="pictures", kinds={"pillow"}), automation_condition=on_change())
def verified(
    context: dg.AssetExecutionContext,
    downloaded: pl.LazyFrame,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    engine: dg.ResourceParam[Engine],
    progress: dg.ResourceParam[Progress],
) -> dg.Output[pl.DataFrame]:
    """Pictures that decode whole, have the promised bytes and size, and claim no rights of their own."""
    hashes = downloaded.select("sha256").unique().sort("sha256").collect()["sha256"].to_list()
    report = progress.start(context, "pictures verified")
    results = engine.map(partial(blob_inspection, read=lake.blobs.get, settings=catalog.pictures), hashes)
    inspections = inspection_frame(hashes, results, report)
    orders, policy = load_orders(catalog), catalog.license_policy(source_of(context.partition_key))
    checks = lake.tables.scan(LINK_CHECKS.name, LINK_CHECKS.schema, [context.partition_key])
    refused = links.refused_since(checks).select("id", "refused_since")
    asked = rights.listed_bytes(downloaded, orders.opt_outs).join(refused, on="id", how="left", maintain_order="left")
    asked = duplicates.with_placeholders(asked, catalog.policy.drift.placeholder_links)
    asked = rights.with_removals(asked, of_bytes(lake, catalog.policy, inspections), rights.BY_BYTES)
    of_files = rights.file_rules(policy, catalog.policy.consent)
    rows = verify_table(
        asked,
        inspections,
        catalog.policy,
        [rights.REMOVED_RULE, rights.LISTED_RULE, links.REFUSED_RULE, duplicates.PLACEHOLDER_RULE, *of_files],
        rights.file_review(policy),
    ).collect()
    return stage_output(VERIFIED, rows, thumbnails(rows, "sha256", lake, engine, catalog.pictures))
