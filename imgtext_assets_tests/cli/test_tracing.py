"""`imgtext trace`: one document, several rows of one name, lakes without keys, releases without a lake."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from imgtext_assets.cli.tracing import is_meant
from imgtext_assets.defs.io import LakeIOManager
from imgtext_assets.lake import Lake
from imgtext_assets.tables import KEYS, RAW_METADATA, STAGES
from imgtext_assets_tests.cli.worlds import Imgtext
from imgtext_assets_tests.defs.world import World


@pytest.fixture
def row(built: World) -> dict[str, str]:
    return built.table("verified").filter(pl.col("reject_reason").is_null()).row(0, named=True)


def test_a_build_leaves_keys_of_every_shard(built: World) -> None:
    for name in KEYS:
        assert built.project.lake.row_keys.behind(name) == []


def test_every_row_of_the_lake_has_its_whole_way(imgtext: Imgtext, built: World) -> None:
    """The same stages, verdicts and facts as the tables have, for one row of every end."""
    ends = pl.concat([built.table(table.name).select("id", "reject_reason") for table in STAGES])
    for row_id in ends.unique("reject_reason", keep="first").sort("id")["id"].unique():
        found = json.loads(imgtext(built, "trace", row_id, "--json").out)
        told = found if isinstance(found, list) else [found]
        steps = sorted((step["stage"], step["verdict"]) for one in told for step in one["steps"])
        tables = [(table.name, built.table(table.name).filter(id=row_id)) for table in STAGES]
        assert steps == sorted((name, why or "goes on") for name, rows in tables for why in rows["reject_reason"])


def test_rows_of_one_name_are_a_list(imgtext: Imgtext, built: World) -> None:
    hashed = built.table("fingerprints").filter(pl.col("fingerprint_sha256").is_duplicated())
    same = hashed.filter(pl.col("fingerprint_sha256") == hashed["fingerprint_sha256"][0])
    sha256 = same["fingerprint_sha256"][0]
    found = json.loads(imgtext(built, "trace", sha256, "--json").out)
    assert sorted(one["raw"]["id"] for one in found) == sorted(same["id"])
    told = imgtext(built, "trace", sha256, "--json", "--most", "1")
    assert len(json.loads(told.out)) == 1
    assert f"{same.height} rows have this name" in told.err


def test_a_document_has_times_and_hashes_that_others_read(imgtext: Imgtext, built: World, row: dict[str, str]) -> None:
    found = json.loads(imgtext(built, "trace", row["id"], "--json").out)
    facts = {name: value for step in found["steps"] for name, value in step["facts"].items()}
    assert pl.Series([facts["fetched_at"]]).str.to_datetime(time_zone="UTC").item() == row["fetched_at"]
    assert bytes.fromhex(facts["phash256"]) == row["phash256"]
    assert found["raw"]["source_file"] == row["source_file"]


def test_a_lake_from_before_is_looked_through_and_gets_keys_when_asked(
    imgtext: Imgtext, built: World, row: dict[str, str], tmp_path: Path
) -> None:
    old = built.branch(tmp_path)
    lake = old.project.lake
    for name in KEYS:
        for shard in lake.tables.shards(name):
            lake.row_keys.forget(name, shard)
    shards = lake.tables.shards(RAW_METADATA.name)
    for key in (row["id"], row["url"], row["sha256"]):
        told = imgtext(old, "trace", key)
        assert row["id"] in told.out
        assert f"{len(shards)} shards have no keys" in told.err
    assert lake.row_keys.behind(RAW_METADATA.name) == shards
    told = imgtext(old, "trace", row["id"], "--index")
    assert (told.code, "no keys" in told.err) == (0, False)
    assert [lake.row_keys.behind(name) for name in KEYS] == [[]] * len(KEYS)


def test_a_release_tells_of_a_row_without_catalog_and_lake(
    imgtext: Imgtext, built: World, row: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [version] = built.project.lake.releases.versions()
    folder = built.project.lake.releases.url(version)
    monkeypatch.chdir(tmp_path)
    for key in (row["id"], row["url"], row["sha256"]):
        found = json.loads(imgtext(None, "trace", "--release", folder, key, "--json").out)
        assert (found["release"], found["row"]["id"], found["row"]["source"]) == (version, row["id"], row["source"])
        assert found["change"]["change"] == "added"
    shown = imgtext(None, "trace", "--release", folder, row["id"]).out
    assert row["url"] in shown
    assert not {unicodedata.category(c) for c in shown if c != "\n"} & {"Cc", "Cf", "Cs", "Co"}
    told = imgtext(None, "trace", "--release", folder, "nobody")
    assert (told.code, "tells nothing of" in told.err) == (1, True)
    told = imgtext(None, "trace", "--release", str(tmp_path / "none"), "1")
    assert (told.code, "no such folder" in told.err) == (1, True)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("trace 1", True),
        ("--catalog a.yaml trace 1 --json", True),
        ("--catalog=a.yaml trace 1", True),
        ("--catalog trace build", False),
        ("build --source trace", False),
        ("--help trace", False),
        ("--catalog", False),
        ("", False),
    ],
)
def test_when_the_command_line_is_for_it(line: str, meant: bool) -> None:
    assert is_meant(line.split()) is meant


def test_it_starts_without_what_it_does_not_need(built: World, row: dict[str, str]) -> None:
    """As a program of its own; and it says what it says among the other commands."""
    program = (
        "import sys; from imgtext_assets.cli import run\n"
        "try: run()\n"
        "finally: print({'dagster', 'pyarrow', 'numpy', 'boto3'} & {*sys.modules}, file=sys.stderr)"
    )
    arguments = ["--catalog", str(built.catalog_file), "trace", row["id"], "--json"]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"
    assert json.loads(done.stdout)["raw"]["id"] == row["id"]
    wrong = subprocess.run(
        [sys.executable, "-c", program, "--catalog", "none.yaml", "trace", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert wrong.returncode == 2
    assert "no such catalog" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_keys_are_gone_while_their_table_is_written(built: World, tmp_path: Path) -> None:
    """So whoever is killed between leaves a shard without keys, never one with those of another table."""
    lake: Lake = built.branch(tmp_path).project.lake
    [shard, *_] = lake.tables.shards(RAW_METADATA.name)
    seen: list[list[str]] = []
    write = lake.tables.write

    def watched(name: str, frame: pl.LazyFrame | pl.DataFrame, shard: str | None = None) -> str:
        seen.append(lake.row_keys.behind(RAW_METADATA.name))
        return write(name, frame, shard)

    lake.tables.write = watched  # pyright: ignore[reportAttributeAccessIssue]
    context = dg.build_output_context(asset_key=dg.AssetKey(RAW_METADATA.name), partition_key=shard)
    rows = lake.tables.scan(RAW_METADATA.name, RAW_METADATA.schema, [shard]).collect()
    LakeIOManager(lake).handle_output(context, rows)
    assert seen == [[shard], [shard]]
    assert lake.row_keys.behind(RAW_METADATA.name) == []
