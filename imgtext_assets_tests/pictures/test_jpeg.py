"""JPEGs: Pillow's pixels, and the damage that it does not tell."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.pictures import inspect, jpeg, open_picture
from imgtext_assets_tests.pictures.files import SETTINGS, encode, photograph

WHOLE = encode(photograph())
SCAN = WHOLE.index(b"\xff\xda")
LENIENT = PictureSettings(strict_jpeg=False)


def decoded(data: bytes, colours: jpeg.Colours) -> np.ndarray:
    pixels = jpeg.pixels(data, colours)
    assert pixels is not None
    return pixels


def pillow(data: bytes) -> np.ndarray:
    return np.atleast_3d(np.asarray(Image.open(io.BytesIO(data))))


def with_height(data: bytes, height: int) -> bytes:
    """The frame header says another height than was encoded."""
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + height.to_bytes(2, "big") + data[place + 2 :]


MIDDLE = len(WHOLE) * 2 // 3
DAMAGED = {
    "zero block": WHOLE[:MIDDLE] + bytes(512) + WHOLE[MIDDLE + 512 :],
    "text injected": WHOLE[:MIDDLE] + b"<p>Sorry, an error occurred</p>" * 40 + WHOLE[MIDDLE:],
    "bytes lost": WHOLE[:MIDDLE] + WHOLE[MIDDLE + 1000 :],
    "no EOI": WHOLE[:-2],
    "taller than its pixels": with_height(WHOLE, 5000),
    "lower than its pixels": with_height(WHOLE, 100),
}
PILLOW_SHOWS = ["zero block", "text injected", "lower than its pixels"]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["L", "RGB"]),
    st.integers(1, 100),
    st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]),
    st.booleans(),
    st.integers(1, 120),
    st.integers(1, 120),
)
def test_the_pixels_are_pillows(mode, quality, subsampling, progressive, width, height):
    picture = photograph().resize((width, height)).convert(mode)
    data = encode(picture, quality=quality, subsampling=subsampling, progressive=progressive)
    assert np.array_equal(decoded(data, jpeg.COLOURS[mode]), pillow(data))


CODINGS = [{"keep_rgb": True}, {"restart_marker_rows": 1}, {"optimize": True}, {"dpi": (9, 9)}]


@pytest.mark.parametrize("options", CODINGS)
def test_the_pixels_are_pillows_however_they_are_coded(options):
    data = encode(photograph(), **options)
    assert np.array_equal(decoded(data, "RGB"), pillow(data))


def test_a_cmyk_jpeg_has_the_hash_of_what_pillow_opens():
    data = encode(photograph().convert("CMYK"))
    grey = open_picture(data, SETTINGS).convert("L")
    assert inspect(data, SETTINGS).phash == inspect(encode(grey, "PNG"), SETTINGS).phash


@pytest.mark.parametrize("kind", DAMAGED)
def test_damage_is_told(kind):
    seen = inspect(DAMAGED[kind], SETTINGS)
    assert seen.reason == "damaged", seen


@pytest.mark.parametrize("kind", DAMAGED)
def test_damage_is_told_where_a_picture_is_opened(kind):
    with pytest.raises(Exception, match="damaged"):
        open_picture(DAMAGED[kind], SETTINGS)


@pytest.mark.parametrize("kind", PILLOW_SHOWS)
def test_settings_may_let_pass_what_pillow_shows(kind):
    seen = inspect(DAMAGED[kind], LENIENT)
    assert (seen.reason, seen.mime_type) == (None, "image/jpeg")
    assert seen.phash == inspect(encode(Image.open(io.BytesIO(DAMAGED[kind])), "PNG"), SETTINGS).phash


def test_but_not_what_is_cut_off():
    assert inspect(WHOLE[:MIDDLE], LENIENT).reason == "damaged"


def test_a_warning_that_is_no_damage_lets_the_picture_pass():
    revision = WHOLE.replace(b"JFIF\0\x01", b"JFIF\0\x09", 1)
    assert jpeg.pixels(revision, "RGB") is None
    assert inspect(revision, SETTINGS) == inspect(WHOLE, SETTINGS)


def with_transform(data: bytes, code: int) -> bytes:
    """Adobe's segment in place of JFIF's, with that transform."""
    assert data[2:4] == b"\xff\xe0"
    rest = data[4 + int.from_bytes(data[4:6], "big") :]
    return data[:2] + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([code]) + rest


def with_cmyk_transform(data: bytes, code: int) -> bytes:
    place = data.index(b"Adobe") + 11
    return data[:place] + bytes([code]) + data[place + 1 :]


def spoilt(data: bytes) -> bytes:
    middle = len(data) * 2 // 3
    return data[:middle] + bytes(512) + data[middle + 512 :]


PROGRESSIVE = encode(photograph(), progressive=True, subsampling="4:2:0")
WARNED = {
    "JFIF revision": WHOLE.replace(b"JFIF\0\x01", b"JFIF\0\x02", 1),
    "Adobe transform": with_transform(WHOLE, 2),
    "Adobe transform, progressive": with_transform(PROGRESSIVE, 9),
    "Adobe transform of CMYK": with_cmyk_transform(encode(photograph().convert("CMYK")), 7),
}


@pytest.mark.parametrize("kind", WARNED)
def test_a_warning_that_is_no_damage_hides_none(kind):
    data = WARNED[kind]
    assert jpeg.pixels(data, "GRAY") is None
    assert inspect(data, SETTINGS).reason is None
    for damaged in (spoilt(data), data[: len(data) // 2] + b"\xff\xd9", data[:-2]):
        with pytest.raises(jpeg.Corrupt):
            jpeg.pixels(damaged, "GRAY", least=96)
        assert inspect(damaged, SETTINGS).reason == "damaged"


def test_segments_too_short_to_be_read_are_let_be():
    for segment in (b"\xff\xe0\0\x07JFIF\0", b"\xff\xee\0\x0dAdobe\0\x64\0\0\0\0"):
        short = WHOLE[:2] + segment + WHOLE[2:].replace(b"JFIF\0\x01", b"JFIF\0\x02", 1)
        assert jpeg.pixels(short, "GRAY") is None
        with pytest.raises(jpeg.Corrupt):
            jpeg.pixels(spoilt(short), "GRAY")


BEHIND = [b"\0" * 100, b"PK\x03\x04 a zip", b"<script>alert(1)</script>", WHOLE, b"\xff\xda" * 9]


@pytest.mark.parametrize("behind", BEHIND)
def test_what_is_behind_a_picture_does_not_matter(behind):
    assert inspect(WHOLE + behind, SETTINGS) == inspect(WHOLE, SETTINGS)
