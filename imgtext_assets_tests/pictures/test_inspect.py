"""Inspecting: what is told of each file."""

import io
import warnings

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imgtext_assets.pictures import fingerprint, inspect
from imgtext_assets_tests.pictures.files import PHOTOGRAPHS, SETTINGS, encode, flat, gradient, photograph

NAMES = sorted(path.name for path in PHOTOGRAPHS.iterdir() if path.suffix in (".png", ".jpg", ".gif"))


def assert_hash_is_imagehashs(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as picture, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = int(str(imagehash.phash(picture)), 16)
    assert inspect(data, SETTINGS).phash == expected


@pytest.mark.parametrize("name", NAMES)
def test_photographs_have_imagehashs_hash(name):
    assert_hash_is_imagehashs((PHOTOGRAPHS / name).read_bytes())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [{"quality": 90}, {"quality": 30, "progressive": True}])
def test_jpegs_have_imagehashs_hash(name, options):
    assert_hash_is_imagehashs(encode(photograph(name), **options))


MODES = {
    "JPEG": ["L", "RGB", "CMYK"],
    "PNG": ["1", "L", "LA", "P", "RGB", "RGBA"],
    "TIFF": ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"],
    "WEBP": ["RGB", "RGBA"],
    "GIF": ["1", "L", "P"],
}


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from([(kind, mode) for kind, modes in MODES.items() for mode in modes]),
    st.integers(1, 150),
    st.integers(1, 150),
    st.integers(0, 2**32 - 1),
)
def test_every_mode_and_size_has_imagehashs_hash(form, width, height, seed):
    kind, mode = form
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 4)).astype(np.uint8)
    picture = Image.fromarray(pixels)
    if mode not in ("RGBA", "LA"):
        picture = picture.convert("RGB")
    assert_hash_is_imagehashs(encode(picture.convert(mode), kind))


def test_a_palette_with_transparency_has_imagehashs_hash():
    assert_hash_is_imagehashs(encode(photograph().convert("P"), "PNG", transparency=bytes(range(256))))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_are_scaled_and_not_clipped(kind):
    grey = np.asarray(photograph().convert("L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 256 + 17)
    seen = inspect(encode(deep, kind), SETTINGS)
    assert seen.phash == inspect(encode(Image.fromarray(grey), "PNG"), SETTINGS).phash


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_integers_and_floats_are_stretched(kind):
    grey = np.asarray(photograph().convert("L"))
    seen = inspect(encode(Image.fromarray((grey.astype(kind) - 100) * 1000), "TIFF"), SETTINGS)
    expected = inspect(encode(Image.fromarray(grey), "PNG"), SETTINGS)
    assert seen.phash is not None
    assert expected.phash is not None
    assert (seen.phash ^ expected.phash).bit_count() <= 2


def test_floats_that_are_no_numbers_are_a_picture():
    odd = np.full((300, 300), np.nan, np.float32)
    odd[:9] = np.inf
    assert inspect(encode(Image.fromarray(odd), "TIFF"), SETTINGS).reason is None


def test_lab_is_hashed_by_its_lightness():
    lab = Image.merge("LAB", [photograph().convert("L")] * 3)
    grey = inspect(encode(photograph().convert("L"), "PNG"), SETTINGS)
    assert inspect(encode(lab, "TIFF"), SETTINGS).phash == grey.phash


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_measured_and_hashed_as_it_is_seen(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(photograph("coffee.png").resize((90, 60)), kind, exif=exif)
    with Image.open(io.BytesIO(data)) as stored:
        turned = inspect(encode(upright(stored), "PNG"), SETTINGS)
    seen = inspect(data, SETTINGS)
    assert (seen.width, seen.height, seen.phash) == (turned.width, turned.height, turned.phash)
    assert (seen.width, seen.height) == ((90, 60) if orientation < 5 else (60, 90))


def upright(stored: Image.Image) -> Image.Image:
    from PIL import ImageOps

    picture = ImageOps.exif_transpose(stored).convert("RGB")
    picture.info.clear()
    return picture


def test_measures_and_statements_are_told():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8298] = "(c) Jo"
    data = encode(photograph().resize((300, 200)), exif=exif)
    seen = inspect(data, SETTINGS)
    assert (seen.width, seen.height, seen.mime_type, seen.frames) == (200, 300, "image/jpeg", 1)
    assert (seen.claim, seen.reason) == ("copyright: (c) Jo", None)
    assert (seen.file_license, seen.data_mining) == (None, None)


@pytest.mark.parametrize(
    ("kind", "mime_type", "frames"),
    [
        ("JPEG", "image/jpeg", 1),
        ("MPO", "image/jpeg", 1),
        ("PNG", "image/png", 3),
        ("WEBP", "image/webp", 3),
        ("GIF", "image/gif", 3),
        ("TIFF", "image/tiff", 3),
        ("AVIF", "image/avif", 3),
    ],
)
def test_the_media_type_and_the_frames_are_told_by_content(kind, mime_type, frames):
    picture = photograph().resize((64, 64))
    options = {} if kind == "JPEG" else {"save_all": True, "append_images": [picture.rotate(90), picture.rotate(180)]}
    seen = inspect(encode(picture, kind, **options), SETTINGS)
    assert (seen.mime_type, seen.frames, seen.reason) == (mime_type, frames, None)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_says_nothing_is_marked_as_in_its_fingerprint(kind):
    board = Image.fromarray((np.indices((256, 256)).sum(0) // 32 % 2 * 255).astype(np.uint8))
    for picture, expected in ((photograph(), False), (flat(), True), (gradient(), True), (board, True)):
        data = encode(picture, kind)
        assert inspect(data, SETTINGS).low_information is expected
        assert fingerprint(data, SETTINGS).low_information is expected


def test_what_is_no_picture_says_how_it_begins():
    seen = inspect(b"<html>", SETTINGS)
    assert (seen.reason, seen.width, seen.phash, seen.frames) == ("not_image", None, None, None)
    assert "b'<html>'" in (seen.detail or "")
