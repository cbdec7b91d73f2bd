"""Byte budgets: a host that has sent its share of the day is asked no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.catalog import HostLimits
from imgtext_assets.fetch import Budget, Request, fetch_all
from imgtext_assets_tests.fetch.conftest import loopback
from imgtext_assets_tests.web import CUT, HostileWeb, answer

LIMITED = "limited.example"


def limits(host: str) -> HostLimits:
    return HostLimits(bytes_per_day=1000 if host == LIMITED else None)


@given(st.integers(0, 2000), st.lists(st.integers(0, 500)))
def test_what_is_left_is_the_limit_less_all_that_was_received_and_never_below_nothing(spent: int, counts: list[int]):
    budget = Budget(limits, {LIMITED: spent})
    for count in counts:
        budget.add(LIMITED, count)
    assert budget.left(LIMITED) == max(0, 1000 - spent - sum(counts))
    assert budget.used == ({LIMITED: sum(counts)} if counts else {})


def test_a_host_without_a_limit_is_not_counted():
    budget = Budget(limits, {})
    budget.add("other.example", 10**12)
    assert budget.left("other.example") is None
    assert budget.used == {}


BODY = b"x" * 10_000
HEADERS = len(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")


def budgeted(limit: int, *, concurrency: int = 1, spent: int = 0):
    """Settings in which 127.0.0.1 has a budget and `localhost` has none, and that budget."""
    settings = loopback(
        hosts=[
            HostLimits(match="127.0.0.1", concurrency=concurrency, rate=1e6, bytes_per_day=limit),
            HostLimits(concurrency=8, rate=1e6),
        ]
    )
    return settings, Budget(settings.limits, {"127.0.0.1": spent} if spent else {})


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_host_is_asked_until_its_budget_is_spent_and_no_more_than_what_runs_goes_over(concurrency: int):
    settings, budget = budgeted(35_000, concurrency=concurrency)
    with HostileWeb({"/a": answer(BODY)}) as web:
        outcomes = list(fetch_all([Request(web.url(f"/a?{n}")) for n in range(12)], settings, budget=budget))
        asked = len(web.requests)
    spent = [outcome for outcome in outcomes if outcome.reason == "budget_spent"]
    assert len(outcomes) == 12
    assert len(spent) == 12 - asked
    assert 4 <= asked <= 4 + concurrency - 1
    assert all(outcome.passing and outcome.attempts == 0 for outcome in spent)
    assert budget.used == {"127.0.0.1": asked * (len(BODY) + HEADERS)}


def test_what_was_spent_earlier_the_same_day_counts():
    settings, budget = budgeted(35_000, spent=35_000)
    with HostileWeb({"/a": answer(BODY)}) as web:
        (outcome,) = fetch_all([Request(web.url("/a"))], settings, budget=budget)
    assert (outcome.reason, outcome.passing) == ("budget_spent", True)
    assert "127.0.0.1" in str(outcome.detail)
    assert not web.requests


def test_a_host_without_a_budget_goes_on_when_another_s_is_spent():
    settings, budget = budgeted(1)
    with HostileWeb({"/a": answer(BODY)}) as web:
        requests = [Request(web.url(f"/a?{n}", host=host)) for n in range(5) for host in ("127.0.0.1", "localhost")]
        reasons = [outcome.reason for outcome in fetch_all(requests, settings, budget=budget)]
    assert sorted(map(str, reasons)) == ["None"] * 6 + ["budget_spent"] * 4


def test_errors_redirects_retries_and_broken_transfers_count():
    said = {
        "/gone": answer(b"sorry" * 100, status="404 Not Found"),
        "/hop": answer(b"moved", status="302 Found", headers={"Location": "/a"}),
        "/a": answer(BODY),
        "/cut": lambda _: [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 100, CUT],
        "/busy": answer(b"later", status="503 Busy"),
    }
    sizes = {
        "/gone": len(b"HTTP/1.1 404 Not Found\r\nContent-Length: 500\r\n\r\n") + 500,
        "/hop": len(b"HTTP/1.1 302 Found\r\nContent-Length: 5\r\nLocation: /a\r\n\r\n") + 5,
        "/a": HEADERS + len(BODY),
        "/cut": len(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n") + 100,
        "/busy": len(b"HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\n") + 5,
    }
    settings, budget = budgeted(10**9)
    with HostileWeb(said) as web:
        list(
            fetch_all([Request(web.url(path)) for path in ("/gone", "/hop", "/cut", "/busy")], settings, budget=budget)
        )
        assert budget.used == {"127.0.0.1": sum(sizes[seen.path] for seen in web.requests)}
    assert len(web.requests) == 1 + 2 + 2 + 2


def test_what_was_received_before_a_run_is_broken_off_counts():
    settings, budget = budgeted(10**9, concurrency=2)

    def hangs(_: object):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 100
        yield 3600.0

    with HostileWeb({"/a": answer(BODY, after=0.3), "/hangs": hangs}) as web:
        outcomes = fetch_all([Request(web.url("/hangs")), Request(web.url("/a"))], settings, budget=budget)
        next(outcomes)
        outcomes.close()
    assert budget.used["127.0.0.1"] > HEADERS + len(BODY)
