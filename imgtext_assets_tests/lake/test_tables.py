"""Tables: the same on a folder and on S3, whole or not there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import polars as pl
import pytest

from imgtext_assets.lake import Lake, LakeError, Tables

FRAME = pl.DataFrame({"id": ["a", "b"], "rows": [1, 2]})


@pytest.fixture
def tables(lake_root: str) -> Tables:
    return Tables(lake_root)


def test_what_is_written_is_read_back_by_shard_and_as_a_whole(tables: Tables) -> None:
    tables.write("verified", FRAME, "pd12m-00000")
    tables.write("verified", FRAME.with_columns(rows=pl.lit(9, pl.Int64)), "pd12m-00001")
    assert tables.scan("verified", FRAME.schema, ["pd12m-00000"]).collect().equals(FRAME)
    assert tables.scan("verified", FRAME.schema).collect()["rows"].to_list() == [1, 2, 9, 9]
    assert tables.shards("verified") == ["pd12m-00000", "pd12m-00001"]


def test_writing_again_replaces(tables: Tables) -> None:
    tables.write("duplicate_clusters", FRAME)
    tables.write("duplicate_clusters", FRAME.head(1))
    assert tables.scan("duplicate_clusters", FRAME.schema).collect().height == 1


def test_what_is_not_there_yet_has_no_rows_and_the_right_columns(tables: Tables) -> None:
    for shards in (None, ["pd12m-00000"], ["pd12m-00000", "pd12m-00001"]):
        nothing = tables.scan("verified", FRAME.schema, shards).collect()
        assert nothing.is_empty()
        assert nothing.schema == FRAME.schema


def test_names_that_start_alike_are_not_mixed_up(tables: Tables) -> None:
    tables.write("verified", FRAME, "laion-00000")
    tables.write("verified_more", FRAME, "laion-00000")
    tables.append("fetches", FRAME, "laion-00000")
    tables.append("fetches", FRAME, "laion-000001")
    assert tables.files("verified") == ["verified/laion-00000.parquet"]
    assert tables.scan("fetches", FRAME.schema, ["laion-00000"]).collect().height == 2


def test_appending_keeps_what_is_there_in_order_of_time(tables: Tables) -> None:
    for n in range(3):
        tables.append("link_checks", FRAME.with_columns(rows=pl.lit(n, pl.Int64)), "megalith-00000")
    assert tables.scan("link_checks", FRAME.schema).collect()["rows"].to_list() == [0, 0, 1, 1, 2, 2]


def test_work_that_goes_on_replaces_what_it_added_before_and_nothing_else(tables: Tables) -> None:
    other, path = (tables.append("link_checks", FRAME, "s-00000") for _ in range(2))
    assert tables.append("link_checks", pl.concat([FRAME, FRAME]), "s-00000", path) == path
    assert tables.files("link_checks", "s-00000") == sorted([other, path])
    assert tables.scan("link_checks", FRAME.schema).collect().height == 6


def test_compacting_replaces_only_what_was_merged(tables: Tables) -> None:
    merged = [tables.append("fetches", FRAME, "s-00000") for _ in range(2)]
    later = tables.append("fetches", FRAME.with_columns(rows=pl.lit(7, pl.Int64)), "s-00000")
    tables.compact("fetches", FRAME, merged, "s-00000")
    files = tables.files("fetches", "s-00000")
    assert later in files
    assert len(files) == 2
    assert sorted(tables.scan("fetches", FRAME.schema).collect()["rows"]) == [1, 2, 7, 7]


def test_a_frame_that_fails_to_compute_leaves_the_old_table(tables: Tables) -> None:
    tables.write("verified", FRAME, "s-00000")
    broken = FRAME.lazy().with_columns(pl.col("id").cast(pl.Int64))
    with pytest.raises(pl.exceptions.InvalidOperationError):
        tables.write("verified", broken, "s-00000")
    assert tables.scan("verified", FRAME.schema).collect().equals(FRAME)


def test_the_leftover_of_a_killed_write_is_no_table(tmp_path: Path) -> None:
    tables = Tables(str(tmp_path))
    tables.write("verified", FRAME, "s-00000")
    (tmp_path / "verified" / "s-00001.parquet#7").write_bytes(b"half")
    assert tables.shards("verified") == ["s-00000"]
    assert tables.scan("verified", FRAME.schema).collect().height == 2


def test_a_durable_write_flushes_the_table_then_gives_the_name_then_flushes_the_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, seen = tmp_path / "new" / "lake", []

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        held = {entry.name for entry in path.iterdir()} if path.is_dir() else pl.read_parquet(path)["id"].to_list()
        seen.append((os.path.relpath(path, root), held))
        assert Tables(str(root)).shards("fetches") == (["s-00000"] if path.is_dir() else []), "a temporary name is read"

    monkeypatch.setattr(os, "fsync", fsync)
    path = Lake(str(root), fsync=True).tables.append("fetches", FRAME, "s-00000")
    (staged, rows), *folders = seen
    assert rows == ["a", "b"]
    assert Path(staged).parent == Path(path).parent
    assert Path(staged).name.startswith("."), "it had its name before its bytes were flushed"
    assert folders[:3] == [("fetches/s-00000", {Path(path).name}), ("fetches", {"s-00000"}), (".", {"fetches"})]
    assert folders[3] == ("..", {"lake"})
    seen.clear()
    Tables(str(root)).write("verified", FRAME)
    assert seen == [], "without fsync nothing is flushed"


def test_a_durable_write_replaces_and_one_that_fails_leaves_the_old_table(tmp_path: Path) -> None:
    tables = Tables(str(tmp_path), fsync=True)
    tables.write("verified", FRAME, "s-00000")
    tables.write("verified", FRAME.head(1), "s-00000")
    with pytest.raises(pl.exceptions.InvalidOperationError):
        tables.write("verified", FRAME.lazy().with_columns(pl.col("id").cast(pl.Int64)), "s-00000")
    assert tables.scan("verified", FRAME.schema).collect().equals(FRAME.head(1))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["s-00000.parquet"]


def test_the_leftover_of_a_killed_durable_write_is_no_table(tmp_path: Path) -> None:
    tables = Tables(str(tmp_path), fsync=True)
    tables.write("verified", FRAME, "s-00000")
    for name in (".s-00000.parquet.0a1b2c3d", ".s-00001.parquet"):
        (tmp_path / "verified" / name).write_bytes(b"half")
    assert tables.files("verified") == ["verified/s-00000.parquet"]
    assert tables.scan("verified", FRAME.schema).collect().equals(FRAME)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_refuses_is_one_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(LakeError, match="access is refused"):
        Tables(str(tmp_path)).write("verified", FRAME)


def test_a_root_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("not a folder")
    with pytest.raises(LakeError, match=f"{tmp_path}/lake"):
        Tables(str(tmp_path / "lake")).write("verified", FRAME)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_said_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system of 64 kB would need root; a staging folder whose file is /dev/full fails the same way."""
    tables = Tables(str(tmp_path / "lake"))

    class FullFolder:
        def __init__(self, prefix: str) -> None: ...

        def __enter__(self) -> str:
            (tmp_path / "table.parquet").symlink_to("/dev/full")
            return str(tmp_path)

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr("tempfile.TemporaryDirectory", FullFolder)
    with pytest.raises(LakeError, match="the disk is full"):
        tables.write("verified", FRAME)
    assert not tables.exists("verified")


def test_a_bucket_that_is_not_there_is_one_clear_error(s3_root: str) -> None:
    tables = Tables(s3_root + "-missing/lake")
    with pytest.raises(LakeError, match=r"s3://.*-missing"):
        tables.write("verified", FRAME)
    with pytest.raises(LakeError, match="NoSuchBucket"):
        tables.files("verified")
