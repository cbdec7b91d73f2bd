"""Cleaning a release's archives: the pairs of removed rows go, all else stays as it is, and all stays aligned."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from imgtext_assets.catalog import ReleaseSettings
from imgtext_assets.publish import (
    Embeddings,
    Known,
    ListError,
    Orders,
    all_hashes,
    as_stored,
    clean,
    problems,
    read_orders,
    withdrawn,
    write_embeddings,
    write_formats,
    write_release,
)
from imgtext_assets.publish.laion400m import DIMENSIONS
from imgtext_assets.publish.manifest import listed
from imgtext_assets.publish.tar import write_tar
from imgtext_assets.settings import ReleaseFormat
from imgtext_assets.sources import url_key
from imgtext_assets_tests.publish.pictures import Store, pictured
from imgtext_assets_tests.publish.rows import FUNNEL, catalog, tombstone

ROWS = 12
FORMS: list[ReleaseFormat] = ["webdataset", "laion400m"]
Members = dict[str, bytes]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of 12 rows with archives of 5 in both forms, and embeddings of 8 rows a file."""
    folder, store = tmp_path_factory.mktemp("made"), Store()
    rows, settings = pictured(store, ["JPEG"] * ROWS), ReleaseSettings(formats=FORMS, pairs_per_tar=5)

    def formats(into: Path, written: pl.LazyFrame) -> None:
        write_formats(
            into, written, settings, as_stored(store.get), lambda longest=None, formats=None: as_stored(store.get)
        )
        vectors = np.arange(ROWS * DIMENSIONS, dtype=np.float32).reshape(ROWS, DIMENSIONS)
        write_embeddings(folder / "embeddings", written, Embeddings(vectors / 8, -vectors / 8), 8)
        for file in (folder / "embeddings").iterdir():
            file.rename(into / "laion400m" / file.name)

    release = folder / "release"
    its = catalog(rows_per_file=5, formats=FORMS)
    write_release(release, rows, version="2026.11.0", catalog=its, funnel=FUNNEL, formats=formats)
    return release


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "copy")


def without(folder: Path, *numbers: int, kind: str = "id") -> Orders:
    """A later release's `removals.parquet`, that names these rows."""
    rows = pl.read_parquet(folder / "metadata/*.parquet")
    column = {"id": "id", "url": "source_url", "sha256": "sha256"}[kind]
    stones = pl.concat([tombstone(kind, rows[column][number]) for number in numbers])
    removed = withdrawn(rows.lazy(), Known(removals=stones), url_key)
    hashes = all_hashes([], [removed], "5a17").filter(kind=kind)  # the others would name the row as well
    return read_orders(hashes.lazy(), url_key)


def members(archive: Path) -> Members:
    with tarfile.open(archive) as opened:
        return {one.name: opened.extractfile(one).read() for one in opened}  # pyright: ignore[reportOptionalMemberAccess]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", ["id", "url", "sha256"])
def test_pairs_go_by_whatever_names_their_row_and_the_copy_is_right(made: Path, copy: Path, kind: str) -> None:
    cleaned = clean(copy, without(copy, 1, 3, 11, kind=kind))
    assert cleaned.rows == 3
    names = [f"{form}/{number:05d}.tar" for form in sorted(FORMS) for number in (0, 2)]
    assert [path.relative_to(copy).as_posix() for path in cleaned.archives] == names
    assert cleaned.unopened == []
    assert list(problems(copy, url_key)) == []


def test_other_pairs_of_webdataset_are_the_same_bytes_under_the_same_names(
    made: Path, copy: Path, tmp_path: Path
) -> None:
    clean(copy, without(copy, 1, 3))
    stay = {name: data for name, data in members(made / "webdataset/00000.tar").items() if int(name[:9]) not in (1, 3)}
    write_tar(tmp_path / "expected.tar", stay.items())
    assert (copy / "webdataset/00000.tar").read_bytes() == (tmp_path / "expected.tar").read_bytes()
    for number in (1, 2):
        name = f"webdataset/{number:05d}.tar"
        assert (copy / name).read_bytes() == (made / name).read_bytes(), "nothing of it goes"


def test_pairs_of_laion400m_are_numbered_by_the_rows_beside_them(made: Path, copy: Path) -> None:
    clean(copy, without(copy, 6, 8))  # rows 1 and 3 of the second archive
    before, after = members(made / "laion400m/00001.tar"), members(copy / "laion400m/00001.tar")
    endings = ("jpg", "json", "txt")
    assert list(after) == [f"{number:09d}.{ending}" for number in range(3) for ending in endings]
    for number, was in enumerate((0, 2, 4)):
        for ending in endings:
            assert after[f"{number:09d}.{ending}"] == before[f"{was:09d}.{ending}"]
    rows = pl.read_parquet(made / "laion400m/00001.parquet")
    assert_frame_equal(pl.read_parquet(copy / "laion400m/00001.parquet"), rows[[0, 2, 4]])


def test_embeddings_stay_beside_their_rows(made: Path, copy: Path) -> None:
    clean(copy, without(copy, 0, 7, 9))
    for number, stay in enumerate(([1, 2, 3, 4, 5, 6], [0, 2, 3])):
        rows = pl.read_parquet(made / f"laion400m/metadata_{number}.parquet")
        assert_frame_equal(pl.read_parquet(copy / f"laion400m/metadata_{number}.parquet"), rows[stay])
        for name in ("img", "text"):
            file = f"laion400m/{name}_emb_{number}.npy"
            np.testing.assert_array_equal(np.load(copy / file), np.load(made / file)[stay])


@pytest.mark.parametrize("going", [range(5), range(ROWS)], ids=["an archive", "all"])
def test_an_archive_of_which_all_goes_is_left_empty(copy: Path, going: range) -> None:
    clean(copy, without(copy, *going))
    assert members(copy / "webdataset/00000.tar") == members(copy / "laion400m/00000.tar") == {}
    assert list(problems(copy, url_key)) == []


def test_a_second_run_finds_nothing_and_a_later_list_is_applied_to_what_is_left(copy: Path) -> None:
    first, second = without(copy, 1), without(copy, 2, 10)
    clean(copy, first)
    before = bytes_of(copy)
    again = clean(copy, first)
    assert (again.rows, again.archives) == (0, [])
    assert bytes_of(copy) == before
    assert clean(copy, second).rows == 2
    assert list(problems(copy, url_key)) == []


def test_a_dry_run_names_the_archives_and_touches_nothing(copy: Path) -> None:
    before = bytes_of(copy)
    assert len(clean(copy, without(copy, 1), dry_run=True).archives) == 2
    assert bytes_of(copy) == before


def test_a_copy_whose_rows_were_cleaned_before_its_archives_could_be_is_cleaned_now(made: Path, copy: Path) -> None:
    """As versions of the program left it that did not look into archives."""
    orders = without(copy, 1)
    clean(copy, orders)
    for form in FORMS:
        shutil.copytree(made / form, copy / form, dirs_exist_ok=True)
    assert list(problems(copy, url_key)) != []
    cleaned = clean(copy, orders)
    assert (cleaned.rows, len(cleaned.archives)) == (0, 2)
    assert list(problems(copy, url_key)) == []


def test_a_run_that_was_interrupted_is_taken_up_by_the_next(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stops, a second run ends as one that was not interrupted."""
    orders, replace = without(made, 1, 8), Path.replace
    whole, count = shutil.copytree(made, tmp_path / "whole"), 0

    def counted(path: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        return replace(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", counted)
        clean(whole, orders)
    assert count > 12
    for stop_at in range(1, count + 1):
        folder, left = shutil.copytree(made, tmp_path / f"stopped-{stop_at}"), [stop_at]

        def interrupted(path: Path, target: Path, left: list[int] = left) -> Path:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
            return replace(path, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", interrupted)
            with pytest.raises(KeyboardInterrupt):
                clean(folder, orders)
        clean(folder, orders)
        assert bytes_of(folder) == bytes_of(whole), stop_at


def broken_header(data: bytes) -> bytes:
    return data.replace(b"000000001.json\0", b"000000001.jxon\0", 1)


def no_row(data: bytes) -> bytes:
    return data.replace(b'{"id":', b'{"ix":', 1)


def no_text(data: bytes) -> bytes:
    """Half a surrogate pair: JSON, and no text."""
    return data.replace(b'"https:', b'"\\ud800', 1)


def no_json(data: bytes) -> bytes:
    return data.replace(b"000000000.json", b"000000000.jsoM", 1).replace(b"000000000.jsoM", b"000000000.jso\0", 1)


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:3_000], lambda _: b"", lambda _: b"no archive" * 100, broken_header, no_row, no_text, no_json],
)
def test_an_archive_that_is_none_is_one_line_and_nothing_is_touched(
    copy: Path, damage: Callable[[bytes], bytes]
) -> None:
    archive = copy / "webdataset/00000.tar"
    archive.write_bytes(damage(archive.read_bytes()))
    before = bytes_of(copy)
    with pytest.raises(ListError, match=r"webdataset/00000\.tar: cannot be cleaned"):
        clean(copy, without(copy, 1))
    assert bytes_of(copy) == before


def test_an_array_of_other_rows_is_one_line(copy: Path) -> None:
    np.save(copy / "laion400m/text_emb_0.npy", np.zeros((3, DIMENSIONS), np.float16))
    with pytest.raises(ListError, match=r"text_emb_0\.npy: is of shape \(3, 512\), 8 rows expected"):
        clean(copy, without(copy, 1))


def test_gaps_are_allowed_in_a_copy_that_was_cleaned_and_only_there(copy: Path) -> None:
    clean(copy, without(copy, 1))
    manifest: dict[str, Any] = json.loads((copy / "manifest.json").read_text())
    del manifest["cleaned"]
    (copy / "manifest.json").write_text(json.dumps(manifest | {"files": manifest["files"]}))
    assert "webdataset/00000.tar: 000000002: expected number 1" in list(problems(copy, url_key))
    shutil.rmtree(copy / "webdataset")
    (copy / "manifest.json").unlink()
    (copy / "manifest.json").write_text(json.dumps(manifest | {"formats": [], "files": listed(copy)}))
    assert not any("number" in said for said in problems(copy, url_key))
