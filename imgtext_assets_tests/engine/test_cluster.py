"""The cluster engine: what the local one gives, from worker processes that may be lost."""

import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from imgtext_assets.engine import ClusterEngine, ClusterError, Engine, Failed, LocalEngine
from imgtext_assets_tests.engine.cluster import Cluster
from imgtext_assets_tests.engine.work import kill_once, misbehave, refuse, share_of, square, thread_of

pytestmark = pytest.mark.slow
LIMITS = (2**28, 0.2)
BAD = [
    ("spin in C", "timeout"),
    ("sleep", "timeout"),
    ("eat", "memory"),
    ("segfault", "crash: the process died of SIGSEGV"),
    ("exit", "crash: the process died of exit code 3"),
    ("raise", "error: ValueError: two lines"),
    ("unpicklable", "error"),
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def engine(cluster: Cluster) -> Iterator[Engine]:
    with ClusterEngine(cluster.address, *LIMITS) as engine:
        yield engine


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_results_come_in_the_items_order(engine, chunk):
    assert list(engine.map(square, range(50), chunk=chunk)) == [n * n for n in range(50)]


def test_no_items_are_no_results(engine):
    assert list(engine.map(square, [])) == []
    assert list(engine.spread(square, [])) == []


def test_results_and_failures_are_those_of_the_local_engine(engine):
    items = ["a", *itertools.chain.from_iterable((how, "fine") for how, _ in BAD)]
    with LocalEngine(2, *LIMITS) as local:
        here = list(map(told, local.map(misbehave, items, chunk=4)))
    assert list(map(told, engine.map(misbehave, items, chunk=4))) == here
    assert here[1::2] == [kind for _, kind in BAD]


def told(result: Failed | str) -> str:
    """What must be the same: not how a timeout came about, which depends on how busy the machine is."""
    if not isinstance(result, Failed):
        return result
    said = result.kind if result.kind == "timeout" else f"{result.kind}: {result.detail}"
    return next((kind for _, kind in BAD if said.startswith(kind)), said)


def test_bad_items_cost_no_worker(cluster, engine):
    with cluster.client() as client:
        before = set(client.nthreads())
        results = list(engine.map(misbehave, ["segfault" if n % 5 == 0 else n for n in range(30)], chunk=8))
        assert [isinstance(result, Failed) for result in results] == [n % 5 == 0 for n in range(30)]
        assert set(client.nthreads()) == before


def test_items_are_drawn_only_as_results_are_taken(engine):
    drawn = itertools.count()
    results = engine.map(square, drawn, chunk=3)
    assert [next(results) for _ in range(10)] == [n * n for n in range(10)]
    results.close()
    assert next(drawn) <= 10 + 2 * 2 * 3 + 3


def test_a_function_that_cannot_travel_is_refused_at_once(engine):
    with pytest.raises(Exception, match="lambda"):
        engine.map(lambda item: item, [1])


def test_a_closed_engine_connects_anew(cluster):
    engine = ClusterEngine(cluster.address)
    for _ in range(2):
        assert list(engine.map(square, [2])) == [4]
        engine.close()


def test_a_large_array_is_sent_once_to_each_worker_and_may_be_written_to(engine):
    array = np.arange(1_000_000, dtype=np.uint64)
    shares = list(engine.spread(partial(share_of, array), range(8)))
    assert [total for total, _ in shares] == [int(array[n::8].sum()) for n in range(8)]
    places = {place for _, place in shares}
    assert len(places) <= 2


def test_what_spread_work_raises_is_raised_here(engine):
    with pytest.raises(ValueError, match="no 3"):
        list(engine.spread(refuse, [1, 2, 3, 4]))
    with LocalEngine(2) as local, pytest.raises(ValueError, match="no 3"):
        list(local.spread(refuse, [1, 2, 3, 4]))


def test_spread_work_runs_in_threads_of_the_workers(engine):
    with LocalEngine(2) as local:
        assert {pid for pid, _ in local.spread(thread_of, range(20))} == {thread_of(0)[0]}
    pids = {pid for pid, _ in engine.spread(thread_of, range(20))}
    assert len(pids) == 2
    assert thread_of(0)[0] not in pids


def test_a_worker_that_is_killed_midway_costs_nothing(cluster, engine, tmp_path: Path):
    kill = partial(kill_once, str(tmp_path / "done"))
    assert list(engine.map(kill, range(60), chunk=4)) == list(range(60))
    assert (tmp_path / "done").exists()


def test_a_worker_that_is_killed_while_it_searches_costs_nothing(tmp_path: Path):
    """Though it was the only one that had the array."""
    kill = partial(kill_once, str(tmp_path / "done"), itself=True)
    with Cluster(tmp_path, workers=1) as cluster, ClusterEngine(cluster.address) as engine:
        assert list(engine.spread(kill, range(20))) == list(range(20))
    assert (tmp_path / "done").exists()


def test_an_item_that_takes_each_of_its_workers_with_it_is_the_one_that_fails(engine):
    results = list(engine.map(partial(kill_once, None), [7, 0, 1, 2], chunk=4))
    assert isinstance(results[0], Failed)
    assert results[0].kind == "crash"
    assert results[1:] == [0, 1, 2]


class TestWhatIsSaidWhere:
    def test_no_scheduler_answers(self, monkeypatch):
        monkeypatch.setattr("imgtext_assets.engine.cluster.CONNECT_SECONDS", 0.5)
        with ClusterEngine("tcp://127.0.0.1:9") as engine, pytest.raises(ClusterError, match="no Dask scheduler"):
            list(engine.map(square, [1]))

    def test_there_are_no_workers(self, tmp_path):
        with Cluster(tmp_path, workers=0) as cluster, ClusterEngine(cluster.address, patience=0.5) as engine:
            for run in (engine.map, engine.spread):
                with pytest.raises(ClusterError, match=r"no workers for 0.5 s; start some with `dask worker tcp://"):
                    list(run(square, [1]))

    @pytest.mark.parametrize("how", ["map", "spread"])
    def test_the_workers_go_away_midway(self, tmp_path, how):
        with Cluster(tmp_path) as cluster, ClusterEngine(cluster.address, patience=1) as engine:
            results = getattr(engine, how)(square, itertools.count())
            assert next(results) == 0
            cluster.stop_workers()
            with pytest.raises(ClusterError, match="no workers"):
                list(results)

    @pytest.mark.parametrize("how", ["map", "spread"])
    def test_the_scheduler_goes_away_midway(self, tmp_path, how, monkeypatch):
        monkeypatch.setattr("imgtext_assets.engine.cluster.CONNECT_SECONDS", 2)
        with Cluster(tmp_path) as cluster, ClusterEngine(cluster.address, patience=1) as engine:
            results = getattr(engine, how)(square, itertools.count())
            assert next(results) == 0
            cluster.kill_scheduler()
            with pytest.raises(ClusterError, match="was lost"):
                list(results)

    def test_work_that_kills_every_worker(self, tmp_path):
        with Cluster(tmp_path, workers=1) as cluster, ClusterEngine(cluster.address) as engine:
            results = engine.spread(partial(kill_once, None, itself=True), range(6, 9))
            assert next(results) == 6
            with pytest.raises(ClusterError, match=r"was lost|could not run it"):
                next(results)

    def test_a_worker_has_other_versions(self, engine, monkeypatch):
        monkeypatch.setattr("imgtext_assets.engine.cluster._versions", lambda: ("0", "0", "0", "0", "0"))
        for run in (engine.map, engine.spread):
            with pytest.raises(ClusterError, match=r"a worker has imgtext-assets \S+ instead of 0, numpy "):
                list(run(square, [1]))


def test_workers_that_join_midway_are_used(tmp_path):
    with Cluster(tmp_path, workers=1) as cluster, ClusterEngine(cluster.address) as engine:
        results = engine.spread(thread_of, itertools.count())
        first, _ = next(results)
        cluster.add_workers(1)
        assert any(pid != first for pid, _ in results)
