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
from imgtext_assets.rights.consent.headers import RECORDED, Headers, recorded, refused_by_headers
from imgtext_assets.rights.consent.lists import OptOuts
from imgtext_assets.rights.consent.robots import MAX_BYTES, Robots
from imgtext_assets.rights.consent.tdmrep import Tdmrep

__all__ = ["FRESH", "MAX_BYTES", "Consent", "HostFile", "Refusal", "host_files", "wanted_files"]

FRESH = timedelta(hours=24)
"""How long an answer for a host's file is used (RFC 9309 2.4)."""
ROBOTS_TXT, TDMREP_JSON = "/robots.txt", "/.well-known/tdmrep.json"

BY_LIST = "opt-out list: "
"""How the evidence begins where an opt-out list refuses."""

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
    judged all at once (`judge`), host by host. Addresses are normalised, as `fetch` asks for them. Without `files`
    nobody asks hosts, and none is `unheard`. `opt_outs` names addresses whose owners said no on a list.

    >>> Consent(ConsentPolicy()).refusal_of_response({"x-robots-tag": ["noai"]})
    Refusal(reason='opted_out', detail='X-Robots-Tag: noai', passing=False)
    """

    def __init__(
        self,
        policy: ConsentPolicy,
        files: Mapping[str, HostFile] | None = None,
        read: Callable[[str], bytes] = lambda _: b"",
        opt_outs: OptOuts | None = None,
    ) -> None:
        self._policy, self._opt_outs = policy, opt_outs
        self._asks, self._files = files is not None, dict(files or {})
        self._judged: dict[str, Refusal | None] = {}
        self._robots = lru_cache(_PARSED)(lambda sha256: Robots(read(sha256), policy.agents))
        self._tdmrep = lru_cache(_PARSED)(lambda sha256: Tdmrep(read(sha256)))

    def hear(self, files: Mapping[str, HostFile]) -> None:
        """Take up answers for the files of more hosts."""
        self._files.update(files)

    def unheard(self, url: str) -> bool:
        """Whether the host of an address is still to be asked for its files: so where a redirect leads to it."""
        return self._asks and any(file not in self._files for file in wanted_files(origin_of(url), self._policy))

    def judge(self, urls: Iterable[str]) -> None:
        """Judge addresses so that each host's files are read once, and remember the verdicts."""
        for url in sorted(urls):
            self._judged[url] = self._judge(url)

    def refusal(self, url: str) -> Refusal | None:
        """Why an address may not be asked for (now); None where nothing that is known of it or its host forbids it.

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

    def refusal_of_answer(self, url: str, final_url: str, said: str | None) -> Refusal | None:
        """Why what was had from an address may not be used by now, as far as that is known without asking for it.

        By the headers that were recorded (`said`, as of `record`), and for the address as for the one that it led to
        by their host's files: those that this object knows, else those that were recorded.
        """
        record = json.loads(said or "{}")
        if refusal := self.refusal_of_response({name: record[name] for name in RECORDED if name in record}):
            return refusal
        for address in dict.fromkeys((url, final_url)):
            of_host = record if origin_of(address) == origin_of(url) else {}
            wanted = wanted_files(origin_of(address), self._policy)
            known = (self._files.get(file) or _recorded(of_host, file) for file in files_of(address))
            robots, tdmrep = (
                file if name in wanted else None for name, file in zip(files_of(address), known, strict=True)
            )
            refusal = self._judge_by(address, robots, tdmrep)
            if refusal and not refusal.passing:
                return refusal
        return None

    def refusal_of_lists(self, url: str) -> Refusal | None:
        """Why an address may not be had by the opt-out lists; None where they do not name it."""
        evidence = self._opt_outs.evidence(url) if self._opt_outs else None
        return Refusal("opted_out", f"{BY_LIST}{evidence}") if evidence else None

    def record(self, url: str, headers: Headers) -> str | None:
        """What was said of the use of an address, as a JSON object by signal; None where nobody said anything.

        `headers` are those of the response, {} where there was none. A file of the host has a verdict, and where it is
        there the time at which it was read and the SHA-256 of its bytes, which stay in the store.
        """
        said: dict[str, Any] = dict(recorded(headers))
        refusal = self.refusal(url)
        for address in files_of(url):
            name, file = _name(address), self._files.get(address)
            if file is not None and (refusal is None or refusal.detail.startswith(name)):
                said[name] = _said(file, refusal)
        return json.dumps(said) if said else None

    def _judge(self, url: str) -> Refusal | None:
        robots, tdmrep = (self._files.get(file) for file in files_of(url))
        return self.refusal_of_lists(url) or self._judge_by(url, robots, tdmrep)

    def _judge_by(self, url: str, robots: HostFile | None, tdmrep: HostFile | None) -> Refusal | None:
        if robots is not None and robots.may_be_there:
            return Refusal(robots.outcome, f"{_name(ROBOTS_TXT)} could not be had: {robots.detail}", passing=True)
        said = (
            (ROBOTS_TXT, robots, self._robots, "robots_disallowed"),
            (TDMREP_JSON, tdmrep, self._tdmrep, "opted_out"),
        )
        for path, file, parsed, reason in said:
            if file is not None and file.is_there and (evidence := parsed(file.sha256).refusal(url)):
                return Refusal(reason, f"{_name(path)}: {evidence}")
        return None


def origin_of(url: str) -> str:
    """The origin of a normalised address."""
    origin = _ORIGIN.match(url)
    return origin[0] if origin else ""


def files_of(url: str) -> tuple[str, str]:
    """The addresses of its host's robots.txt and tdmrep.json."""
    return origin_of(url) + ROBOTS_TXT, origin_of(url) + TDMREP_JSON


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _said(file: HostFile, refusal: Refusal | None) -> dict[str, str]:
    if not file.is_there:
        return {"verdict": "could not be had" if file.may_be_there else "not there"}
    verdict = refusal.detail.partition(": ")[2] if refusal else "no objection"
    return {"verdict": verdict, "read": f"{file.fetched_at:%Y-%m-%dT%H:%M:%SZ}", "sha256": file.sha256}


def _recorded(record: Mapping[str, Any], file: str) -> HostFile | None:
    """What `_said` recorded of a file, as far as it tells of its bytes."""
    said = record.get(_name(file))
    if said is None or "sha256" not in said:
        return None
    return HostFile("ok", None, False, None, said["sha256"], datetime.fromisoformat(said["read"]))
