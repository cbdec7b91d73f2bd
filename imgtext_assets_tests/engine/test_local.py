"""The local engine: results in order, bounded look-ahead, and one bad item costs one item."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from imgtext_assets.engine import Engine, Failed, LocalEngine
from imgtext_assets_tests.engine.work import burn, misbehave, square, worker


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with LocalEngine(workers=2, memory=2**28, cpu_seconds=0.2) as engine:
        yield engine


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_results_come_in_the_items_order(engine, chunk):
    assert list(engine.map(square, range(50), chunk=chunk)) == [n * n for n in range(50)]


def test_no_items_are_no_results(engine):
    assert list(engine.map(square, [])) == []


@pytest.mark.parametrize(
    ("how", "kind", "detail"),
    [
        ("spin", "timeout", "more than 0.2 s of CPU"),
        ("spin in C", "timeout", "more than 0.2 s of CPU"),
        ("sleep", "timeout", "not done after 2 s"),
        ("eat", "memory", "MemoryError"),
        ("segfault", "crash", "the process died of SIGSEGV"),
        ("kill", "crash", "the process died of SIGKILL"),
        ("exit", "crash", "the process died of exit code 3"),
        ("raise", "error", "ValueError: two lines (work.py:"),
        ("panic", "error", "BaseException: as polars does"),
        ("unpicklable", "error", "pickle"),
    ],
)
def test_one_bad_item_costs_one_item(engine, how, kind, detail):
    before, bad, after = engine.map(misbehave, ["a", how, "b"], chunk=3)
    assert (before, after) == ("a done", "b done")
    assert isinstance(bad, Failed)
    assert bad.kind == kind
    assert detail in bad.detail


def test_a_process_that_no_signal_of_the_clock_ends_is_given_up():
    with LocalEngine(workers=1, cpu_seconds=0.05) as engine:
        results = list(engine.map(misbehave, ["a", "stop", "b"], chunk=1))
    assert results == ["a done", Failed("timeout", "not done after 0.5 s"), "b done"]


def test_many_bad_items_cost_no_more(engine):
    items = ["segfault" if n % 5 == 0 else n for n in range(30)]
    results = list(engine.map(misbehave, items, chunk=8))
    assert [isinstance(result, Failed) for result in results] == [n % 5 == 0 for n in range(30)]


def test_the_limit_is_on_each_item_and_not_on_the_workers_life(engine):
    workers = list(engine.map(burn, [0.05] * 30, chunk=10))
    assert max(Counter(workers).values()) * 0.05 > 0.2
    assert len(set(workers)) <= 2


def test_items_are_drawn_only_as_results_are_taken():
    drawn = itertools.count()
    with LocalEngine(workers=2) as engine:
        results = engine.map(square, drawn, chunk=3)
        assert [next(results) for _ in range(10)] == [n * n for n in range(10)]
        results.close()  # type: ignore[attr-defined]
    assert next(drawn) <= 10 + 2 * 2 * 3 + 3


def test_a_function_that_cannot_travel_is_refused_at_once(engine):
    with pytest.raises(Exception, match="lambda"):  # which exception depends on the Python version
        engine.map(lambda item: item, [1])


def test_a_closed_engine_starts_anew():
    engine = LocalEngine(workers=1)
    first = list(engine.map(worker, [0]))
    engine.close()
    second = list(engine.map(worker, [0]))
    engine.close()
    assert first != second


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_that_are_killed_while_idle_cost_nothing(workers: int):
    """As the kernel does for memory; pebble gives the pool up then, and all that is asked of it."""
    with LocalEngine(workers) as engine:
        for seconds_dead in [0.0, 0.5] * 3:
            for pid in {pid for pid in engine.map(worker, range(20), chunk=1) if isinstance(pid, int)}:
                os.kill(pid, signal.SIGKILL)
            time.sleep(seconds_dead)
            assert list(engine.map(square, range(20), chunk=3)) == [n * n for n in range(20)]


def test_a_killed_run_leaves_no_workers_behind():
    code = (
        "import os, signal\n"
        "from imgtext_assets.engine import LocalEngine\n"
        "from imgtext_assets_tests.engine.work import worker\n"
        "print(*set(LocalEngine(workers=2).map(worker, range(20), chunk=1)), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    workers = [int(pid) for pid in run.stdout.split()]
    assert workers
    deadline = time.monotonic() + 20
    while (left := [pid for pid in workers if _runs(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
        return stat.read().rpartition(")")[2].split()[0] != "Z"
