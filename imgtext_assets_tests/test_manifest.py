"""A manifest may be anybody's: what could harm is refused in one line, whatever else it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.manifest import MAX_MANIFEST, ManifestError, parse_manifest, read_manifest

FILE = {"bytes": 3, "sha256": "ab" * 32}


def text(files: Any, **more: Any) -> bytes:
    return json.dumps({"version": "2026.11.0", "rows": 0, "files": files} | more).encode()


def refusal(data: bytes) -> str:
    with pytest.raises(ManifestError) as told:
        parse_manifest(data, "https://a.example/manifest.json")
    said = str(told.value)
    assert said.startswith("https://a.example/manifest.json: ")
    assert said.isprintable()  # one line, and nothing that a terminal would obey
    assert len(said) < 600
    return said


def test_what_a_release_says_of_its_files() -> None:
    said = text({"metadata/a.000.parquet": FILE | {"rows": 7}, "README.md": FILE, "LICENSE": FILE}, name="a", rows=7)
    manifest = parse_manifest(said, "here")
    assert manifest.version == "2026.11.0"
    assert (manifest.rows, manifest.said["name"]) == (7, "a")
    assert manifest.files["metadata/a.000.parquet"].rows == 7
    assert manifest.files["README.md"].rows is None
    assert manifest.total == len(said) + 9


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "metadata/../../x",
        "/etc/passwd",
        "a//b",
        "./a",
        "a/.",
        "",
        "a/",
        ".ssh/authorized_keys",
        "metadata/.hidden",
        "~/x",
        "a\\b",
        "C:x",
        "a\0b",
        "a\nb",
        "a b",
        "-rf",
        "ä",
        "x" * 201,
        "/".join("abcdefghi"),
        "\x1b[2Jx",
        "\u202eparquet",
    ],
)
def test_names_that_lead_elsewhere_or_deceive_are_refused(path: str) -> None:
    assert "no file of a release is called so" in refusal(text({path: FILE}))


@pytest.mark.parametrize(
    "paths", [("a", "A"), ("a/b", "a"), ("a", "a/b/c"), ("A/b", "a"), ("manifest.json",), ("Manifest.JSON",)]
)
def test_names_that_clash_are_refused(paths: tuple[str, ...]) -> None:
    assert "refused" in refusal(text(dict.fromkeys(paths, FILE)))


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"bytes": -1, "sha256": "ab" * 32},
        {"bytes": 2**63, "sha256": "ab" * 32},
        {"bytes": 1e3, "sha256": "ab" * 32},
        {"bytes": True, "sha256": "ab" * 32},
        {"bytes": "3", "sha256": "ab" * 32},
        {"bytes": 3, "sha256": "AB" * 32},
        {"bytes": 3, "sha256": "ab" * 32 + "\n"},
        {"bytes": 3, "sha256": "ab" * 32, "rows": -1},
        [],
        None,
    ],
)
def test_facts_that_are_none_are_refused(facts: Any) -> None:
    assert "a.parquet" in refusal(text({"a.parquet": facts}))


def test_rows_that_are_not_said_are_missed() -> None:
    assert "a.parquet: its number of rows is missing" in refusal(text({"a.parquet": FILE}))


@pytest.mark.parametrize("rows", [-1, 1.5, True, "7", None])
def test_a_number_of_rows_that_is_none_is_refused(rows: Any) -> None:
    assert "no number of rows" in refusal(text({}, rows=rows))


def test_a_manifest_that_no_release_can_have_is_not_read() -> None:
    assert "refused" in refusal(b" " * (MAX_MANIFEST + 1))


def test_a_folder_without_one_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="so it is no release"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("version", ["../1.2.3", "2026.11", "", None, 7, "2026.11.0\n", "٢٠٢٦.11.0", "\x1b[31m"])
def test_versions_that_are_none_are_refused(version: Any) -> None:
    assert "no version" in refusal(text({}, version=version))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"{}",
        b'{"version": "2026.11.0"}',
        b'{"version": "2026.11.0", "files": {}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"version": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda data: data[:16].decode("latin-1"),
)
def test_what_is_no_manifest_is_said_to_be_none(data: bytes) -> None:
    assert "no manifest of a release" in refusal(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda s: (
            st.dictionaries(
                st.sampled_from(["version", "files", "bytes", "sha256", "rows", "a", "../b"]) | st.text(), s
            )
            | st.lists(s)
        ),
    )
)
def test_whatever_json_it_is_it_is_a_manifest_or_refused(content: Any) -> None:
    try:
        manifest = parse_manifest(json.dumps(content).encode(), "here")
    except ManifestError:
        return
    assert all(not path.startswith("/") and ".." not in path.split("/") for path in manifest.files)
