"""What one piece of work may ask in all: requests, bytes, seconds, and requests of each host."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.fetch import Allowance, Besides, Outcome, Request, fetch_all
from imgtext_assets_tests.fetch.conftest import loopback
from imgtext_assets_tests.web import HostileWeb, answer

BODY = b"x" * 10_000


class Clock:
    """A clock that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.integers(0, 20), st.integers(0, 20), st.lists(st.sampled_from("ab"), max_size=40))
def test_nothing_begins_beyond_a_limit(in_all: int, of_each: int, wanted: list[str]):
    allowance, begun = Allowance(requests=in_all, requests_per_host=of_each), Counter[str]()
    for host in wanted:
        if allowance.spent_on(host) is None:
            allowance.begin(host)
            begun[host] += 1
    assert allowance.asked == begun.total() == min(in_all, begun.total())
    assert all(count <= of_each for count in begun.values())
    for host in "ab":  # and nothing is refused while there is something left
        assert begun[host] == min(wanted.count(host), of_each) or begun.total() == in_all


def test_time_and_bytes_run_out():
    clock = Clock()
    allowance = Allowance(seconds=10, bytes=100, clock=clock)
    clock.now = 9.9
    allowance.receive(99)
    assert allowance.spent() is None
    allowance.receive(1)
    assert (allowance.spent() or "").startswith("bytes: ")
    clock.now = 10.0
    assert Allowance(seconds=0, clock=clock).spent() == "seconds: the time is over"


def test_without_limits_nothing_runs_out():
    allowance = Allowance()
    allowance.begin("a")
    allowance.receive(10**15)
    assert allowance.spent_on("a") is None


def test_what_is_asked_besides_is_no_request_but_its_bytes_and_seconds_count():
    clock = Clock()
    allowance = Allowance(requests=2, requests_per_host=1, bytes=100, seconds=10, clock=clock)
    besides = Besides(allowance)
    for _ in range(9):
        besides.begin("a")
    assert allowance.asked == 0
    allowance.begin("a")
    assert allowance.spent_on("a")
    assert besides.spent_on("a") is None, "the limit is for what is counted"
    besides.receive(100)
    assert allowance.spent() == besides.spent_on("b") == "bytes: 100 were allowed"


@pytest.mark.parametrize("limit", ["requests", "bytes", "seconds"])
def test_nothing_is_asked_besides_where_nothing_is_asked_any_more(limit: str):
    clock = Clock()
    allowance = Allowance(**{limit: 1}, clock=clock)
    allowance.begin("a")
    allowance.receive(1)
    clock.now = 1.0
    assert (Besides(allowance).spent_on("b") or "").startswith(f"{limit}: ")


def fetched(web: HostileWeb, paths: list[str], allowance: Allowance, **settings: object) -> list[Outcome]:
    asked = [Request(web.url(path)) for path in paths]
    outcomes = list(fetch_all(asked, loopback(**settings), allowance=allowance))
    assert sorted(outcome.request.url for outcome in outcomes) == sorted(request.url for request in asked)
    for outcome in outcomes:
        if outcome.body:
            outcome.body.close()
    return outcomes


def ends(outcomes: list[Outcome]) -> Counter[str]:
    return Counter(outcome.reason or "ok" for outcome in outcomes)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_no_more_requests_are_sent_than_allowed_and_the_rest_is_told(concurrency: int):
    allowance = Allowance(requests=5)
    with HostileWeb({"/a": answer(BODY)}) as web:
        outcomes = fetched(web, [f"/a?{n}" for n in range(20)], allowance, concurrency=concurrency)
        assert len(web.requests) == 5
    assert ends(outcomes) == {"ok": 5, "budget_spent": 15}
    left = [outcome for outcome in outcomes if outcome.reason]
    assert {outcome.detail for outcome in left} == {"requests: 5 were allowed"}
    assert all(outcome.passing and outcome.attempts == 0 for outcome in left)


def test_one_host_s_limit_does_not_hold_up_another():
    with HostileWeb({"/a": answer(BODY)}, hosts=["127.0.0.1", "127.0.0.2"]) as web:
        asked = [Request(web.url(f"/a?{n}", host=host)) for n in range(9) for host in ("127.0.0.1", "127.0.0.2")][:12]
        asked += [Request(web.url("/a?last", host="127.0.0.2"))]
        outcomes = list(fetch_all(asked, loopback(), allowance=Allowance(requests_per_host=6)))
        assert Counter(seen.host for seen in web.requests) == {"127.0.0.1": 6, "127.0.0.2": 6}
    assert ends(outcomes) == {"ok": 12, "budget_spent": 1}


def test_bytes_are_counted_of_all_that_comes_and_what_runs_may_finish():
    allowance = Allowance(bytes=25_000)
    with HostileWeb({"/a": answer(BODY)}) as web:
        outcomes = fetched(web, [f"/a?{n}" for n in range(9)], allowance, concurrency=1)
    assert ends(outcomes) == {"ok": 3, "budget_spent": 6}
    assert allowance.received > 30_000


def test_what_waits_for_a_quiet_host_is_not_waited_for_when_the_time_is_over():
    """A host that asked for quiet: its requests would wait for minutes."""
    busy = answer(status="429 Slow", headers={"Retry-After": "100"})
    with HostileWeb({"/a": busy, "/b": answer(BODY)}) as web:
        outcomes = fetched(web, ["/a", *(f"/a?{n}" for n in range(5))], Allowance(seconds=0.5), concurrency=1)
    assert "budget_spent" in ends(outcomes)


def test_what_failed_before_the_end_is_told_as_it_failed():
    with HostileWeb({"/a": answer(status="503 Busy")}) as web:
        (outcome,) = fetched(web, ["/a"], Allowance(requests=1), attempts=4)
        assert len(web.requests) == 1
    assert (outcome.reason, outcome.attempts) == ("server_error", 1)


def test_what_has_begun_is_led_on_by_redirects():
    with HostileWeb({"/b": answer(BODY)}) as web:
        web.manners = {"/a": answer(status="302 Found", headers={"Location": "/b"}), "/b": answer(BODY)}
        outcomes = fetched(web, ["/a", "/a?2"], Allowance(requests=1), concurrency=1)
    assert ends(outcomes) == {"ok": 1, "budget_spent": 1}


def test_an_allowance_holds_for_one_call_after_another():
    allowance = Allowance(requests=3)
    with HostileWeb({"/a": answer(BODY)}) as web:
        assert ends(fetched(web, ["/a", "/a?1"], allowance)) == {"ok": 2}
        assert ends(fetched(web, ["/a", "/a?1"], allowance)) == {"ok": 1, "budget_spent": 1}
