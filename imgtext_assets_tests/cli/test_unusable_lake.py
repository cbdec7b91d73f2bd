"""A lake that cannot be used: one line, exit code 1."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from imgtext_assets_tests.cli.worlds import Imgtext, rewrite
from imgtext_assets_tests.defs.world import World


def test_a_bucket_that_is_not_there_is_said(imgtext: Imgtext, branch: World, s3_root: str) -> None:
    rewrite(branch, lake=f"{s3_root}-missing/lake")
    for command in (("build",), ("status",), ("release",), ("trace", "some-id")):
        told = imgtext(branch, *command)
        assert told.code == 1, command
        assert f"{s3_root}-missing" in told.err


def test_a_bucket_is_prepared_and_a_build_can_use_it(imgtext: Imgtext, branch: World, s3_root: str) -> None:
    bucket = f"{s3_root}-new"
    rewrite(branch, lake=f"{bucket}/lake")
    shown = imgtext(branch, "bucket", "--dry-run")
    assert shown.code == 0
    assert "Nothing was changed." in shown.out
    assert imgtext(branch, "build").code == 1
    done = imgtext(branch, "bucket")
    assert (done.code, "to do" in done.out) == (0, False)
    assert imgtext(branch, "build", "--until", "license_filtered").code == 0
    again = imgtext(branch, "bucket")
    assert (again.code, "done" in again.out) == (0, False)


def test_a_lake_that_is_a_file_is_said(imgtext: Imgtext, branch: World) -> None:
    (branch.folder / "file").write_text("no folder")
    rewrite(branch, lake=str(branch.folder / "file"))
    told = imgtext(branch, "build")
    assert told.code == 1
    assert f"{branch.folder}/file" in told.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_lake_that_may_not_be_written_is_said(imgtext: Imgtext, branch: World) -> None:
    lake = branch.folder / "read-only"
    lake.mkdir()
    lake.chmod(stat.S_IRUSR | stat.S_IXUSR)
    rewrite(branch, lake=str(lake))
    told = imgtext(branch, "build")
    assert told.code == 1
    assert "access is refused" in told.err


def test_an_emptied_lake_is_built_anew(imgtext: Imgtext, branch: World) -> None:
    """Dagster's records say that all is made; the lake says otherwise, and is right."""
    before = branch.tables()
    shutil.rmtree(branch.catalog.lake)
    assert imgtext(branch, "build").code == 0
    for name, frame in branch.tables().items():
        assert_frame_equal(frame, before[name])


def test_a_full_disk_is_said_and_a_rerun_with_room_finishes(imgtext: Imgtext, branch: World) -> None:
    lake = branch.folder / "small-disk"
    rewrite(branch, lake=str(lake))
    with _disk_of(lake, "400k"):
        told = imgtext(branch, "build", "--source", "laion400m")
        assert told.code == 1
        assert "the disk is full; make room and run again" in told.err
        subprocess.run(["mount", "-o", "remount,size=64m", str(lake)], check=True)
        assert imgtext(branch, "build", "--source", "laion400m").code == 0


def test_a_taken_port_is_said(imgtext: Imgtext, branch: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = imgtext(branch, "demo", "--port", str(port), "--folder", str(branch.folder / "demo"))
    assert told.code == 1
    assert f"port {port}" in told.err


@contextmanager
def _disk_of(folder: Path, size: str) -> Iterator[None]:
    """A small file system on that folder, where this machine lets us have one."""
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mount.returncode != 0:
        pytest.skip("needs the right to mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
