"""Files by others: listed with version and rows; a bad one names itself."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import obstore
import polars as pl
import pytest

from imgtext_assets import lake
from imgtext_assets.engine import LocalEngine
from imgtext_assets.lake import LakeError, Tables
from imgtext_assets.lake.stores import open_store
from imgtext_assets_tests.lake.damage import encrypted_file
from imgtext_assets_tests.lake.hub import stand_in_hub

FRAME = pl.DataFrame({"id": ["a", "b", "c"]})


ListFiles = Callable[..., pl.DataFrame]


@pytest.fixture
def list_files() -> Iterator[ListFiles]:
    """`lake.list_files` with processes that start when they are needed, in the environment that the test has made."""
    with LocalEngine(workers=1) as engine:
        yield partial(lake.list_files, run=engine.map)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("one", "two"):
        FRAME.write_parquet(tmp_path / f"{part}.parquet")
    return tmp_path


def test_rows_come_from_the_footer_alone(list_files: ListFiles, folder: Path) -> None:
    listing = list_files([str(folder / "*.parquet")])
    assert listing["source_file"].to_list() == [str(folder / "one.parquet"), str(folder / "two.parquet")]
    assert listing["rows"].to_list() == [3, 3]
    assert listing["problem"].null_count() == 2


def test_folders_may_be_globbed_and_a_file_named_twice_is_listed_once(list_files: ListFiles, folder: Path) -> None:
    (folder / "deep" / "er").mkdir(parents=True)
    FRAME.write_parquet(folder / "deep" / "er" / "three.parquet")
    listing = list_files([str(folder / "**" / "*.parquet"), str(folder / "one.parquet")])
    assert [Path(file).stem for file in listing["source_file"]] == ["three", "one", "two"]


def test_a_file_that_changes_changes_its_version(list_files: ListFiles, folder: Path) -> None:
    before = list_files([str(folder / "one.parquet")])
    os.utime(folder / "one.parquet", ns=(1, 1))
    after = list_files([str(folder / "one.parquet")])
    assert before["file_version"].item() != after["file_version"].item()


def test_an_unreadable_file_names_itself_and_spares_the_others(list_files: ListFiles, folder: Path) -> None:
    (folder / "bad.parquet").write_bytes(b"PAR1 this is no parquet file PAR1")
    listing = list_files([str(folder / "*.parquet")])
    bad = listing.row(0, named=True)
    assert bad["rows"] is None
    assert str(folder / "bad.parquet") in bad["problem"]
    assert listing["rows"].to_list() == [None, 3, 3]


def test_text_files_are_counted_by_reading_them(list_files: ListFiles, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\n1,"two\nlines"\n\n2,broken"\n')
    (tmp_path / "b.jsonl").write_text('{"id": 1}\nbroken\n\n')
    patterns = [str(tmp_path / "*.csv"), str(tmp_path / "*.jsonl")]
    assert list_files(patterns)["rows"].to_list() == [2, 2]
    assert list_files(patterns, header=False)["rows"].to_list() == [3, 2]


def test_a_file_that_kills_the_process_that_reads_it_spares_the_others(list_files: ListFiles, s3_root: str) -> None:
    """Files far away are counted some at a time: of those that die together, only one is to blame."""
    for n in range(5):
        Tables(s3_root).write(f"part-{n}", FRAME)
    obstore.put(open_store(s3_root), "part-2.parquet", encrypted_file())
    listing = list_files([f"{s3_root}/*.parquet"])
    assert listing["rows"].to_list() == [3, 3, None, 3, 3]
    assert listing["problem"][2].startswith(f"{s3_root}/part-2.parquet: cannot be read as parquet: ")


def test_the_footer_of_an_unchanged_file_is_not_read_again(list_files: ListFiles, folder: Path) -> None:
    known = list_files([str(folder / "*.parquet")]).with_columns(rows=pl.lit(77, pl.Int64))
    assert list_files([str(folder / "*.parquet")], known)["rows"].to_list() == [77, 77]


def test_s3_lists_globs_and_single_objects(list_files: ListFiles, s3_root: str) -> None:
    tables = Tables(f"{s3_root}/metadata")
    for n in range(2):
        tables.write("part", FRAME, f"00{n}")
    tables.write("other", FRAME)
    listing = list_files([f"{s3_root}/metadata/part/*.parquet", f"{s3_root}/metadata/other.parquet"])
    assert listing["rows"].to_list() == [3, 3, 3]
    assert listing["problem"].null_count() == 3


def test_a_web_server_cannot_be_globbed(list_files: ListFiles) -> None:
    with pytest.raises(LakeError, match="name each file"):
        list_files(["https://data.example.org/metadata/*.parquet"])


def test_the_hub_lists_globs_with_sizes_versions_and_rows() -> None:
    """In a process of its own, because the hub's client reads its endpoint when it is imported."""
    pytest.importorskip("huggingface_hub", reason="the extra `hf` is not installed")
    file = io.BytesIO()
    FRAME.write_parquet(file)
    script = (
        "from imgtext_assets.engine import LocalEngine; from imgtext_assets.lake import list_files; import sys\n"
        "with LocalEngine(workers=1) as engine:"
        "   listed = list_files(['hf://datasets/Spawning/PD12M/metadata/*.parquet'], run=engine.map)\n"
        "sys.stdout.write(listed.write_ndjson())"
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


def test_globs_mean_the_same_on_a_folder_and_on_s3(list_files: ListFiles, lake_root: str) -> None:
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
