"""Where the heavy work of a run is done: on this machine or on a cluster, with the same results."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from imgtext_assets.catalog import Catalog, CatalogError
from imgtext_assets.defs.build import build_defs
from imgtext_assets.defs.engines import new_engine
from imgtext_assets.engine import ClusterEngine, LocalEngine
from imgtext_assets_tests.defs.world import World
from imgtext_assets_tests.engine.cluster import Cluster


def catalog(**settings: Any) -> Catalog:
    return Catalog.model_validate({"sources": [{"name": "a", "format": "table", "paths": "a.parquet"}]} | settings)


def test_it_is_done_here_unless_the_catalog_names_a_cluster() -> None:
    assert isinstance(new_engine(catalog()), LocalEngine)
    assert isinstance(new_engine(catalog(engine={"cluster": "tls://scheduler:8786"})), ClusterEngine)


def test_without_dask_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    build_defs(catalog())
    with pytest.raises(CatalogError, match=r"pip install 'imgtext-assets\[cluster\]'"):
        build_defs(catalog(engine={"cluster": "tcp://scheduler:8786"}))


@pytest.mark.slow
def test_a_build_on_a_cluster_gives_the_same_tables(built: World, tmp_path: Path) -> None:
    with Cluster(tmp_path) as cluster:
        world = built.branch(tmp_path / "world", built=False).settings(engine={"cluster": cluster.address})
        problems = world.pipeline.discover()
        pipeline = replace(world.pipeline, engine=None)  # each run uses what the catalog names
        assert problems + pipeline.build(world.project.shards()) == []
        with cluster.client() as client:
            assert client.run(_modules_of_ours) == dict.fromkeys(client.nthreads(), True)
    here, there = built.tables(), world.tables()
    assert {name: frame.equals(here[name]) for name, frame in there.items()} == dict.fromkeys(here, True)
    assert here["verified"].filter(pl.col("reject_reason").is_null()).height > 10


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_said_in_a_line(built: World, tmp_path: Path) -> None:
    with Cluster(tmp_path, workers=0) as cluster:
        address = cluster.address
    world = built.branch(tmp_path / "world", built=False).settings(engine={"cluster": address})
    world.pipeline.discover()
    problems = replace(world.pipeline, engine=None).build(world.project.shards()[:1])
    assert [problem.split(":")[1] for problem in problems] == [" fingerprints", " duplicate_clusters"]
    assert all(f"no Dask scheduler answers at {address}" in problem for problem in problems)


def _modules_of_ours() -> bool:
    import sys

    return "imgtext_assets.pictures.rows" in sys.modules
