"""What is run again, and what is not: only what a change concerns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs import stale
from imgtext_assets.defs.jobs import BUILD, INGEST
from imgtext_assets.defs.versions import code_versions
from imgtext_assets_tests.defs.world import World, path_of

CATALOG = Catalog.model_validate({"sources": [{"name": "a", "format": "table", "paths": "x"}]})

OBEYED: dict[str, tuple[dict[str, Any], set[str]]] = {
    "licences": ({"policy": {"licenses": {"allow": ["CC0-1.0"]}}}, {"license_filtered"}),
    "a source's licences": (
        {"sources": [{"name": "a", "format": "table", "paths": "x", "license_policy": {"allow": ["CC0-1.0"]}}]},
        {"license_filtered"},
    ),
    "a source's licence numbers": (
        {"sources": [{"name": "a", "format": "table", "paths": "x", "license_scheme": "flickr"}]},
        {"license_filtered"},
    ),
    "captions": ({"policy": {"captions": {"min_characters": 5}}}, {"license_filtered"}),
    "decisions": ({"policy": {"accounts": {"decisions": "x.csv"}}}, set()),
    "opt-out lists": ({"policy": {"consent": {"opt_out_lists": ["x.txt"]}}}, set()),
    "claims": ({"policy": {"licenses": {"stated_claims": "ignore"}}}, {"license_filtered", "verified"}),
    "robots.txt": ({"policy": {"consent": {"robots_txt": False}}}, {"fingerprints", "downloaded"}),
    "data mining": ({"policy": {"consent": {"data_mining": False}}}, {"verified"}),
    "radius": ({"policy": {"duplicates": {"radius": 2}}}, {"duplicate_clusters"}),
    "a warning": ({"policy": {"duplicates": {"suspicious_size": 5}}}, set()),
    "size": ({"policy": {"resolution": {"min_width": 300}}}, {"fingerprints", "resolution_filtered", "verified"}),
    "drift": ({"policy": {"drift": {"max_distance": 4}}}, {"verified"}),
    "animated": ({"policy": {"animated": "reject"}}, {"verified"}),
    "placeholders": ({"policy": {"drift": {"placeholder_links": 5}}}, {"duplicate_clusters", "verified"}),
    "budgets": ({"fetch": {"hosts": [{"bytes_per_day": 5}]}}, set()),
    "storage": ({"storage": {"fsync": True}}, set()),
    "decoding": ({"pictures": {"max_pixels": 10_000}}, {"fingerprints", "verified"}),
    "links": ({"links": {"dead_after": 5}}, {"link_decay", "link_survival", "link_hosts", "dead_links"}),
    "rechecks": ({"links": {"requests": 5}}, set()),
    "dead links": ({"policy": {"links": {"dead": "keep"}}}, {"release"}),
    "release": ({"release": {"title": "Another"}}, {"release"}),
    "politeness": ({"fetch": {"concurrency": 3}}, set()),
    "lake": ({"lake": "elsewhere"}, set()),
    "source": ({"sources": [{"name": "a", "format": "table", "paths": "x", "license": "CC0"}]}, set()),
    "another source": (
        {"sources": [{"name": name, "format": "table", "paths": "x"} for name in "ab"]},
        {"duplicate_clusters"},
    ),
    "what may be had": ({"fetch": {"max_bytes": 10}}, {"fingerprints", "downloaded"}),
}


@pytest.mark.parametrize("setting", OBEYED)
def test_a_changed_setting_changes_the_version_of_exactly_what_obeys_it(setting: str) -> None:
    change, obeying = OBEYED[setting]
    changed = Catalog.model_validate(CATALOG.model_dump() | change)
    before, after = code_versions(CATALOG), code_versions(changed)
    assert {name for name in before if before[name] != after[name]} == obeying


def due(world: World, stages: list[str], **settings: Any) -> dict[str, list[str]]:
    catalog = world.catalog.model_copy(update=settings)
    return stale.stages_to_run(
        world.instance, world.project.lake, stages, world.project.shards(), code_versions(catalog)
    )


def test_after_a_build_nothing_is_stale(built: World) -> None:
    assert due(built, INGEST) == due(built, BUILD) == {}
    assert not stale.clusters_stale(built.instance, built.project.lake, code_versions(built.catalog), {})
    assert stale.shards_with_new_verdicts(built.project.lake) == []


def test_a_changed_policy_runs_the_first_stage_that_obeys_it_and_looks_again(built: World) -> None:
    resolution = built.catalog.policy.resolution.model_copy(update={"min_width": 300})
    policy = built.catalog.policy.model_copy(update={"resolution": resolution})
    assert due(built, INGEST, policy=policy) == {key: ["fingerprints"] for key in built.project.shards()}
    assert due(built, BUILD, policy=policy) == {key: ["resolution_filtered"] for key in built.project.shards()}


def test_a_table_that_is_gone_from_the_lake_is_made_again(built: World, tmp_path: Path) -> None:
    world = built.branch(tmp_path)
    (Path(world.catalog.lake) / "downloaded/laion400m-00000.parquet").unlink()
    assert due(world, BUILD) == {"laion400m-00000": ["downloaded"]}
    (Path(world.catalog.lake) / "duplicate_clusters.parquet").unlink()
    assert stale.clusters_stale(world.instance, world.project.lake, code_versions(world.catalog), {})


def test_a_run_that_gives_the_same_rows_makes_nothing_stale(built: World, tmp_path: Path) -> None:
    world = built.branch(tmp_path)
    assert world.pipeline._run("ingest", "laion400m-00000", ["license_filtered"]) == []
    assert due(world, INGEST) == {}


def test_a_tightened_policy_is_applied_by_the_next_build_and_fetches_nothing(built: World, tmp_path: Path) -> None:
    world = built.branch(tmp_path)
    kept = world.table("verified")["reject_reason"].is_null().sum()
    tight = world.settings(policy={"resolution": {"min_width": 600}})
    settled = {path_of(url) for url in world.table("fetches").filter(~pl.col("passing"))["url"]}
    with tight.asked() as asked:
        assert tight.build() == []
    assert not settled & set(asked)
    verified = tight.table("verified").filter(pl.col("reject_reason").is_null())
    assert 0 < verified.height < kept
    assert verified.filter(pl.col("width") < 600).is_empty()


def test_only_shards_whose_verdicts_changed_are_built_again(built: World, tmp_path: Path) -> None:
    world = built.branch(tmp_path)
    clusters = world.table("duplicate_clusters")
    within = clusters.filter(pl.col("shard").n_unique().over("cluster_id") == 2)["cluster_id"][0]
    world.project.lake.tables.write("duplicate_clusters", clusters.filter(cluster_id=within))
    told = set(stale.shards_with_new_verdicts(world.project.lake))
    assert told == set(clusters.filter(pl.col("cluster_id") != within)["shard"])
