"""Files by others: listed with size, version and rows; a bad one names itself."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from imgtext_assets.lake import LakeError, Tables, list_files
from imgtext_assets_tests.lake.hub import stand_in_hub

FRAME = pl.DataFrame({"id": ["a", "b", "c"]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("one", "two"):
        FRAME.write_parquet(tmp_path / f"{part}.parquet")
    return tmp_path


def test_rows_come_from_the_footer_alone(folder: Path) -> None:
    listing = list_files([str(folder / "*.parquet")])
    assert listing["source_file"].to_list() == [str(folder / "one.parquet"), str(folder / "two.parquet")]
    assert listing["rows"].to_list() == [3, 3]
    assert listing["problem"].null_count() == 2


def test_folders_may_be_globbed_and_a_file_named_twice_is_listed_once(folder: Path) -> None:
    (folder / "deep" / "er").mkdir(parents=True)
    FRAME.write_parquet(folder / "deep" / "er" / "three.parquet")
    listing = list_files([str(folder / "**" / "*.parquet"), str(folder / "one.parquet")])
    assert [Path(file).stem for file in listing["source_file"]] == ["three", "one", "two"]


def test_a_file_that_changes_changes_its_version(folder: Path) -> None:
    before = list_files([str(folder / "one.parquet")])
    os.utime(folder / "one.parquet", ns=(1, 1))
    after = list_files([str(folder / "one.parquet")])
    assert before["file_version"].item() != after["file_version"].item()


def test_an_unreadable_file_names_itself_and_spares_the_others(folder: Path) -> None:
    (folder / "bad.parquet").write_bytes(b"PAR1 this is no parquet file PAR1")
    listing = list_files([str(folder / "*.parquet")])
    bad = listing.row(0, named=True)
    assert bad["rows"] is None
    assert str(folder / "bad.parquet") in bad["problem"]
    assert listing["rows"].to_list() == [None, 3, 3]


def test_the_footer_of_an_unchanged_file_is_not_read_again(folder: Path) -> None:
    known = list_files([str(folder / "*.parquet")]).with_columns(rows=pl.lit(77, pl.Int64))
    assert list_files([str(folder / "*.parquet")], known)["rows"].to_list() == [77, 77]


def test_s3_lists_globs_and_single_objects(s3_root: str) -> None:
    tables = Tables(f"{s3_root}/metadata")
    for n in range(2):
        tables.write("part", FRAME, f"00{n}")
    tables.write("other", FRAME)
    listing = list_files([f"{s3_root}/metadata/part/*.parquet", f"{s3_root}/metadata/other.parquet"])
    assert listing["rows"].to_list() == [3, 3, 3]
    assert listing["problem"].null_count() == 3


def test_a_web_server_cannot_be_globbed() -> None:
    with pytest.raises(LakeError, match="name each file"):
        list_files(["https://data.example.org/metadata/*.parquet"])


def test_the_hub_lists_globs_with_sizes_versions_and_rows() -> None:
    """In a process of its own, because the hub's client reads its endpoint when it is imported."""
    pytest.importorskip("huggingface_hub", reason="the extra `hf` is not installed")
    file = io.BytesIO()
    FRAME.write_parquet(file)
    script = (
        "from imgtext_assets.lake import list_files; import sys;"
        "sys.stdout.write(list_files(['hf://datasets/Spawning/PD12M/metadata/*.parquet']).write_ndjson())"
    )
    parts = {f"pd12m.00{n}.parquet": file.getvalue() for n in range(2)}
    with stand_in_hub("Spawning/PD12M", "metadata", {**parts, "README.md": b"no metadata"}) as endpoint:
        env = os.environ | {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_TELEMETRY": "1"}
        said = subprocess.run(
            [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
        ).stdout
    rows = [json.loads(line) for line in said.splitlines()]
    assert [row["source_file"] for row in rows] == [f"hf://datasets/Spawning/PD12M/metadata/{name}" for name in parts]
    assert [row["rows"] for row in rows] == [3, 3]
    assert {row["file_version"] for row in rows} == {f"{len(file.getvalue())}-{'d' * 40}"}


def test_globs_mean_the_same_on_a_folder_and_on_s3(lake_root: str) -> None:
    tables = Tables(lake_root)
    for path in ("meta/a", "meta/old/b", "meta/old/older/c"):
        tables.write(path, FRAME)

    def found(pattern: str) -> list[str]:
        listed = list_files([f"{lake_root}/{pattern}"])["source_file"]
        return sorted(file.removeprefix(f"{lake_root}/") for file in listed)

    assert found("meta/*.parquet") == ["meta/a.parquet"]
    assert found("meta/*/b.parquet") == ["meta/old/b.parquet"]
    assert found("meta/**/*.parquet") == ["meta/a.parquet", "meta/old/b.parquet", "meta/old/older/c.parquet"]
    assert found("meta/[ab].parquet") == ["meta/a.parquet"]
    assert found("meta/none.parquet") == []
