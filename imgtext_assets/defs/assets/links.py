"""Link rechecks: one appended observation a link and round, and what they show over time."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from imgtext_assets import links
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.automation import on_any_shard
from imgtext_assets.defs.consent import HostConsent
from imgtext_assets.defs.describe import drawing, listed, markdown_table
from imgtext_assets.defs.fetching import POOL, refused_by
from imgtext_assets.defs.progress import Progress, Report
from imgtext_assets.defs.stage import table_options, table_output
from imgtext_assets.fetch import Outcome, Request
from imgtext_assets.lake import Lake
from imgtext_assets.tables import LINK_CHECKS, LINK_DECAY

_HOSTS = 20


@dg.asset(
    **table_options(LINK_CHECKS, group="links", kinds={"http"}),
    pool=POOL,
)
def link_checks(
    context: dg.AssetExecutionContext,
    verified: pl.LazyFrame,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    progress: dg.ResourceParam[Progress],
) -> dg.Output[pl.DataFrame]:
    """Ask for each verified link again, conditionally where the host gave an ETag or a date, and append what it said.

    Their hosts are asked for consent anew, and a link that is refused by now is not asked for. Run by the monthly
    recheck, a backfill or `imgtext recheck`; each run is one round.
    """
    rows = verified.collect()
    asked = [Request(**links.request_for(row), picture=True) for row in rows.unique("url").iter_rows(named=True)]
    hosts = HostConsent(context, lake, catalog, progress)
    consent = hosts.of(request.url for request in asked)
    report = progress.start(context, "links rechecked")
    answers = links.answers_frame(_watched(hosts.fetch(asked, consent), len(asked), report))
    observed = links.states(rows.lazy(), answers.lazy()).collect()
    by_state = dict(observed.group_by("state").len().sort("state").iter_rows())
    summary = f"{observed.height:,} links: {listed(by_state)}" if by_state else "no links"
    refused = listed(refused_by(observed.filter(state="opted_out"))) or "nothing"
    return table_output(observed, {"summary": summary, "links": observed.height, **by_state, "opted_out_by": refused})


def _watched(outcomes: Iterator[Outcome], total: int, report: Report) -> Iterator[Outcome]:
    for done, outcome in enumerate(outcomes, start=1):
        if outcome.body is not None:
            outcome.body.close()
        report(done, total)
        yield outcome


@dg.asset(
    **table_options(LINK_DECAY, group="links", kinds={"matplotlib"}, partitioned=False),
    automation_condition=on_any_shard(),
)
def link_decay(link_checks: pl.LazyFrame, catalog: dg.ResourceParam[Catalog]) -> dg.Output[pl.DataFrame]:
    """Links alive, changed, dead and unknown by source, host and day, over all rounds of all shards."""
    decay = links.link_decay(link_checks, catalog.links).collect()
    newest = decay.group_by("source", "host").agg(pl.all().sort_by("checked_on").last()).sort("source", "host")
    metadata = {
        "links": int(newest["links"].sum()),
        "alive_share": links.alive_share(newest),
        "largest_hosts": markdown_table(newest.columns, newest.top_k(_HOSTS, by="links").rows()),
        "survival": drawing(links.survival_svg(decay), "share of links alive over time"),
    }
    return table_output(decay, metadata)
