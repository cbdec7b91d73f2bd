"""Files that want more than they weigh: pixels, inflation, scans, pages, metadata in circles. Made byte by byte.

What belongs here: the bytes. What does not: what must become of them (`of_files`).
"""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import numpy as np
from PIL import Image

from imgtext_assets.demo.pictures import all_pictures
from imgtext_assets.demo.pictures import jpeg as jpeg_of

LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><x>&j;</x>"
)
XMP_OF_A_FILE = (
    b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:rights>&f;</dc:rights></rdf:Description></rdf:RDF></x:xmpmeta>'
)


def png(width: int, height: int, rows: int | None = None, more: int = 0) -> bytes:
    """A black PNG of one bit a pixel with so many `rows` of data (None: all of them), and `more` bytes after them."""
    deflate, line = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    data = b"".join(deflate.compress(line) for _ in range(height if rows is None else rows))
    data += b"".join(deflate.compress(bytes(2**20)) for _ in range(more // 2**20))
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data + deflate.flush()) + _chunk(b"IEND")


def png_with_text(size: int) -> bytes:
    """A PNG with a compressed text (zTXt) of `size` bytes."""
    deflate = zlib.compressobj(9)
    text = b"".join(deflate.compress(bytes(2**20)) for _ in range(size // 2**20)) + deflate.flush()
    small = png(300, 300)
    return small[:33] + _chunk(b"zTXt", b"Comment\0\0" + text) + small[33:]


def png_with_exif(body: bytes, size: int) -> bytes:
    """That PNG with so many bytes of EXIF, mostly one comment."""
    letters = b"x" * size
    exif = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x9286, 7, size, 26, 0) + letters
    return body[:33] + _chunk(b"eXIf", exif) + body[33:]


def gif(width: int, height: int) -> bytes:
    """A GIF whose screen is so large, and whose one picture fills it, with data for a corner."""
    body = bytearray(_saved(Image.new("P", (16, 16)), "GIF"))
    at = body.index(b"\x2c", 13 + 3 * 2 ** ((body[10] & 7) + 1) if body[10] & 0x80 else 13)
    body[6:10] = body[at + 5 : at + 9] = struct.pack("<HH", width, height)
    return bytes(body)


def gif_of_many(count: int) -> bytes:
    """A GIF of a photograph with `count` small pictures after it."""
    whole = _saved(all_pictures()[-1].image(400), "GIF")[:-1]
    tiny = _saved(Image.new("P", (2, 2)), "GIF")
    start = 13 + 3 * 2 ** ((tiny[10] & 7) + 1) if tiny[10] & 0x80 else 13
    return whole + tiny[start:-1] * count + b";"


def tiff(width: int, height: int) -> bytes:
    """A TIFF header for so many pixels of a bit each, all of them in one strip of 8 bytes."""
    tags = [(256, 4, width), (257, 4, height), (258, 3, 1), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1)]
    tags += [(278, 4, height), (279, 4, 8)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 16) + bytes(8) + struct.pack("<H", len(tags)) + entries + bytes(4)


def tiff_loop(body: bytes) -> bytes:
    """That TIFF (little-endian), its first directory followed by itself."""
    (at,) = struct.unpack_from("<I", body, 4)
    (count,) = struct.unpack_from("<H", body, at)
    looped = bytearray(body)
    struct.pack_into("<I", looped, at + 2 + 12 * count, at)
    return bytes(looped)


def webp() -> bytes:
    """A lossless WebP whose header says 16,384 x 16,384 (14 bits each less one, after the signature)."""
    body = bytearray(_saved(Image.new("RGB", (16, 16)), "WEBP", lossless=True))
    at = body.index(b"VP8L") + 9
    (bits,) = struct.unpack_from("<I", body, at)
    struct.pack_into("<I", body, at, bits | 0x0FFFFFFF)
    return bytes(body)


def jpeg(width: int, height: int) -> bytes:
    """A small JPEG whose header says so many pixels."""
    body = bytearray(jpeg_of(Image.new("L", (64, 64))))
    struct.pack_into(">HH", body, body.index(b"\xff\xc0") + 5, height, width)
    return bytes(body)


@cache
def jpeg_of_scans(count: int) -> bytes:
    """A progressive JPEG of 3.9 megapixels that sends one empty band of frequencies `count` times over.

    Legal, since without successive approximation a band may be sent again; each time all blocks are visited.
    """
    body = _saved(Image.fromarray(np.full((1960, 1960), 128, np.uint8)), "JPEG", progressive=True)
    scans = _scans(body)
    empty = next(scan for scan in scans if _band(scan)[0] > 0)
    exact = b"".join(_without_approximation(scan) for scan in (scans[0], *[empty] * count))
    return body[: body.index(scans[0])] + exact + b"\xff\xd9"


def with_exif(body: bytes, exif: bytes) -> bytes:
    """That JPEG with an APP1 segment of EXIF."""
    return _with_app1(body, b"Exif\0\0" + exif)


def with_xmp(body: bytes, packet: bytes) -> bytes:
    """That JPEG with an APP1 segment of XMP."""
    return _with_app1(body, b"http://ns.adobe.com/xap/1.0/\0" + packet)


def exif_loop() -> bytes:
    """EXIF whose directories (EXIF, GPS, interoperability, thumbnail) are all its first."""
    tags = (0x8769, 0x8825, 0xA005, 0x014A)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, 8) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 8)


def exif_of_letters() -> bytes:
    """EXIF with a copyright of 2^32 - 1 letters, which are not there."""
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8298, 2, 2**32 - 1, 26, 0)


def exif_orientation(value: int) -> bytes:
    """EXIF with that orientation."""
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, value, 0)


def _chunk(name: bytes, content: bytes = b"") -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def _with_app1(body: bytes, content: bytes) -> bytes:
    return body[:2] + b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content + body[2:]


def _saved(image: Image.Image, kind: str, **options: bool) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _scans(body: bytes) -> list[bytes]:
    """The scans of a JPEG, each from its Huffman table to its end."""
    starts = [at for at in range(len(body) - 1) if body[at : at + 2] == b"\xff\xc4"]
    return [body[start:end] for start, end in zip(starts, [*starts[1:], len(body) - 2], strict=True)]


def _band(scan: bytes) -> tuple[int, int]:
    """First and last frequency of a scan of one component."""
    at = scan.index(b"\xff\xda")
    return scan[at + 7], scan[at + 8]


def _without_approximation(scan: bytes) -> bytes:
    at = scan.index(b"\xff\xda")
    return scan[: at + 9] + b"\0" + scan[at + 10 :]
