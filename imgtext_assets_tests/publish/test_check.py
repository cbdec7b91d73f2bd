"""Checking a release: nothing is said of one that is right, and every kind of damage is named.

Damage of two kinds: what happened to a copy, whose manifest is the old one; and what was made wrong from the start, so
that the manifest agrees with it (`resigned`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from imgtext_assets.catalog import ReleaseSettings
from imgtext_assets.manifest import ManifestError, read_manifest
from imgtext_assets.publish import as_stored, problems, write_formats, write_release
from imgtext_assets.publish.manifest import listed
from imgtext_assets.publish.tar import write_tar
from imgtext_assets.publish.withdrawn import row_name, salted
from imgtext_assets.sources import url_key
from imgtext_assets.tables import REMOVALS, REMOVED_HASHES
from imgtext_assets_tests.publish.copies import copies
from imgtext_assets_tests.publish.pictures import Store, pictured
from imgtext_assets_tests.publish.rows import FUNNEL, catalog

ROWS = 12
Members = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of 12 rows in files of 5, with both forms in archives of 5, one of them with copies."""
    folder, store = tmp_path_factory.mktemp("made"), Store()
    rows = pictured(store, ["JPEG", "PNG", "WEBP", "JPEG"] * 3)
    remake = copies(store, folder)
    settings = ReleaseSettings(formats=["webdataset", "laion400m"], pairs_per_tar=5)
    write_release(
        folder / "release",
        rows,
        version="2026.11.0",
        catalog=catalog(rows_per_file=5, formats=["webdataset", "laion400m"]),
        funnel=FUNNEL,
        formats=lambda into, written: write_formats(into, written, settings, as_stored(store.get), remake),
    )
    return folder / "release"


@pytest.fixture
def release(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "release")


def found(release: Path, removals: pl.LazyFrame | None = None) -> list[str]:
    return list(problems(release, url_key, removals))


def resigned(release: Path, **changes: Any) -> Path:
    """The same with a manifest that names the files as they are."""
    manifest = read_manifest(release)
    (release / "manifest.json").unlink()
    said = {**manifest.said, "files": listed(release)} | changes
    (release / "manifest.json").write_text(json.dumps(said))
    return release


def members(archive: Path) -> Members:
    with tarfile.open(archive) as opened:
        return [(one.name, opened.extractfile(one).read()) for one in opened]  # pyright: ignore[reportOptionalMemberAccess]


def rewrite(release: Path, name: str, change: Callable[[Members], Members]) -> Path:
    """The release with other members in one archive, and a manifest that agrees."""
    write_tar(release / name, change(members(release / name)))
    return resigned(release)


def replace(number: int, name: str | None = None, data: bytes | None = None) -> Callable[[Members], Members]:
    def change(all_of_it: Members) -> Members:
        old = all_of_it[number]
        all_of_it[number] = (name or old[0], old[1] if data is None else data)
        return all_of_it

    return change


def metadata(release: Path, number: int, change: Callable[[pl.DataFrame], pl.DataFrame], **changes: Any) -> Path:
    file = release / f"metadata/set.{number:03d}.parquet"
    change(pl.read_parquet(file)).write_parquet(file)
    return resigned(release, **changes)


def without_archives(release: Path) -> Path:
    for name in ("webdataset", "laion400m"):
        shutil.rmtree(release / name)
    return resigned(release, formats=[])


def test_nothing_is_said_of_a_release_that_is_right(release: Path) -> None:
    assert found(release) == []
    assert found(without_archives(release)) == []


def test_a_file_that_is_missing(release: Path) -> None:
    (release / "changes.parquet").unlink()
    assert found(release) == ["changes.parquet: missing"]


def test_a_file_that_nobody_listed(release: Path) -> None:
    (release / "metadata/set.003.parquet").write_bytes(b"")
    assert found(release) == ["metadata/set.003.parquet: not in manifest.json"]


@pytest.mark.parametrize("name", ["README.md", "croissant.json", "webdataset/00001.tar", "laion400m/00000.parquet"])
def test_a_byte_that_is_another(release: Path, name: str) -> None:
    data = bytearray((release / name).read_bytes())
    data[len(data) // 2] ^= 1
    (release / name).write_bytes(data)
    problem, *_ = found(release)
    assert problem.startswith(f"{name}: SHA-256 ")


@pytest.mark.parametrize("resign", [False, True])
def test_a_parquet_file_that_ends_too_soon(release: Path, resign: bool) -> None:
    file = release / "metadata/set.001.parquet"
    manifest, whole = read_manifest(release), file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    if resign:
        name = "metadata/set.001.parquet"
        file.write_bytes(whole[: len(whole) // 2] + whole[len(whole) // 2 :][::-1])
        facts = {"bytes": len(whole), "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "rows": 5}
        said = {**manifest.said, "files": manifest.said["files"] | {name: facts}}
        (release / "manifest.json").write_text(json.dumps(said))
    said = found(release)
    assert all(problem.startswith("metadata/set.001.parquet: ") for problem in said)
    assert "cannot be read" in said[-1]


def test_a_row_too_few(release: Path) -> None:
    said = found(metadata(release, 1, lambda rows: rows.head(4)))
    assert said[0] == "metadata: 11 rows in all, 12 expected"


def test_a_file_of_rows_that_was_left_out(release: Path) -> None:
    """PD12M once lacked a shard."""
    without_archives(release)
    (release / "metadata/set.001.parquet").unlink()
    said = found(resigned(release, rows=7, previous_rows=-5))
    assert said == ["metadata: expected set.000.parquet to set.001.parquet, found set.000.parquet, set.002.parquet"]


def test_counts_that_do_not_add_up(release: Path) -> None:
    said = found(resigned(release, previous_rows=3))
    assert said == ["manifest.json: 3 rows before and what changed since make 15, not 12"]


def test_a_column_that_is_missing(release: Path) -> None:
    for number in range(3):
        metadata(release, number, lambda rows: rows.drop("sha256", "license"))
    assert found(release) == ["metadata: columns are missing: license, sha256"]


def test_an_address_that_two_rows_have_in_other_spellings(release: Path) -> None:
    twice = pl.when(pl.col("id") == "000001").then(pl.lit("HTTPS://pictures.example:443/%39.jpg"))
    without_archives(release)
    said = found(metadata(release, 0, lambda rows: rows.with_columns(source_url=twice.otherwise("source_url"))))
    assert len(said) == 1
    assert said[0].startswith("metadata: 1 addresses there more than once, of a/")
    assert "a/000001" in said[0]
    assert "a/000009" in said[0]


def test_an_id_that_two_rows_have(release: Path) -> None:
    without_archives(release)
    said = found(metadata(release, 0, lambda rows: rows.with_columns(id=pl.lit("000007"))))
    assert said == [f"metadata: 1 ids there more than once, of {', '.join(['a/000007'] * 5)}"]


@pytest.mark.parametrize("kind", ["id", "url", "sha256"])
def test_a_row_that_the_release_itself_names_as_removed(release: Path, kind: str) -> None:
    rows = pl.read_parquet(release / "metadata/*.parquet")
    value = {"id": row_name(), "url": pl.col("source_url"), "sha256": pl.col("sha256")}[kind]
    hashes = rows.filter(id="000004").select(kind=pl.lit(kind), salt=pl.lit("5a"), hash=salted(value, kind, "5a"))
    REMOVED_HASHES.conform(hashes.lazy()).collect().write_parquet(release / "removals.parquet")
    assert found(resigned(release)) == [f"metadata: 1 row is removed by {kind}, such as a/000004"]


def test_hashes_of_a_kind_that_nobody_can_look_for_are_told(release: Path) -> None:
    hashes = pl.LazyFrame({"kind": ["look", "id"], "salt": "5a17", "hash": "00"})
    REMOVED_HASHES.conform(hashes).collect().write_parquet(release / "removals.parquet")
    assert found(resigned(release)) == [
        "removals.parquet: has hashes of a kind that is not known, and not looked for: look"
    ]


def test_rows_of_a_creator_that_a_tombstone_of_the_lake_names(made: Path) -> None:
    stone = {"kind": "creator", "value": " Ann\tEXAMPLE", "reason": "asked", "removed_at": datetime.now(UTC)}
    assert found(made, REMOVALS.conform(pl.LazyFrame([stone]))) == [
        "metadata: 12 rows are removed by creator, such as a/000000"
    ]


@pytest.mark.parametrize(("source", "is_it"), [(None, True), ("a", True), ("b", False)])
@pytest.mark.parametrize("kind", ["id", "url", "sha256"])
def test_a_row_that_a_tombstone_of_the_lake_names(made: Path, kind: str, source: str | None, is_it: bool) -> None:
    column = {"url": "source_url"}.get(kind, kind)
    value = pl.read_parquet(made / "metadata/*.parquet").filter(id="000004")[column].item()
    stone = {"kind": kind, "value": value, "source": source, "reason": "asked", "removed_at": datetime.now(UTC)}
    said = [f"metadata: 1 row is removed by {kind}, such as a/000004"] if is_it else []
    assert found(made, REMOVALS.conform(pl.LazyFrame([stone]))) == said


@pytest.mark.parametrize("form", ["webdataset", "laion400m"])
@pytest.mark.parametrize(
    ("which", "problem"), [(6, "0 pictures, 1 expected"), (7, "no .json"), (8, "no .txt")], ids=["jpg", "json", "txt"]
)
def test_a_member_that_an_archive_lacks(release: Path, form: str, which: int, problem: str) -> None:
    rewrite(release, f"{form}/00000.tar", lambda all_of_it: all_of_it[:which] + all_of_it[which + 1 :])
    assert found(release) == [f"{form}/00000.tar: 000000002: {problem}"]


def test_a_pair_that_an_archive_lacks(release: Path) -> None:
    rewrite(release, "laion400m/00002.tar", lambda all_of_it: all_of_it[:-3])
    rewrite(release, "webdataset/00002.tar", lambda all_of_it: all_of_it[:-3])
    assert found(release) == [
        "webdataset: 11 pairs, 12 expected",
        "laion400m/00002.tar: 1 pairs, 2 rows in 00002.parquet",
    ]


def test_a_stem_that_is_another_number(release: Path) -> None:
    """As where numbers run on from archive to archive: the builder would take another row's caption."""
    for archive in ("webdataset/00001.tar", "laion400m/00001.tar"):
        shift = 0 if archive.startswith("web") else 5
        rewrite(
            release,
            archive,
            lambda all_of_it, shift=shift: [
                (f"{int(name[:9]) % 5 + shift:09d}{name[9:]}", data) for name, data in all_of_it
            ],
        )
    assert found(release) == [
        "webdataset/00001.tar: 000000000: expected number 5",
        "laion400m/00001.tar: 000000005: expected number 0",
    ]


def test_a_picture_of_another_row(release: Path) -> None:
    other = members(release / "webdataset/00000.tar")[3][1]
    (problem,) = found(rewrite(release, "webdataset/00000.tar", replace(0, data=other)))
    assert problem.startswith("webdataset/00000.tar: 000000000: the picture's SHA-256 is ")


def test_a_caption_of_another_row(release: Path) -> None:
    (problem,) = found(rewrite(release, "laion400m/00001.tar", replace(2, data=b"another")))
    assert problem == "laion400m/00001.tar: 000000000: its .txt is another caption than that of row 0"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"{", "its .json says no id, source and sha256"),
        (b"[1]", "its .json says no id, source and sha256"),
        (b'{"id": "\\u001b[31mx", "source": "a", "sha256": "1"}', "its .json says another id than row 1"),
    ],
)
def test_a_json_of_another_row(release: Path, text: bytes, problem: str) -> None:
    said = found(rewrite(release, "webdataset/00000.tar", replace(4, data=text)))
    assert said == [f"webdataset/00000.tar: 000000001: {problem}"]


def test_two_pictures_of_one_number(release: Path) -> None:
    rewrite(release, "webdataset/00000.tar", lambda all_of_it: [("000000000.png", b"x"), *all_of_it])
    assert found(release) == ["webdataset/00000.tar: 000000000: 2 pictures, 1 expected"]


def test_an_archive_that_ends_too_soon(release: Path) -> None:
    file = release / "webdataset/00001.tar"
    file.write_bytes(file.read_bytes()[: 512 + 100])
    (problem,) = found(resigned(release))
    assert problem.startswith("webdataset/00001.tar: cannot be read: ")


def test_an_archive_that_is_none(release: Path) -> None:
    (release / "laion400m/00000.tar").write_bytes(b"none" * 1000)
    (problem,) = found(resigned(release))
    assert problem.startswith("laion400m/00000.tar: cannot be read: ")


def test_a_link_in_an_archive_is_not_followed(release: Path) -> None:
    with tarfile.open(release / "webdataset/00000.tar", "w") as archive:
        link = tarfile.TarInfo("000000000.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert found(resigned(release)) == ["webdataset/00000.tar: cannot be read: 000000000.jpg: no plain file"]


def test_an_archive_that_was_left_out(release: Path) -> None:
    (release / "webdataset/00000.tar").unlink()
    (release / "laion400m/00001.tar").unlink()
    (release / "laion400m/00001.parquet").unlink()
    assert found(resigned(release)) == [
        "webdataset: expected 00000.tar to 00001.tar, found 00001.tar, 00002.tar",
        "webdataset/00001.tar: 000000005: expected number 0",
        "laion400m: expected 00000.tar to 00001.tar, found 00000.tar, 00002.tar",
        "laion400m: 7 rows in all, 12 expected",
    ]


def test_a_form_that_the_manifest_promises(release: Path) -> None:
    shutil.rmtree(release / "webdataset")
    assert found(resigned(release)) == ["webdataset: missing"]


def test_rows_without_their_archive(release: Path) -> None:
    (release / "laion400m/00001.parquet").unlink()
    assert "laion400m/00001.parquet: missing" in found(resigned(release))


def test_a_manifest_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ManifestError, match="no manifest of a release"):
        found(tmp_path)
