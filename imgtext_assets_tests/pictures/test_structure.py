"""What files say of themselves without being decoded: their frames, and their end."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.pictures.structure import MAX_FRAMES, ends_early, gif_frames, tiff_pages
from imgtext_assets_tests.pictures.files import encode, photograph

PAGES = [photograph().resize((40, 30)).rotate(turn) for turn in range(0, 50, 10)]


def several(kind: str, **options) -> bytes:
    return encode(PAGES[0], kind, save_all=True, append_images=PAGES[1:], **options)


def test_frames_and_pages_are_counted():
    assert gif_frames(several("GIF")) == len(PAGES)
    assert tiff_pages(several("TIFF")) == len(PAGES)
    assert tiff_pages(several("TIFF", big_tiff=True)) == len(PAGES)


def test_a_gif_of_a_million_frames_is_counted_to_the_limit():
    frame = b",\0\0\0\0\x01\0\x01\0\0\x02\x02L\x01\0"
    assert gif_frames(b"GIF89a\x01\0\x01\0\0\0\0" + frame * 1_000_000 + b";") == MAX_FRAMES


@pytest.mark.parametrize("order", ["<", ">"])
def test_pages_that_lead_to_one_another_are_counted_once(order):
    mark = b"II" if order == "<" else b"MM"
    header = mark + struct.pack(f"{order}HI", 42, 8)
    assert tiff_pages(header + struct.pack(f"{order}HI", 0, 14) + struct.pack(f"{order}HI", 0, 8)) == 2


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF"])
def test_what_is_whole_does_not_end_early(kind):
    data = several(kind)
    assert ends_early(data, kind) is None
    assert ends_early(data + b"trailing" * 9, kind) is None


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF"])
@pytest.mark.parametrize("eighth", range(1, 8))
def test_an_animation_that_is_cut_anywhere_ends_early(kind, eighth):
    data = several(kind)
    assert ends_early(data[: len(data) * eighth // 8], kind)


def test_stray_bytes_between_blocks_of_a_gif_do_not_matter():
    data = several("GIF")
    assert gif_frames(data[:-1] + b"\0\0\0;") == len(PAGES)


@given(st.sampled_from([b"GIF89a", b"II*\0", b"MM\0+", b"RIFF", b""]), st.binary(max_size=300))
def test_whatever_the_bytes_they_are_walked_to_an_end(start, rest):
    data = start + rest
    assert (gif_frames(data) or 0) <= MAX_FRAMES
    assert 1 <= tiff_pages(data) <= MAX_FRAMES
    for kind in ("GIF", "WEBP", "AVIF", "TIFF", "PNG", "JPEG"):
        assert ends_early(data, kind) is None or ends_early(data, kind)
