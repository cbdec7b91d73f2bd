"""The release asset: why rows left, what is told of takedowns, and how much may be lost unasked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from imgtext_assets.defs.release_checks import RECONCILES
from imgtext_assets.publish.withdrawn import row_name, salted
from imgtext_assets.tables import CHANGES, REMOVALS, REMOVED_HASHES
from imgtext_assets_tests.defs.world import World, small_world, write_parquet

LIST = "pd12m.001.parquet"


@pytest.fixture
def branch(built: World, tmp_path: Path) -> World:
    return built.branch(tmp_path)


def released(world: World, allow_removals: bool = False) -> dict[str, Any]:
    """The manifest of a new release."""
    result = world.pipeline.release(allow_removals)
    assert result.ok, result.problem
    return world.project.lake.releases.manifest(result.metadata["release"]["version"])


def rows(world: World, manifest: dict[str, Any]) -> pl.DataFrame:
    return world.project.lake.releases.scan(manifest["version"]).collect()


def changed(world: World, manifest: dict[str, Any]) -> pl.DataFrame:
    return world.project.lake.releases.scan_file(manifest["version"], "changes.parquet", CHANGES.schema).collect()


def hashes(world: World, manifest: dict[str, Any]) -> set[str]:
    scan = world.project.lake.releases.scan_file(manifest["version"], "removals.parquet", REMOVED_HASHES.schema)
    return set(scan.filter(kind="id").collect()["hash"])


def take_down(world: World, row: pl.DataFrame) -> None:
    names = {"id": row["id"], "url": row["source_url"], "sha256": row["sha256"]}
    given = [{"kind": kind, "value": value} for kind, values in names.items() for value in values]
    stones = pl.LazyFrame(given).with_columns(reason=pl.lit("asked for"), removed_at=pl.lit(datetime.now(UTC)))
    world.project.lake.tables.append("removals", REMOVALS.conform(stones))


def test_a_takedown_is_named_by_hashes_in_every_later_release(branch: World) -> None:
    before = rows(branch, released(branch))
    assert branch.project.lake.releases.manifest(_last(branch))["removals"]["salt"] == ""
    first, second = before.head(1), before.tail(1)
    take_down(branch, first)
    one = released(branch)
    assert (one["changes"]["removed"], one["why_rows_left"]["removed"]) == (1, {"removed": 1})
    assert changed(branch, one).select("source", "id", "url", "change", "reason").rows() == [
        (first["source"].item(), None, None, "removed", "removed")
    ]
    assert branch.build() == []
    take_down(branch, second)
    two = released(branch)
    assert two["removals"]["salt"] == one["removals"]["salt"] != ""
    named = [_hash(row, one["removals"]["salt"]) for row in (first, second)]
    assert (hashes(branch, one), hashes(branch, two)) == ({named[0]}, set(named))
    assert two["rows"] == before.height - 2


def test_a_row_that_was_taken_down_long_after_it_left_is_named_too(branch: World) -> None:
    """Whoever has the release that held it must learn of it."""
    before = rows(branch, released(branch))
    smallest = before.sort(pl.col("width") * pl.col("height"), "id").head(1)
    larger = branch.settings(policy={"resolution": {"min_width": int(smallest["width"].item()) + 1}})
    assert larger.build() == []
    left = changed(larger, released(larger)).filter(change="removed")
    assert smallest["id"].item() in left["id"]
    assert set(left["reason"]) == {"too_small"}
    assert set(left["stage"]) <= {"resolution_filtered", "verified"}
    take_down(larger, smallest)
    assert larger.build() == []
    later = released(larger)
    assert later["changes"]["removed"] == 0
    assert hashes(larger, later) == {_hash(smallest, later["removals"]["salt"])}


def test_takedowns_are_told_in_clear_where_that_is_wanted(branch: World) -> None:
    clear = branch.settings(release={"hash_removals": False})
    first = rows(clear, released(clear)).head(1)
    take_down(clear, first)
    manifest = released(clear)
    assert manifest["removals"]["in_clear"]
    assert changed(clear, manifest)["id"].to_list() == first["id"].to_list()


def test_a_release_that_loses_too_much_is_refused_until_somebody_says_so(branch: World) -> None:
    strict = {"max_removed_rows": 0}
    before = released(branch)
    nothing = branch.settings(policy={"resolution": {"min_width": 100_000}}, release=strict)
    assert nothing.build() == []
    refused = nothing.pipeline.release()
    assert not refused.ok
    assert refused.problem is not None
    assert f"would lose {before['rows']} of the {before['rows']} rows of {before['version']} (100.0%" in refused.problem
    assert f"too_small {before['rows']}" in refused.problem
    assert refused.problem.endswith("imgtext release --allow-removals")
    assert nothing.project.lake.releases.versions()[-1] == before["version"]
    assert released(nothing, allow_removals=True)["rows"] == 0
    # Nor is the next one refused: there is nothing left to lose.
    assert released(nothing)["previous_rows"] == 0


def test_a_few_rows_may_always_go(branch: World) -> None:
    assert branch.catalog.release.max_removed_rows >= released(branch)["rows"]
    nothing = branch.settings(policy={"resolution": {"min_width": 100_000}})
    assert nothing.build() == []
    assert released(nothing)["rows"] == 0


def test_rows_of_a_list_that_came_empty_vanished_and_its_shard_is_named(tmp_path: Path) -> None:
    with small_world(tmp_path, {LIST: 8}) as world:
        world = world.settings(release={"max_removed_rows": 0})
        assert world.build() == []
        full = released(world)
        file = next((tmp_path / "sample").rglob(LIST))
        write_parquet(file, pl.read_parquet(file).head(0))
        world.build()
        refused = world.pipeline.release()
        assert f"vanished {full['rows']}; no rows any more in 1 shards, such as pd12m-00000" in (refused.problem or "")
        manifest = released(world, allow_removals=True)
        assert manifest["why_rows_left"]["removed"] == {"vanished": full["rows"]}


def test_addresses_are_ours_where_we_serve_the_bytes(branch: World) -> None:
    before = rows(branch, released(branch))
    ours = branch.settings(release={"public_url": "https://data.example.org/{sha256}"})
    manifest = released(ours)
    after = rows(ours, manifest)
    assert after["url"].to_list() == [f"https://data.example.org/{sha256}" for sha256 in before["sha256"]]
    assert after["source_url"].to_list() == before["source_url"].to_list()
    assert manifest["changes"] == {"added": 0, "removed": 0, "replaced": 0, "changed": before.height}


def test_what_was_published_is_read_back_and_adds_up(branch: World) -> None:
    before = rows(branch, released(branch))
    take_down(branch, before.head(1))
    manifest = released(branch)
    found = checked(branch)
    assert found.passed
    assert found.metadata["version"].value == manifest["version"]
    assert found.metadata["removed"].value == 1


def test_a_release_that_does_not_add_up_is_told(branch: World) -> None:
    """A takedown of today names a row of yesterday's release; a file of it was tampered with."""
    before = rows(branch, released(branch))
    take_down(branch, before.head(2))
    assert checked(branch).metadata["rows_that_a_tombstone_names"].value == 2
    (file,) = Path(branch.project.lake.releases.url(_last(branch)), "metadata").iterdir()
    before.tail(3).write_parquet(file)
    found = checked(branch)
    assert not found.passed
    wrong = before.height - 3
    assert found.metadata["rows_unlike_the_manifest"].value == wrong
    assert found.metadata["rows_that_do_not_add_up"].value == wrong


def checked(world: World) -> dg.AssetCheckEvaluation:
    """The check of the newest release."""
    job = dg.define_asset_job("look", dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("release"), RECONCILES)))
    defs = dg.Definitions.merge(world.pipeline.defs, dg.Definitions(jobs=[job]))
    result = defs.resolve_job_def("look").execute_in_process(instance=world.instance, raise_on_error=True)
    (found,) = result.get_asset_check_evaluations()
    return found


def _last(world: World) -> str:
    return world.project.lake.releases.versions()[-1]


def _hash(row: pl.DataFrame, salt: str) -> str:
    return row.select(salted(row_name(), "id", salt)).item()
