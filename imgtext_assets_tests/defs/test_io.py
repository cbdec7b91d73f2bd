"""The lake as Dagster's IO manager: what an asset reads, and how what it returns is stored."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl
import pytest

from imgtext_assets.defs.io import LakeIOManager
from imgtext_assets.defs.partitions import shards
from imgtext_assets.lake import Lake
from imgtext_assets.tables import BY_NAME

RAW = BY_NAME["raw_metadata"]
CLUSTERS = BY_NAME["duplicate_clusters"]


def rows(shard: str, count: int, rejected: int = 0) -> pl.DataFrame:
    given = {
        "id": [f"{shard}-{n}" for n in range(count)],
        "shard": shard,
        "reject_reason": ["bad_url"] * rejected + [None] * (count - rejected),
    }
    return RAW.conform(pl.LazyFrame(given, {"id": pl.String, "shard": pl.String, "reject_reason": pl.String})).collect()


@pytest.fixture
def lake(lake_root: str) -> Lake:
    return Lake(lake_root)


def graph(given: dict[str, pl.DataFrame], loaded: list[pl.DataFrame]) -> list[Any]:
    """Two stored assets, and two that read raw_metadata: shard by shard (`one`), and all shards (`many`)."""
    options: Any = {"io_manager_key": "lake_tables", "partitions_def": shards}

    @dg.asset(**options)
    def raw_metadata(context: dg.AssetExecutionContext) -> pl.DataFrame:
        return given[context.partition_key]

    @dg.asset(io_manager_key="lake_tables")
    def duplicate_clusters() -> pl.DataFrame:
        return CLUSTERS.conform(pl.LazyFrame({"id": ["a"]})).collect()

    @dg.asset(partitions_def=shards, ins={"rows": dg.AssetIn("raw_metadata")})
    def one(rows: pl.LazyFrame) -> None:
        loaded.append(rows.collect())

    @dg.asset(ins={"rows": dg.AssetIn("raw_metadata")})
    def many(rows: pl.LazyFrame) -> None:
        loaded.append(rows.collect())

    return [raw_metadata, duplicate_clusters, one, many]


class Runner:
    """Materialises one asset at a time; `loaded` has what the readers got."""

    def __init__(self, lake: Lake, given: dict[str, pl.DataFrame], instance: dg.DagsterInstance) -> None:
        self.loaded: list[pl.DataFrame] = []
        self._assets = graph(given, self.loaded)
        self._lake = lake
        self._instance = instance
        instance.add_dynamic_partitions(str(shards.name), list(given))

    def run(self, asset: str, shard: str | None = None) -> dict[str, Any]:
        result = dg.materialize(
            self._assets,
            selection=[asset],
            instance=self._instance,
            partition_key=shard,
            resources={"lake_tables": LakeIOManager(self._lake)},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        [event] = result.get_asset_materialization_events()
        return {name: value.value for name, value in event.materialization.metadata.items()}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_only_rows_that_go_on_are_loaded(lake: Lake, instance: dg.DagsterInstance) -> None:
    runner = Runner(lake, {"a-00000": rows("a-00000", 5, rejected=2)}, instance)
    runner.run("raw_metadata", "a-00000")
    runner.run("one", "a-00000")
    runner.run("many")
    for loaded in runner.loaded:
        assert loaded["id"].to_list() == ["a-00000-2", "a-00000-3", "a-00000-4"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_shard_and_many_load_alike(lake: Lake, instance: dg.DagsterInstance, count: int) -> None:
    given = {f"a-{n:05d}": rows(f"a-{n:05d}", n + 1) for n in range(count)}
    runner = Runner(lake, given, instance)
    for key in given:
        runner.run("raw_metadata", key)
    runner.run("many")
    assert runner.loaded[0].equals(pl.concat(given.values()))


def test_a_shard_that_is_not_there_yet_has_no_rows(lake: Lake, instance: dg.DagsterInstance) -> None:
    given = {key: rows(key, 2) for key in ("a-00000", "a-00001")}
    runner = Runner(lake, given, instance)
    runner.run("raw_metadata", "a-00000")
    runner.run("many")
    runner.run("one", "a-00001")
    assert [loaded.height for loaded in runner.loaded] == [2, 0]


def test_storing_again_replaces(lake: Lake, instance: dg.DagsterInstance) -> None:
    runner = Runner(lake, {"a-00000": rows("a-00000", 2)}, instance)
    for _ in range(2):
        runner.run("raw_metadata", "a-00000")
    assert lake.tables.scan("raw_metadata", RAW.schema).collect().height == 2


def test_an_asset_over_all_shards_is_one_table(lake: Lake, instance: dg.DagsterInstance) -> None:
    told = Runner(lake, {}, instance).run("duplicate_clusters")
    assert told["path"] == f"{lake.root}/duplicate_clusters.parquet"
    assert told["dagster/row_count"] == 1
    assert lake.tables.files("duplicate_clusters") == []  # a file, no folder of shards
    assert lake.tables.scan("duplicate_clusters", CLUSTERS.schema).collect().height == 1


def test_columns_are_stored_in_the_order_of_the_data_dictionary(lake: Lake, instance: dg.DagsterInstance) -> None:
    frame = rows("a-00000", 1)
    Runner(lake, {"a-00000": frame.select(reversed(frame.columns))}, instance).run("raw_metadata", "a-00000")
    assert lake.tables.scan("raw_metadata", RAW.schema, ["a-00000"]).collect_schema() == RAW.schema
