"""The catalog: small when nothing is special, and a mistake gets the file, the key and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgtext_assets.catalog import Catalog, CatalogError, FetchSettings, digest, load_catalog

WHOLE = """\
lake: data/lake
sources:
  - {name: pd12m, format: pd12m, paths: "metadata/*.parquet"}
fetch:
  contact: data@example.org
  allow_networks: [127.0.0.0/8]
"""
ONE = "sources: [{name: a, format: laion400m, paths: a.parquet}]\n"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMGTEXT_CATALOG", "IMGTEXT_LAKE"):
        monkeypatch.delenv(name, raising=False)


def write(folder: Path, text: str) -> Path:
    file = folder / "catalog.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_lake_a_source_and_a_contact_are_a_whole_catalog(tmp_path: Path) -> None:
    catalog = load_catalog(write(tmp_path, WHOLE))
    assert catalog.lake == str(tmp_path / "data/lake")
    assert [catalog.place(path) for path in catalog.sources[0].paths] == [str(tmp_path / "metadata/*.parquet")]
    assert catalog.shard_rows == 100_000
    assert (catalog.policy.duplicates.radius, catalog.policy.resolution.min_width) == (6, 256)
    assert catalog.policy.resolution.max_aspect_ratio == 3
    assert "data@example.org" in catalog.fetch.user_agent


def test_the_samples_catalog_loads() -> None:
    catalog = load_catalog(Path(__file__).parents[1] / "data" / "catalog.yaml")
    assert [source.name for source in catalog.sources] == [
        "pd12m", "megalith", "laion400m", "aesthetics", "datacomp", "museum", "flickr",
    ]  # fmt: skip


def test_private_networks_are_refused_unless_named() -> None:
    assert FetchSettings().allow_networks == []


@pytest.mark.parametrize(
    "path", ["s3://bucket/*.parquet", "hf://datasets/a/b/*.parquet", "https://example.org/a.parquet"]
)
def test_addresses_stay_as_they_are(tmp_path: Path, path: str) -> None:
    text = f"lake: s3://bucket/lake\nsources: [{{name: a, format: laion400m, paths: '{path}'}}]\n"
    catalog = load_catalog(write(tmp_path, text))
    assert (catalog.lake, catalog.sources[0].paths) == ("s3://bucket/lake", [path])


def test_the_environment_names_catalog_and_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGTEXT_CATALOG", str(write(tmp_path, ONE)))
    assert load_catalog().lake == str(tmp_path / "lake")
    monkeypatch.setenv("IMGTEXT_LAKE", "s3://bucket/other")
    assert load_catalog().lake == "s3://bucket/other"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMGTEXT_LAKE", "here")
    assert load_catalog().lake == str(tmp_path / "here")


MISTAKES = {
    "no sources": ("lake: lake", "`sources`", "required"),
    "empty sources": ("sources: []", "`sources`", "at least 1"),
    "an unknown key": (ONE + "polciy: {}", "`polciy`", "no such key"),
    "an unknown key inside": (ONE + "policy: {licenses: {alow: []}}", "`policy.licenses.alow`", "no such key"),
    "an unknown format": ("sources: [{name: a, format: csv, paths: a}]", "`sources.0.format`", "'pd12m'"),
    "a name that is no key": ("sources: [{name: A B, format: laion400m, paths: a}]", "`sources.0.name`", "pattern"),
    "a name given twice": (
        "sources: [{name: a, format: laion400m, paths: a}, {name: a, format: laion400m, paths: b}]",
        "`sources`",
        "twice: a",
    ),
    "a path of another kind": (
        "sources: [{name: a, format: laion400m, paths: 'ftp://x/a'}]",
        "`sources.0.paths`",
        "s3://, hf:// or https://",
    ),
    "no network": (ONE + "fetch: {allow_networks: [localhost]}", "`fetch.allow_networks`", "localhost"),
    "a radius too large": (ONE + "policy: {duplicates: {radius: 20}}", "`policy.duplicates.radius`", "found 20"),
    "a word for a number": (ONE + "shard_rows: many", "`shard_rows`", "found 'many'"),
    "a list for a table": ("- sources", "expected keys", "list"),
    "no address": (ONE + "engine: {cluster: 'scheduler:8786'}", "`engine.cluster`", "as in tcp://scheduler:8786"),
    "no YAML": ("sources: [", "cannot be read as YAML", ""),
    "nothing": ("", "expected keys", ""),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_names_the_file_the_key_and_what_was_expected(tmp_path: Path, case: str) -> None:
    text, key, expected = MISTAKES[case]
    file = write(tmp_path, text)
    with pytest.raises(CatalogError) as error:
        load_catalog(file)
    said = str(error.value)
    assert said.startswith(f"{file}: ")
    assert key in said
    assert expected in said
    assert "\n" not in said


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as error:
        load_catalog(write(tmp_path, "sources: [{name: a, format: csv, paths: a}]\nshard_rows: 0\nmore: 1"))
    assert all(key in str(error.value) for key in ("`sources.0.format`", "`shard_rows`", "`more`"))


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.yaml", "no such catalog"), (tmp_path, "cannot be read")):
        with pytest.raises(CatalogError, match=said):
            load_catalog(path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogError, match="cannot be read as YAML"):
        load_catalog(tmp_path / "binary.yaml")


def test_yaml_cannot_run_code(tmp_path: Path) -> None:
    with pytest.raises(CatalogError):
        load_catalog(write(tmp_path, f"sources: !!python/object/apply:os.mkdir ['{tmp_path}/made']"))
    assert not (tmp_path / "made").exists()


def test_a_digest_changes_with_any_setting() -> None:
    catalog = Catalog.model_validate({"sources": [{"name": "a", "format": "laion400m", "paths": "a"}]})
    other = catalog.policy.duplicates.model_copy(update={"radius": 5})
    assert digest(catalog.policy.duplicates) == digest(catalog.policy.duplicates) != digest(other)


def test_the_first_limit_that_matches_a_host_holds() -> None:
    settings = FetchSettings.model_validate(
        {"hosts": [{"match": "*.staticflickr.com", "concurrency": 2}, {"match": "*", "concurrency": 9}]}
    )
    assert settings.limits("live.staticflickr.com").concurrency == 2
    assert settings.limits("example.org").concurrency == 9
    assert FetchSettings().limits("example.org").concurrency == 4
