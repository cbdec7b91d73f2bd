"""Declarative automation: a new shard flows down the graph, a change as far as rows change, and no other is asked for.

Declarative automation is evaluated as the daemon does; what it requests is reported as made, without making it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData

from imgtext_assets.catalog import Catalog, DuplicatePolicy, ResolutionPolicy
from imgtext_assets.defs.build import build_defs
from imgtext_assets.defs.versions import code_versions
from imgtext_assets_tests.defs.daemon import Daemon
from imgtext_assets_tests.defs.world import World, new_instance

OLD, NEW = "pd12m-00000", "pd12m-00001"
INGEST = ["raw_metadata", "license_filtered", "fingerprints"]
BUILD = ["resolution_filtered", "downloaded", "verified"]
UNPARTITIONED = {"duplicate_clusters", "link_decay", "release"}
# Dagster's own helper for these tests calls a part of it that is in beta.
pytestmark = pytest.mark.filterwarnings("ignore:Parameter `include_sources`")


@pytest.fixture
def daemon(built: World, tmp_path: Path) -> Daemon:
    """One shard is built; the daemon has seen it."""
    with new_instance(tmp_path) as instance:
        instance.add_dynamic_partitions("shard", [OLD])
        daemon = Daemon(build_defs(built.catalog), code_versions(built.catalog), instance)
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
    assert asked == [*((asset, OLD) for asset in BUILD), ("accounts", None)]


def test_a_changed_file_runs_its_own_shard_again(daemon: Daemon) -> None:
    daemon.instance.add_dynamic_partitions("shard", [NEW])
    for asset in ("source_files", *INGEST, "deduplicated", *BUILD):
        daemon.made(asset, NEW)
    daemon.settle()
    daemon.made("source_files", OLD)
    assert {request for request in daemon.settle() if request[1]} == {(asset, OLD) for asset in INGEST}


def test_a_stage_that_gives_the_same_rows_again_requests_nothing_after_it(daemon: Daemon) -> None:
    daemon.made("source_files", OLD)
    assert daemon.settle(same_rows={"license_filtered"}) == [("raw_metadata", OLD), ("license_filtered", OLD)]
    for asset in (*INGEST, "deduplicated", *BUILD):
        daemon.made(asset, OLD, same_rows=True)
        assert daemon.tick() == [], asset


def change_policy(daemon: Daemon, catalog: Catalog, **changes: Any) -> None:
    """The same daemon, its code location loaded again with another policy."""
    policy = catalog.policy.model_copy(update=changes)
    changed = catalog.model_copy(update={"policy": policy})
    daemon.load(build_defs(changed), code_versions(changed))


def test_a_changed_policy_runs_what_obeys_it_and_no_more(daemon: Daemon, built: World) -> None:
    change_policy(daemon, built.catalog, resolution=ResolutionPolicy(min_width=300))
    obeying = ["fingerprints", "resolution_filtered", "verified"]
    assert daemon.settle(same_rows=obeying) == [(asset, OLD) for asset in obeying]


def test_a_changed_policy_runs_what_follows_as_far_as_rows_change_each_stage_once(daemon: Daemon, built: World) -> None:
    change_policy(daemon, built.catalog, resolution=ResolutionPolicy(min_width=300))
    asked = daemon.settle(same_rows=["fingerprints"])
    assert asked == [("fingerprints", OLD), *((asset, OLD) for asset in BUILD), ("accounts", None)]


def test_a_changed_policy_of_duplicates_clusters_anew(daemon: Daemon, built: World) -> None:
    change_policy(daemon, built.catalog, duplicates=DuplicatePolicy(radius=5))
    assert daemon.settle() == [("duplicate_clusters", None)]


@pytest.mark.parametrize(("passed", "follows"), [(True, ["license_filtered"]), (False, [])])
def test_what_follows_a_table_that_failed_a_blocking_check_waits(
    daemon: Daemon, passed: bool, follows: list[str]
) -> None:
    daemon.made("raw_metadata", OLD)
    (table,) = daemon.instance.fetch_materializations(dg.AssetKey("raw_metadata"), limit=1).records
    checked = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("raw_metadata"),
        check_name="rows_conserved",
        passed=passed,
        metadata={},
        partition=OLD,
        target_materialization_data=AssetCheckEvaluationTargetMaterializationData(
            storage_id=table.storage_id, run_id=table.run_id, timestamp=table.timestamp
        ),
    )
    daemon.instance.report_runless_asset_event(checked)
    assert daemon.tick() == [(asset, OLD) for asset in follows]
    assert daemon.tick() == []
    daemon.made("raw_metadata", OLD)
    assert daemon.tick() == [("license_filtered", OLD)], "made again, it is another table"
