"""Automation that really runs what it requests: a change makes what depends on it anew, and the UI shows all as fresh.

The requested assets of a shard run in one run, as the daemon launches them. The UI asks the same resolver of Dagster's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from imgtext_assets.defs.build import build_defs
from imgtext_assets.defs.discover import discover, file_events
from imgtext_assets.defs.jobs import BUILD, INGEST
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.tables import STAGES
from imgtext_assets_tests.defs.daemon import Asked, Daemon
from imgtext_assets_tests.defs.world import NoBars, World, small_world, write_parquet

SHARD = "pd12m-00001"
# Dagster's own helper for these tests calls a part of it that is in beta.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Parameter `include_sources`")]


@pytest.fixture
def world(built: World, tmp_path: Path) -> World:
    """A copy of what is built, with a copy of one of its files that may be changed."""
    return built.branch(tmp_path)


def definitions(world: World) -> dg.Definitions:
    shared = world.pipeline
    return build_defs(
        world.catalog, lake=world.project.lake, progress=NoBars(), engine=shared.engine, reader=shared.reader
    )


def automated(world: World) -> Daemon:
    """A daemon that has seen what there is."""
    daemon = Daemon(definitions(world), code_versions(world.catalog), world.instance)
    assert daemon.tick() == []
    return daemon


def run_all(daemon: Daemon, ticks: int = 12) -> list[Asked]:
    """Run what is requested until nothing more is; returns all that was requested, in order."""
    all_asked: list[Asked] = []
    for _ in range(ticks):
        asked = daemon.tick()
        if not asked:
            return all_asked
        for shard in dict.fromkeys(shard for _, shard in asked):
            _run(daemon, [name for name, of in asked if of == shard], shard)
        all_asked += asked
    raise AssertionError(f"it never comes to rest: {all_asked}")


def _run(daemon: Daemon, assets: list[str], shard: str | None) -> None:
    keys = [dg.AssetKey(name) for name in assets]
    job = daemon.defs.resolve_implicit_job_def_def_for_assets(keys)
    assert job is not None
    quiet: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    assert job.execute_in_process(quiet, daemon.instance, partition_key=shard, asset_selection=keys).success


def stale(world: World) -> set[Asked]:
    """What the UI marks as stale of the tables that a build makes."""
    graph = definitions(world).resolve_asset_graph()
    resolver = CachingStaleStatusResolver(world.instance, graph, LoadingContextForTest(world.instance))
    tables: list[Asked] = [(table.name, shard) for table in STAGES for shard in world.project.shards()]
    asked: list[Asked] = [*tables, ("duplicate_clusters", None)]
    status = {(name, shard): resolver.get_status(dg.AssetKey(name), shard).value for name, shard in asked}
    assert set(status.values()) <= {"FRESH", "STALE"}, status
    return {asset for asset, found in status.items() if found == "STALE"}


def change(daemon: Daemon, world: World, **policy: Any) -> World:
    """The same world under another policy; the daemon's code location is loaded again."""
    changed = world.settings(policy=policy)
    daemon.load(definitions(changed), code_versions(changed.catalog))
    return changed


def test_a_policy_that_one_stage_obeys_runs_that_stage_only(world: World) -> None:
    assert stale(world) == set()
    daemon = automated(world)
    world = change(daemon, world, drift={"max_distance": 9})
    of_verified = {("verified", shard) for shard in world.project.shards()}
    assert stale(world) == of_verified
    assert set(run_all(daemon)) == of_verified
    assert stale(world) == set()


def test_what_follows_a_changed_stage_runs_only_for_the_shards_whose_rows_changed(world: World) -> None:
    """Captions of under 30 characters are in two of the three files."""
    daemon = automated(world)
    world = change(daemon, world, captions={"min_characters": 30})
    short = world.project.scan("raw_metadata").filter(pl.col("caption").str.len_chars() < 30)
    changed = set(short.collect()["shard"])
    assert changed == set(world.project.shards()) - {SHARD}
    asked = run_all(daemon)
    assert set(asked) == {
        *(("license_filtered", shard) for shard in world.project.shards()),
        *(("fingerprints", shard) for shard in changed),
        ("duplicate_clusters", None),
    }
    assert len(asked) == len(set(asked))
    # Now it is the verdict sensor's turn. Dagster compares the clusters as a whole: the UI marks this one stage of all
    # shards, though the sensor runs those only whose verdicts changed.
    assert stale(world) == {("deduplicated", shard) for shard in world.project.shards()}


@pytest.fixture
def of_its_own(tmp_path: Path) -> Iterator[World]:
    """A world whose files may be changed."""
    with small_world(tmp_path, {"pd12m.000.parquet": 4, "pd12m.001.parquet": 4}) as world:
        assert world.build() == []
        yield world


def edit(world: World, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Put another version of the file of `SHARD` in place, and let the shard sensor see it."""
    file = world.folder / "sample/metadata/pd12m/pd12m.001.parquet"
    write_parquet(file, change(pl.read_parquet(file)))
    shared = world.pipeline
    assert shared.reader is not None
    found = discover(world.catalog, world.project.lake, shared.reader)
    events = file_events(world.instance, found, world.catalog)
    assert [event.partition for event in events] == [SHARD]
    for event in events:
        world.instance.report_runless_asset_event(event)


def test_a_changed_file_runs_its_shard_as_far_as_its_rows_change(of_its_own: World) -> None:
    world, daemon = of_its_own, automated(of_its_own)
    edit(world, lambda rows: rows.select(rows.columns[::-1]))
    assert run_all(daemon) == [("raw_metadata", SHARD)], "the same rows in another file"
    assert stale(world) == set()
    edit(world, lambda rows: rows.with_columns(caption=pl.lit("a hill")))
    assert run_all(daemon) == [*((name, SHARD) for name in INGEST), ("duplicate_clusters", None)]
    assert stale(world) == {("deduplicated", SHARD)}, "the clusters are as before"
    _run(daemon, ["deduplicated"], SHARD)  # as the verdict sensor requests it
    assert run_all(daemon) == [*((name, SHARD) for name in BUILD[1:]), ("accounts", None)]
    assert stale(world) == set()
