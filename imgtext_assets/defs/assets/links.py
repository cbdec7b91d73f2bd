"""Link rechecks: one appended observation a link and round. What they show over time is in `decay`."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl

from imgtext_assets import links
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.consent import HostConsent
from imgtext_assets.defs.describe import listed
from imgtext_assets.defs.fetching import POOL, refused_by
from imgtext_assets.defs.progress import Progress, Report
from imgtext_assets.defs.rechecks import WAVES, Asker, Recheck, allowance_of
from imgtext_assets.defs.rounds import looked_at, of_round, placeholders_of, planned_round, sift
from imgtext_assets.defs.stage import table_options, table_output
from imgtext_assets.engine import Engine
from imgtext_assets.lake import Lake
from imgtext_assets.tables import LINK_CHECKS


@dg.asset(
    **table_options(LINK_CHECKS, group="links", kinds={"http", "pillow"}),
    pool=POOL,
)
def link_checks(
    context: dg.AssetExecutionContext,
    config: Recheck,
    verified: pl.LazyFrame,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    engine: dg.ResourceParam[Engine],
    progress: dg.ResourceParam[Progress],
) -> dg.Output[pl.DataFrame]:
    """Ask for the verified links again, each in the cheapest way that its host is known to answer truthfully.

    Appends what each said. Which links: see `links.budget`; the catalog's `links` set what a round may spend, and the
    metadata say what was skipped. Their hosts are asked for consent anew, and a link that is refused by now is not
    asked for. Run by the monthly recheck, a backfill or `imgtext recheck`; each run is one round.
    """
    rows, settings = verified.collect(), config.settings(catalog.links)
    allowance = allowance_of(settings)
    planned = planned_round(rows.lazy(), lake, context.partition_key, settings, everything=config.everything)
    wanted = planned.filter(pl.col("skipped").is_null()).drop("skipped").to_dicts()
    hosts = HostConsent(context, lake, catalog, progress)
    consent = hosts.of(row["url"] for row in wanted)
    report = progress.start(context, "links rechecked")
    with tempfile.TemporaryDirectory(prefix="imgtext-recheck-") as folder:
        asker = Asker(
            lambda requests: hosts.fetch(requests, consent, allowance),
            settings.first_bytes,
            Path(folder),
            waves=WAVES if allowance.is_limited else 1,
        )
        answers = list(_watched(asker.answers(wanted), len(wanted), report))
        looks = looked_at(Path(folder), engine, catalog.pictures, progress.start(context, "other pictures compared"))
    asked, skipped = sift(planned, answers)
    observed = links.states(
        rows.lazy().join(skipped.lazy().filter(pl.col("skipped").is_null()), on="url", maintain_order="left"),
        links.answers_frame(asked, settings.hosts).lazy(),
        looks.lazy(),
        placeholders_of(lake, context.partition_key),
        catalog.policy.drift,
    ).collect()
    metadata = of_round(observed, rows.select("url").join(skipped, on="url"), allowance)
    refused = listed(refused_by(observed.filter(state="opted_out"))) or "nothing"
    return table_output(observed, metadata | {"opted_out_by": refused})


def _watched(answers: Iterator[links.Answer], total: int, report: Report) -> Iterator[links.Answer]:
    for done, answer in enumerate(answers, start=1):
        report(done, total)
        yield answer
