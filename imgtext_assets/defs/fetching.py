"""What the assets that fetch have in common: consent, the shard's journal, the blob store, and counts for the UI."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace

import dagster as dg
import polars as pl
from pydantic import Field

from imgtext_assets.catalog import Catalog, digest
from imgtext_assets.defs.consent import HostConsent
from imgtext_assets.defs.describe import listed
from imgtext_assets.defs.journal import journal_of_shard
from imgtext_assets.defs.progress import Progress
from imgtext_assets.defs.removals import Refusal
from imgtext_assets.defs.still_there import still_there
from imgtext_assets.fetch import Harvest, Outcome, Request, harvest
from imgtext_assets.fetch.harvest import settled
from imgtext_assets.lake import Lake
from imgtext_assets.reasons import REFUSALS

# One pool for all that asks the web; dagster.yaml says how many such steps run at once.
POOL = "web"


class Asking(dg.Config):
    """How an asset asks the web in this run."""

    retry_final: bool = Field(default=False, description="also ask again for addresses that had a final answer")


@dataclass(frozen=True)
class Fetcher:
    """Fetches addresses of one shard into the lake, each picture once, none whose host refuses or that is removed."""

    context: dg.AssetExecutionContext
    lake: Lake
    catalog: Catalog
    progress: Progress
    retry_final: bool = False

    def fetch(
        self,
        rows: pl.DataFrame,
        what: str,
        url: str = "url",
        url_key: str = "url_key",
        stored: Callable[[str], None] = lambda _: None,
        check: Callable[[], None] = lambda: None,
        doubted: Collection[str] = (),
    ) -> Harvest:
        """An answer for every address of the rows: from the shard's journal where it has one, else from the web.

        A picture whose preview was refused is refused like it, and not asked for: the two are one work. `stored` is
        told the SHA-256 of each file that comes in. `check` is called at every answer; what it raises ends the fetch.
        `doubted` are url_keys of which it is asked whether they are still there, where they were had.
        """
        pairs = rows.select(key=pl.col(url_key), address=pl.col(url)).drop_nulls()
        addresses = dict(pairs.unique("key", keep="first", maintain_order=True).iter_rows())
        journal = journal_of_shard(self.lake, self.context.partition_key)
        fetch, policy = self.catalog.fetch, self.catalog.policy.consent.of_hosts
        settings = digest(fetch.what_may_be_had, policy)
        hosts = HostConsent(self.context, self.lake, self.catalog, self.progress)
        previews = rows.select("url_key", "url", "preview_url").drop_nulls() if _has_previews(rows, url) else None
        asked_before = [] if previews is None else previews["preview_url"]
        removed = Refusal(self.lake)
        answers = journal.known({*addresses, *asked_before}, removed=removed.sha256)
        known = hosts.without_lifted(removed.judged(answers))
        done = set(settled(known, settings, self.retry_final)["url_key"])
        # What was had may be refused by now, and so be asked for again: then its host's word is needed, too.
        unheard = addresses if self.retry_final else {*addresses} - done | {*doubted}
        consent = hosts.of(address for key, address in addresses.items() if key in unheard)
        known = hosts.judged_again(known, consent, settings)
        refused = known.clear() if previews is None else _refused_with_preview(previews, settled(known, settings))
        for key in refused["url_key"]:
            addresses.pop(key, None)

        def ask(requests: Iterable[Request]) -> Iterator[Outcome]:
            for outcome in removed.watch(hosts.fetch(requests, consent)):
                check()
                yield outcome

        had = known.filter(pl.col("url_key").is_in([*{*doubted} & {*addresses}]), outcome="ok")
        now = still_there(had, addresses, ask, first_bytes=self.catalog.links.first_bytes, settings=settings)
        # A failure that may pass is not written down: what was had stays had, to be asked about again.
        now, later = now.filter(~pl.col("passing")), now.filter("passing")
        if had.height:
            there = now.filter(outcome="ok").height
            self.context.log.info(f"{had.height:,} had long ago are asked whether they are still there: {there:,} are")
            journal.append(now)
        known = pl.concat([known.join(had, on="url_key", how="anti"), removed.judged(now)])
        for key in later["url_key"]:
            addresses.pop(key)
        result = harvest(
            addresses,
            known,
            settings=settings,
            ask=lambda urls: ask(Request(url, picture=True) for url in urls),
            store=self.lake.blobs.put,
            journal=journal.append,
            progress=self.progress.start(self.context, what),
            stored=stored,
            retry_final=self.retry_final,
        )
        journal.compact()
        result = replace(result, answers=pl.concat([result.answers, refused, later]))
        self.context.log.info(_summary(what, result))
        return result


def _has_previews(rows: pl.DataFrame, url: str) -> bool:
    """Whether pictures are fetched that may have previews, not the previews themselves."""
    return url != "preview_url" and "preview_url" in rows.columns


def _refused_with_preview(previews: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Answers (rows of FETCHES) for the pictures (url_key, url, preview_url) whose preview was refused, with why."""
    refused = known.filter(pl.col("outcome").is_in(list(REFUSALS))).rename({"url_key": "preview_url"}).drop("url")
    pictures = previews.join(refused, on="preview_url")
    return pictures.unique("url_key", keep="first", maintain_order=True).select(known.columns)


def counts(*results: Harvest) -> dict[str, int]:
    """What a run fetched, for the UI."""
    return {
        "fetched": sum(result.fetched for result in results),
        "already_in_blob_store": sum(result.found for result in results),
        "failed": sum(result.failed for result in results),
        "refused": sum(result.answers.filter(pl.col("outcome").is_in(list(REFUSALS))).height for result in results),
    }


def refused_by(refused: pl.DataFrame) -> dict[str, int]:
    """Of rows that somebody refused, how many each signal did: the first word of their `detail`."""
    signal = pl.col("detail").str.extract("^([^:]+)").alias("signal")
    return dict(refused.group_by(signal).len().sort("len", "signal", descending=[True, False]).iter_rows())


def _summary(what: str, result: Harvest) -> str:
    by_signal = refused_by(result.answers.filter(pl.col("outcome").is_in(list(REFUSALS))))
    refused = f"; refused by {listed(by_signal)}" if by_signal else ""
    return (
        f"{what}: {result.fetched:,} fetched, {result.found:,} already in the blob store, {result.failed:,} failed"
        f"{refused}"
    )
