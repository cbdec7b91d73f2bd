"""docs/catalog.md names every key of the catalog with its default, and the catalogs in the docs can be loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from imgtext_assets.catalog import Catalog, Format, load_catalog
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.rights.licenses import GROUPS
from imgtext_assets.sources.formats import READERS
from imgtext_assets_tests.docs.markdown import DOCS, blocks, table_rows

PAGE = DOCS / "catalog.md"


def test_every_key_is_there_with_its_default() -> None:
    said = {row[0].strip("`"): row[1].strip("`") for row in table_rows(PAGE) if len(row) == 3}
    formats = {"auto", *READERS}
    assert {key: default for key, default in said.items() if key not in formats} == dict(keys(Catalog))


def test_every_format_is_there() -> None:
    assert {"auto", *READERS} == {*get_args(Format)} <= {row[0].strip("`") for row in table_rows(PAGE)}


def test_every_group_of_licences_is_on_the_page_that_it_links_to() -> None:
    assert "(licenses.md)" in PAGE.read_text(encoding="utf-8")
    text = (DOCS / "licenses.md").read_text(encoding="utf-8")
    assert [group for group in GROUPS if f"`{group}`" not in text] == []


CHANGES = {
    "policy.licenses`, `policy.captions` or a source's own": {"policy": {"captions": {"min_characters": 5}}},
    "policy.licenses.stated_claims": {"policy": {"licenses": {"stated_claims": "ignore"}}},
    "policy.consent` of hosts": {"policy": {"consent": {"robots_txt": False}}},
    "policy.consent.data_mining": {"policy": {"consent": {"data_mining": False}}},
    "policy.duplicates": {"policy": {"duplicates": {"radius": 5}}},
    "policy.resolution": {"policy": {"resolution": {"min_width": 300}}},
    "policy.drift`, `policy.animated": {"policy": {"drift": {"unknown": "review"}, "animated": "reject"}},
    "policy.drift.placeholder_links": {"policy": {"drift": {"placeholder_links": 3}}},
    "pictures": {"pictures": {"max_pixels": 1}},
    "engine": {"engine": {"cluster": "tcp://scheduler:8786"}},
    "policy.links": {"policy": {"links": {"dead": "drop"}}},
    "links`, what is dead": {"links": {"dead_days": 15}},
    "links`, how they are asked": {"links": {"requests": 5}},
    "release": {"release": {"name": "other"}},
    "fetch`, what may be had": {"fetch": {"max_bytes": 5}},
    "fetch`, how it is asked": {"fetch": {"attempts": 5}},
    "sources[].name` (or another source)": {"sources": [{"name": "b", "format": "table", "paths": "a"}]},
}


@pytest.mark.parametrize("changed", CHANGES)
def test_what_a_change_rebuilds_is_so(changed: str) -> None:
    sources = [{"name": "a", "format": "table", "paths": "a"}]
    before, after = (
        code_versions(Catalog.model_validate({"sources": sources} | more)) for more in ({}, CHANGES[changed])
    )
    (said,) = [row[1] for row in table_rows(PAGE) if len(row) == 2 and row[0].strip("`") == changed]
    assert {asset for asset in before if before[asset] != after[asset]} == {
        name for name in before if f"`{name}`" in said
    }


def test_the_catalog_for_the_hub_loads() -> None:
    catalog = load_catalog(DOCS / "catalog-hub.yaml")
    assert [source.format for source in catalog.sources] == ["pd12m", "megalith", "laion5b"]
    assert all(path.startswith("hf://datasets/") for source in catalog.sources for path in source.paths)


@pytest.mark.parametrize("page", ["catalog.md", "deployment.md", "how-to.md"])
def test_pieces_of_catalogs_in_the_docs_are_valid(page: str, tmp_path: Path) -> None:
    pieces = [yaml.safe_load(block.text) for block in blocks(DOCS / page) if block.language == "yaml"]
    of_dagster = "postgres"  # dagster.yaml has a key `storage`, too
    catalogs = [
        piece
        for piece in pieces
        if piece.keys() <= Catalog.model_fields.keys() and of_dagster not in piece.get("storage", {})
    ]
    assert catalogs
    for piece in catalogs:
        (tmp_path / "catalog.yaml").write_text(
            yaml.safe_dump({"sources": [{"name": "a", "format": "table", "paths": "a"}]} | piece)
        )
        load_catalog(tmp_path / "catalog.yaml")


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each key of the model and of those within it, with its default as JSON."""
    for name, field in model.model_fields.items():
        key = prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation, f"{key}.")
            continue
        yield key, "required" if field.is_required() else json.dumps(to_jsonable_python(field.get_default()))
        if get_origin(field.annotation) is list:  # a source's own policy has the keys of the one of all
            for inner in get_args(field.annotation):
                if isinstance(inner, type) and issubclass(inner, BaseModel):
                    yield from keys(inner, f"{key}[].")
