"""Copies of pictures: made only where they must be, smaller or in another format, and of the same picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.pictures import PictureError, remade
from imgtext_assets_tests.pictures.files import SETTINGS, encode, photograph

PHOTOGRAPH = photograph().resize((200, 100))


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def copy(data: bytes, longest: int | None = None, formats: tuple[str, ...] | None = None) -> Image.Image:
    made = remade(data, SETTINGS, longest, formats)
    assert made is not None
    picture = opened(made.data)
    assert (picture.size, picture.format, made.mime_type) == ((made.width, made.height), "JPEG", "image/jpeg")
    return picture


def shows(picture: Image.Image, what: Image.Image) -> bool:
    small = [np.asarray(one.convert("RGB").resize((20, 20))).astype(float) for one in (picture, what)]
    return float(np.abs(small[0] - small[1]).mean()) < 6


@given(st.integers(1, 300), st.integers(1, 300), st.integers(16, 320))
def test_the_longest_side_is_as_long_as_asked_and_never_longer_than_it_was(width: int, height: int, longest: int):
    data = encode(Image.new("RGB", (width, height), "teal"), "PNG")
    made = remade(data, SETTINGS, longest)
    if max(width, height) <= longest:
        assert made is None
    else:
        assert made is not None
        assert max(made.width, made.height) == longest
        scale = longest / max(width, height)
        assert abs(made.width - width * scale) < 1
        assert abs(made.height - height * scale) < 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_every_format_becomes_a_smaller_jpeg_of_the_same_picture(kind):
    picture = copy(encode(PHOTOGRAPH, kind), longest=80)
    assert picture.size == (80, 40)
    assert shows(picture, PHOTOGRAPH)


@pytest.mark.parametrize(("kind", "changes"), [("JPEG", False), ("PNG", False), ("WEBP", True), ("AVIF", True)])
def test_only_formats_that_are_not_wanted_are_changed(kind, changes):
    made = remade(encode(PHOTOGRAPH, kind), SETTINGS, formats=("JPEG", "PNG"))
    assert (made is not None) is changes


def test_a_picture_that_lies_on_its_side_stands_upright_in_its_copy():
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned a quarter clockwise
    data = encode(PHOTOGRAPH, exif=exif, quality=95)
    picture = copy(data, longest=100)
    assert picture.size == (50, 100)
    assert shows(picture, PHOTOGRAPH.transpose(Image.Transpose.ROTATE_270))
    assert 0x0112 not in picture.getexif()


def test_a_small_picture_that_lies_on_its_side_is_turned_too_where_sizes_matter():
    exif = Image.Exif()
    exif[0x0112] = 8
    data = encode(PHOTOGRAPH, exif=exif)
    assert copy(data, longest=400).size == (100, 200)
    assert remade(data, SETTINGS, formats=("JPEG",)) is None


def test_what_is_transparent_becomes_white():
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    palette = Image.new("P", (40, 40), 0)
    palette.putpalette([255, 0, 0])
    for data in (encode(clear, "PNG"), encode(clear, "WEBP"), encode(palette, "GIF", transparency=0)):
        assert min(np.asarray(copy(data, longest=20).convert("L")).ravel()) > 250


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_becomes_grey_or_colour_of_the_same_picture(mode):
    grey = np.asarray(PHOTOGRAPH.convert("L"))
    if mode == "I;16":
        source = Image.fromarray(grey.astype(np.uint16) << 8)
    elif mode in ("I", "F"):
        source = Image.fromarray(grey.astype({"I": np.int32, "F": np.float32}[mode]))
    else:
        source = PHOTOGRAPH.convert(mode)
    picture = copy(encode(source, "TIFF"), longest=100)
    expected = PHOTOGRAPH if mode in ("P", "RGB", "RGBA", "CMYK") else PHOTOGRAPH.convert("L")
    assert picture.mode in ("L", "RGB")
    assert np.abs(np.asarray(picture.convert("L")).mean() - np.asarray(expected.convert("L")).mean()) < 12


def test_of_an_animation_there_is_the_first_frame():
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("blue", "red")]
    picture = copy(encode(frames[0], "GIF", save_all=True, append_images=frames[1:]), longest=20)
    assert shows(picture, frames[0])


def test_a_colour_profile_stays_and_nothing_else_that_the_file_said():
    exif = Image.Exif()
    exif[0x8298] = "Ann, at home, 52.1 N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = copy(encode(PHOTOGRAPH, exif=exif, icc_profile=profile, comment=b"secret", xmp=b"<x/>"), longest=100)
    assert picture.info["icc_profile"] == profile
    assert not picture.getexif()
    assert not picture.info.keys() & {"comment", "xmp"}


def test_a_profile_of_other_colours_does_not_stay():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()  # of no RGB
    data = encode(PHOTOGRAPH.convert("CMYK"), icc_profile=profile)
    assert "icc_profile" not in copy(data, longest=100).info


def test_the_same_bytes_give_the_same_copy():
    data = encode(PHOTOGRAPH)
    assert remade(data, SETTINGS, 50) == remade(data, SETTINGS, 50)


@pytest.mark.parametrize(
    ("data", "settings", "reason"),
    [
        (b"nothing to see", SETTINGS, "not_image"),
        (encode(PHOTOGRAPH, "PNG")[:-40], SETTINGS, "damaged"),
        (encode(PHOTOGRAPH), PictureSettings(max_pixels=100), "decode_limit"),
    ],
)
def test_what_cannot_be_decoded_is_said(data, settings, reason):
    with pytest.raises(PictureError) as raised:
        remade(data, settings, 16)
    assert raised.value.reason == reason
