"""Asking hosts for their consent, before any of their pictures: robots.txt and tdmrep.json, once a day.

What belongs here: asking, through a journal that all shards share, so that nobody is asked twice. What does not: what
the files say (`rights.consent`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from imgtext_assets.catalog import Catalog, digest
from imgtext_assets.defs.journal import journal_of_hosts
from imgtext_assets.defs.progress import Progress
from imgtext_assets.fetch import Outcome, Request, fetch_all, harvest
from imgtext_assets.fetch.addresses import URL, BadURL, parse_url
from imgtext_assets.lake import Lake
from imgtext_assets.rights.consent import FRESH, MAX_BYTES, Consent, HostFile, host_files, wanted_files


@dataclass(frozen=True)
class HostConsent:
    """Asks the hosts of one shard's addresses."""

    context: dg.AssetExecutionContext
    lake: Lake
    catalog: Catalog
    progress: Progress

    def of(self, addresses: Iterable[str]) -> Consent:
        """What the hosts of these addresses allow: their files are had, and the addresses judged by them."""
        policy = self.catalog.policy.consent
        urls = [url for address in addresses if (url := _parsed(address))]
        origins = list(dict.fromkeys(url.origin for url in urls))
        files = self._files([file for origin in origins for file in wanted_files(origin, policy)])
        consent = Consent(policy, files, self.lake.blobs.get)
        consent.judge(url.text for url in urls)
        return consent

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
        self.context.log.info(
            f"consent: {asked:,} files asked of hosts, {len(wanted) - asked:,} known for less than a day"
        )
        return host_files(result.answers)

    def _ask(self, urls: Iterable[str]) -> Iterator[Outcome]:
        return fetch_all((Request(url, at_most=MAX_BYTES) for url in urls), self.catalog.fetch)


def _parsed(address: str) -> URL | None:
    try:
        return parse_url(address)
    except BadURL:
        return None  # meets its own end where it is asked for
