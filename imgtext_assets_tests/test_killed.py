"""Killed with SIGKILL at any moment, a build that is run again ends in the tables of an undisturbed one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from polars.testing import assert_frame_equal

from imgtext_assets.defs.killed import end_killed_runs
from imgtext_assets_tests.defs.world import World, path_of, small_world

ROWS = {"pd12m.000.parquet": 30, "laion400m.000.parquet": 12}
# The journal is written every 5 s; here every 0.1 s, so that a test of seconds sees what a run of hours would.
BUILD = (
    "from importlib import import_module\n"
    "import_module('imgtext_assets.fetch.harvest')._FLUSH_SECONDS = 0.1\n"
    "from imgtext_assets.cli import main\n"
    "main()\n"
)
MOMENTS: dict[str, Callable[[World, int], bool]] = {
    "after the first answers": lambda world, asked: asked >= 3,
    "in the middle of fetching": lambda world, asked: asked >= 15,
    "at the last fingerprints": lambda world, asked: len(world.project.lake.tables.files("fingerprints")) == 2,
    "at the clusters": lambda world, asked: world.project.lake.tables.exists("duplicate_clusters"),
    "at the first verified shard": lambda world, asked: world.project.lake.tables.files("verified") != [],
}

pytestmark = pytest.mark.slow


def test_killed_at_many_moments_a_build_ends_as_if_undisturbed(tmp_path: Path) -> None:
    """Killed five times in a row, each time a little later.

    No picture that the journal holds is fetched again; what a kill may cost is what was answered in the last moment
    before it, that is since the journal was last written, and the requests under way.
    """
    with small_world(tmp_path / "disturbed", ROWS, delay=0.05) as world:
        for moment, reached in MOMENTS.items():
            settled = _journalled(world)
            with world.asked() as asked:
                _kill_when(world, reached)
            assert not settled & set(asked), moment
        settled = _journalled(world)
        with world.asked() as asked:
            finished = _start(world)
            _, said = finished.communicate(timeout=120)
        assert finished.returncode == 0, said
        assert settled
        assert not settled & set(asked)
        undisturbed = world.branch(tmp_path / "undisturbed", built=False)
        assert undisturbed.build() == []
        for name, frame in undisturbed.tables().items():
            assert_frame_equal(world.tables()[name], frame)


def test_a_killed_run_is_over_for_dagster_too(tmp_path: Path) -> None:
    """It is shown as failed, and its place in the pool that bounds fetching is free again."""
    with small_world(tmp_path, {"laion400m.000.parquet": 8}, delay=0.2) as world:
        _kill_when(world, MOMENTS["after the first answers"])
        [killed] = world.instance.get_runs()
        assert killed.status is dg.DagsterRunStatus.STARTED
        assert world.build() == []
        after = world.instance.get_run_by_id(killed.run_id)
        assert after is not None
        assert after.status is dg.DagsterRunStatus.FAILURE
        assert not world.instance.event_log_storage.get_concurrency_info("web").claimed_slots


def test_the_run_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    with small_world(tmp_path, {"laion400m.000.parquet": 8}, delay=0.2) as world:
        living = _start(world)
        _wait_until(world, living, MOMENTS["after the first answers"])
        assert end_killed_runs(world.instance) == []
        living.kill()
        living.communicate()
        [run] = world.instance.get_runs()
        assert end_killed_runs(world.instance) == [run.run_id]


def _start(world: World) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, "--catalog", str(world.catalog_file), "build"],
        env=os.environ | {"DAGSTER_HOME": str(world.home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _kill_when(world: World, reached: Callable[[World, int], bool]) -> None:
    build = _start(world)
    _wait_until(world, build, reached)
    build.send_signal(signal.SIGKILL)
    build.communicate()


def _wait_until(world: World, build: subprocess.Popen[str], reached: Callable[[World, int], bool]) -> None:
    before = len(world.web.requests)
    while not reached(world, len(world.web.requests) - before) and build.poll() is None:
        time.sleep(0.005)
    assert build.poll() is None, "it ended before it could be killed"


def _journalled(world: World) -> set[str]:
    """Paths of the pictures that the journal holds: their bytes are in the blob store."""
    journal = world.project.scan("fetches").filter(outcome="ok").select("url").collect()
    return {path_of(url) for url in journal["url"]}
