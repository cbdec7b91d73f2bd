"""What runs by itself once it is switched on: a new shard flows down the graph, and nothing is asked of the others.

Declarative automation is evaluated as the daemon does; what it requests is reported as made, without making it.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from imgtext_assets.catalog import ResolutionPolicy
from imgtext_assets.defs.build import build_defs
from imgtext_assets.defs.schedules import monthly_recheck, monthly_release, recheck_day, weekly_refresh
from imgtext_assets.defs.sensors import shard_sensor, verdict_sensor
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.tables import STAGES
from imgtext_assets_tests.defs.world import World, new_instance

OLD, NEW = "pd12m-00000", "pd12m-00001"
INGEST = ["raw_metadata", "license_filtered", "fingerprints"]
BUILD = ["resolution_filtered", "downloaded", "verified"]
UNPARTITIONED = {"duplicate_clusters", "link_decay", "release"}
# Dagster's own helper for these tests calls a part of it that is in beta.
pytestmark = pytest.mark.filterwarnings("ignore:Parameter `include_sources`")
Asked = tuple[str, str | None]


class Daemon:
    """Evaluates all conditions again and again, each time a minute later."""

    def __init__(self, world: World, instance: dg.DagsterInstance) -> None:
        self.world, self.instance = world, instance
        self.defs = build_defs(world.catalog)
        self.versions = code_versions(world.catalog)
        self._cursor = None
        self._now = datetime.now(UTC)

    def made(self, asset: str, shard: str | None) -> None:
        tags = {"dagster/code_version": self.versions[asset]} if asset in self.versions else {}
        self.instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=shard, tags=tags))

    def tick(self) -> list[Asked]:
        """What is requested now."""
        self._now += timedelta(minutes=1)
        result = dg.evaluate_automation_conditions(
            self.defs, self.instance, cursor=self._cursor, evaluation_time=self._now
        )
        self._cursor = result.cursor
        asked: list[Asked] = []
        for name in [*(table.name for table in STAGES), "duplicate_clusters", "link_checks", "link_decay", "release"]:
            key = dg.AssetKey(name)
            if name in UNPARTITIONED:
                asked += [(name, None)] * result.get_num_requested(key)
            else:
                asked += [(name, shard) for shard in sorted(result.get_requested_partitions(key), key=str)]
        return asked

    def settle(self, ticks: int = 12) -> list[Asked]:
        """Make what is requested until nothing more is; returns all that was requested, in order."""
        all_asked: list[Asked] = []
        for _ in range(ticks):
            asked = self.tick()
            for asset, shard in asked:
                self.made(asset, shard)
            all_asked += asked
            if not asked:
                return all_asked
        raise AssertionError(f"it never comes to rest: {Counter(all_asked)}")


@pytest.fixture
def daemon(built: World, tmp_path: Path) -> Daemon:
    """One shard is built; the daemon has seen it."""
    with new_instance(tmp_path) as instance:
        instance.add_dynamic_partitions("shard", [OLD])
        daemon = Daemon(built, instance)
        for asset in ("source_files", *INGEST, "duplicate_clusters", "deduplicated", *BUILD):
            daemon.made(asset, None if asset in UNPARTITIONED else OLD)
        daemon.settle()
        return daemon


def test_nothing_is_requested_while_nothing_changes(daemon: Daemon) -> None:
    assert daemon.tick() == []


def test_a_new_shard_flows_down_to_its_fingerprints_and_all_are_clustered(daemon: Daemon) -> None:
    """Clustering does not wait for other shards; the others are not asked for again."""
    daemon.instance.add_dynamic_partitions("shard", [NEW, "pd12m-00002"])
    daemon.made("source_files", NEW)
    asked = daemon.settle()
    assert {request for request in asked if request[1]} == {(asset, NEW) for asset in INGEST}
    assert ("duplicate_clusters", None) in asked
    assert asked.index(("duplicate_clusters", None)) > asked.index(("fingerprints", NEW))
    assert [request for request in asked if request[0] in INGEST] == [(asset, NEW) for asset in INGEST]


def test_the_verdicts_are_never_requested_by_automation(daemon: Daemon) -> None:
    daemon.instance.add_dynamic_partitions("shard", [NEW])
    daemon.made("source_files", NEW)
    asked = daemon.settle()
    daemon.made("duplicate_clusters", None)
    asked += daemon.settle()
    assert not {asset for asset, _ in asked} & {"deduplicated", *BUILD, "link_checks", "release"}


def test_from_the_verdicts_on_a_shard_flows_by_itself(daemon: Daemon) -> None:
    daemon.made("deduplicated", OLD)
    asked = daemon.settle()
    assert asked == [(asset, OLD) for asset in BUILD]


def test_a_changed_file_runs_its_own_shard_again(daemon: Daemon) -> None:
    daemon.instance.add_dynamic_partitions("shard", [NEW])
    for asset in ("source_files", *INGEST, "deduplicated", *BUILD):
        daemon.made(asset, NEW)
    daemon.settle()
    daemon.made("source_files", OLD)
    assert {request for request in daemon.settle() if request[1]} == {(asset, OLD) for asset in INGEST}


def test_a_changed_policy_runs_what_obeys_it_and_what_follows(daemon: Daemon) -> None:
    policy = daemon.world.catalog.policy.model_copy(update={"resolution": ResolutionPolicy(min_width=300)})
    changed = daemon.world.catalog.model_copy(update={"policy": policy})
    daemon.defs, daemon.versions = build_defs(changed), code_versions(changed)
    asked = {asset for asset, _ in daemon.settle()}
    assert {"fingerprints", "resolution_filtered", "verified"} <= asked
    assert not asked & {"raw_metadata", "license_filtered", "deduplicated"}


# Sensors.


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


def test_the_shard_sensor_adds_shards_and_tells_of_files(built: World, tmp_path: Path) -> None:
    world = built.branch(tmp_path, built=False)
    seen = tick(shard_sensor, world)
    keys = ["laion400m-00000", "pd12m-00000", "pd12m-00001"]
    assert sorted(world.instance.get_dynamic_partitions("shard")) == keys
    assert sorted(event.partition for event in seen.asset_events) == keys
    assert "3 new shards" in (seen.skip_message or "")


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
