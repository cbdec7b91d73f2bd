"""A release's Croissant file: valid, complete, and loaded by MLCommons' own library."""

from __future__ import annotations

import json
from pathlib import Path

import mlcroissant
import polars as pl
import pytest

from imgtext_assets import tables
from imgtext_assets.publish import release_rows, write_release
from imgtext_assets_tests.publish.rows import FUNNEL, catalog, verified

INPUTS = {"a": {"version": "1f" * 8, "files": [{"file": "a.parquet", "version": "1", "rows": 30, "state": "present"}]}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    rows = pl.concat([verified(range(25)), verified(range(3), source="b", similarity=0.25)])
    write_release(
        folder,
        release_rows(rows),
        version="2026.9.3",
        catalog=catalog(rows_per_file=10),
        funnel=FUNNEL,
        origin={"inputs": INPUTS},
    )
    return folder


@pytest.fixture(scope="module")
def said(folder: Path) -> dict:
    return json.loads((folder / "croissant.json").read_text(encoding="utf-8"))


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated", "ignore:The inplace keyword")
def test_mlcroissant_finds_nothing_wrong_and_loads_every_row(folder: Path) -> None:
    dataset = mlcroissant.Dataset(folder / "croissant.json")  # raises where it is not valid
    issues = dataset.metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())
    found = [{name.removeprefix("pairs/"): value for name, value in row.items()} for row in dataset.records("pairs")]
    rows = pl.read_parquet(folder / "metadata/*.parquet")
    assert len(found) == rows.height == 28
    assert {tuple(row) for row in found} == {tuple(rows.columns)}
    texts = [{name: v.decode() if isinstance(v, bytes) else v for name, v in row.items()} for row in found]
    for name in ("id", "source", "url", "caption", "sha256", "width", "similarity", "retrieved_at"):
        assert [row[name] for row in texts] == rows[name].to_list(), name


def test_every_other_file_is_listed_with_its_hash(folder: Path, said: dict) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    listed = {one["@id"]: one["sha256"] for one in said["distribution"] if one["@type"] == "cr:FileObject"}
    assert listed == {name: facts["sha256"] for name, facts in manifest["files"].items() if name != "croissant.json"}
    assert "croissant.json" in manifest["files"]


def test_sources_are_named_in_terms_of_prov_o(said: dict) -> None:
    sources = {entity["sc:name"]: entity for entity in said["prov:wasDerivedFrom"]}
    assert sources.keys() == {"a", "b"}
    assert sources["a"]["sc:version"] == "1f" * 8
    (rows,) = said["recordSet"]
    assert [one["@id"] for one in rows["prov:wasDerivedFrom"]] == [sources[name]["@id"] for name in ("a", "b")]
    assert rows["sc:license"] == ["https://creativecommons.org/publicdomain/zero/1.0/"]
    assert [field["name"] for field in rows["field"]] == tables.RELEASE.schema.names()


def test_no_clock_is_read_for_its_date(said: dict) -> None:
    assert (said["version"], said["datePublished"]) == ("2026.9.3", "2026-09-01")
    assert said["license"] == "https://spdx.org/licenses/CDLA-Permissive-2.0"
