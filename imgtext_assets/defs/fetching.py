"""What the assets that fetch have in common: consent, the shard's journal, the blob store, and counts for the UI."""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg
import polars as pl

from imgtext_assets.catalog import Catalog, digest
from imgtext_assets.defs.consent import HostConsent
from imgtext_assets.defs.describe import listed
from imgtext_assets.defs.journal import journal_of_shard
from imgtext_assets.defs.progress import Progress
from imgtext_assets.fetch import Harvest, Request, fetch_all, harvest
from imgtext_assets.fetch.harvest import settled
from imgtext_assets.lake import Lake
from imgtext_assets.rights.consent import judged_again

# One pool for all that asks the web; dagster.yaml says how many such steps run at once.
POOL = "web"


@dataclass(frozen=True)
class Fetcher:
    """Fetches addresses of one shard into the lake, each picture once, and none whose host refuses."""

    context: dg.AssetExecutionContext
    lake: Lake
    catalog: Catalog
    progress: Progress

    def fetch(self, rows: pl.DataFrame, what: str, url: str = "url", url_key: str = "url_key") -> Harvest:
        """An answer for every address of the rows: from the shard's journal where it has one, else from the web."""
        pairs = rows.select(key=pl.col(url_key), address=pl.col(url)).drop_nulls()
        addresses = dict(pairs.unique("key", keep="first", maintain_order=True).iter_rows())
        journal = journal_of_shard(self.lake, self.context.partition_key)
        fetch, policy = self.catalog.fetch, self.catalog.policy.consent.of_hosts
        settings = digest(fetch.what_may_be_had, policy)
        known = judged_again(journal.known(addresses), policy, settings)
        done = set(settled(known, settings)["url_key"])
        hosts = HostConsent(self.context, self.lake, self.catalog, self.progress)
        consent = hosts.of(address for key, address in addresses.items() if key not in done)
        result = harvest(
            addresses,
            known,
            settings=settings,
            ask=lambda urls: fetch_all((Request(url) for url in urls), fetch, consent),
            store=self.lake.blobs.put,
            journal=journal.append,
            progress=self.progress.start(self.context, what),
        )
        journal.compact()
        self.context.log.info(_summary(what, result))
        return result


def counts(*results: Harvest) -> dict[str, int]:
    """What a run fetched, for the UI."""
    return {
        "fetched": sum(result.fetched for result in results),
        "already_in_blob_store": sum(result.found for result in results),
        "failed": sum(result.failed for result in results),
        "opted_out": sum(result.answers.filter(outcome="opted_out").height for result in results),
    }


def refused_by(opted_out: pl.DataFrame) -> dict[str, int]:
    """Of rows whose outcome is `opted_out`, how many each signal refused: the first word of their `detail`."""
    signal = pl.col("detail").str.extract("^([^:]+)").alias("signal")
    return dict(opted_out.group_by(signal).len().sort("len", "signal", descending=[True, False]).iter_rows())


def _summary(what: str, result: Harvest) -> str:
    by_signal = refused_by(result.answers.filter(outcome="opted_out"))
    refused = f"; opted out by {listed(by_signal)}" if by_signal else ""
    return (
        f"{what}: {result.fetched:,} fetched, {result.found:,} already in the blob store, {result.failed:,} failed"
        f"{refused}"
    )
