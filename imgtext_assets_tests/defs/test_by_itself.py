"""What runs by the clock, and when something happens: new files, new verdicts, failed runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
import time_machine
from dagster._core.definitions.freshness import TimeWindowFreshnessPolicy

from imgtext_assets.catalog import Source
from imgtext_assets.defs import sensors
from imgtext_assets.defs.automation import FRESHNESS
from imgtext_assets.defs.build import build_defs
from imgtext_assets.defs.runs import run_job
from imgtext_assets.defs.schedules import daily_decay, monthly_recheck, monthly_release, recheck_day, weekly_refresh
from imgtext_assets.defs.sensors import shard_sensor, verdict_sensor
from imgtext_assets_tests.defs.world import NoBars, World

SHARDS = ["laion400m-00000", "pd12m-00000", "pd12m-00001"]


def tick(sensor: dg.SensorDefinition, world: World, cursor: str | None = None) -> Any:
    """What the sensor says when it looks, for the first time where there is no cursor."""
    repository = build_defs(world.catalog).get_repository_def()
    given = {"catalog": world.catalog, "lake": world.project.lake, "reader": world.pipeline.reader}
    context = dg.SensorEvaluationContext(
        instance_ref=world.instance.get_ref(),
        last_tick_completion_time=None,
        last_run_key=None,
        cursor=cursor,
        repository_name=None,
        instance=world.instance,
        repository_def=repository,
        resources={name: dg.ResourceDefinition.hardcoded_resource(value) for name, value in given.items()},
    )
    with context:
        return repository.get_sensor_def(sensor.name).evaluate_tick(context)


@pytest.fixture
def empty(built: World, tmp_path: Path) -> World:
    """Files that nothing is known of yet."""
    return built.branch(tmp_path, built=False)


def find_shards(world: World) -> None:
    """Run what the shard sensor requests."""
    assert run_job(
        build_defs(world.catalog, progress=NoBars(), reader=world.pipeline.reader), "discover", world.instance
    ).ok


def test_the_shard_sensor_has_a_run_add_shards_and_tell_of_files(empty: World) -> None:
    seen = tick(shard_sensor, empty)
    assert [request.job_name for request in seen.run_requests or []] == ["discover"]
    find_shards(empty)
    assert sorted(empty.instance.get_dynamic_partitions("shard")) == SHARDS
    assert sorted(empty.instance.get_materialized_partitions(dg.AssetKey("source_files"))) == SHARDS


def test_the_shard_sensor_requests_nothing_while_no_file_changes_and_looks_again_the_next_day(empty: World) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC)):
        first = tick(shard_sensor, empty)
        again = tick(shard_sensor, empty, first.cursor)
    assert again.run_requests == []
    assert again.skip_message == "no new or changed file"
    with time_machine.travel(datetime(2026, 11, 24, 0, 1, tzinfo=UTC)):
        assert len(tick(shard_sensor, empty, again.cursor).run_requests or []) == 1


def test_the_shard_sensor_sees_a_new_file_and_a_source_that_is_taken_out(empty: World) -> None:
    cursor = tick(shard_sensor, empty).cursor
    file = empty.folder / "more.parquet"
    file.write_bytes(b"not parquet")
    more = {"name": "more", "format": "table", "paths": str(file)}
    added = empty.catalog.model_copy(update={"sources": [*empty.catalog.sources, Source.model_validate(more)]})
    assert len(tick(shard_sensor, replace(empty, catalog=added), cursor).run_requests or []) == 1
    fewer = empty.catalog.model_copy(update={"sources": empty.catalog.sources[:1]})
    assert len(tick(shard_sensor, replace(empty, catalog=fewer), cursor).run_requests or []) == 1


def test_a_tick_ends_in_time_and_the_next_goes_on_with_the_source_not_seen_for_longest(
    empty: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here there is time for one source a tick."""
    monkeypatch.setattr(sensors, "_TICK_SECONDS", -1)
    looked: list[str] = []
    monkeypatch.setattr(sensors, "listing_version", lambda catalog, source: looked.append(source.name) or "as ever")
    names = [source.name for source in empty.catalog.sources]
    cursor = None
    for _ in range(2 * len(names)):
        cursor = tick(shard_sensor, empty, cursor).cursor
    assert looked == [*names, *names]


def test_a_source_that_cannot_be_listed_is_told_of_and_the_others_are_looked_at(empty: World) -> None:
    away = Source.model_validate({"name": "away", "format": "table", "paths": "https://127.0.0.1:1/a.parquet"})
    world = replace(empty, catalog=empty.catalog.model_copy(update={"sources": [away, *empty.catalog.sources]}))
    cursor = tick(shard_sensor, world).cursor
    seen = tick(shard_sensor, world, cursor)
    assert seen.run_requests == []
    assert (seen.skip_message or "").startswith("no new or changed file; source away: ")
    assert "https://127.0.0.1:1/a.parquet" in (seen.skip_message or "")


def test_the_verdict_sensor_requests_only_shards_whose_verdicts_changed(built: World, tmp_path: Path) -> None:
    world = built.branch(tmp_path)
    assert world.pipeline._run("cluster") == []
    assert tick(verdict_sensor, world).run_requests == []
    clusters = world.table("duplicate_clusters")
    one = clusters.filter(shard="laion400m-00000")["cluster_id"][0]
    world.project.lake.tables.write("duplicate_clusters", clusters.filter(cluster_id=one))
    lost = set(clusters.filter(clusters["cluster_id"] != one)["shard"])
    assert "laion400m-00000" in lost
    asked = tick(verdict_sensor, world)
    assert {request.partition_key for request in asked.run_requests or []} == lost
    plan = world.table("shards").with_columns(state=pl.lit("vanished"))
    world.project.lake.tables.write("shards", plan)  # their files are gone: what was read of them is judged on
    asked = tick(verdict_sensor, world)
    assert {request.partition_key for request in asked.run_requests or []} == lost


# Schedules.


def run_keys(schedule: dg.ScheduleDefinition, world: World, at: datetime) -> dict[str | None, str | None]:
    """Run requests of a schedule: shard and run key."""
    repository = build_defs(world.catalog).get_repository_def()
    with dg.build_schedule_context(
        instance=world.instance,
        scheduled_execution_time=at,
        repository_def=repository,
        resources={"lake": world.project.lake},
    ) as context:
        requests = repository.get_schedule_def(schedule.name).evaluate_tick(context).run_requests or []
    return {request.partition_key: request.run_key for request in requests}


def test_the_weekly_refresh_asks_for_every_built_shard_once_a_week(built: World) -> None:
    monday = datetime(2026, 11, 23, 3, tzinfo=UTC)
    first = run_keys(weekly_refresh, built, monday)
    assert set(first) == set(built.project.shards())
    assert len(set(first.values())) == len(first)
    assert not set(first.values()) & set(run_keys(weekly_refresh, built, monday + timedelta(days=7)).values())


def test_every_shard_is_rechecked_once_a_month(built: World) -> None:
    days = [datetime(2026, 2, day, 4, tzinfo=UTC) for day in range(1, 29)]
    asked = Counter(shard for day in days for shard in run_keys(monthly_recheck, built, day))
    assert asked == dict.fromkeys(built.project.shards(), 1)


def test_a_release_is_cut_once_a_month(built: World) -> None:
    assert run_keys(monthly_release, built, datetime(2026, 12, 1, 12, tzinfo=UTC)) == {None: "release-2026-12"}


def test_rechecks_are_spread_evenly_and_stay_where_they_are() -> None:
    days = Counter(recheck_day(f"laion400m-{n:05d}") for n in range(4_200))
    assert set(days) == set(range(1, 29))
    assert max(days.values()) < 1.4 * 4_200 / 28
    assert recheck_day("pd12m-00000") == 23


def test_the_decay_is_counted_on_days_with_rechecks(built: World, tmp_path: Path) -> None:
    world = built.branch(tmp_path)
    day = datetime(2026, 12, 1, 10, tzinfo=UTC)
    assert run_keys(daily_decay, world, day) == {}
    world.instance.report_runless_asset_event(dg.AssetMaterialization("link_checks", partition=SHARDS[0]))
    assert run_keys(daily_decay, world, day) == {None: "decay-2026-12-01"}
    world.instance.report_runless_asset_event(dg.AssetMaterialization("link_decay"))
    assert run_keys(daily_decay, world, day + timedelta(days=1)) == {}


# Freshness.


def test_what_is_made_once_a_month_is_late_after_a_month_and_a_day(built: World) -> None:
    specs = {spec.key.to_user_string(): spec for spec in build_defs(built.catalog).resolve_all_asset_specs()}
    assert {name for name, spec in specs.items() if spec.freshness_policy} == set(FRESHNESS)
    assert {"link_checks", "release"} <= set(FRESHNESS)
    for policy in FRESHNESS.values():
        assert isinstance(policy, TimeWindowFreshnessPolicy)
        assert policy.warn_window is not None
        assert timedelta(days=31) < policy.warn_window.to_timedelta() < policy.fail_window.to_timedelta()
    assert built.instance.freshness_enabled
