"""LAION-400M's layout: what its columns hold, and that TensorFlow Datasets' own builder reads it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from imgtext_assets.publish.laion400m import DIMENSIONS, FORMATS, Embeddings, write_embeddings, write_laion400m
from imgtext_assets.publish.pairs import ReleaseError, as_stored
from imgtext_assets_tests.clients import run
from imgtext_assets_tests.publish.copies import copies
from imgtext_assets_tests.publish.pictures import Store, pictured

CLIENT = Path(__file__).parents[1] / "clients" / "tfds_laion400m.py"
KINDS = ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "JPEG"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store()


@pytest.fixture
def rows(store: Store) -> pl.LazyFrame:
    """Six rows, with scores that are there, strange and missing."""
    captions = ["a", None, "line\nbreak", '"quoted", ünï \U0001f600', "", "last"]
    return pictured(
        store,
        KINDS,
        caption=captions,
        license_url=["https://creativecommons.org/licenses/by/4.0/", *[None] * 5],
    ).with_columns(
        nsfw=pl.Series(["UNLIKELY", "unsure", "NSFW", None, "no such word", "UNTAGGED"]),
        similarity=pl.Series([0.31, None, float("nan"), 0.5, -0.2, 1.0]),
    )


def stems(file: Path) -> list[str]:
    with tarfile.open(file) as archive:
        return [name for name in archive.getnames() if not name.endswith((".txt", ".json"))]


def test_numbers_start_anew_in_each_archive_and_mean_rows_of_its_own_parquet(
    tmp_path: Path, store: Store, rows: pl.LazyFrame
) -> None:
    write_laion400m(tmp_path, rows, as_stored(store.get), 4)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        f"{number:05d}.{kind}" for number in range(2) for kind in ("parquet", "tar")
    ]
    for number, part in enumerate((rows.collect()[:4], rows.collect()[4:])):
        frame = pl.read_parquet(tmp_path / f"{number:05d}.parquet")
        assert frame["url"].to_list() == part["url"].to_list()
        assert [int(Path(name).stem) for name in stems(tmp_path / f"{number:05d}.tar")] == list(range(part.height))


def test_what_is_missing_has_the_builders_defaults(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write_laion400m(tmp_path, rows, as_stored(store.get))
    frame = pl.read_parquet(tmp_path / "00000.parquet")
    assert frame.columns[:7] == ["caption", "url", "NSFW", "similarity", "LICENSE", "original_width", "original_height"]
    assert frame["NSFW"].to_list() == ["UNLIKELY", "UNSURE", "NSFW", "UNTAGGED", "UNTAGGED", "UNTAGGED"]
    assert frame["similarity"].to_list() == [0.31, -1.0, -1.0, 0.5, -0.2, 1.0]
    assert frame["LICENSE"].to_list() == ["https://creativecommons.org/licenses/by/4.0/", *[""] * 5]
    assert frame["caption"].to_list()[1] == ""
    assert frame.select("caption", "url", "NSFW", "similarity", "LICENSE").null_count().row(0) == (0,) * 5


def test_rows_without_scores_have_the_defaults_too(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write_laion400m(tmp_path, rows.drop("nsfw", "similarity"), as_stored(store.get))
    frame = pl.read_parquet(tmp_path / "00000.parquet")
    assert (set(frame["NSFW"]), set(frame["similarity"])) == ({"UNTAGGED"}, {-1.0})


def test_a_row_says_where_it_is_from(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write_laion400m(tmp_path, rows, as_stored(store.get))
    frame, wanted = pl.read_parquet(tmp_path / "00000.parquet"), rows.collect()
    for name in ("id", "source", "license_id", "attribution", "hash", "sha256"):
        assert frame[name].to_list() == wanted[name].to_list()


def test_a_second_run_writes_the_same_bytes(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    for name in ("one", "two"):
        write_laion400m(tmp_path / name, rows, as_stored(store.get), 4)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_no_rows_are_one_archive_and_one_file_without_rows(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write_laion400m(tmp_path, rows.head(0), as_stored(store.get))
    assert (stems(tmp_path / "00000.tar"), pl.read_parquet(tmp_path / "00000.parquet").height) == ([], 0)


def test_a_picture_that_is_missing_ends_the_release(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    store.blobs.popitem()
    with pytest.raises(ReleaseError, match="row 000005 of a"):
        write_laion400m(tmp_path, rows, as_stored(store.get))


def made(rows: int, dtype: str = "float32") -> Embeddings:
    random = np.random.default_rng(1)
    image, text = (random.normal(size=(rows, DIMENSIONS)).astype(dtype) for _ in range(2))
    return Embeddings(image, text)


def test_embeddings_stand_in_the_order_of_the_rows(tmp_path: Path, rows: pl.LazyFrame) -> None:
    given = made(6)
    write_embeddings(tmp_path, rows, given, rows_per_file=4)
    for name, values in (("img", given.image), ("text", given.text)):
        for number, part in enumerate((values[:4], values[4:])):
            found = np.load(tmp_path / f"{name}_emb_{number}.npy")
            assert found.dtype == np.float16
            assert np.array_equal(found, part.astype(np.float16))
    frames = [pl.read_parquet(tmp_path / f"metadata_{number}.parquet") for number in range(2)]
    assert pl.concat(frames)["id"].to_list() == rows.collect()["id"].to_list()


def test_embeddings_may_be_files_that_are_not_read_whole(tmp_path: Path, rows: pl.LazyFrame) -> None:
    given = made(6)
    np.save(tmp_path / "image.npy", given.image)
    mapped = given._replace(image=np.load(tmp_path / "image.npy", mmap_mode="r"))
    for name, one in (("arrays", given), ("mapped", mapped)):
        write_embeddings(tmp_path / name, rows, one)
    files = [(tmp_path / name / "img_emb_0.npy").read_bytes() for name in ("arrays", "mapped")]
    assert files[0] == files[1]


@pytest.mark.parametrize("spoil", [np.nan, np.inf, 70_000.0])
def test_embeddings_that_float16_has_no_number_for_are_refused(
    tmp_path: Path, rows: pl.LazyFrame, spoil: float
) -> None:
    given = made(6)
    given.text[5, 3] = spoil
    with pytest.raises(ValueError, match="text embedding of row 5"):
        write_embeddings(tmp_path, rows, given, rows_per_file=4)


@pytest.mark.parametrize("wrong", [made(5), Embeddings(np.zeros((6, 768)), np.zeros((6, 768)))])
def test_embeddings_of_other_shapes_are_refused(tmp_path: Path, rows: pl.LazyFrame, wrong: Embeddings) -> None:
    with pytest.raises(ValueError, match=r"expected floats, \(6, 512\)"):
        write_embeddings(tmp_path, rows, wrong)


@pytest.mark.clients
def test_tensorflow_datasets_own_builder_loads_every_image(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    """The builder as it is, with TensorFlow and Beam: it writes its own files, and TensorFlow decodes them."""
    write_laion400m(tmp_path / "laion400m", rows, copies(store, tmp_path)(formats=FORMATS), 4)
    loaded = json.loads(run("python", CLIENT, "images", tmp_path / "laion400m", "2", tmp_path / "work"))
    wanted = pl.read_parquet(tmp_path / "laion400m/*.parquet")
    assert said_of(loaded) == said_in(wanted)
    by_url = {row["url"]: row["image"] for row in loaded}
    for row in rows.collect().iter_rows(named=True):
        height, width, channels, mean = by_url[row["url"]]
        assert (width, height, channels) == (48, 32, 3)
        with Image.open(io.BytesIO(store.blobs[row["sha256"]])) as picture:
            # Decoders and copies differ by little; another row's picture would differ by much.
            assert np.allclose(np.asarray(picture.convert("RGB")).mean(axis=(0, 1)), mean, atol=4)


@pytest.mark.clients
def test_tensorflow_datasets_own_builder_loads_every_embedding(tmp_path: Path, rows: pl.LazyFrame) -> None:
    """The builder as it is, told of checksums: so it takes the files from the folder, not from LAION's address."""
    given = made(6)
    write_embeddings(tmp_path / "embeddings", rows, given, rows_per_file=4)
    loaded = json.loads(run("python", CLIENT, "embeddings", tmp_path / "embeddings", "2", tmp_path / "work"))
    wanted = pl.read_parquet(tmp_path / "embeddings/*.parquet")
    assert said_of(loaded) == said_in(wanted)
    by_url = {row["url"]: row for row in loaded}
    for number, url in enumerate(wanted["url"]):
        for name, values in (("image_embedding", given.image), ("text_embedding", given.text)):
            assert np.array_equal(by_url[url][name], values[number].astype(np.float16))


def said_of(loaded: list[dict]) -> list[tuple]:
    names = ("url", "caption", "nsfw", "similarity", "license")
    return sorted((*(row[name] for name in names), *row["size"]) for row in loaded)


def said_in(frame: pl.DataFrame) -> list[tuple]:
    # TensorFlow Datasets keeps similarity as float32, though it declares float64.
    frame = frame.with_columns(pl.col("similarity").cast(pl.Float32))
    return sorted(
        frame.select("url", "caption", "NSFW", "similarity", "LICENSE", "original_width", "original_height").rows()
    )
