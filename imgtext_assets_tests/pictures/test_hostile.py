"""Hostile files through the real engine: each costs its own row, in bounded time and memory, and never the run."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import pytest
from PIL import Image

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.engine import LocalEngine
from imgtext_assets.pictures.fingerprint import Fingerprint
from imgtext_assets.pictures.inspect import INSPECTIONS
from imgtext_assets.pictures.rows import blob_fingerprint, blob_inspection, inspection_frame
from imgtext_assets_tests.pictures.files import encode, photograph, read_from

SETTINGS = PictureSettings(decode_seconds=3, decode_memory=2**30, max_pixels=50_000_000)
PICTURE = photograph().resize((320, 240))
KINDS = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"]
WHOLE = {kind: encode(PICTURE, kind) for kind in KINDS}
JPEG, PNG, GIF = WHOLE["JPEG"], WHOLE["PNG"], WHOLE["GIF"]


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, pixels: bytes, *before: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@cache
def zeros(size: int) -> bytes:
    """That many zero bytes, deflated: a thousandth of it."""
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(bytes(2**20)) for _ in range(size >> 20)), packer.flush()])


def tiff(*tags: tuple[int, int, int, int], next_page: int = 0, body: bytes = b"") -> bytes:
    """A little-endian TIFF of one directory at 8; tags are (tag, type, count, value)."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", next_page) + body


def with_segment(marker: int, content: bytes, data: bytes = JPEG) -> bytes:
    return data[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content + data[2:]


def many_scans(scans: int) -> bytes:
    """A progressive JPEG whose last scan, a refinement, comes `scans` times."""
    data = encode(Image.new("RGB", (3000, 3000), (90, 120, 30)), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"


def jpeg_of(width: int, height: int) -> bytes:
    place = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:place] + struct.pack(">HH", height, width) + JPEG[place + 4 :]


GIF_FRAME = b",\0\0\0\0\x01\0\x01\0\0\x02\x02L\x01\0"
BOMBS = {
    "png of gigabytes": png(40_000, 30_000, zeros(2**28)),
    "png of gigabytes in 1 pixel": png(1, 1, zeros(2**28)),
    "png text bomb": png(1, 1, zlib.compress(bytes(4)), chunk(b"zTXt", b"Comment\0\0" + zeros(2**28))),
    "png profile bomb": png(1, 1, zlib.compress(bytes(4)), chunk(b"iCCP", b"icc\0\0" + zeros(2**28))),
    "tiff of gigabytes": tiff(
        (256, 4, 1, 60_000), (257, 4, 1, 60_000), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1),
        (273, 4, 1, 134), (277, 3, 1, 1), (278, 4, 1, 60_000), (279, 4, 1, 2**20), (339, 3, 1, 1),
        body=zeros(2**28),
    ),
    "gif screen": b"GIF89a\xff\xff\xff\xff\0\0\0" + GIF_FRAME + b";",
    "webp canvas": b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<II", 10, 0) + b"\xff\xff\0\xff\xff\0",
    "avif of gigabytes": WHOLE["AVIF"].replace(struct.pack(">II", 320, 240), struct.pack(">II", 60_000, 60_000)),
    "jpeg of gigabytes": jpeg_of(65_000, 65_000),
}  # fmt: skip
SLOW = {"jpeg of 4,000 scans": many_scans(4000)}
DOCUMENTS = {
    "nothing": b"",
    "zero bytes": bytes(100_000),
    "html": b"<!DOCTYPE html><html><body>Not found</body></html>",
    "svg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "svg bomb": b"<!DOCTYPE svg [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><svg>&b;</svg>",
    "zip": b"PK\x03\x04" + bytes(1000),
    "bzip2": b"BZh91AY&SY" + bytes(1000),
    "pdf": b"%PDF-1.7\n" + bytes(1000),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\n(/etc/passwd) (r) file\nshowpage\n",
    "ico": encode(PICTURE.resize((64, 64)), "ICO"),
    "bmp": encode(PICTURE, "BMP"),
    "eps by pillow": encode(PICTURE, "EPS"),
    "psd": b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 3, 9, 9, 8, 3) + bytes(500),
}
DAMAGED = {
    **{f"{kind} cut at {n}/8": data[: len(data) * n // 8] for kind, data in WHOLE.items() for n in range(1, 8)},
    "jpeg without EOI": JPEG[:-2],
    "png without IEND": PNG[:-12],
    "gif without trailer": GIF[:-1],
    "zero block in jpeg": JPEG[:9000] + bytes(256) + JPEG[9256:],
    "zero block in png": PNG[:9000] + bytes(256) + PNG[9256:],
    "text in jpeg": JPEG[:9000] + b"<b>error</b>" * 30 + JPEG[9000:],
    "jpeg taller than it says": jpeg_of(320, 2000),
}
POLYGLOTS = {
    "gif and script": GIF + b"/*\x00*/=1;alert(document.cookie)//",
    "jpeg and html": JPEG + b"<html><script>alert(1)</script></html>",
    "jpeg and zip": JPEG + b"PK\x03\x04" + bytes(500) + b"PK\x05\x06" + bytes(18),
    "html in a jpeg's comment": with_segment(0xFE, b"<html><script>alert(1)</script>"),
    "png and php": PNG + b"<?php system($_GET['c']); ?>",
    "exif that leads to itself": with_segment(
        0xE1, b"Exif\0\0II*\0\x08\0\0\0\x02\0" + struct.pack("<HHIIHHIII", 0x8769, 4, 1, 8, 0x8825, 4, 1, 8, 8)
    ),
    "exif of 60 kB": with_segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 5400) + b"\xff" * 65_000),
    "exif that claims gigabytes": with_segment(
        0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIII", 0x8298, 2, 2**32 - 1, 26, 0)
    ),
    "a tiff within a jpeg": with_segment(0xE1, b"Exif\0\0" + WHOLE["TIFF"][:60_000]),
    "a gif of a million frames": b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff" + GIF_FRAME * 1_000_000 + b";",
    "a tiff whose pages lead to one another": tiff(
        (256, 4, 1, 9), (257, 4, 1, 9), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 122), (277, 3, 1, 1), (278, 4, 1, 9), (279, 4, 1, 81), next_page=8, body=bytes(range(81)),
    ),
}  # fmt: skip
STORE = BOMBS | SLOW | DOCUMENTS | DAMAGED | POLYGLOTS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    for number, data in enumerate(STORE.values()):
        (folder / str(number)).write_bytes(data)
    return folder


def through_the_engine(look: Callable[..., object], folder: Path) -> list[object]:
    """What each file gives, eight to a worker at a time."""
    fn = partial(look, read=partial(read_from, folder), settings=SETTINGS)
    with LocalEngine(2, SETTINGS.decode_memory, SETTINGS.decode_seconds) as engine:
        return list(engine.map(fn, map(str, range(len(STORE))), chunk=8))


@pytest.fixture(scope="module")
def seen(folder: Path) -> dict[str, dict]:
    """What became of every file."""
    frame = inspection_frame(list(STORE), through_the_engine(blob_inspection, folder), lambda *_: None)
    assert frame.schema == INSPECTIONS
    return {row["sha256"]: row for row in frame.iter_rows(named=True)}


@pytest.fixture(scope="module")
def hashed(folder: Path) -> dict[str, object]:
    return dict(zip(STORE, through_the_engine(blob_fingerprint, folder), strict=True))


@pytest.mark.parametrize("name", [*BOMBS, *SLOW])
def test_a_bomb_ends_at_a_limit_or_is_harmless(name, seen):
    harmless = {"png of gigabytes in 1 pixel"}
    words = {"decode_limit", "damaged"} if name.startswith(("webp", "avif")) else {"decode_limit"}
    assert seen[name]["reason"] in words or name in harmless, seen[name]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_no_picture_is_told(name, seen):
    assert seen[name]["reason"] == "not_image", seen[name]


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_told(name, seen):
    assert seen[name]["reason"] == "damaged", seen[name]


@pytest.mark.parametrize("name", POLYGLOTS)
def test_a_whole_picture_with_more_in_the_file_is_a_picture(name, seen):
    assert seen[name]["reason"] is None, seen[name]
    assert seen[name]["phash"] is not None


@pytest.mark.parametrize("name", STORE)
def test_a_fingerprint_is_had_of_pictures_alone(name, seen, hashed):
    assert isinstance(hashed[name], Fingerprint) == (seen[name]["reason"] is None)
