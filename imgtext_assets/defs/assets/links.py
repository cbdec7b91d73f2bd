"""Link rechecks: one appended observation a link and round. What they show over time is in `decay`."""

import tempfile
from functools import partial
from pathlib import Path

import dagster as dg
import polars as pl

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.consent import HostConsent
from imgtext_assets.defs.fetching import POOL
from imgtext_assets.defs.progress import Progress
from imgtext_assets.defs.rechecks import Asker, Recheck, allowance_of
from imgtext_assets.defs.rounds import Round, looked_at, of_round
from imgtext_assets.defs.stage import table_options
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
) -> dg.MaterializeResult:
    """Ask for the verified links again, each in the cheapest way that its host is known to answer truthfully.

    Appends what each said. Which links: see `links.budget`; the catalog's `links` set what a round may spend, and the
    metadata say what was skipped. Their hosts are asked for consent anew, and a link that is refused by now is not
    asked for. Run by the monthly recheck, a backfill or `imgtext recheck`; each run is one round, and one that was
    killed is gone on with by the next.
    """
    settings = config.settings(catalog.links)
    allowance = allowance_of(settings)
    hosts = HostConsent(context, lake, catalog, progress, allowance)
    this = Round(lake, context.partition_key, verified.collect(), settings, config.everything)
    compared = partial(progress.start, context, "other pictures compared")
    with tempfile.TemporaryDirectory(prefix="imgtext-recheck-") as folder:
        asker = Asker(partial(hosts.ask, hosts.of(())), settings.first_bytes, Path(folder))
        look = partial(looked_at, Path(folder), engine, catalog.pictures, compared)
        report = progress.start(context, "links rechecked")
        observed, of_links = this.run(asker.answers, look, catalog.policy.drift, report)
    return dg.MaterializeResult(metadata=of_round(observed, of_links, allowance), data_version=this.version())
