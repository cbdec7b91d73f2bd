"""The forms of a release: those that are asked for, each with the pictures that it takes."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from imgtext_assets.publish import ReleaseError, as_stored, write_formats
from imgtext_assets.settings import ReleaseFormat, ReleaseSettings
from imgtext_assets_tests.publish.copies import copies
from imgtext_assets_tests.publish.pictures import Store, picture, pictured

KINDS = ["JPEG", "PNG", "WEBP", "AVIF"]


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def rows(store: Store) -> pl.LazyFrame:
    return pictured(store, KINDS)


def write(folder: Path, rows: pl.LazyFrame, store: Store, *formats: ReleaseFormat, **settings: int) -> None:
    asked = ReleaseSettings.model_validate({"formats": formats} | settings)
    write_formats(folder / "release", rows, asked, as_stored(store.get), copies(store, folder))


def pictures(archive: Path) -> list[Image.Image]:
    with tarfile.open(archive) as opened:
        files = [opened.extractfile(info) for info in opened if info.name.endswith(".jpg")]
        return [Image.open(io.BytesIO(file.read())) for file in files if file is not None]


def said(archive: Path) -> list[dict]:
    with tarfile.open(archive) as opened:
        files = [opened.extractfile(info) for info in opened if info.name.endswith(".json")]
        return [json.load(file) for file in files if file is not None]


def test_by_default_a_release_has_no_pictures(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write(tmp_path, rows, store)
    assert not (tmp_path / "release").exists()
    assert store.asked == []


def test_each_form_has_a_folder_of_its_name(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write(tmp_path, rows, store, "webdataset", "laion400m", "webdataset", pairs_per_tar=3)
    found = sorted(path.relative_to(tmp_path / "release").as_posix() for path in (tmp_path / "release").glob("*/*"))
    assert found == [
        *(f"laion400m/{number}.{kind}" for number in ("00000", "00001") for kind in ("parquet", "tar")),
        *(f"webdataset/{number}.tar" for number in ("00000", "00001")),
    ]


def test_webdataset_has_the_pictures_as_they_are(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write(tmp_path, rows, store, "webdataset")
    archive = tmp_path / "release/webdataset/00000.tar"
    assert [picture.format for picture in pictures(archive)] == KINDS
    assert {facts["resized"] for facts in said(archive)} == {False}


def test_laion400m_has_jpegs_of_what_tensorflow_does_not_decode(
    tmp_path: Path, store: Store, rows: pl.LazyFrame
) -> None:
    write(tmp_path, rows, store, "laion400m")
    archive = tmp_path / "release/laion400m/00000.tar"
    assert [picture.format for picture in pictures(archive)] == ["JPEG", "PNG", "JPEG", "JPEG"]
    assert [facts["resized"] for facts in said(archive)] == [False, False, True, True]


def test_pictures_that_are_too_large_are_made_smaller_and_say_so(tmp_path: Path, store: Store) -> None:
    sizes = [(48, 32), (32, 48), (24, 16), (10, 40)]
    files = [picture(number, size=size) for number, size in enumerate(sizes)]
    rows = pictured(
        store,
        ["JPEG"] * 4,
        sha256=[store.put(file) for file in files],
        width=[width for width, _ in sizes],
        height=[height for _, height in sizes],
    )
    write(tmp_path, rows, store, "webdataset", resize=24)
    archive = tmp_path / "release/webdataset/00000.tar"
    wanted = [(24, 16), (16, 24), (24, 16), (6, 24)]
    assert [picture.size for picture in pictures(archive)] == wanted
    facts = said(archive)
    assert [(one["width"], one["height"]) for one in facts] == wanted
    assert [(one["original_width"], one["original_height"]) for one in facts] == sizes
    assert [one["resized"] for one in facts] == [True, True, False, True]


def test_a_picture_that_cannot_be_copied_ends_the_release_and_names_its_row(tmp_path: Path, store: Store) -> None:
    rows = pictured(store, ["JPEG"] * 2, sha256=[store.put(picture(0)), store.put(picture(1)[:200])])
    with pytest.raises(ReleaseError, match=r"^row 000001 of a cannot be released.*PictureError: damaged"):
        write(tmp_path, rows, store, "webdataset", resize=24)
