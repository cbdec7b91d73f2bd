"""Blobs: bytes under the name of their hash."""

from __future__ import annotations

import io
import os
import pickle
import stat
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgtext_assets.lake import Blobs, LakeError


def name(data: bytes) -> str:
    return sha256(data).hexdigest()


@pytest.fixture
def blobs(lake_root: str) -> Blobs:
    return Blobs(lake_root)


@given(data=st.binary(max_size=2000))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_bytes_come_back_as_they_went_however_often(blobs: Blobs, data: bytes) -> None:
    blobs.put(name(data), io.BytesIO(data))
    blobs.put(name(data), data)
    assert blobs.get(name(data)) == data


def test_present_tells_which_are_there(blobs: Blobs) -> None:
    blobs.put(name(b"here"), b"here")
    assert blobs.present([name(b"here"), name(b"not here")]) == {name(b"here")}
    assert blobs.present([]) == set()


def test_two_runs_that_store_the_same_bytes_do_not_clash(blobs: Blobs) -> None:
    data = b"x" * 100_000
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: blobs.put(name(data), io.BytesIO(data)), range(32)))
    assert blobs.get(name(data)) == data


def test_a_store_that_travels_to_another_process_takes_its_settings_along(
    lake_root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers start from a server process whose environment may be older."""
    blobs = Blobs(lake_root)
    blobs.put(name(b"here"), b"here")
    packed = pickle.dumps(blobs)
    for variable in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(variable, raising=False)
    assert pickle.loads(packed).get(name(b"here")) == b"here"


def test_a_missing_blob_is_one_clear_error(blobs: Blobs) -> None:
    with pytest.raises(LakeError, match="not found"):
        blobs.get(name(b"never stored"))


def test_bytes_that_changed_on_disk_are_never_given_out(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    blobs.put(name(b"good"), b"good")
    stored = tmp_path / "blobs/sha256" / name(b"good")[:2] / name(b"good")[2:4] / name(b"good")
    stored.write_bytes(b"bad")
    with pytest.raises(LakeError, match="not those of its name"):
        blobs.get(name(b"good"))


class Flushes:
    """What was flushed to the disk, in order: paths below `root`, each with the names that its folder had then."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: list[tuple[str, bytes | set[str]]] = []

    def fsync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        held = {entry.name for entry in path.iterdir()} if is_folder else path.read_bytes()
        self.seen.append((os.path.relpath(path, self.root), held))


@pytest.fixture
def flushes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flushes:
    """Calls of fsync are recorded; the files are real."""
    recorder = Flushes(tmp_path / "lake")
    monkeypatch.setattr(os, "fsync", recorder.fsync)
    return recorder


def test_a_durable_put_flushes_the_bytes_then_gives_the_name_then_flushes_the_names(flushes: Flushes) -> None:
    blobs = Blobs(str(flushes.root), fsync=True)
    sha256 = name(b"kept")
    blobs.put(sha256, io.BytesIO(b"kept"))
    (staged, held), *folders = flushes.seen
    assert held == b"kept"
    assert Path(staged).name != sha256, "it had its name before its bytes were flushed"
    first, second = sha256[:2], sha256[2:4]
    above = [(path, held) for path, held in folders if path.startswith("..")]
    assert folders == [
        (f"blobs/sha256/{first}/{second}", {sha256}),
        (f"blobs/sha256/{first}", {second}),
        ("blobs/sha256", {first}),
        ("blobs", {"sha256"}),
        (".", {"blobs"}),
        *above,
    ]
    assert above[0] == ("..", {"lake"}), "the lake's own name is flushed, and those of its parents"
    assert {path for path, _ in above} == {os.path.relpath(path, flushes.root) for path in writable(flushes.root)}
    assert blobs.get(sha256) == b"kept"
    left = [path.name for path in flushes.root.rglob("*") if path.is_file()]
    assert left == [sha256]


def test_a_durable_put_of_what_is_there_flushes_it(flushes: Flushes) -> None:
    """It may have been written without: a put that returned is on the disk, whoever wrote the bytes."""
    sha256 = name(b"there")
    Blobs(str(flushes.root)).put(sha256, b"there")
    assert flushes.seen == [], "without fsync nothing is flushed"
    Blobs(str(flushes.root), fsync=True).put(sha256, b"there")
    folder = f"blobs/sha256/{sha256[:2]}/{sha256[2:4]}"
    assert flushes.seen[:2] == [(f"{folder}/{sha256}", b"there"), (folder, {sha256})]


def test_a_folders_own_name_is_flushed_once_a_process(flushes: Flushes) -> None:
    """By each, for the one that made it may be killed in between."""
    blobs = Blobs(str(flushes.root), fsync=True)
    blobs.put(name(b"there"), b"there")
    again, other = blobs, pickle.loads(pickle.dumps(blobs))
    for blobs, folders in ((again, 1), (other, 5 + len(writable(flushes.root)))):
        flushes.seen.clear()
        blobs.put(name(b"there"), b"there")
        assert len([path for path, held in flushes.seen if isinstance(held, set)]) == folders


def writable(folder: Path) -> list[Path]:
    """Its parents, as far up as this process can make names in them."""
    return list(takewhile(lambda parent: os.access(parent, os.R_OK | os.W_OK), folder.resolve().parents))


@pytest.mark.parametrize("fails_at", ["blobs/sha256", ".", ".."])
def test_a_folder_counts_as_flushed_once_all_above_it_are(
    flushes: Flushes, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    failing = [(flushes.root / fails_at).resolve()]

    def fsync(descriptor: int) -> None:
        flushes.fsync(descriptor)
        if Path(f"/proc/self/fd/{descriptor}").readlink() in failing:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    blobs = Blobs(str(flushes.root), fsync=True)
    with pytest.raises(LakeError, match="Input/output error"):
        blobs.put(name(b"kept"), b"kept")
    failing.clear()
    flushes.seen.clear()
    blobs.put(name(b"kept"), b"kept")
    again = {path for path, held in flushes.seen if isinstance(held, set)}
    assert {"blobs/sha256", "blobs", ".", ".."} <= again


@pytest.mark.parametrize("fsync", [False, True])
def test_a_blob_that_a_power_cut_left_empty_is_missing_and_mended(tmp_path: Path, fsync: bool) -> None:
    blobs, sha256 = Blobs(str(tmp_path), fsync), name(b"kept")
    blobs.put(sha256, b"kept")
    (stored,) = (path for path in tmp_path.rglob("*") if path.is_file())
    stored.write_bytes(b"")
    assert blobs.present([sha256]) == set()
    blobs.put(sha256, io.BytesIO(b"kept"))
    assert blobs.get(sha256) == b"kept"
    assert blobs.present([sha256]) == {sha256}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [stored]


@pytest.mark.parametrize("fsync", [False, True])
def test_the_blob_of_no_bytes_is_there_once_it_is_stored(lake_root: str, fsync: bool) -> None:
    blobs = Blobs(lake_root, fsync)
    assert blobs.present([name(b"")]) == set()
    for _ in range(2):
        blobs.put(name(b""), b"")
        assert blobs.present([name(b"")]) == {name(b"")}
        assert blobs.get(name(b"")) == b""


@pytest.mark.parametrize("fails_at", [0, 1])
def test_a_durable_put_that_fails_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    calls = iter(range(100))

    def failing(descriptor: int) -> None:
        if next(calls) == fails_at:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    blobs = Blobs(str(tmp_path), fsync=True)
    with pytest.raises(LakeError, match="Input/output error"):
        blobs.put(name(b"kept"), b"kept")
    assert {path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} <= {b"kept"}
    assert not list(tmp_path.rglob(".*"))
    blobs.put(name(b"kept"), b"kept")
    assert blobs.get(name(b"kept")) == b"kept"


def test_two_runs_that_store_the_same_bytes_durably_do_not_clash(tmp_path: Path) -> None:
    blobs, data = Blobs(str(tmp_path), fsync=True), b"x" * 100_000
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: blobs.put(name(data), io.BytesIO(data)), range(32)))
    assert blobs.get(name(data)) == data
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_blob_is_never_written_over(lake_root: str) -> None:
    """Other bytes under its name are refused when they are read, not mended unasked: somebody has to look."""
    blobs = Blobs(lake_root)
    blobs.put(name(b"good"), b"other bytes")
    blobs.put(name(b"good"), b"good")
    with pytest.raises(LakeError, match="not those of its name"):
        blobs.get(name(b"good"))
