"""A release that is fetched is there whole and as its manifest says, or not at all; from a folder, S3 and the web."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import obstore
import pytest

from imgtext_assets.demo import DemoWeb
from imgtext_assets.demo.web import Page
from imgtext_assets.fetch.files import WebFiles
from imgtext_assets.lake import LakeError
from imgtext_assets.lake.copies import Files, StoreFiles, fetch_release, push_to_store, release_files
from imgtext_assets.lake.stores import open_store
from imgtext_assets.manifest import MAX_MANIFEST
from imgtext_assets.settings import FetchSettings
from imgtext_assets_tests.lake.copies.made import VERSION, contents, listed, made_release

Serve = Callable[[Path], Files]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return made_release(tmp_path / "made")


@pytest.fixture(params=["folder", "s3", "web"])
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Puts a release where it can be fetched from."""
    if request.param == "folder":
        yield lambda root: StoreFiles(str(root))
    elif request.param == "s3":
        s3_root = request.getfixturevalue("s3_root")
        yield lambda root: release_files(push_to_store(StoreFiles(str(root)), f"{s3_root}/sets"))
    else:
        with DemoWeb({}) as web:

            def on_web(root: Path) -> Files:
                web.pages = {f"/sets/{path}": Page(root / path) for path in contents(root)}
                return WebFiles(web.url("/sets/"), FetchSettings(allow_networks=["127.0.0.0/8"]))

            yield on_web


def test_it_is_there_as_it_was_released(release: Path, serve: Serve, tmp_path: Path) -> None:
    told: list[int] = []
    manifest = fetch_release(serve(release), tmp_path / "new" / "here", report=told.append)
    assert contents(tmp_path / "new" / "here") == contents(release)
    assert manifest.version == VERSION
    assert sum(told) == manifest.total == sum(map(len, contents(release).values()))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["here"]  # nothing of the way is left


def test_a_folder_that_is_empty_will_do(release: Path, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    fetch_release(StoreFiles(str(release)), tmp_path / "here")
    assert contents(tmp_path / "here") == contents(release)


def test_what_is_there_is_checked_and_left_alone(release: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    fetch_release(StoreFiles(str(release)), here)
    told: list[int] = []
    manifest = fetch_release(StoreFiles(str(release)), here, report=told.append)
    assert sum(told) == manifest.total
    (here / "README.md").write_text("something else")
    with pytest.raises(LakeError, match=r"README\.md: is not what manifest\.json says"):
        fetch_release(StoreFiles(str(release)), here)
    assert (here / "README.md").read_text() == "something else"


def test_a_file_of_a_release_that_is_there_may_not_be_missing(release: Path, tmp_path: Path) -> None:
    fetch_release(StoreFiles(str(release)), tmp_path / "here")
    (tmp_path / "here/metadata/set.001.parquet").unlink()
    with pytest.raises(LakeError, match=r"set\.001\.parquet: is not what manifest\.json says"):
        fetch_release(StoreFiles(str(release)), tmp_path / "here")


def test_nothing_is_written_over(release: Path, tmp_path: Path) -> None:
    other = made_release(tmp_path / "other", "2026.12.0", seed=1, big=9)
    with pytest.raises(LakeError, match=r"has another release, 2026\.12\.0"):
        fetch_release(StoreFiles(str(release)), other)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    with pytest.raises(LakeError, match="is no empty folder"):
        fetch_release(StoreFiles(str(release)), tmp_path / "mine")
    with pytest.raises(LakeError, match="is no empty folder"):
        fetch_release(StoreFiles(str(release)), tmp_path / "mine/notes.txt")
    assert contents(tmp_path / "mine") == {"notes.txt": b"mine"}


class Breaking:
    """Files of which one ends after some bytes; `asked` says where reading began."""

    def __init__(self, files: Files, path: str, after: int) -> None:
        self.files, self.path, self.after, self.where = files, path, after, files.where
        self.asked: list[tuple[str, int]] = []

    def whole(self, path: str, at_most: int) -> bytes:
        return self.files.whole(path, at_most)

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        self.asked.append((path, start))
        for piece in self.files.read(path, start, end):
            yield piece[: self.after] if path == self.path else piece
            if path == self.path:
                raise OSError("the line is cut")


def test_a_run_that_was_cut_goes_on_within_the_file(release: Path, tmp_path: Path) -> None:
    tar = "webdataset/00000.tar"
    cut = Breaking(StoreFiles(str(release)), tar, 1_000_000)
    with pytest.raises(OSError, match="the line is cut"):
        fetch_release(cut, tmp_path / "here")
    assert not (tmp_path / "here").exists()
    again = Breaking(StoreFiles(str(release)), "", 0)
    fetch_release(again, tmp_path / "here")
    assert contents(tmp_path / "here") == contents(release)
    assert (tar, 1_000_000) in again.asked


def test_what_a_cut_run_left_is_believed_only_by_its_hash(release: Path, tmp_path: Path) -> None:
    partial = tmp_path / ".here.partial"
    (partial / "webdataset").mkdir(parents=True)
    (partial / "webdataset/00000.tar").write_bytes(b"what a power cut made of it")
    (partial / "LICENSE").write_bytes(b"longer than it should be")
    (partial / "README.md").write_bytes(b"\0" * (release / "README.md").stat().st_size)
    (partial / "metadata").mkdir()
    (partial / "metadata/other.000.parquet").write_bytes(b"of another version")
    (partial / "changes.parquet").symlink_to("/etc/passwd")
    told: list[int] = []
    manifest = fetch_release(StoreFiles(str(release)), tmp_path / "here", report=told.append)
    assert contents(tmp_path / "here") == contents(release)
    assert sum(told) == manifest.total


@pytest.mark.parametrize("change", ["shorter", "longer", "other"])
def test_what_is_not_as_the_manifest_says_is_refused(release: Path, serve: Serve, tmp_path: Path, change: str) -> None:
    files = serve(release)
    body = (release / "README.md").read_bytes()
    changed = {"shorter": body[:-1], "longer": body + b"more", "other": body[::-1]}[change]
    if isinstance(files, StoreFiles) and files.where.startswith("s3://"):
        obstore.put(open_store(files.where), "README.md", changed)
    else:
        (release / "README.md").write_bytes(changed)
    if change == "longer":  # what is asked for is what the manifest says, and that much is right
        fetch_release(files, tmp_path / "here")
        assert (tmp_path / "here/README.md").read_bytes() == body
        return
    with pytest.raises((LakeError, OSError), match=r"README\.md"):
        fetch_release(files, tmp_path / "here")
    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize(("said", "told"), [({"rows": 6}, "has 5 rows, not 6"), (None, "is no parquet file")])
def test_rows_are_counted(release: Path, tmp_path: Path, said: dict[str, Any] | None, told: str) -> None:
    path = "metadata/set.000.parquet"
    if said is None:
        (release / path).write_bytes(b"PAR1" + b"\xff" * 200 + b"PAR1")
        data = (release / path).read_bytes()
        said = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    files = json.loads((release / "manifest.json").read_text())["files"]
    files[path] |= said
    listed(release, files=files)
    with pytest.raises(LakeError, match=told):
        fetch_release(StoreFiles(str(release)), tmp_path / "here")
    assert not (tmp_path / "here").exists()


def test_a_manifest_without_end_is_not_read_to_it(release: Path, tmp_path: Path) -> None:
    with (release / "manifest.json").open("a") as file:
        file.truncate(MAX_MANIFEST + 1)
    with pytest.raises(LakeError, match="refused, for no release's has more than"):
        fetch_release(StoreFiles(str(release)), tmp_path / "here")


def test_a_release_larger_than_the_disk_is_not_begun(release: Path, tmp_path: Path) -> None:
    files = json.loads((release / "manifest.json").read_text())["files"]
    files["webdataset/00000.tar"]["bytes"] = 2**50
    listed(release, files=files)
    with pytest.raises(LakeError, match=r"the release needs 1,1.* bytes more, and there is room for"):
        fetch_release(StoreFiles(str(release)), tmp_path / "here")
    assert contents(tmp_path / ".here.partial") == {}


def test_two_at_once_do_not_mix(release: Path, tmp_path: Path) -> None:
    class Nosy(Breaking):
        def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
            if not seen:
                seen.append(path)
                with pytest.raises(LakeError, match="another process fetches into it"):
                    fetch_release(self.files, tmp_path / "here")
            yield from self.files.read(path, start, end)

    seen: list[str] = []
    fetch_release(Nosy(StoreFiles(str(release)), "", 0), tmp_path / "here")
    assert seen


def test_the_newest_version_is_taken_unless_one_is_named(lake_root: str, tmp_path: Path) -> None:
    for number, version in enumerate(("2026.9.0", "2026.11.0", "2026.9.10")):
        made = made_release(tmp_path / "made", version, seed=number, big=9)
        push_to_store(StoreFiles(str(made)), lake_root)
    assert release_files(lake_root).where.endswith("/2026.11.0")
    assert release_files(lake_root + "/", "2026.9.10").where.endswith("/2026.9.10")
    assert release_files(f"{lake_root}/2026.9.0").where.endswith("/2026.9.0")
    with pytest.raises(LakeError, match=r"has no release 2026\.10\.0"):
        release_files(lake_root, "2026.10.0")


def test_half_a_release_is_none(release: Path, lake_root: str) -> None:
    (release / "manifest.json").rename(release.parent / "kept")
    for path, data in contents(release).items():
        obstore.put(open_store(f"{lake_root}/{VERSION}"), path, data)
    with pytest.raises(LakeError, match="has no release"):
        release_files(lake_root)


@pytest.mark.parametrize("source", ["no/such/folder", "hf://models/a/b", "hf://datasets/a", "hf://datasets/a/b/c"])
def test_a_source_that_is_none_is_one_line(source: str) -> None:
    with pytest.raises(LakeError) as told:
        release_files(source)
    assert "\n" not in str(told.value)
