"""A release with all that it may have: the same bytes every time, and never half of it, however it is killed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from imgtext_assets.publish import problems
from imgtext_assets.sources import url_key
from imgtext_assets_tests.defs.world import World
from imgtext_assets_tests.processes import gone

ALL_FORMS = {"formats": ["webdataset", "laion400m"], "pairs_per_tar": 10}
STOPPING = """
import os, time
from importlib import import_module
from pathlib import Path
import obstore

def stop():
    Path(os.environ["STOPPED"]).touch()
    time.sleep(600)

def stopping(function, place):
    def call(*arguments, **options):
        when, _, name = os.environ["STOP"].partition(" ")
        is_it = str(arguments[place]).endswith(name)
        if is_it and when == "before":
            stop()
        result = function(*arguments, **options)
        if is_it and when == "after":
            stop()
        return result
    return call

obstore.put = stopping(obstore.put, 1)
pairs = import_module("imgtext_assets.publish.pairs")
pairs.write_tar = stopping(pairs.write_tar, 0)
from imgtext_assets.cli.main import main
main()
"""
"""The program, which stops before or after it writes some file and then waits to be killed."""
MOMENTS = (
    "after webdataset/00001.tar",  # in the folder where it is made
    "before metadata/imgtext.000.parquet",
    "after metadata/imgtext.000.parquet",
    "before manifest.json",
    "after manifest.json",
)


@pytest.fixture
def branch(built: World, tmp_path: Path) -> World:
    return built.branch(tmp_path / "world").settings(release=ALL_FORMS)


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_two_builds_of_one_release_are_the_same_bytes_in_all_forms(branch: World, built: World, tmp_path: Path) -> None:
    """Of two lakes that are alike, each with an instance of its own."""
    other = built.branch(tmp_path / "other").settings(release=ALL_FORMS)
    made = []
    for world in (branch, other):
        result = world.pipeline.release()
        assert result.ok, result.problem
        made.append(Path(world.project.lake.releases.url(result.metadata["release"]["version"])))
    first, second = map(digests, made)
    assert first == second
    kinds = {name.split("/")[0] for name in first}
    assert kinds == {
        *("metadata", "webdataset", "laion400m", "LICENSE", "README.md"),
        *("manifest.json", "croissant.json", "changes.parquet", "removals.parquet"),
    }
    assert list(problems(made[0], url_key)) == []
    text = "".join((made[0] / name).read_text() for name in ("manifest.json", "README.md", "croissant.json"))
    assert str(tmp_path) not in text
    assert str(built.folder) not in text


@pytest.mark.slow
def test_killed_at_any_moment_no_half_is_seen_and_the_next_run_succeeds(branch: World, tmp_path: Path) -> None:
    releases = branch.project.lake.releases
    had = releases.versions()
    for moment in MOMENTS:
        _kill_at(branch, moment, tmp_path / "stopped")
        seen = releases.versions()
        assert len(seen) == len(had) + (moment == "after manifest.json"), moment
        _assert_whole(branch, seen[len(had) :])
    had = releases.versions()
    cutting = _start(branch, "never", tmp_path / "stopped")
    _, said = cutting.communicate(timeout=300)
    assert cutting.returncode == 0, said
    assert len(releases.versions()) == len(had) + 1
    _assert_whole(branch, releases.versions()[-1:])


def _assert_whole(world: World, versions: Sequence[str]) -> None:
    for version in versions:
        assert list(problems(Path(world.project.lake.releases.url(version)), url_key)) == []


def _kill_at(world: World, moment: str, stopped: Path) -> None:
    stopped.unlink(missing_ok=True)
    cutting = _start(world, moment, stopped)
    while cutting.poll() is None and not stopped.exists():
        time.sleep(0.01)
    if cutting.poll() is not None:
        pytest.fail(f"it ended before {moment}: {cutting.communicate()[1]}")
    os.killpg(cutting.pid, signal.SIGKILL)
    assert gone(cutting.pid, within=30)
    cutting.communicate()


def _start(world: World, moment: str, stopped: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STOPPING, "--catalog", str(world.catalog_file), "release"],
        env=os.environ | {"DAGSTER_HOME": str(world.home), "STOP": moment, "STOPPED": str(stopped)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
