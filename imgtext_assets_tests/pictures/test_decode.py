"""Opening pictures from strangers: what opens, what does not, and why."""

import pickle
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from imgtext_assets import tables
from imgtext_assets.catalog import PictureSettings
from imgtext_assets.pictures import PictureError, open_picture
from imgtext_assets_tests.pictures.files import SETTINGS, encode, photograph

JPEG = encode(photograph().resize((200, 160)), quality=80)
PNG = encode(photograph().resize((200, 160)), "PNG")


def reason(data: bytes, settings: PictureSettings = SETTINGS) -> str | None:
    try:
        open_picture(data, settings)
    except PictureError as error:
        word = error.reason
    else:
        return None
    assert word in tables.REASONS["verified"]
    return word


def png_chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_each_allowed_format_opens_by_its_content(kind):
    picture = open_picture(encode(photograph(), kind), SETTINGS)
    assert (picture.format, picture.size) == (kind, (512, 512))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_each_mode_opens(mode):
    grey = photograph().convert("L")
    picture = grey.convert("I;16") if mode == "I;16" else photograph().convert(mode)
    assert open_picture(encode(picture, "PNG"), SETTINGS).size == (512, 512)


def test_a_cmyk_jpeg_opens():
    assert open_picture(encode(photograph().convert("CMYK")), SETTINGS).mode == "CMYK"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1000,
        b"<!DOCTYPE html><title>Not here</title>",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        encode(photograph().resize((40, 40)), "BMP"),
        JPEG[:2],
    ],
    ids=["empty", "zeroes", "html", "svg", "postscript", "bmp", "half a signature"],
)
def test_what_is_no_allowed_picture_is_not_image(data):
    assert reason(data) == "not_image"


def test_only_the_formats_of_the_settings_open():
    assert reason(PNG, PictureSettings(formats=["JPEG"])) == "not_image"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
@pytest.mark.parametrize("eighth", range(1, 8))
def test_a_file_that_ends_early_never_opens(kind, eighth):
    data = encode(photograph(), kind)
    assert reason(data[: len(data) * eighth // 8]) == "damaged"


def test_what_is_cut_within_its_header_is_damaged():
    assert reason(JPEG[:20]) == "damaged"
    assert reason(JPEG[:20], PictureSettings(formats=["PNG"])) == "not_image"


@pytest.mark.parametrize("data", [JPEG, PNG], ids=["jpeg", "png"])
def test_a_picture_cut_in_half_is_damaged(data):
    assert reason(data[: len(data) // 2]) == "damaged"


def test_a_png_with_a_wrong_checksum_is_damaged():
    place = PNG.index(b"IDAT") + 100
    assert reason(PNG[:place] + bytes([PNG[place] ^ 1]) + PNG[place + 1 :]) == "damaged"


@pytest.mark.parametrize("end", [b"", b"\xaeB`", b"\xaeB`\x83", bytes(4)])
def test_a_png_without_the_checksum_of_its_end_is_damaged(end):
    assert PNG.endswith(b"IEND\xaeB`\x82")
    assert reason(PNG[:-4] + end) == "damaged"
    assert reason(PNG[:-9] + b"\x01" + PNG[-8:]) == "damaged"
    assert reason(PNG + b"behind it") is None


@pytest.mark.parametrize(
    ("name", "head"),
    [(b"iCCP", b"x\0\0"), (b"zTXt", b"Raw profile type xmp\0\0"), (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0")],
)
@pytest.mark.parametrize(("size", "expected"), [(1_500_000, None), (2**24 + 1, "decode_limit")])
def test_a_png_may_have_a_profile_or_text_of_some_megabytes(name, head, size, expected):
    chunk = png_chunk(name, head + zlib.compress(bytes(size)))
    assert reason(PNG[:33] + chunk + PNG[33:]) == expected


def test_the_texts_of_a_png_are_limited_together():
    chunk = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2**24 - 1)))
    assert reason(PNG[:33] + chunk * 5 + PNG[33:]) == "decode_limit"


def test_a_bomb_is_refused_at_its_header():
    header = (30_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(b"")) + png_chunk(b"IEND", b"")
    assert reason(b"\x89PNG\r\n\x1a\n" + body) == "decode_limit"


@pytest.mark.parametrize(
    ("pixels", "expected"), [(200 * 160, None), (200 * 160 - 1, "decode_limit"), (9, "decode_limit")]
)
def test_the_limit_on_pixels_is_exact(pixels, expected):
    assert reason(JPEG, PictureSettings(max_pixels=pixels)) == expected


def test_only_the_first_frame_counts():
    red, blue = (Image.new("RGB", (30, 20), colour) for colour in ("red", "blue"))
    data = encode(red, "GIF", save_all=True, append_images=[blue])
    assert open_picture(data, SETTINGS).convert("RGB").getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(orientation):
    upright = photograph().resize((64, 48))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    opened = open_picture(encode(stored, "PNG", exif=exif), SETTINGS)
    assert (opened.size, opened.tobytes()) == (upright.size, upright.tobytes())


def test_broken_exif_does_not_spoil_a_whole_picture():
    data = encode(photograph().resize((64, 48)), exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40)
    assert open_picture(data, SETTINGS).size == (64, 48)


def test_pillows_own_limits_are_as_before():
    before = Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK
    reason(JPEG, PictureSettings(max_pixels=9))
    assert before == (Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK)


@given(
    st.sampled_from([JPEG, PNG]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
)
def test_whatever_the_bytes_there_is_a_picture_or_a_reason(data, edits):
    spoilt = bytearray(data)
    for place, value in edits:
        spoilt[int(place * len(spoilt))] = value
    reason(bytes(spoilt), PictureSettings(max_pixels=1_000_000))


def test_the_error_travels_between_processes():
    error = pickle.loads(pickle.dumps(PictureError("damaged", "cut")))
    assert (error.reason, error.detail) == ("damaged", "cut")
