"""What the UI shows of the clusters, and what its checks warn of, on a real instance and a real lake."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from markdown_it import MarkdownIt
from PIL import Image

from imgtext_assets.defs.build import build_defs
from imgtext_assets.defs.clusters import cluster_figures, largest_pictured
from imgtext_assets.defs.io import LakeIOManager
from imgtext_assets.pictures.contact_sheet import SIDE
from imgtext_assets.tables import DUPLICATE_CLUSTERS, FINGERPRINTS
from imgtext_assets_tests.defs.world import World, engine_with

CLUSTERS = dg.AssetKey("duplicate_clusters")
HOSTILE = "![x](http://127.0.0.1/x.png) [y](javascript:z) <img src=http://127.0.0.1/y.png> | **b** \u202e"


@pytest.fixture
def branch(built: World, tmp_path: Path) -> World:
    return built.branch(tmp_path)


def shown(world: World) -> dict[str, Any]:
    """The metadata that the UI has of the clusters as they were last made."""
    event = world.instance.get_latest_materialization_event(CLUSTERS)
    assert event is not None
    assert event.asset_materialization is not None
    given = event.asset_materialization.metadata
    tables = {name: value.records for name, value in given.items() if isinstance(value, dg.TableMetadataValue)}
    numbers = {name: value.value for name, value in given.items() if name not in tables}
    return numbers | {name: [dict(record.data) for record in records] for name, records in tables.items()}


class Growing(LakeIOManager):
    """Writes every row of a cluster once more than there is, under another id."""

    def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
        more = obj.drop_nulls("rule").with_columns(id=pl.format("{}-again", "id"))
        super().handle_output(context, pl.concat([obj, more]))


def clustered(world: World, manager: type[LakeIOManager] = LakeIOManager) -> dict[str, dg.AssetCheckEvaluation]:
    """Make the clusters anew; its checks by name. The run succeeds."""
    lake = world.project.lake
    defs = build_defs(world.catalog, lake=lake, lake_tables=manager(lake))
    result = defs.resolve_job_def("cluster").execute_in_process(
        instance=world.instance,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=False,
    )
    assert result.success
    return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


def pictured(world: World, clusters: pl.DataFrame, fingerprints: pl.DataFrame) -> str:
    """The largest clusters as markdown."""
    settings = world.catalog.pictures
    engine = engine_with(settings.workers, settings.decode_memory, settings.decode_seconds)
    metadata = largest_pictured(clusters.lazy(), fingerprints.lazy(), world.project.lake, engine, settings)
    return metadata["largest_clusters"].value


def images(markdown: str) -> list[Image.Image]:
    """The pictures of a markdown text, which has them in itself."""
    found = [token for line in MarkdownIt().parse(markdown) for token in line.children or () if token.type == "image"]
    sources = [str(token.attrs["src"]) for token in found]
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    return [Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) for source in sources]


def test_a_build_leaves_the_figures_and_passes_the_checks(built: World) -> None:
    clusters, metadata = built.table("duplicate_clusters"), shown(built)
    repeats = clusters.filter(pl.col("rule").is_not_null() & pl.col("keeper_id").is_not_null())
    kept = repeats.select("keeper_id", "keeper_shard").n_unique()
    assert metadata["summary"].startswith(f"{repeats.height} rows repeat {kept} that are kept (")
    assert (metadata["repeats"], metadata["clusters"]) == (repeats.height, kept)

    sizes, pairs = metadata["cluster_sizes"], metadata["by_source_pair"]
    assert sum(row["clusters"] for row in sizes) == kept
    assert sum(row["rows_in_all"] for row in sizes) == repeats.height + kept
    assert sum(row["repeats"] for row in pairs) == repeats.height
    near = repeats.drop_nulls("distance")
    assert {(row["rule"], row["distance"]): row["pairs"] for row in metadata["pairs_by_distance"]} == {
        (rule, distance): count for rule, distance, count in near.group_by("rule", "distance").len().iter_rows()
    }
    by_source = {row["source"]: row for row in metadata["by_source"]}
    for source, rows in built.table("fingerprints").group_by("source").len().iter_rows():
        assert by_source[source]["rows"] == rows
        assert by_source[source]["repeats"] == repeats.filter(source=source).height

    checks = built.instance.get_latest_asset_check_evaluation_record  # as the UI asks
    for name in ("cluster_sizes", "one_hasher"):
        assert (record := checks(dg.AssetCheckKey(CLUSTERS, name)))
        assert record.event
        assert record.event.dagster_event
        assert record.event.dagster_event.asset_check_evaluation_data.passed


def test_the_largest_clusters_are_rows_of_thumbnails(built: World) -> None:
    metadata = shown(built)
    sheets = images(metadata["largest_clusters"])
    assert len(sheets) == min(10, metadata["clusters"])
    for sheet in sheets:
        assert sheet.height == SIDE
        assert sheet.width % SIDE == 0
    assert max(sheet.width for sheet in sheets) >= 2 * SIDE
    sizes = [int(size) for size in re.findall(r"^\*\*(\d+) rows\*\*", metadata["largest_clusters"], re.MULTILINE)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == len(sheets)


def test_a_picture_that_is_gone_from_the_store_is_left_out(branch: World) -> None:
    clusters, fingerprints = branch.table("duplicate_clusters"), branch.table("fingerprints")
    before = images(pictured(branch, clusters, fingerprints))
    keepers = clusters.filter(pl.col("rule").is_null()).join(fingerprints, on=["shard", "id"])["fingerprint_sha256"]
    for sha256 in keepers.drop_nulls().unique():
        (Path(branch.catalog.lake) / f"blobs/sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}").unlink()
    after = pictured(branch, clusters, fingerprints)
    assert sum(sheet.width for sheet in images(after)) < sum(sheet.width for sheet in before)
    assert after.count(" rows**") == len(before)


def test_hostile_texts_stay_texts(built: World) -> None:
    clusters, fingerprints = built.table("duplicate_clusters"), built.table("fingerprints")
    one = clusters.filter(rule="near_duplicate")["cluster_id"][0]
    renamed = {"id": HOSTILE, "cluster_id": HOSTILE, "keeper_id": HOSTILE}
    evil = clusters.filter(cluster_id=one).with_columns(
        pl.when(pl.col(name) == one).then(pl.lit(text)).otherwise(name).alias(name) for name, text in renamed.items()
    )
    markdown = pictured(built, evil, fingerprints.with_columns(pl.col("id").replace({one: HOSTILE})))
    assert len(images(markdown)) == 1
    tokens = [
        token for line in MarkdownIt("commonmark").enable("table").parse(markdown) for token in line.children or ()
    ]
    assert {token.type for token in tokens} <= {"text", "strong_open", "strong_close", "image", "softbreak"}
    assert [token.type for token in tokens].count("strong_open") == 1
    texts = "".join(token.content for token in tokens if token.type == "text")
    assert "![x](http://127.0.0.1/x.png)" in texts
    assert "\u202e" not in markdown


def test_rules_and_sources_come_from_the_table_whatever_they_are() -> None:
    rows = [
        {"shard": "a-0", "id": "1", "source": "a", "cluster_id": "1", "keeper_id": "1", "keeper_shard": "a-0"},
        {"shard": "b-0", "id": "2", "source": "b", "cluster_id": "1", "keeper_id": "1", "keeper_shard": "a-0"}
        | {"rule": "mirrored", "distance": 4, "distance256": 20},
        {"shard": "b-0", "id": "3", "source": "b", "cluster_id": "3", "keeper_id": "3", "keeper_shard": "b-0"}
        | {"mirror_of": "1 (a-0)"},
        {"shard": "b-0", "id": "4", "source": "b", "cluster_id": "excluded:evaluation", "rule": "excluded"},
        {"shard": "b-0", "id": "5", "source": "b", "cluster_id": "placeholder:x:1", "rule": "placeholder"},
    ]
    clusters = DUPLICATE_CLUSTERS.conform(pl.LazyFrame(rows, infer_schema_length=None))
    flat = pl.col("id") == "5"
    fingerprints = FINGERPRINTS.conform(clusters.select("id", "source", "shard", low_information=flat))
    metadata = cluster_figures(clusters, fingerprints)
    assert metadata["summary"] == (
        "1 rows repeat 1 that are kept (mirrored 1); 1 are mirror images and kept; 1 are on 1 lists; "
        "1 show 1 placeholders of hosts; 1 pictures are too flat to be compared but by their bytes"
    )
    counted = ("repeats", "mirrored", "mirror_images", "excluded", "placeholders", "low_information")
    assert {name: metadata[name] for name in counted} == dict.fromkeys(counted, 1)


def test_of_nothing_there_are_no_pictures(built: World) -> None:
    none = DUPLICATE_CLUSTERS.conform(pl.LazyFrame())
    assert largest_pictured(none, none, built.project.lake, engine_with(1, 2**30, 10), built.catalog.pictures) == {}
    assert cluster_figures(none, FINGERPRINTS.conform(pl.LazyFrame()))["summary"] == "no repeats"


def test_a_cluster_over_the_policys_size_is_a_warning(branch: World) -> None:
    sizes = clustered(branch.settings(policy={"duplicates": {"suspicious_size": 2}}), Growing)["cluster_sizes"]
    assert (sizes.passed, sizes.severity) == (False, dg.AssetCheckSeverity.WARN)
    largest = sizes.metadata["largest"].value
    assert isinstance(largest, int)
    assert f"| {largest} |" in str(sizes.metadata["suspicious_clusters"].value)
    for limit in (largest, None):
        catalog = branch.settings(policy={"duplicates": {"suspicious_size": limit}})
        assert clustered(catalog, Growing)["cluster_sizes"].passed


@pytest.mark.parametrize("other", ["Pillow 1.0", None])
def test_hashes_by_several_versions_of_pillow_are_a_warning(branch: World, other: str | None) -> None:
    tables, shard = branch.project.lake.tables, "pd12m-00000"
    fingerprints = tables.scan("fingerprints", FINGERPRINTS.schema, [shard]).collect()
    tables.write("fingerprints", fingerprints.with_columns(fingerprint_by=pl.lit(other, pl.String)), shard)
    told = clustered(branch)["one_hasher"]
    assert (told.passed, told.severity) == (False, dg.AssetCheckSeverity.WARN)
    said = str(told.metadata["hashed_by"].value).replace("\\", "")
    assert re.search(rf"\| {other or 'not recorded'} \| \d+ \| 1 \| {shard} \|", said)
