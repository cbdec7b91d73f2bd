"""The circuit breaker, at real servers: a host that keeps failing is parked, comes back, or is left alone."""

import socket
from collections import Counter
from itertools import pairwise

import pytest

from imgtext_assets.catalog import HostLimits
from imgtext_assets_tests.fetch.conftest import Fetch
from imgtext_assets_tests.web import CUT, HostileWeb, Seen, answer

DOWN = answer(status="503 Down")
QUICK = {"park_after": 3, "park_seconds": 0.2, "park_times": 2, "attempts": 1}
ONE = [HostLimits(concurrency=1, rate=1e6)]


def test_a_host_that_keeps_failing_is_asked_ever_more_rarely_and_then_left_alone(fetch: Fetch):
    with HostileWeb({"/a": DOWN}) as web:
        outcomes = fetch([web.url(f"/a?{n}") for n in range(20)], hosts=ONE, **QUICK)
    assert Counter(outcome.reason for outcome in outcomes) == {"server_error": 5, "parked": 15}
    parked = [outcome for outcome in outcomes if outcome.reason == "parked"]
    assert all(outcome.passing and outcome.attempts == 0 for outcome in parked)
    assert all("server_error: HTTP 503" in str(outcome.detail) for outcome in parked)
    at = [seen.at for seen in web.requests]
    assert len(at) == 5
    assert at[3] - at[2] >= 0.2
    assert at[4] - at[3] >= 0.4


def test_a_host_that_comes_back_is_asked_as_before(fetch: Fetch):
    def until_the_fifth(seen: Seen):
        return (DOWN if len(web.requests) < 5 else answer(b"x"))(seen)

    with HostileWeb({"/a": until_the_fifth}) as web:
        outcomes = fetch([web.url(f"/a?{n}") for n in range(20)], hosts=ONE, **QUICK)
    assert Counter(outcome.reason for outcome in outcomes) == {"server_error": 4, None: 16}


def test_after_a_rest_one_request_at_a_time_asks_whether_the_host_is_back(fetch: Fetch):
    def manner(seen: Seen):
        return (answer(status="503 Down", after=0.05) if len(web.requests) < 11 else answer(b"x", after=0.05))(seen)

    with HostileWeb({"/a": manner}) as web:
        outcomes = fetch(
            [web.url(f"/a?{n}") for n in range(40)],
            hosts=[HostLimits(concurrency=4, rate=1e6)],
            **(QUICK | {"park_seconds": 0.1, "park_times": 10}),
        )
    assert Counter(outcome.reason for outcome in outcomes)[None] >= 29
    # At most six had started when the third failure parked the host; then one by one, until an answer came.
    probes = [seen.at for seen in web.requests[6:11]]
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(probes))


def test_a_parked_host_holds_up_no_other_and_loses_nothing(fetch: Fetch):
    with HostileWeb({"/down": DOWN, "/a": answer(b"x")}) as web:
        down = [web.url(f"/down?{n}") for n in range(2000)]
        fine = [web.url(f"/a?{n}", host="localhost") for n in range(50)]
        outcomes = fetch([*down, *fine], concurrency=4, hosts=ONE, **QUICK)
        assert web.asked("/a")[-1].at < web.asked("/down")[-1].at
    assert Counter(outcome.reason for outcome in outcomes) == {"server_error": 5, "parked": 1995, None: 50}


def test_one_failing_address_of_a_host_that_answers_parks_nothing(fetch: Fetch):
    with HostileWeb({"/down": DOWN, "/a": answer(b"x")}) as web:
        addresses = [web.url(path) for n in range(10) for path in (f"/down?{n}", f"/a?{n}")]
        outcomes = fetch(addresses, hosts=ONE, **(QUICK | {"park_seconds": 60}))
    assert Counter(outcome.reason for outcome in outcomes) == {"server_error": 10, None: 10}


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "429 Slow Down", "302 Found", "206 Partial"])
def test_answers_that_are_no_picture_park_nothing(fetch: Fetch, status: str):
    with HostileWeb({"/a": answer(status=status)}) as web:
        outcomes = fetch([web.url(f"/a?{n}") for n in range(10)], hosts=ONE, **(QUICK | {"park_seconds": 60}))
    assert len(web.requests) == 10
    assert "parked" not in {outcome.reason for outcome in outcomes}


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        (None, "refused"),
        (lambda _: [CUT], "reset"),
        (lambda _: [3600.0], "timeout"),
        (lambda _: [b"SSH-2.0-OpenSSH_9.9\r\n", CUT], "bad_response"),
    ],
)
def test_every_failure_of_a_host_counts(fetch: Fetch, manner, reason: str):
    with HostileWeb({"/a": manner or DOWN}) as web:
        port = closed_port() if manner is None else web.port
        outcomes = fetch([f"http://127.0.0.1:{port}/a?{n}" for n in range(8)], hosts=ONE, total_seconds=0.2, **QUICK)
    assert Counter(outcome.reason for outcome in outcomes) == {reason: 5, "parked": 3}


def test_a_redirect_to_a_host_that_is_left_alone_ends_as_parked(fetch: Fetch):
    with HostileWeb({"/down": DOWN}) as web:
        slow = answer(status="302 Found", headers={"Location": web.url("/down?hop")}, after=1.5)
        web.manners = {"/down": DOWN, "/hop": slow}
        down = [web.url(f"/down?{n}") for n in range(5)]
        *_, hopped = fetch([*down, web.url("/hop", host="localhost")], hosts=ONE, **QUICK)
    assert hopped.reason == "parked"
    assert not web.asked("/down?hop")
