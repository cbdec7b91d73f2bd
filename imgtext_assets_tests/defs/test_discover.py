"""Files that come, change, grow, shrink, vanish or break: what becomes of their shards, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
import yaml

from imgtext_assets.catalog import Catalog, load_catalog
from imgtext_assets.defs.discover import Discovery, add_partitions, discover, file_events, shard_plan
from imgtext_assets.defs.engines import new_reader
from imgtext_assets.lake import Lake, LakeError
from imgtext_assets_tests.defs.world import write_parquet


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    sources = [{"name": name, "format": "table", "paths": str(tmp_path / name / "*.parquet")} for name in ("a", "b")]
    catalog = Catalog.model_validate({"lake": str(tmp_path / "lake"), "shard_rows": 10, "sources": sources})
    put(catalog, "a/0.parquet", 25)
    put(catalog, "b/0.parquet", 5)
    return catalog


def put(catalog: Catalog, name: str, rows: int) -> Path:
    file = Path(catalog.lake).parent / name
    write_parquet(file, pl.DataFrame({"url": [f"https://example.org/{n}.jpg" for n in range(rows)]}))
    return file


def look(catalog: Catalog, instance: dg.DagsterInstance) -> tuple[Discovery, list[str | None]]:
    """As the sensor does: discover, add partitions, tell Dagster. Returns the shards that it was told of."""
    with new_reader() as reader:
        found = discover(catalog, Lake(catalog.lake), reader)
    add_partitions(instance, found)
    events = file_events(instance, found, catalog)
    for event in events:
        instance.report_runless_asset_event(event)
    return found, [event.partition for event in events]


def rows(found: Discovery) -> dict[str, int]:
    return dict(found.shards.select("shard", "rows").iter_rows())


def states(found: Discovery) -> dict[str, str]:
    return dict(found.shards.select("shard", "state").iter_rows())


def test_files_are_cut_into_shards_that_dagster_knows(catalog: Catalog, instance: dg.DagsterInstance) -> None:
    found, told = look(catalog, instance)
    assert rows(found) == {"a-00000": 10, "a-00001": 10, "a-00002": 5, "b-00000": 5}
    assert found.problems == []
    assert told == list(rows(found))
    assert sorted(instance.get_dynamic_partitions("shard")) == told


def test_a_second_look_finds_nothing_new(catalog: Catalog, instance: dg.DagsterInstance) -> None:
    look(catalog, instance)
    found, told = look(catalog, instance)
    assert found.changed == told == found.problems == []


def test_another_instance_learns_of_all_shards_though_the_lake_knows_them(catalog: Catalog) -> None:
    for _ in range(2):
        with dg.DagsterInstance.ephemeral() as instance:
            found, told = look(catalog, instance)
            assert told == list(rows(found))


def test_a_changed_file_is_told_for_its_shards_alone(catalog: Catalog, instance: dg.DagsterInstance) -> None:
    look(catalog, instance)
    write_parquet(
        Path(catalog.lake).parent / "b/0.parquet", pl.DataFrame({"url": ["https://example.org/other.jpg"] * 5})
    )
    found, told = look(catalog, instance)
    assert told == found.changed == ["b-00000"]


def test_a_file_that_grew_fills_its_last_shard_and_gets_another(catalog: Catalog, instance: dg.DagsterInstance) -> None:
    look(catalog, instance)
    put(catalog, "a/0.parquet", 42)
    found, told = look(catalog, instance)
    assert rows(found) == {"a-00000": 10, "a-00001": 10, "a-00002": 10, "a-00003": 10, "a-00004": 2, "b-00000": 5}
    assert told == [f"a-{n:05d}" for n in range(5)]


def test_a_file_that_vanished_is_said_and_keeps_its_shards(catalog: Catalog, instance: dg.DagsterInstance) -> None:
    look(catalog, instance)
    file = Path(catalog.lake).parent / "b/0.parquet"
    file.unlink()
    found, _ = look(catalog, instance)
    assert found.problems == [f"source b: {file} has vanished; its shards stay as they were: b-00000"]
    assert states(found)["b-00000"] == "vanished"
    with pytest.raises(LakeError, match=r"b/0\.parquet"):
        shard_plan(Lake(catalog.lake), "b-00000")
    put(catalog, "b/0.parquet", 5)
    found, _ = look(catalog, instance)
    assert found.problems == []
    assert states(found)["b-00000"] == "present"


def test_a_file_that_cannot_be_read_is_said_and_stops_no_other(catalog: Catalog, instance: dg.DagsterInstance) -> None:
    bad = put(catalog, "a/1.parquet", 3)
    bad.write_bytes(b"PAR1")
    found, told = look(catalog, instance)
    assert len(found.problems) == 1
    assert found.problems[0].startswith(f"source a: {bad}: cannot be read as parquet")
    assert states(found) == {
        "a-00000": "present",
        "a-00001": "present",
        "a-00002": "present",
        "a-00003": "unreadable",
        "b-00000": "present",
    }
    assert "a-00003" not in told
    with pytest.raises(LakeError, match="cannot be read"):
        shard_plan(Lake(catalog.lake), "a-00003")


def test_a_source_that_cannot_be_listed_keeps_its_shards(
    catalog: Catalog, instance: dg.DagsterInstance, s3_root: str
) -> None:
    look(catalog, instance)
    away = catalog.sources[1].model_copy(update={"paths": [f"{s3_root}-missing/*.parquet"]})
    moved = catalog.model_copy(update={"sources": [catalog.sources[0], away]})
    found, told = look(moved, instance)
    assert [problem[:10] for problem in found.problems] == ["source b: "]
    assert "-missing" in found.problems[0]
    assert rows(found)["b-00000"] == 5
    assert told == []


def test_a_source_without_files_is_said(catalog: Catalog, instance: dg.DagsterInstance) -> None:
    none = catalog.sources[1].model_copy(update={"paths": ["/nowhere/*.parquet"]})
    found, _ = look(catalog.model_copy(update={"sources": [none]}), instance)
    assert "source b: no file matches /nowhere/*.parquet; check `paths` in the catalog" in found.problems


def test_a_shard_that_nobody_planned_is_one_clear_error(catalog: Catalog) -> None:
    with pytest.raises(LakeError, match="run `imgtext build` or the shard sensor"):
        shard_plan(Lake(catalog.lake), "a-00099")


def test_a_project_that_moves_keeps_its_shards(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Paths that are relative in the catalog stay so in the plan; those that are not, stay absolute."""
    elsewhere = tmp_path / "elsewhere.parquet"
    write_parquet(elsewhere, pl.DataFrame({"url": ["https://example.org/1.jpg"]}))
    here, there = tmp_path / "here", tmp_path / "there"
    write_parquet(here / "lists/0.parquet", pl.DataFrame({"url": ["https://example.org/0.jpg"] * 3}))
    sources = [{"name": "a", "paths": "lists/*.parquet"}, {"name": "b", "paths": str(elsewhere)}]
    (here / "catalog.yaml").write_text(yaml.safe_dump({"sources": sources}))
    found, _ = look(load_catalog(here / "catalog.yaml"), instance)
    assert found.shards["source_file"].to_list() == ["lists/0.parquet", str(elsewhere)]
    here.rename(there)
    found, told = look(load_catalog(there / "catalog.yaml"), instance)
    assert (found.changed, told, found.problems) == ([], [], [])


def test_whether_the_first_line_is_a_header_counts_the_rows_anew(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    (tmp_path / "list.csv").write_text("https://example.org/1.jpg\nhttps://example.org/2.jpg\n")

    def seen(**more: object) -> dict[str, int]:
        source = {"name": "a", "format": "table", "paths": "list.csv", "columns": {"url": "column_1"}, **more}
        (tmp_path / "catalog.yaml").write_text(yaml.safe_dump({"sources": [source]}))
        return rows(look(load_catalog(tmp_path / "catalog.yaml"), instance)[0])

    assert seen() == {"a-00000": 1}
    assert seen(header=False) == {"a-00000": 2}
    assert seen() == {"a-00000": 1}


def test_another_path_changes_nothing_for_the_files_of_the_first(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Even where one is relative and the other is not, and where the folder's name looks like a glob."""
    here = tmp_path / "set [v2]"
    write_parquet(here / "a/0.parquet", pl.DataFrame({"url": ["https://example.org/0.jpg"]}))
    write_parquet(tmp_path / "b/0.parquet", pl.DataFrame({"url": ["https://example.org/1.jpg"]}))

    def seen(*paths: str) -> Discovery:
        (here / "catalog.yaml").write_text(yaml.safe_dump({"sources": [{"name": "a", "paths": list(paths)}]}))
        return look(load_catalog(here / "catalog.yaml"), instance)[0]

    first = seen("a/*.parquet")
    both = seen("a/*.parquet", str(tmp_path / "b/*.parquet"), f"{tmp_path}/set [[]v2]/a/*.parquet")
    assert both.problems == []
    assert both.changed == ["a-00001"]
    assert both.shards.head(1).equals(first.shards)


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "no file matches {}"), ("url,caption\n", "no rows in {}"), ("", "no rows in {}")],
)
def test_a_source_without_rows_says_whether_there_is_a_file(
    tmp_path: Path, instance: dg.DagsterInstance, text: str | None, said: str
) -> None:
    file = tmp_path / "list.csv"
    if text is not None:
        file.write_text(text)
    (tmp_path / "catalog.yaml").write_text(yaml.safe_dump({"sources": [{"name": "a", "paths": "list.csv"}]}))
    found, _ = look(load_catalog(tmp_path / "catalog.yaml"), instance)
    assert found.problems[0].startswith(f"source a: {said.format(file)}")
