"""One policy over all that a host says, with what is kept as evidence."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import polars as pl
import pytest

from imgtext_assets.catalog import ConsentPolicy
from imgtext_assets.rights.consent import Consent, HostFile, Refusal, host_files, judged_again, wanted_files
from imgtext_assets.tables import FETCHES, REASONS

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
HOST = "http://a.example"
URL = f"{HOST}/photos/1.jpg"
ROBOTS, TDMREP = f"{HOST}/robots.txt", f"{HOST}/.well-known/tdmrep.json"
CLOSED = b"User-agent: GPTBot\nDisallow: /photos/"
RESERVED = b'[{"location": "/photos/", "tdm-reservation": 1}]'


def had(sha256: str) -> HostFile:
    return HostFile("ok", None, False, 200, sha256, NOW)


def failed(outcome: str, status: int | None = None, passing: bool = False) -> HostFile:
    return HostFile(outcome, f"HTTP {status}", passing, status, "", NOW)


def consent(files: dict[str, HostFile], bodies: dict[str, bytes] | None = None) -> Consent:
    return Consent(ConsentPolicy(), files, (bodies or {}).__getitem__)


def test_what_a_host_is_asked_for_is_the_policy_s():
    assert wanted_files(HOST, ConsentPolicy()) == [ROBOTS, TDMREP]
    assert wanted_files(HOST, ConsentPolicy(robots_txt=False)) == [TDMREP]
    assert wanted_files(HOST, ConsentPolicy(robots_txt=False, tdm_reservation=False)) == []


def test_each_file_refuses_with_its_evidence():
    assert consent({ROBOTS: had("r")}, {"r": CLOSED}).refusal(URL) == Refusal(
        "robots_disallowed", "robots.txt: disallows GPTBot"
    )
    assert consent({TDMREP: had("t")}, {"t": RESERVED}).refusal(URL) == Refusal(
        "opted_out", "tdmrep.json: reserves /photos/"
    )
    assert consent({ROBOTS: had("r"), TDMREP: had("t")}, {"r": CLOSED, "t": RESERVED}).refusal(f"{HOST}/a") is None


@pytest.mark.parametrize(
    ("file", "refusal"),
    [
        # RFC 9309 2.3.1.3: unavailable, so nothing is forbidden.
        (failed("not_found", 404), None),
        (failed("gone", 410), None),
        (failed("forbidden", 403), None),
        (failed("forbidden", 401), None),
        # 2.3.1.2: too many redirects may count as unavailable.
        (failed("redirect_loop", 302), None),
        # The pictures meet this end by themselves.
        (failed("blocked_address"), None),
        # 2.3.1.4: unreachable, so all is forbidden for now.
        (failed("server_error", 500, passing=True), "server_error"),
        (failed("server_error", 503, passing=True), "server_error"),
        (failed("timeout", passing=True), "timeout"),
        (failed("dns", passing=True), "dns"),
        (failed("tls", passing=True), "tls"),
        (failed("unreachable", passing=True), "unreachable"),
        (failed("truncated", 200, passing=True), "truncated"),
        # Google's reading: whoever is too busy for robots.txt is too busy.
        (failed("throttled", 429, passing=True), "throttled"),
        # Success without a file.
        (failed("truncated", 204, passing=True), None),
    ],
)
def test_what_it_means_that_a_robots_txt_cannot_be_had(file: HostFile, refusal: str | None):
    judged = consent({ROBOTS: file}).refusal(URL)
    if refusal is None:
        assert judged is None
    else:
        assert judged == Refusal(refusal, f"robots.txt could not be had: {file.detail}", passing=True)
        assert refusal in REASONS["downloaded"]


@pytest.mark.parametrize("file", [failed("not_found", 404), failed("server_error", 500, passing=True)])
def test_a_tdmrep_json_that_cannot_be_had_says_nothing(file: HostFile):
    assert consent({TDMREP: file}).refusal(URL) is None


def test_files_are_those_of_the_origin_and_not_of_its_neighbours():
    judge = consent({ROBOTS: had("r")}, {"r": CLOSED})
    for other in ("https://a.example", "http://a.example:8080", "http://b.example", "http://a.example.org"):
        assert judge.refusal(f"{other}/photos/1.jpg") is None


def test_many_addresses_of_one_host_read_its_file_once_and_hosts_that_alternate_too():
    reads: Counter[str] = Counter()

    def read(sha256: str) -> bytes:
        reads[sha256] += 1
        return CLOSED

    hosts = [f"http://h{n}.example" for n in range(100)]
    judge = Consent(ConsentPolicy(), {f"{host}/robots.txt": had(host) for host in hosts}, read)
    urls = [f"{host}/photos/{n}.jpg" for n in range(20) for host in hosts]
    judge.judge(urls)
    assert all(judge.refusal(url) for url in urls)
    assert all(judge.record(url, {}) for url in urls)
    assert set(reads.values()) == {1}
    assert len(reads) == 100


def test_a_record_has_headers_verdicts_times_and_hashes():
    judge = consent({ROBOTS: had("r"), TDMREP: failed("not_found", 404)}, {"r": CLOSED})
    fine = judge.record(f"{HOST}/a", {"x-robots-tag": ["noindex"], "tdm-reservation": ["0"], "server": ["x"]})
    read = {"read": "2026-11-21T10:00:00Z", "sha256": "r"}
    assert json.loads(fine or "") == {
        "x-robots-tag": ["noindex"],
        "tdm-reservation": ["0"],
        "robots.txt": {"verdict": "no objection", **read},
        "tdmrep.json": {"verdict": "not there"},
    }
    assert json.loads(judge.record(URL, {}) or "") == {"robots.txt": {"verdict": "disallows GPTBot", **read}}


def test_where_nobody_was_asked_and_nobody_spoke_nothing_is_recorded():
    assert consent({}).record(URL, {"content-type": ["image/png"]}) is None


def test_a_host_that_could_not_be_asked_is_recorded_as_such():
    judge = consent({ROBOTS: failed("server_error", 500, passing=True), TDMREP: failed("not_found", 404)})
    assert json.loads(judge.record(URL, {}) or "") == {"robots.txt": {"verdict": "could not be had"}}
    judge = consent({TDMREP: failed("server_error", 500, passing=True)})
    assert json.loads(judge.record(URL, {}) or "") == {"tdmrep.json": {"verdict": "could not be had"}}


def answers(**columns: list[object]) -> pl.DataFrame:
    rows = len(next(iter(columns.values())))
    given = {"outcome": ["ok"] * rows, "sha256": ["s"] * rows, "md5": ["m"] * rows, "bytes": [1] * rows, **columns}
    return pl.DataFrame(given).select(
        (pl.col(name) if name in given else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in FETCHES.schema.items()
    )


def test_answers_of_the_journal_are_files_by_address():
    journal = answers(url=[ROBOTS], passing=[False], http_status=[200], fetched_at=[NOW])
    assert host_files(journal) == {ROBOTS: had("s")}


def test_what_was_had_under_another_policy_is_judged_by_what_was_recorded():
    said = [json.dumps({"x-robots-tag": ["noai"]}), json.dumps({"tdm-reservation": ["1"]}), "{}", None]
    had_before = answers(url_key=[*"abcd"], url=[URL] * 4, consent=said, settings=["old"] * 4)
    now = judged_again(had_before, Consent(ConsentPolicy(tdm_reservation=False)), "new", str)
    assert now.schema == had_before.schema
    assert now["outcome"].to_list() == ["opted_out", "ok", "ok", "ok"]
    refused = now.row(0, named=True)
    assert (refused["detail"], refused["settings"]) == ("X-Robots-Tag: noai", "new")
    assert (refused["sha256"], refused["md5"], refused["bytes"]) == (None, None, None)
    assert now.tail(3).equals(had_before.tail(3))


def test_no_other_outcome_is_judged_again():
    failure = answers(outcome=["not_found"], consent=[json.dumps({"x-robots-tag": ["noai"]})])
    assert judged_again(failure, Consent(ConsentPolicy()), "new", str).equals(failure)
