"""One policy over all that a host says: before a request by its robots.txt and tdmrep.json, then by its headers.

What belongs here: which files of a host are wanted, what it means that one cannot be had, and the verdict on an
address or response with its evidence. What does not: the grammar of each signal (`robots`, `tdmrep`, `headers`), and
asking (`fetch`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import polars as pl

from imgtext_assets.catalog import ConsentPolicy
from imgtext_assets.rights.consent.headers import Headers, recorded, refused_by_headers
from imgtext_assets.rights.consent.robots import MAX_BYTES, Robots
from imgtext_assets.rights.consent.tdmrep import Tdmrep

__all__ = ["FRESH", "MAX_BYTES", "Consent", "HostFile", "Refusal", "host_files", "wanted_files"]

FRESH = timedelta(hours=24)
"""How long an answer for a host's file is used (RFC 9309 2.4)."""
ROBOTS_TXT, TDMREP_JSON = "/robots.txt", "/.well-known/tdmrep.json"

_ORIGIN = re.compile(r"[a-z]+://[^/?#]*")
_NO_CONTENT = (204, 205)
_PARSED = 8  # files kept parsed; one of 500 KiB that names all agents takes 43 MB


class Refusal(NamedTuple):
    """Why an address is not had: a reason as at `downloaded`, the evidence, and whether it may pass."""

    reason: str
    detail: str
    passing: bool = False


class HostFile(NamedTuple):
    """What came of asking for a file of a host: columns of FETCHES, `sha256` empty where there is no file."""

    outcome: str
    detail: str | None
    passing: bool
    http_status: int | None
    sha256: str
    fetched_at: datetime

    @property
    def is_there(self) -> bool:
        """Whether there is a file, whose bytes are those of `sha256`."""
        return self.outcome == "ok"

    @property
    def may_be_there(self) -> bool:
        """Whether nobody knows: the host is down or busy (RFC 9309 2.3.1.4). An empty answer is no file."""
        return self.passing and self.http_status not in _NO_CONTENT


def wanted_files(origin: str, policy: ConsentPolicy) -> list[str]:
    """The files to ask an origin (`scheme://host[:port]`) for, before any of its pictures."""
    wanted = ((policy.robots_txt, ROBOTS_TXT), (policy.tdm_reservation, TDMREP_JSON))
    return [origin + path for switched_on, path in wanted if switched_on]


def host_files(answers: pl.DataFrame) -> dict[str, HostFile]:
    """Answers for files of hosts (rows of FETCHES) by their address."""
    rows = answers.with_columns(pl.col("sha256").fill_null("")).select("url", *HostFile._fields).iter_rows()
    return {url: HostFile(*facts) for url, *facts in rows}


class Consent:
    """Judges addresses before they are asked for, and responses once their headers are in.

    `files` are the answers for the hosts' files, and `read` gives the bytes of one by its SHA-256. Files are parsed
    when needed and few are kept, so that a million hosts fit in memory: addresses that are known beforehand are best
    judged all at once (`judge`), host by host. Addresses are normalised, as `fetch` asks for them.

    >>> Consent(ConsentPolicy()).refusal_of_response({"x-robots-tag": ["noai"]})
    Refusal(reason='opted_out', detail='X-Robots-Tag: noai', passing=False)
    """

    def __init__(
        self,
        policy: ConsentPolicy,
        files: Mapping[str, HostFile] | None = None,
        read: Callable[[str], bytes] = lambda _: b"",
    ) -> None:
        self._policy, self._files = policy, files or {}
        self._judged: dict[str, Refusal | None] = {}
        self._robots = lru_cache(_PARSED)(lambda sha256: Robots(read(sha256), policy.agents))
        self._tdmrep = lru_cache(_PARSED)(lambda sha256: Tdmrep(read(sha256)))

    def judge(self, urls: Iterable[str]) -> None:
        """Judge addresses so that each host's files are read once, and remember the verdicts."""
        for url in sorted(urls):
            self._judged[url] = self._judge(url)

    def refusal(self, url: str) -> Refusal | None:
        """Why an address may not be asked for (now); None where nothing that is known of its host forbids it.

        A `robots.txt` that cannot be had now forbids all for now, with the reason why it cannot (RFC 9309 2.3.1.4);
        one that is not there, or is refused, forbids nothing (2.3.1.3). A tdmrep.json that cannot be had says
        nothing (TDMRep, "TDM File on the Origin Server"). Where it reserves the rights nothing is asked, so a header
        that would take that back for one picture ("Processing priority") is not seen: the safe side.
        """
        return self._judged[url] if url in self._judged else self._judge(url)

    def refusal_of_response(self, headers: Headers) -> Refusal | None:
        """Why a response's body may not be had, by its headers (names in lower case); None where they do not refuse."""
        evidence = refused_by_headers(headers, self._policy)
        return Refusal("opted_out", evidence) if evidence else None

    def record(self, url: str, headers: Headers) -> str | None:
        """What was said of the use of an address, as a JSON object by signal; None where nobody said anything.

        `headers` are those of the response, {} where there was none. A file of the host has a verdict, and where it is
        there the time at which it was read and the SHA-256 of its bytes, which stay in the store.
        """
        said: dict[str, Any] = dict(recorded(headers))
        refusal = self.refusal(url)
        for path in (ROBOTS_TXT, TDMREP_JSON):
            name, file = _name(path), self._file(url, path)
            if file is not None and (refusal is None or refusal.detail.startswith(name)):
                said[name] = _said(file, refusal)
        return json.dumps(said) if said else None

    def _judge(self, url: str) -> Refusal | None:
        robots, tdmrep = self._file(url, ROBOTS_TXT), self._file(url, TDMREP_JSON)
        if robots is not None and robots.may_be_there:
            return Refusal(robots.outcome, f"{_name(ROBOTS_TXT)} could not be had: {robots.detail}", passing=True)
        for path, file, parsed in ((ROBOTS_TXT, robots, self._robots), (TDMREP_JSON, tdmrep, self._tdmrep)):
            if file is not None and file.is_there and (evidence := parsed(file.sha256).refusal(url)):
                return Refusal("opted_out", f"{_name(path)}: {evidence}")
        return None

    def _file(self, url: str, path: str) -> HostFile | None:
        origin = _ORIGIN.match(url)
        return self._files.get(origin[0] + path) if origin else None


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _said(file: HostFile, refusal: Refusal | None) -> dict[str, str]:
    if not file.is_there:
        return {"verdict": "could not be had" if file.may_be_there else "not there"}
    verdict = refusal.detail.partition(": ")[2] if refusal else "no objection"
    return {"verdict": verdict, "read": f"{file.fetched_at:%Y-%m-%dT%H:%M:%SZ}", "sha256": file.sha256}
