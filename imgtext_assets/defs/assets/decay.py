"""What all rounds of link rechecks show: links by day, survival by age, hosts, and the links that are dead."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import polars as pl

from imgtext_assets import links
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.automation import on_any_shard
from imgtext_assets.defs.describe import drawing, markdown_table
from imgtext_assets.defs.stage import table_options, table_output
from imgtext_assets.lake import Lake
from imgtext_assets.tables import (
    DEAD_LINKS,
    FETCHES,
    LINK_CHECKS,
    LINK_DECAY,
    LINK_HOSTS,
    LINK_SURVIVAL,
    VERIFIED,
    Table,
)

PAGE = "link-decay.html"
_Made = dg.Output[pl.DataFrame]


def _out(table: Table, description: str, *kinds: str) -> dg.AssetOut:
    options = table_options(table, group="links", kinds=set(kinds), partitioned=False)
    del options["name"], options["partitions_def"]
    return dg.AssetOut(**options, description=description, automation_condition=on_any_shard())


_OUTS = {
    LINK_DECAY.name: _out(
        LINK_DECAY,
        "Observed links alive, changed, dead and unknown by source, host and day, over all rounds of all shards; with "
        "the share of all that is there, the forecast for the next release, and a page to share in the lake.",
        "matplotlib",
    ),
    LINK_SURVIVAL.name: _out(
        LINK_SURVIVAL, "How long links live: the Kaplan-Meier estimate by source and host.", "matplotlib"
    ),
    LINK_HOSTS.name: _out(LINK_HOSTS, "How fast each host's links die, how it is, and what it answers truthfully."),
    DEAD_LINKS.name: _out(
        DEAD_LINKS, "The links that are dead. By `policy.links.dead` their rows are replaced, dropped, or kept."
    ),
}


# What it reads goes in one shard at a time, by the lake: an input would be all shards at once.
@dg.multi_asset(name="link_decay", outs=_OUTS, deps=[LINK_CHECKS.name])
def link_decay(catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]) -> tuple[_Made, _Made, _Made, _Made]:
    """Judge every link by all of its observations, and every host by all of its links."""
    sources = [source.name for source in catalog.sources]

    def checks(shard: str) -> pl.LazyFrame:
        rows = lake.tables.scan(LINK_CHECKS.name, LINK_CHECKS.schema, [shard])
        return rows.filter(pl.col("source").is_in(sources))

    shards = lake.tables.shards(LINK_CHECKS.name)
    learned = links.learn(shards, checks, lambda shard: _pictures(lake, shard), catalog.links)
    release_on = links.first_of_next_month(datetime.now(UTC).date())
    page = lake.reports.write(PAGE, links.decay_page(learned, release_on))
    forecasts = links.forecast(learned.hosts, release_on)
    of_decay: dict[str, Any] = {
        "summary": links.forecast_sentence(forecasts, release_on),
        **links.level_of_all(forecasts),
        "forecast": _shown(forecasts.with_columns(pl.col("source").fill_null("all sources"))),
        "survival": drawing(links.share_svg(learned.decay), "share of the observed links alive over time"),
        "page": page,
    }
    of_survival = {"survival": drawing(links.survival_svg(learned.survival), "share of links that live longer, by age")}
    of_hosts = {
        "sources": _shown(links.sources(learned.hosts)),
        "losing_most": _shown(links.losing_most(learned.hosts, links.TOP_HOSTS)),
    }
    of_dead = {"links": learned.dead.height, "dead_by_state": _shown(learned.dead["state"].value_counts(sort=True))}
    return (
        table_output(learned.decay, of_decay),
        table_output(learned.survival, of_survival),
        table_output(learned.hosts, of_hosts),
        table_output(learned.dead, of_dead),
    )


def _pictures(lake: Lake, shard: str) -> pl.LazyFrame:
    """When the pictures of a shard were had, by address: also of rows that are no longer verified, by the journal."""
    verified = lake.tables.scan(VERIFIED.name, VERIFIED.schema, [shard])
    journal = lake.tables.scan(FETCHES.name, FETCHES.schema, [shard]).filter(outcome="ok")
    had = ("url", "fetched_at")
    held = verified.select("source", *had, held=pl.col("reject_reason").is_null())
    return pl.concat([held, journal.select(pl.lit(None, pl.String).alias("source"), *had, held=pl.lit(False))])


def _shown(frame: pl.DataFrame) -> dg.MarkdownMetadataValue:
    return markdown_table(frame.columns, frame.with_columns(pl.selectors.float().round_sig_figs(3)).rows())
