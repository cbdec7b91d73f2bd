"""Politeness, measured at the server."""

from collections.abc import Iterator
from email.utils import formatdate
from time import time

import pytest

from imgtext_assets.catalog import HostLimits
from imgtext_assets_tests.fetch.conftest import Fetch
from imgtext_assets_tests.web import HostileWeb, Seen, answer, then
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


def test_never_faster_than_the_rate_redirects_and_retries_included(fetch: Fetch):
    hop = answer(status="302 Found", headers={"Location": "/a"})
    flaky = then(answer(status="503 Busy"), answer(b"x"))
    with HostileWeb({"/a": answer(b"x"), "/hop": hop, "/flaky": flaky}) as web:
        fetch(
            [web.url(path) for path in ("/a?1", "/hop", "/flaky", "/a?2", "/a?3")],
            hosts=[HostLimits(concurrency=16, rate=20)],
        )
    times = [seen.at for seen in web.requests]
    assert len(times) == 7
    assert times[-1] - times[0] >= (len(times) - 1) / 20 - 0.01


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
