"""What the structure of a picture file says without decoding: how many pictures it holds, and whether its end is there.

Decoders stop at the first picture, and are content with less than the whole file. What belongs here: walking blocks,
chunks and boxes. What does not: decoding.
"""

from __future__ import annotations

import re
import struct

MAX_FRAMES = 10_000
"""No more are counted: a GIF of 20 MB can hold a million."""

_STARTS = {
    "JPEG": re.compile(rb"\xff\xd8\xff"),  # ITU-T T.81, B.1.1.3
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "WEBP": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "GIF": re.compile(rb"GIF8[79]a"),
    "TIFF": re.compile(rb"II[*+]\0|MM\0[*+]"),
    "AVIF": re.compile(rb"....ftypavi[fs]", re.DOTALL),
}
_BOXES = frozenset((b"ftyp", b"meta", b"moov", b"mdat", b"free", b"skip", b"uuid"))
_GIF_BLOCK = re.compile(rb"[!,;]")  # GIF89a, appendix A: extension, image descriptor, trailer


def ends_early(data: bytes, kind: str) -> str | None:
    """How the file tells that it was cut off behind its first picture; None where it does not, or has no way to.

    GIF: no trailer (0x3B), or a block goes beyond the end. WebP: shorter than its RIFF header says. AVIF: a box goes
    beyond the end. JPEG and PNG are told by their decoders (EOI, IEND); TIFF only where the first page is cut.
    """
    if kind == "GIF" and gif_frames(data) is None:
        return "the GIF's trailer is missing"
    if kind == "WEBP" and len(data) < (due := 8 + int.from_bytes(data[4:8], "little")):
        return f"{len(data):,} bytes of the {due:,} that the RIFF header says"
    if kind == "AVIF" and _boxes_end(data) > len(data):
        return "a box goes beyond the end of the file"
    return None


def begins_as(data: bytes) -> str | None:
    """The format, by Pillow's name, that the first bytes claim; None where it is none of those that are decoded."""
    return next((kind for kind, start in _STARTS.items() if start.match(data)), None)


def gif_frames(data: bytes) -> int | None:
    """The pictures of a GIF, at most MAX_FRAMES; None where the file ends before its trailer."""
    frames, place = 0, 13 + _colours(data, 10)
    while frames < MAX_FRAMES and (block := _GIF_BLOCK.search(data, place)):
        place = block.start()
        if data[place] == 0x3B:
            return frames
        if data[place] == 0x2C:
            frames += 1
            place += 11 + _colours(data, place + 9)
        else:
            place += 2
        while place < len(data) and (size := data[place]):
            place += size + 1
        place += 1
    return frames if frames == MAX_FRAMES else None


def tiff_pages(data: bytes) -> int:
    """The pages of a TIFF (TIFF 6.0, section 2; BigTIFF), at most MAX_FRAMES, as far as their list can be followed."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    count, size, offset = (f"{order}Q", 20, f"{order}Q") if big else (f"{order}H", 12, f"{order}I")
    seen = set[int]()
    place = 8 if big else 4
    try:
        while len(seen) < MAX_FRAMES:
            (directory,) = struct.unpack_from(offset, data, place)
            if not directory or directory in seen or directory >= len(data):
                break
            (entries,) = struct.unpack_from(count, data, directory)
            seen.add(directory)
            place = directory + struct.calcsize(count) + entries * size
    except struct.error:
        pass
    return max(len(seen), 1)


def _colours(data: bytes, place: int) -> int:
    """Bytes of the colour table that the flags at `place` announce."""
    flags = data[place] if place < len(data) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _boxes_end(data: bytes) -> int:
    """Where the last of the top-level boxes ends (ISO/IEC 14496-12, 4.2); what is no box of a picture is behind it."""
    place = 0
    while data[place + 4 : place + 8] in _BOXES:
        size = int.from_bytes(data[place : place + 4])
        if size == 0:
            return len(data)
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16])
        place += max(size, 8)
    return place
