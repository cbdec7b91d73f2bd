"""A backfill of all shards launched as the UI launches it, with the clusters over all shards in its middle."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from imgtext_assets.defs.discover import add_partitions, discover
from imgtext_assets.defs.engines import new_reader
from imgtext_assets.lake import Lake
from imgtext_assets.tables import DEDUPLICATED, DUPLICATE_CLUSTERS, FINGERPRINTS, STAGES, Table
from imgtext_assets_tests.ui.project import Project, Webserver, repository, until

SHARDS = {f"pd12m-0000{n}" for n in range(3)} | {
    f"{source}-00000" for source in ("megalith", "laion400m", "aesthetics", "datacomp", "museum", "flickr")
}
NEW_FILE, NEW_SHARD = "sample/metadata/pd12m/pd12m.002.parquet", "pd12m-00002"
BLOCKING = {"schema", "unique_ids", "rows_conserved"}
# What differs between two builds of the same bytes: when, and after how many tries, an answer came.
OF_THE_FETCH = ("fetched_at", "attempts", "consent")

LAUNCH = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
STATUS = """
query ($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status error { message } }
    ... on PythonError { message }
  }
}
"""
START_SENSOR = """
mutation ($selector: SensorSelector!) {
  startSensor(sensorSelector: $selector) {
    __typename
    ... on PythonError { message }
  }
}
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose daemon runs and that has built nothing: it knows all its shards but that of `NEW_FILE`."""
    with Project(tmp_path_factory.mktemp("backfill") / "project") as project:
        new, aside = project.folder / NEW_FILE, project.folder / "aside.parquet"
        new.rename(aside)
        with project.instance() as instance, new_reader() as reader:
            add_partitions(instance, discover(project.catalog, project.lake, reader))
        aside.rename(new)
        with project.daemon(interval_seconds=2):
            yield project


@pytest.fixture(scope="module")
def webserver(project: Project) -> Iterator[Webserver]:
    """Its webserver."""
    with project.webserver() as server:
        yield server


def test_the_shard_sensor_switched_on_adds_the_shard_of_a_new_file(project: Project, webserver: Webserver) -> None:
    with project.instance() as instance:
        assert set(instance.get_dynamic_partitions("shard")) == SHARDS - {NEW_SHARD}
        selector = {**repository(), "sensorName": "shard_sensor"}
        assert webserver.ask(START_SENSOR, selector=selector)["startSensor"]["__typename"] == "Sensor"
        until(lambda: set(instance.get_dynamic_partitions("shard")) == SHARDS, 180, "the sensor's run adds the shard")


def test_a_backfill_of_all_shards_gives_the_tables_of_the_command_line(project: Project, webserver: Webserver) -> None:
    assets = [*(stage.name for stage in STAGES), DUPLICATE_CLUSTERS.name]
    params = {"assetSelection": [{"path": [name]} for name in assets], "partitionNames": sorted(SHARDS)}
    launched = webserver.ask(LAUNCH, params=params)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched

    def status() -> str:
        backfill = webserver.ask(STATUS, id=launched["backfillId"])["partitionBackfillOrError"]
        assert backfill["status"] in ("REQUESTED", "COMPLETED_SUCCESS"), backfill
        return backfill["status"]

    until(lambda: status() == "COMPLETED_SUCCESS", 400, "the backfill is done")
    with project.instance() as instance:
        assert_whole(instance)
        assert_clusters_in_the_middle(instance)
        assert_blocking_checks_passed(instance)
    project.imgtext("build", DAGSTER_HOME=str(fresh_home(project)), IMGTEXT_LAKE=str(project.folder / "other"))
    assert_same_tables(project.lake, Lake(str(project.folder / "other")))


def assert_whole(instance: dg.DagsterInstance) -> None:
    for stage in STAGES:
        assert instance.get_materialized_partitions(dg.AssetKey(stage.name)) == SHARDS, stage.name


def assert_clusters_in_the_middle(instance: dg.DagsterInstance) -> None:
    clustered = instance.fetch_materializations(dg.AssetKey(DUPLICATE_CLUSTERS.name), limit=100).records
    places = [record.storage_id for record in clustered]
    assert len(places) == 1
    assert max(newest(instance, FINGERPRINTS).values()) < places[0] < min(newest(instance, DEDUPLICATED).values())


def newest(instance: dg.DagsterInstance, table: Table) -> dict[str, int]:
    """Place in the event log of each shard's newest materialisation."""
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    return dict(instance.get_latest_storage_id_by_partition(dg.AssetKey(table.name), kind))


def assert_blocking_checks_passed(instance: dg.DagsterInstance) -> None:
    passed: Counter[tuple[str, str]] = Counter()
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    for run in instance.get_runs():
        for record in instance.get_records_for_run(run.run_id, of_type=kind).records:
            event = record.event_log_entry.dagster_event
            assert event
            evaluation = event.asset_check_evaluation_data
            if evaluation.check_name in BLOCKING:
                assert evaluation.passed, evaluation
                passed[evaluation.asset_key.to_user_string(), evaluation.check_name] += 1
    assert passed == {(stage.name, check): len(SHARDS) for stage in STAGES for check in BLOCKING}


def fresh_home(project: Project) -> Path:
    """Another instance of the same project."""
    home = project.folder / "other-home"
    home.mkdir()
    shutil.copy(project.home / "dagster.yaml", home)
    return home


def assert_same_tables(one: Lake, other: Lake) -> None:
    for table in (*STAGES, DUPLICATE_CLUSTERS):
        rows, expected = (
            lake.tables.scan(table.name, table.schema)
            .select(pl.all().exclude(OF_THE_FETCH))
            .sort("shard", "source_row" if table in STAGES else "id")
            .collect()
            for lake in (one, other)
        )
        assert rows.height > 0
        assert_frame_equal(rows, expected)
