"""What Dagster is given: every asset, check, job, schedule and sensor of the graph, with all that the UI shows."""

from __future__ import annotations

import dagster as dg
import pytest

from imgtext_assets.defs.build import build_defs
from imgtext_assets.defs.fetching import POOL
from imgtext_assets.defs.partitions import shards
from imgtext_assets.tables import BY_NAME, STAGES
from imgtext_assets_tests.defs.world import World

# asset: (group, partitioned, what it reads)
GRAPH = {
    "source_files": ("sources", True, set()),
    "raw_metadata": ("sources", True, {"source_files"}),
    "license_filtered": ("rights", True, {"raw_metadata"}),
    "accounts": ("decisions", False, {"verified"}),
    "fingerprints": ("duplicates", True, {"license_filtered"}),
    "duplicate_clusters": ("duplicates", False, {"fingerprints"}),
    "deduplicated": ("duplicates", True, {"fingerprints", "duplicate_clusters"}),
    "resolution_filtered": ("pictures", True, {"deduplicated"}),
    "downloaded": ("pictures", True, {"resolution_filtered"}),
    "verified": ("pictures", True, {"downloaded"}),
    "release": ("releases", False, {"verified"}),
    "removal_files": ("decisions", False, set()),
    "purges": ("decisions", False, set()),
    "link_checks": ("links", True, {"verified"}),
    "link_decay": ("links", False, {"link_checks"}),
    "link_survival": ("links", False, {"link_checks"}),
    "link_hosts": ("links", False, {"link_checks"}),
    "dead_links": ("links", False, {"link_checks"}),
}
FETCHING = {"fingerprints", "downloaded", "link_checks"}


@pytest.fixture(scope="module")
def defs(built: World) -> dg.Definitions:
    return build_defs(built.catalog)


@pytest.fixture(scope="module")
def specs(defs: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def test_they_load(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)


def test_the_graph_is_the_designed_one(specs: dict[str, dg.AssetSpec]) -> None:
    found = {
        name: (
            spec.group_name,
            spec.partitions_def == shards,
            {dep.asset_key.to_user_string() for dep in spec.deps},
        )
        for name, spec in specs.items()
    }
    assert found == GRAPH


def test_every_asset_says_what_it_is_and_who_answers_for_it(specs: dict[str, dg.AssetSpec]) -> None:
    for name, spec in specs.items():
        assert len(spec.description or "") > 20, name
        assert spec.kinds, name
        assert spec.owners, name


def test_every_table_shows_its_columns(specs: dict[str, dg.AssetSpec]) -> None:
    for name, spec in specs.items():
        if name == "source_files":
            continue
        schema = spec.metadata["dagster/column_schema"]
        assert [column.name for column in schema.columns] == [column.name for column in BY_NAME[name].columns]
        assert all(column.description for column in schema.columns)


def test_every_asset_that_is_made_has_a_code_version(specs: dict[str, dg.AssetSpec]) -> None:
    assert {name for name, spec in specs.items() if not spec.code_version} == {"source_files"}


def test_what_asks_the_web_is_bounded_by_one_pool_and_ends_when_it_is_interrupted(defs: dg.Definitions) -> None:
    """Dagster takes an interrupt of a step with a retry policy for a failure, and runs the step again."""
    pools = {}
    for asset in defs.resolve_asset_graph().assets_defs:
        for key in asset.keys:
            pools[key.to_user_string()] = asset.op.pool if asset.is_executable else None
            assert not asset.is_executable or asset.op.retry_policy is None
    assert {name for name, pool in pools.items() if pool == POOL} == FETCHING
    assert {name for name, pool in pools.items() if pool not in (POOL, None)} == {"release", "removal_files", "purges"}


def test_every_stage_is_checked_by_shard_and_stopped_by_what_breaks_the_contract(defs: dg.Definitions) -> None:
    specs = [spec for check in defs.asset_checks or [] for spec in check.check_specs]
    by_stage = {table.name: {s.name: s.blocking for s in specs if s.asset_key.path == [table.name]} for table in STAGES}
    expected = {"schema": True, "unique_ids": True, "rows_conserved": True, "kept_share": False, "reasons": False}
    assert by_stage == {table.name: expected for table in STAGES}
    assert all(spec.partitions_def == shards for spec in specs if spec.asset_key.path[0] in by_stage)
    assert all(spec.description for spec in specs)


def test_what_is_suspicious_about_the_clusters_only_warns(defs: dg.Definitions) -> None:
    specs = [spec for check in defs.asset_checks or [] for spec in check.check_specs]
    of_clusters = {s.name: (s.blocking, s.partitions_def) for s in specs if s.asset_key.path == ["duplicate_clusters"]}
    assert of_clusters == {"cluster_sizes": (False, None), "one_hasher": (False, None)}


def test_jobs(defs: dg.Definitions) -> None:
    jobs = {job.name: job for job in defs.jobs or []}
    assert {"ingest", "cluster", "build", "recheck", "decay", "release"} <= set(jobs)
    assert all(job.description for job in jobs.values())
    made = {
        name: {key.to_user_string() for key in defs.resolve_job_def(name).asset_layer.executable_asset_keys}
        for name in ("ingest", "cluster", "build")
    }
    assert set.union(*made.values()) == {*(table.name for table in STAGES), "duplicate_clusters"}
    assert sum(map(len, made.values())) == len(STAGES) + 1  # each by one job


def test_nothing_runs_by_itself_until_it_is_switched_on(defs: dg.Definitions) -> None:
    schedules = {s.name: s for s in defs.schedules or [] if isinstance(s, dg.ScheduleDefinition)}
    sensors = {sensor.name: sensor for sensor in defs.sensors or []}
    assert {name: s.cron_schedule for name, s in schedules.items()} == {
        "weekly_refresh": "0 3 * * 1",
        "monthly_recheck": "0 4 1-28 * *",
        "daily_decay": "0 10 * * *",
        "monthly_release": "0 12 1 * *",
        "monthly_purge": "0 5 2 * *",
    }
    assert {"shard_sensor", "verdict_sensor", "failed_run_sensor"} <= set(sensors)
    assert {s.default_status for s in schedules.values()} == {dg.DefaultScheduleStatus.STOPPED}
    assert {s.default_status for s in sensors.values()} == {dg.DefaultSensorStatus.STOPPED}
    assert {s.name for s in [*schedules.values(), *sensors.values()] if not s.description} == set()


def test_a_resource_can_be_swapped(built: World) -> None:
    progress = object()
    assert (build_defs(built.catalog, progress=progress).resources or {})["progress"] is progress
