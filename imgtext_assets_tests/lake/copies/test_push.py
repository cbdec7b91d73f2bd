"""A push leaves a whole release where it should be or none that a reader would take for one; the same in a folder, on
S3, and from either."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import obstore
import pytest

from imgtext_assets.lake import LakeError, stores
from imgtext_assets.lake.copies import StoreFiles, push_to_store
from imgtext_assets.lake.copies.files import PIECE
from imgtext_assets.lake.copies.push import part_size
from imgtext_assets.lake.stores import open_store
from imgtext_assets_tests.lake.copies.made import BIG, VERSION, contents, listed, made_release
from imgtext_assets_tests.lake.faults import Fault, FaultyStore, OfUploads, Plan


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives up on a store after two retries, so that a test need not wait."""
    brief = {"init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(milliseconds=200), "base": 2}
    monkeypatch.setattr(stores, "_RETRY", {"max_retries": 2, "backoff": brief, "retry_timeout": timedelta(seconds=5)})


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return made_release(tmp_path / "made")


def stored(root: str) -> dict[str, bytes]:
    """All that lies below a root, by path, in the order in which it came."""
    store = open_store(root)
    found = sorted((meta for batch in obstore.list(store) for meta in batch), key=lambda meta: meta["last_modified"])
    return {meta["path"]: bytes(obstore.get(store, meta["path"]).bytes()) for meta in found}


def test_all_files_arrive_as_they_are_under_the_version(release: Path, lake_root: str) -> None:
    url = push_to_store(StoreFiles(str(release)), lake_root)
    assert url == f"{lake_root}/{VERSION}"
    assert stored(url) == contents(release)


def test_progress_is_told_in_bytes_to_the_last_one(release: Path, tmp_path: Path) -> None:
    counts: list[int] = []
    for _ in range(2):  # what is there already counts as done
        counts.clear()
        push_to_store(StoreFiles(str(release)), str(tmp_path / "out"), counts.append)
        assert sum(counts) == sum(map(len, contents(release).values()))


def test_a_lake_on_s3_is_pushed_too(release: Path, s3_root: str) -> None:
    there = push_to_store(StoreFiles(str(release)), f"{s3_root}/lake/releases")
    assert stored(push_to_store(StoreFiles(there), f"{s3_root}/public")) == contents(release)


@pytest.fixture
def sent(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is sent to S3 from now on: method and path of each request."""
    with FaultyStore(os.environ["AWS_ENDPOINT_URL"], Plan(0.0)) as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
        yield store.log


def test_what_is_there_is_not_sent_again(release: Path, s3_root: str, sent: list[str]) -> None:
    url = push_to_store(StoreFiles(str(release)), s3_root)
    assert any(line.startswith("PUT") for line in sent)
    sent.clear()
    push_to_store(StoreFiles(str(release)), s3_root)
    assert [line for line in sent if not line.startswith("GET")] == []
    obstore.delete(open_store(url), ["README.md", "manifest.json"])  # as if killed before these
    sent.clear()
    push_to_store(StoreFiles(str(release)), s3_root)
    put = [line.partition("?")[0].rpartition("/")[2] for line in sent if line.startswith("PUT")]
    assert put == ["README.md", "manifest.json"]


@pytest.mark.parametrize("damage", [b"", b"\0" * BIG], ids=["another size", "the same size"])
def test_what_is_there_otherwise_is_sent_again(release: Path, lake_root: str, damage: bytes) -> None:
    obstore.put(open_store(f"{lake_root}/{VERSION}"), "webdataset/00000.tar", damage)
    assert stored(push_to_store(StoreFiles(str(release)), lake_root)) == contents(release)


def test_the_manifest_is_last(release: Path, s3_root: str, sent: list[str]) -> None:
    push_to_store(StoreFiles(str(release)), s3_root)
    done = [line for line in sent if line.startswith(("PUT", "POST"))]
    assert len(done) >= len(contents(release))
    assert done[-1].endswith("/manifest.json")


def test_another_release_of_that_version_is_never_written_over(tmp_path: Path, lake_root: str) -> None:
    first, second = made_release(tmp_path / "a", big=9), made_release(tmp_path / "b", seed=1, big=9)
    url = push_to_store(StoreFiles(str(first)), lake_root)
    with pytest.raises(LakeError, match=r"another release of that version is there, and a release is never changed"):
        push_to_store(StoreFiles(str(second)), lake_root)
    assert stored(url) == contents(first)


def test_files_of_something_else_are_not_made_part_of_it(release: Path, lake_root: str) -> None:
    obstore.put(open_store(f"{lake_root}/{VERSION}"), "metadata/other.000.parquet", b"rows of a cut that was given up")
    with pytest.raises(LakeError, match=r"none of this release, such as metadata/other\.000\.parquet"):
        push_to_store(StoreFiles(str(release)), lake_root)


@pytest.mark.parametrize("path", ["webdataset/00000.tar", "README.md"], ids=["in parts", "in one"])
def test_a_release_that_is_damaged_is_not_spread(release: Path, lake_root: str, path: str) -> None:
    data = bytearray((release / path).read_bytes())
    data[-1] ^= 1
    (release / path).write_bytes(data)
    with pytest.raises(LakeError, match=rf"{path}: is damaged, for it is not what manifest\.json says"):
        push_to_store(StoreFiles(str(release)), lake_root)
    assert not stored(f"{lake_root}/{VERSION}").keys() & {"manifest.json", path}


def test_a_file_that_is_shorter_than_it_should_be_is_damaged(release: Path, lake_root: str) -> None:
    with (release / "webdataset/00000.tar").open("r+b") as file:
        file.truncate(BIG - 1)
    with pytest.raises(LakeError, match=r"00000\.tar"):
        push_to_store(StoreFiles(str(release)), lake_root)
    assert "manifest.json" not in stored(f"{lake_root}/{VERSION}")


def test_an_etag_that_tells_nothing_is_made_up_for_by_reading_back(
    release: Path, s3_root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with AWS KMS. What arrives otherwise is told apart from what arrives as it is."""
    head = obstore.head

    def encrypted(store: Any, path: str) -> Any:
        if path == "README.md" and damage:
            obstore.put(store, path, b"other")
        return {**head(store, path), "e_tag": '"of the encrypted bytes"'}

    damage = False
    monkeypatch.setattr(obstore, "head", encrypted)
    assert stored(push_to_store(StoreFiles(str(release)), f"{s3_root}/a")) == contents(release)
    damage = True
    with pytest.raises(LakeError, match=r"README\.md: did not arrive as it was sent"):
        push_to_store(StoreFiles(str(release)), f"{s3_root}/b")
    assert "manifest.json" not in stored(f"{s3_root}/b/{VERSION}")


@pytest.mark.parametrize("server", ["s3", pytest.param("swift", marks=pytest.mark.swift)])
@pytest.mark.parametrize("seed", range(3))
def test_a_store_that_fails_now_and_then_gets_it_whole(
    release: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, server: str, seed: int
) -> None:
    root = request.getfixturevalue(f"{server}_root")
    with FaultyStore(os.environ["AWS_ENDPOINT_URL"], Plan(0.2, seed)) as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
        url = push_to_store(StoreFiles(str(release)), root)
        assert sum(store.met.values()) > 0
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.endpoint)
        assert stored(url) == contents(release)


@pytest.mark.parametrize("step", ["begins", "ends"])
@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
def test_an_upload_whose_beginning_or_end_fails_is_made_anew(
    release: Path, s3_root: str, monkeypatch: pytest.MonkeyPatch, step: str, fault: Fault
) -> None:
    counts: list[int] = []
    with FaultyStore(os.environ["AWS_ENDPOINT_URL"], OfUploads(0, kinds=(fault,), step=step)) as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
        url = push_to_store(StoreFiles(str(release)), s3_root, counts.append)
        assert store.met == {fault: 1}
        assert stored(url) == contents(release)
    assert sum(counts) == sum(map(len, contents(release).values()))


def test_a_push_that_lost_its_store_leaves_no_release_and_goes_on(
    release: Path, s3_root: str, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    with FaultyStore(os.environ["AWS_ENDPOINT_URL"], Plan(0.0), down_after=6) as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
        with pytest.raises(LakeError, match="run again"):
            push_to_store(StoreFiles(str(release)), s3_root)
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.endpoint)
    assert "manifest.json" not in stored(f"{s3_root}/{VERSION}")
    assert stored(push_to_store(StoreFiles(str(release)), s3_root)) == contents(release)


def test_a_bucket_that_is_not_there_is_one_line(release: Path, s3_root: str) -> None:
    with pytest.raises(LakeError) as told:
        push_to_store(StoreFiles(str(release)), "s3://no-such-bucket-here/x")
    assert "\n" not in str(told.value)


def test_parts_are_never_more_than_s3_takes() -> None:
    for size in (0, 1, PIECE, 5 * 2**40):
        part = part_size(size)
        assert part % PIECE == 0
        assert size / part <= 10_000


def test_the_etag_is_what_s3_says(release: Path, s3_root: str) -> None:
    """For one part and for several, as a client that is not ours reads it."""
    push_to_store(StoreFiles(str(release)), s3_root)
    client: Any = boto3.Session().client("s3")
    bucket = s3_root.removeprefix("s3://")
    tags = {
        path: client.head_object(Bucket=bucket, Key=f"{VERSION}/{path}")["ETag"].strip('"')
        for path in ("LICENSE", "webdataset/00000.tar")
    }
    assert tags["LICENSE"] == "d41d8cd98f00b204e9800998ecf8427e"  # MD5 of nothing
    assert tags["webdataset/00000.tar"].endswith("-3")


def test_a_release_without_manifest_is_none(tmp_path: Path) -> None:
    release = made_release(tmp_path, big=9)
    (release / "manifest.json").unlink()
    with pytest.raises(LakeError, match=r"manifest\.json: not found"):
        push_to_store(StoreFiles(str(release)), str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_manifest_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    entry = {"bytes": 1, "sha256": "0" * 64}
    release = listed(made_release(tmp_path, big=9), files={"../../etc/passwd": entry})
    with pytest.raises(LakeError, match="refused"):
        push_to_store(StoreFiles(str(release)), str(tmp_path / "out"))
