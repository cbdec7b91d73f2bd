"""What `imgtext status` and `imgtext trace` show."""

from __future__ import annotations

import json
import unicodedata

import polars as pl
import pytest

from imgtext_assets.tables import STAGES
from imgtext_assets_tests.cli.worlds import Imgtext, rewrite
from imgtext_assets_tests.defs.world import World


def test_status_shows_the_funnel(imgtext: Imgtext, built: World) -> None:
    told = imgtext(built, "status")
    assert told.code == 0
    for table in STAGES:
        assert table.name in told.out


def test_status_as_json_has_every_row_of_every_stage(imgtext: Imgtext, built: World) -> None:
    lines = [json.loads(line) for line in imgtext(built, "status", "--json").out.splitlines()]
    for table in STAGES:
        assert sum(line["rows"] for line in lines if line["stage"] == table.name) == built.table(table.name).height
    assert {line["source"] for line in lines} == {"pd12m", "laion400m"}
    only = [json.loads(line) for line in imgtext(built, "status", "--json", "--source", "laion400m").out.splitlines()]
    assert only == [line for line in lines if line["source"] == "laion400m"]


def test_status_of_nothing_says_how_to_start(imgtext: Imgtext, branch: World) -> None:
    rewrite(branch, lake=str(branch.folder / "new"))
    told = imgtext(branch, "status")
    assert told.code == 0
    assert "imgtext build" in told.out


def test_trace_finds_a_row_by_id_address_and_bytes(imgtext: Imgtext, built: World) -> None:
    row = built.table("verified").filter(pl.col("reject_reason").is_null()).row(0, named=True)
    [version] = built.project.lake.releases.versions()
    for key in (row["id"], row["url"], row["url"] + "#part", row["sha256"], row["sha256"].upper()):
        told = imgtext(built, "trace", key)
        assert told.code == 0
        assert row["id"] in told.out
        assert f"releases {version}" in told.out
        for table in STAGES:
            assert table.name in told.out


def test_trace_as_json_is_one_document(imgtext: Imgtext, built: World) -> None:
    rejected = built.table("deduplicated").filter(reject_reason="near_duplicate").row(0, named=True)
    found = json.loads(imgtext(built, "trace", rejected["id"], "--json").out)
    assert found["raw"]["id"] == rejected["id"]
    assert found["steps"][-1]["stage"] == "deduplicated"
    assert found["steps"][-1]["verdict"] == "near_duplicate"
    assert rejected["id"] in {row["id"] for row in found["cluster"]}
    assert found["releases"] == []


def test_trace_shows_the_cluster_with_rule_and_distances(imgtext: Imgtext, built: World) -> None:
    row = built.table("duplicate_clusters").filter(pl.col("distance256") > 0).row(0, named=True)
    shown = imgtext(built, "trace", row["id"]).out
    kept = f"  kept           {row['keeper_id']} ({row['keeper_shard']})"
    bits = f"{row['distance']} of 64 and {row['distance256']} of 256 bits"
    itself = f"  near_duplicate {row['id']} ({row['shard']})  {bits}  this row"
    lines = shown.splitlines()
    first = lines.index(f"cluster {row['cluster_id']}")
    assert lines[first + 1 : first + 3] == [kept, itself]


@pytest.mark.parametrize("key", ["no-such-id", "https://example.org/none.jpg", "0" * 64])
def test_trace_of_what_is_not_there_fails(imgtext: Imgtext, built: World, key: str) -> None:
    told = imgtext(built, "trace", key)
    assert told.code == 1
    assert key in told.err.replace(" ", "")


def test_nothing_from_the_internet_reaches_the_terminal_raw(imgtext: Imgtext, built: World) -> None:
    raw = built.table("raw_metadata")
    hostile = raw.filter(pl.col("caption").str.contains(r"\x1b|\x{202e}|\[/\]|<script>|HYPERLINK"))
    assert hostile.height == 5
    for row_id in hostile["id"]:
        shown = imgtext(built, "trace", row_id).out
        kinds = {unicodedata.category(c) for c in shown if c != "\n"}
        assert not kinds & {"Cc", "Cf", "Cs", "Co"}, row_id
    marked = hostile.filter(pl.col("caption").str.contains("bold red", literal=True)).row(0, named=True)
    assert "[bold red]ours[/bold red]" in imgtext(built, "trace", marked["id"]).out
