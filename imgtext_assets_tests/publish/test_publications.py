"""What a release by itself tells of a row: to a consumer who has nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from imgtext_assets.lake import LakeError
from imgtext_assets.lake.release_folder import ReleaseFolder
from imgtext_assets.publish.publications import Published, in_release, releases_with
from imgtext_assets.sources import url_key

URL, SHA256, MD5 = "https://pictures.example/1.jpg", "ab" * 32, "cd" * 16
ROW = {"id": "1", "source": "a", "url": "https://ours.example/ab.jpg", "source_url": URL, "sha256": SHA256, "hash": MD5}
OTHER = {"id": "2", "source": "a", "url": "http://b", "source_url": "http://b", "sha256": "ef" * 32, "hash": "0" * 32}
CHANGED = {"source": "a", "id": "1", "url": URL, "change": "changed"}
REMOVED = {"source": "a", "id": "9", "url": "https://pictures.example/9.jpg", "change": "removed"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "metadata").mkdir()
    pl.DataFrame([ROW]).write_parquet(tmp_path / "metadata/x.000.parquet")
    pl.DataFrame([OTHER]).write_parquet(tmp_path / "metadata/x.001.parquet")
    pl.DataFrame([CHANGED, REMOVED]).write_parquet(tmp_path / "changes.parquet")
    (tmp_path / "manifest.json").write_text('{"version": "2026.1.0", "rows_by_source": {"a": 2}}')
    return tmp_path


def told(folder: Path, key: str) -> list[Published]:
    release = ReleaseFolder(str(folder))
    tables = release.rows(), release.table("changes.parquet"), release.table("removals.parquet")
    return in_release(*tables, release.manifest().get("rows_by_source", {}), key, url_key)


@pytest.mark.parametrize("key", ["1", URL, "HTTPS://pictures.example:443/1.jpg", ROW["url"], SHA256, MD5.upper()])
def test_a_row_is_found_by_any_of_its_names(folder: Path, key: str) -> None:
    assert told(folder, key) == [Published(ROW, CHANGED)]


def test_a_row_that_did_not_change_says_nothing_of_changes(folder: Path) -> None:
    assert told(folder, "2") == [Published(OTHER, None)]


@pytest.mark.parametrize("key", ["9", REMOVED["url"]])
def test_a_row_that_left_is_told_by_the_changes(folder: Path, key: str) -> None:
    assert told(folder, key) == [Published(None, REMOVED)]


@pytest.mark.parametrize("key", ["nobody", "http://none.example/", "00" * 32, "", "\udc80"])
def test_of_what_it_never_had_it_tells_nothing(folder: Path, key: str) -> None:
    assert told(folder, key) == []


@pytest.mark.parametrize(
    ("kind", "value", "key"), [("id", "a/7", "7"), ("url", URL + "x", URL + "x#y"), ("sha256", "12" * 32, "12" * 32)]
)
def test_what_a_takedown_removed_is_told_by_its_salted_hash(folder: Path, kind: str, value: str, key: str) -> None:
    digest = hashlib.sha256(f"salt\n{kind}\n{value}".encode()).hexdigest()
    pl.DataFrame([{"kind": kind, "salt": "salt", "hash": digest}]).write_parquet(folder / "removals.parquet")
    assert told(folder, key) == [Published(None, None, withdrawn=True)]
    assert told(folder, "nobody") == []


def test_an_old_release_of_few_columns_is_asked_for_those(folder: Path) -> None:
    for file in (folder / "metadata").iterdir():
        pl.read_parquet(file).select("id", "url").write_parquet(file)
    (folder / "changes.parquet").unlink()
    (folder / "manifest.json").unlink()
    assert told(folder, "1") == [Published({"id": "1", "url": ROW["url"]}, None)]
    assert told(folder, SHA256) == []


def test_a_folder_that_is_no_release_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no such folder"):
        ReleaseFolder(str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
    with pytest.raises(LakeError, match="no folder of a release"):
        ReleaseFolder(str(tmp_path)).rows()
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(LakeError, match="is no JSON"):
        ReleaseFolder(str(tmp_path)).manifest()


def test_the_versions_that_have_a_row() -> None:
    versions = {"1": pl.LazyFrame([ROW]), "2": pl.LazyFrame([OTHER]), "3": pl.LazyFrame([ROW, OTHER])}

    def scan(version: str, key: Sequence[str]) -> pl.LazyFrame:
        assert tuple(key) in {("a", "1"), ("b", "1")}
        return versions[version]

    assert releases_with(scan, list(versions), "a", "1") == ["1", "3"]
    assert releases_with(scan, list(versions), "b", "1") == []
