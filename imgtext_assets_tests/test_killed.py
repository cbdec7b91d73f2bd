"""Killed with SIGKILL at any moment, a build that is run again ends in the tables of an undisturbed one."""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from imgtext_assets.defs.killed import end_killed_runs
from imgtext_assets.tables import STAGES
from imgtext_assets_tests.defs.world import World, path_of, small_world
from imgtext_assets_tests.processes import gone

ROWS = {"pd12m.000.parquet": 30, "laion400m.000.parquet": 12}
KILLS = 10
SEED = "IMGTEXT_TEST_SEED"
"""Environment variable that repeats the moments of an earlier test, which prints it."""
# The journal is written every 5 s; here every 0.1 s, so that a test of seconds sees what a run of hours would.
BUILD = (
    "from importlib import import_module\n"
    "import_module('imgtext_assets.fetch.keeping').FLUSH_SECONDS /= 50\n"
    "from imgtext_assets.cli.main import main\n"
    "main()\n"
)
Moment = Callable[[World, int], bool]
"""Whether the time has come, by the world and the requests since the build was started."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def some_answers(world: World, asked: int) -> bool:
    return asked >= 3


def test_killed_at_ten_random_moments_a_build_ends_as_if_undisturbed(tmp_path: Path) -> None:
    """Killed ten times in a row, each time a little later: at a random place in each tenth of the whole work.

    Every other time its decoding processes are killed with it, else they must end by themselves. No picture that the
    journal holds is fetched again; what a kill may cost is what was answered in the last moment before it, that is
    since the journal was last written, and the requests under way. No file with a final name is ever half a file.
    """
    seed = os.environ.get(SEED) or str(random.randrange(2**32))
    print(f"{SEED}={seed}")
    chance = random.Random(seed)
    with small_world(tmp_path / "disturbed", ROWS, delay=0.05, quick=False) as world:
        undisturbed = world.branch(tmp_path / "undisturbed", built=False)
        assert undisturbed.build() == []
        work = _Work(undisturbed)
        for number in range(KILLS):
            share, late = 0.95 * (number + chance.random()) / KILLS, chance.uniform(0, 0.05)
            settled = _journalled(world)
            with world.asked() as asked:
                _kill_when(world, partial(work.is_done, share), late=late, workers_too=number % 2 == 0)
            assert not settled & set(asked), share
            _assert_no_half_file(world)
        settled = _journalled(world)
        with world.asked() as asked:
            finished = _start(world)
            _, said = finished.communicate(timeout=120)
        assert finished.returncode == 0, said
        assert settled
        assert not settled & set(asked)
        _assert_no_half_file(world)
        for name, frame in undisturbed.tables().items():
            assert_frame_equal(world.tables()[name], frame)


def test_a_killed_run_is_over_for_dagster_too(tmp_path: Path) -> None:
    """It is shown as failed, and its place in the pool that bounds fetching is free again."""
    with small_world(tmp_path, {"laion400m.000.parquet": 8}, delay=0.2, quick=False) as world:
        _kill_when(world, some_answers)
        [killed] = world.instance.get_runs()
        assert killed.status is dg.DagsterRunStatus.STARTED
        assert world.build() == []
        after = world.instance.get_run_by_id(killed.run_id)
        assert after is not None
        assert after.status is dg.DagsterRunStatus.FAILURE
        assert not world.instance.event_log_storage.get_concurrency_info("web").claimed_slots


def test_the_run_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    with small_world(tmp_path, {"laion400m.000.parquet": 8}, delay=0.2, quick=False) as world:
        living = _start(world)
        _wait_until(world, living, some_answers)
        assert end_killed_runs(world.instance) == []
        living.kill()
        living.communicate()
        [run] = world.instance.get_runs()
        assert end_killed_runs(world.instance) == [run.run_id]


@dataclass(frozen=True)
class _Work:
    """How much of a build is done, by one that is finished: half of it is pictures in the store, half is tables."""

    finished: World

    def is_done(self, share: float, world: World, asked: int) -> bool:
        """Whether that share of the work is done, from 0 to 1."""
        parts = zip(self._done(world), self._whole, strict=True)
        return sum(done / whole for done, whole in parts) / 2 >= share

    @cached_property
    def _whole(self) -> tuple[int, int]:
        return self._done(self.finished)

    def _done(self, world: World) -> tuple[int, int]:
        lake = Path(world.catalog.lake)
        tables = [path for table in STAGES for path in (lake / table.name).rglob("*.parquet")]
        return len(_blobs(world)), len(tables) + (lake / "duplicate_clusters.parquet").exists()


def _start(world: World) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, "--catalog", str(world.catalog_file), "build"],
        env=os.environ | {"DAGSTER_HOME": str(world.home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _kill_when(world: World, reached: Moment, late: float = 0.0, workers_too: bool = True) -> None:
    """Kill it `late` seconds after the moment; no process of it may be left."""
    build = _start(world)
    _wait_until(world, build, reached)
    time.sleep(late)
    if workers_too:
        os.killpg(build.pid, signal.SIGKILL)
    else:
        build.kill()
    assert gone(build.pid, within=30)
    build.communicate()
    assert build.returncode == -signal.SIGKILL, "it ended before it could be killed"


def _wait_until(world: World, build: subprocess.Popen[str], reached: Moment) -> None:
    """Until a run of this build is under way, and the moment has come."""
    before, running = len(world.web.requests), set(_locks(world))
    while build.poll() is None and not (set(_locks(world)) - running):
        time.sleep(0.005)
    while build.poll() is None and not reached(world, len(world.web.requests) - before):
        time.sleep(0.005)
    assert build.poll() is None, "it ended before it could be killed"


def _locks(world: World) -> list[Path]:
    """What runs hold while they are under way (`imgtext_assets.defs.killed`)."""
    return list((Path(world.instance.storage_directory()) / "running").glob("*"))


def _blobs(world: World) -> list[Path]:
    """All files of the store that have a final name."""
    store = Path(world.catalog.lake) / "blobs" / "sha256"
    return [path for path in store.glob("??/??/*") if re.fullmatch("[0-9a-f]{64}", path.name)]


def _assert_no_half_file(world: World) -> None:
    for blob in _blobs(world):
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
    for table in Path(world.catalog.lake).rglob("*.parquet"):
        pl.read_parquet(table)


def _journalled(world: World) -> set[str]:
    """Paths of the pictures that the journal holds: their bytes are in the blob store."""
    journal = world.project.scan("fetches").filter(outcome="ok").select("url").collect()
    return {path_of(url) for url in journal["url"]}
