"""Releases in the lake: there whole or not at all, never changed; the same in a folder and on S3."""

from __future__ import annotations

import json
from pathlib import Path

import obstore
import polars as pl
import pytest

from imgtext_assets.lake import LakeError, Releases
from imgtext_assets.lake.stores import open_store


@pytest.fixture
def releases(lake_root: str) -> Releases:
    return Releases(lake_root)


def staged(folder: Path, rows: int = 3) -> Path:
    """A finished release of two files, in a folder of its own."""
    (folder / "metadata").mkdir(parents=True)
    for number in range(2):
        frame = pl.DataFrame({"id": [f"{number}-{n}" for n in range(rows)]})
        frame.write_parquet(folder / f"metadata/set.{number:03d}.parquet")
    (folder / "README.md").write_text("a card")
    files = {f"metadata/set.{n:03d}.parquet": {"rows": rows} for n in range(2)} | {"README.md": {}}
    (folder / "manifest.json").write_text(json.dumps({"rows": 2 * rows, "files": files}))
    return folder


def test_what_is_published_is_there_whole(releases: Releases, tmp_path: Path) -> None:
    assert releases.versions() == []
    url = releases.publish(staged(tmp_path / "new"), "2026.11.0")
    assert url == releases.url("2026.11.0") == f"{releases.root}/releases/2026.11.0"
    assert releases.versions() == ["2026.11.0"]
    assert releases.manifest("2026.11.0")["rows"] == 6
    assert releases.scan("2026.11.0").collect()["id"].to_list() == ["0-0", "0-1", "0-2", "1-0", "1-1", "1-2"]


def test_of_a_row_only_the_files_are_read_that_may_have_it(releases: Releases, tmp_path: Path) -> None:
    folder = staged(tmp_path / "new")
    manifest = json.loads((folder / "manifest.json").read_text())
    for number in range(2):
        manifest["files"][f"metadata/set.{number:03d}.parquet"]["keys"] = [[f"{number}-0"], [f"{number}-2"]]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    releases.publish(folder, "2026.11.0")
    for key, found in (("0-0", 0), ("0-2", 0), ("1-1", 1)):
        assert releases.scan("2026.11.0", [key]).collect()["id"].to_list() == [f"{found}-{n}" for n in range(3)]
    for key in ("", "0-9", "9"):
        assert key not in releases.scan("2026.11.0", [key]).collect()["id"], "columns and no such row"


def test_where_files_do_not_say_their_keys_all_are_read(releases: Releases, tmp_path: Path) -> None:
    releases.publish(staged(tmp_path / "new"), "2026.11.0")
    assert releases.scan("2026.11.0", ["1-1"]).collect().height == 6


def test_a_version_is_never_changed(releases: Releases, tmp_path: Path) -> None:
    releases.publish(staged(tmp_path / "first"), "2026.11.0")
    with pytest.raises(LakeError, match=r"2026\.11\.0: exists, and a release is never changed"):
        releases.publish(staged(tmp_path / "second", rows=9), "2026.11.0")
    assert releases.manifest("2026.11.0")["rows"] == 6


def test_versions_are_in_order_of_time_not_of_letters(releases: Releases, tmp_path: Path) -> None:
    for number, version in enumerate(("2026.11.0", "2026.9.0", "2026.9.10", "2026.9.2")):
        releases.publish(staged(tmp_path / str(number)), version)
    assert releases.versions() == ["2026.9.0", "2026.9.2", "2026.9.10", "2026.11.0"]


def test_what_has_no_manifest_is_no_release(releases: Releases, tmp_path: Path) -> None:
    folder = staged(tmp_path / "new")
    (folder / "manifest.json").unlink()
    with pytest.raises(LakeError, match=r"no manifest\.json"):
        releases.publish(folder, "2026.11.0")
    assert releases.versions() == []


def test_what_a_killed_run_left_is_no_release_and_is_replaced(
    releases: Releases, lake_root: str, tmp_path: Path
) -> None:
    store = open_store(lake_root)
    obstore.put(store, "releases/2026.11.0/metadata/set.007.parquet", b"half")
    assert releases.versions() == []
    releases.publish(staged(tmp_path / "new"), "2026.11.0")
    assert releases.scan("2026.11.0").collect().height == 6
    left = [meta["path"] for batch in obstore.list(store, prefix="releases/2026.11.0") for meta in batch]
    assert not any("007" in path for path in left)


def test_clearing_what_is_left_touches_no_other_version(releases: Releases, lake_root: str, tmp_path: Path) -> None:
    releases.publish(staged(tmp_path / "ten"), "2026.11.10")
    obstore.put(open_store(lake_root), "releases/2026.11.1/metadata/half.parquet", b"half")
    releases.publish(staged(tmp_path / "one"), "2026.11.1")
    assert releases.versions() == ["2026.11.1", "2026.11.10"]
    assert releases.scan("2026.11.10").collect().height == 6


def test_a_release_that_is_not_there_is_one_clear_error(releases: Releases) -> None:
    with pytest.raises(LakeError, match=r"releases/2020\.1\.0: not found"):
        releases.manifest("2020.1.0")
