"""Asking hosts for their consent, before any of their pictures: robots.txt and tdmrep.json, once a day.

What belongs here: asking, through a journal that all shards share, so that nobody is asked twice. What does not: what
the files say (`rights.consent`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any

import dagster as dg
import polars as pl

from imgtext_assets.catalog import Catalog, FetchSettings, digest
from imgtext_assets.defs.budget import Ledger
from imgtext_assets.defs.journal import journal_of_hosts
from imgtext_assets.defs.orders import load_orders
from imgtext_assets.defs.progress import Progress
from imgtext_assets.fetch import Allowance, Besides, Outcome, Request, fetch_all, harvest, new_hosts
from imgtext_assets.fetch.addresses import URL, BadURL, parse_url
from imgtext_assets.fetch.hosts import Hosts
from imgtext_assets.lake import Lake
from imgtext_assets.rights.consent import (
    FRESH,
    MAX_BYTES,
    Consent,
    HostFile,
    OptOuts,
    had_otherwise,
    host_files,
    judged_again,
    origin_of,
    recorded_files,
    unheard,
    wanted_files,
    without_lifted,
)
from imgtext_assets.sources.urls import normalise

_REDIRECTS = 5
"""So many redirects to a host's file are followed at least (RFC 9309 2.3.1.2)."""


@dataclass(frozen=True)
class HostConsent:
    """Asks the hosts of one shard's addresses.

    `allowance` is for all that is asked here. Hosts' own files do not count as requests, but their bytes and seconds
    do, and once anything of it is spent no host is asked. So a host of which nobody has heard is asked for no picture
    either: that ends as `budget_spent`.
    """

    context: dg.AssetExecutionContext
    lake: Lake
    catalog: Catalog
    progress: Progress
    allowance: Allowance = field(default_factory=Allowance)

    def fetch(self, requests: Iterable[Request], consent: Consent) -> Iterator[Outcome]:
        """Ask for pictures, and before a redirect to a host that nobody has asked yet is followed, ask that host.

        For that a request is put again from its beginning, once for each such host on its way, all of them at once.
        One that is led to another host each time ends as `redirect_loop` after `fetch.max_redirects` of them.
        """
        settings, ledger = self.catalog.fetch, Ledger(self.lake, self.catalog.fetch)
        hosts = _hosts(settings.model_dump_json())
        for left in range(settings.max_redirects, -1, -1):
            held: list[Outcome] = []
            for outcome in ledger.watch(fetch_all(requests, settings, consent, ledger.budget, hosts, self.allowance)):
                if outcome.unheard is None or not left:
                    yield outcome
                else:
                    held.append(outcome)
            if not held:
                return
            consent.hear(self._files_of(outcome.unheard for outcome in held if outcome.unheard))
            requests = [outcome.request for outcome in held]

    def of(self, addresses: Iterable[str]) -> Consent:
        """What the hosts of these addresses allow: their files are had, and the addresses judged by them."""
        consent = Consent(self.catalog.policy.consent, {}, self.lake.blobs.get, self._opt_outs)
        self.hear(consent, addresses)
        return consent

    def hear(self, consent: Consent, addresses: Iterable[str]) -> None:
        """Ask those hosts of the addresses of which `consent` has not heard yet, and judge the addresses."""
        urls = [url.text for address in addresses if (url := _parsed(address))]
        if not self.allowance.spent():
            consent.hear(self._files_of(url for url in urls if consent.unheard(url)))
        consent.judge(urls)

    def ask(self, consent: Consent, requests: Iterable[Request]) -> Iterator[Outcome]:
        """`fetch`, after those hosts were asked of which `consent` has not heard yet."""
        requests = list(requests)
        self.hear(consent, (request.url for request in requests))
        yield from self.fetch(requests, consent)

    def without_lifted(self, known: pl.DataFrame) -> pl.DataFrame:
        """Answers of a journal without refusals by opt-out lists whose entry is gone: they are as if never given."""
        return without_lifted(known, self._opt_outs)

    @cached_property
    def _opt_outs(self) -> OptOuts:
        return OptOuts(load_orders(self.catalog).opt_outs, normalise)

    def judged_again(self, known: pl.DataFrame, consent: Consent, settings: str) -> pl.DataFrame:
        """Answers of a journal as they are to be read by now; hosts are asked for files that were not asked for then.

        That is once a day for as long as answers were had under other settings; their pictures are not asked for.
        """
        had = had_otherwise(known, settings)
        present = self.lake.blobs.present(sorted(recorded_files(had)))
        consent.hear(self._files_of(unheard(had, self.catalog.policy.consent, present, _normalised)))
        return judged_again(known, consent, settings, _normalised)

    def _files_of(self, urls: Iterable[str]) -> dict[str, HostFile]:
        """The answers for the files of these addresses' hosts."""
        origins = dict.fromkeys(origin_of(url) for url in urls)
        policy = self.catalog.policy.consent
        return self._files([file for origin in origins for file in wanted_files(origin, policy)])

    def _files(self, wanted: Sequence[str]) -> dict[str, HostFile]:
        """The answers for files, by address: those of the last 24 hours, the others asked for now."""
        if not wanted:
            return {}
        now = datetime.now(UTC)
        journal = journal_of_hosts(self.lake, now)
        result = harvest(
            {file: file for file in wanted},
            journal.known(wanted, since=now - FRESH),
            settings=digest(self.catalog.fetch.what_may_be_had),
            ask=self._ask,
            store=self.lake.blobs.put,
            journal=journal.append,
            progress=self.progress.start(self.context, "robots.txt and tdmrep.json of hosts"),
        )
        journal.compact()
        asked = result.fetched + result.failed
        known = result.answers.height - asked
        self.context.log.info(f"consent: {asked:,} files asked of hosts, {known:,} known for less than a day")
        return host_files(result.answers)

    def _ask(self, urls: Iterable[str]) -> Iterator[Outcome]:
        """What comes of asking for hosts' files; of those that the allowance cut off nothing, as nobody was asked."""
        settings, ledger = self.catalog.fetch, Ledger(self.lake, self.catalog.fetch)
        patient = settings.model_copy(update={"max_redirects": max(_REDIRECTS, settings.max_redirects)})
        requests = (Request(url, at_most=MAX_BYTES) for url in urls)
        hosts = _hosts(settings.model_dump_json())
        besides = Besides(self.allowance)
        for said in ledger.watch(fetch_all(requests, patient, None, ledger.budget, hosts, besides)):
            if said.reason != "budget_spent" or not besides.spent():
                yield said


@lru_cache(maxsize=1)
def _hosts(settings: str) -> Hosts[Any]:
    """What this process knows of when hosts may be asked again, for pictures and for their own files, of all shards."""
    return new_hosts(FetchSettings.model_validate_json(settings))


def _normalised(address: str) -> str:
    url = _parsed(address)
    return url.text if url else address


def _parsed(address: str) -> URL | None:
    try:
        return parse_url(address)
    except BadURL:
        return None  # meets its own end where it is asked for
