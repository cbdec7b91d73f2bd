"""Politeness, measured at the server."""

from collections import Counter
from collections.abc import Iterator, Sequence
from email.utils import formatdate
from itertools import chain, pairwise
from threading import Lock
from time import monotonic, time

import pytest

from imgtext_assets.catalog import HostLimits
from imgtext_assets.fetch import Request, fetch_all
from imgtext_assets_tests.fetch.conftest import Fetch, loopback
from imgtext_assets_tests.web import HostileWeb, Manner, Seen, answer, then
from imgtext_assets_tests.web.hostile import Words


@pytest.mark.parametrize("allowed", [1, 3])
def test_never_more_than_the_allowed_number_at_once(fetch: Fetch, allowed: int):
    hop = answer(status="302 Found", headers={"Location": "/a"}, after=0.02)
    with HostileWeb({"/a": answer(b"x", after=0.02), "/hop": hop}) as web:
        outcomes = fetch(
            [web.url(f"/{path}?{number}") for number in range(12) for path in ("a", "hop")],
            hosts=[HostLimits(concurrency=allowed, rate=1e6)],
        )
    assert all(outcome.reason is None for outcome in outcomes)
    assert web.most_at_once == allowed


def keeps_to(rate: float, begun: float, requests: Sequence[Seen]) -> bool:
    """Whether there never were more requests since the beginning than the rate allows.

    What is late at the server was not early at the client: no delay on the way makes an honest client fail here.
    """
    return all(seen.at >= begun + number / rate for number, seen in enumerate(requests))


def test_never_faster_than_the_rate_redirects_and_retries_included(fetch: Fetch):
    hop = answer(status="302 Found", headers={"Location": "/a"})
    flaky = then(answer(status="503 Busy"), answer(b"x"))
    with HostileWeb({"/a": answer(b"x"), "/hop": hop, "/flaky": flaky}) as web:
        begun = monotonic()
        fetch(
            [web.url(path) for path in ("/a?1", "/hop", "/flaky", "/a?2", "/a?3")],
            hosts=[HostLimits(concurrency=16, rate=20)],
        )
    assert len(web.requests) == 7
    assert keeps_to(20, begun, web.requests)


class Counted:
    """Answers as `manner` does, a little later, and counts how many requests wait at once for each host."""

    def __init__(self, manner: Manner) -> None:
        self.most: Counter[str] = Counter()
        self._manner, self._now, self._lock = manner, Counter[str](), Lock()

    def __call__(self, seen: Seen) -> Iterator[Words]:
        with self._lock:
            self._now[seen.host] += 1
            self.most[seen.host] = max(self.most[seen.host], self._now[seen.host])
        yield 0.01
        with self._lock:
            self._now[seen.host] -= 1
        yield from self._manner(seen)


def test_the_limits_of_every_host_hold_whatever_is_asked_of_all_at_once(fetch: Fetch):
    """Redirects from host to host, retries, quiet and plain answers, mixed; each host has limits of its own."""
    limits = {
        "127.0.0.1": HostLimits(match="127.0.0.1", concurrency=1, rate=1e6),
        "127.0.0.2": HostLimits(match="127.0.0.2", concurrency=3, rate=1e6),
        "127.0.0.3": HostLimits(match="127.0.0.3", concurrency=8, rate=60),
        "127.0.0.4": HostLimits(match="127.0.0.?", concurrency=2, rate=200),
    }
    names = list(limits)

    def manner(seen: Seen) -> Iterator[Words]:
        number = int(seen.path.partition("?")[2])
        other = f"http://{names[number % 4]}:{seen.port}/a?{number}"
        said = {
            "/a": answer(b"x"),
            "/hop": answer(status="302 Found", headers={"Location": other}),
            "/flaky": then(answer(status="503 Busy"), answer(b"x")),
            "/busy": then(answer(status="429 Slow Down", headers={"Retry-After": "0"}), answer(b"x")),
        }
        return iter(said[seen.path.partition("?")[0]](seen))

    counted = Counted(manner)
    with HostileWeb(dict.fromkeys(("/a", "/hop", "/flaky", "/busy"), counted), hosts=names) as web:
        addresses = [
            web.url(f"{path}?{number}", host=host)
            for number in range(8)
            for path in ("/a", "/hop", "/flaky", "/busy")
            for host in names
        ]
        begun = monotonic()
        outcomes = fetch(addresses, hosts=list(limits.values()), concurrency=64)
    assert {outcome.reason for outcome in outcomes} == {None}
    assert len(web.requests) == 8 * 4 * (1 + 2 + 2 + 2)
    for host, limit in limits.items():
        assert counted.most[host] <= limit.concurrency
        assert keeps_to(limit.rate, begun, [seen for seen in web.requests if seen.host == host])
    assert counted.most["127.0.0.2"] == 3


def test_the_waits_between_tries_are_drawn_from_ever_longer_spans(fetch: Fetch, monkeypatch: pytest.MonkeyPatch):
    """Exponential backoff with full jitter: anything from nothing to twice the span before; here always the most."""
    spans: list[tuple[float, float]] = []

    def longest(least: float, most: float) -> float:
        spans.append((least, most))
        return most

    monkeypatch.setattr("imgtext_assets.fetch.client.random.uniform", longest)
    with HostileWeb({"/a": answer(status="503 Busy")}) as web:
        (outcome,) = fetch([web.url("/a")], attempts=5, backoff_seconds=0.04, max_wait_seconds=0.2)
    assert (outcome.reason, outcome.attempts) == ("server_error", 5)
    assert spans[:4] == [(0, 0.04), (0, 0.08), (0, 0.16), (0, 0.2)]
    gaps = [later.at - earlier.at for earlier, later in pairwise(web.requests)]
    assert sum(gaps) >= 0.04 + 0.08 + 0.16 + 0.2 - 0.01


def test_a_list_that_is_sorted_by_host_starves_no_host():
    """A whole shard is looked over: 50,000 addresses of a slow host do not keep those behind them from their turns."""
    limits = [HostLimits(match="127.0.0.1", concurrency=1, rate=2), HostLimits(concurrency=8, rate=1e6)]
    with HostileWeb({"/slow": answer(b"x"), "/quick": answer(b"x")}) as web:
        slow = (Request(web.url(f"/slow?{number}")) for number in range(50_000))
        quick = (Request(web.url(f"/quick?{number}", host="localhost")) for number in range(50))
        outcomes = fetch_all(chain(slow, quick), loopback(hosts=limits))
        begun, left = monotonic(), 50
        while left:
            outcome = next(outcomes)
            left -= "/quick" in outcome.request.url
            assert outcome.body is not None
            outcome.body.close()
        outcomes.close()
        assert keeps_to(2, begun, web.asked("/slow"))


@pytest.mark.parametrize(("status", "form"), [("429 Slow Down", "seconds"), ("503 Busy", "date")])
def test_a_host_that_asks_for_quiet_gets_it_for_every_request(fetch: Fetch, status: str, form: str):
    def busy(seen: Seen) -> Iterator[Words]:
        asked = "1" if form == "seconds" else formatdate(time() + 2, usegmt=True)  # whole seconds: at least one
        return iter(answer(status=status, headers={"Retry-After": asked})(seen))

    with HostileWeb({"/busy": then(busy, answer(b"x")), "/a": answer(b"x")}) as web:
        outcomes = fetch(
            [web.url("/busy"), *(web.url(f"/a?{number}") for number in range(4))],
            hosts=[HostLimits(concurrency=1, rate=1e6)],
        )
    assert [outcome.reason for outcome in outcomes] == [None] * 5
    first, second, *_ = web.requests
    assert first.path == "/busy"
    assert second.at - first.at >= 0.95


def test_a_host_that_asks_for_too_long_a_quiet_is_left_alone_in_this_run(fetch: Fetch):
    busy = answer(status="429 Slow Down", headers={"Retry-After": "3600"})
    with HostileWeb({"/busy": busy, "/a": answer(b"x")}) as web:
        outcomes = fetch(
            [web.url("/busy"), *(web.url(f"/a?{number}") for number in range(5))],
            hosts=[HostLimits(concurrency=1, rate=1e6)],
            max_wait_seconds=60,
        )
    assert {(outcome.reason, outcome.passing) for outcome in outcomes} == {("throttled", True)}
    assert [outcome.attempts for outcome in outcomes] == [1, 0, 0, 0, 0, 0]
    assert len(web.requests) == 1


def test_a_slow_host_holds_up_no_other(fetch: Fetch):
    """`localhost` and `127.0.0.1` are two hosts to us: the one that is asked first answers last."""
    with HostileWeb({"/slow": answer(b"x", after=0.2), "/quick": answer(b"x")}) as web:
        slow = [web.url(f"/slow?{number}", host="localhost") for number in range(3)]
        quick = [web.url(f"/quick?{number}") for number in range(30)]
        fetch([*slow, *quick], hosts=[HostLimits(concurrency=1, rate=1e6)], concurrency=4)
        assert web.asked("/quick")[-1].at < web.asked("/slow")[-1].at


def test_a_wait_for_another_try_holds_up_no_other(fetch: Fetch):
    flaky = then(answer(status="503 Busy", headers={"Retry-After": "1"}), answer(b"x"))
    with HostileWeb({"/flaky": flaky, "/quick": answer(b"x")}) as web:
        outcomes = fetch(
            [web.url("/flaky", host="localhost"), *(web.url(f"/quick?{n}") for n in range(20))], concurrency=1
        )
        assert web.requests[-1].path == "/flaky"
    assert all(outcome.reason is None for outcome in outcomes)
