"""What a picture file itself says about rights: its EXIF, IPTC, PNG and XMP metadata.

What belongs here: finding the statements. What does not: parsing XMP (`xmp`), and judging what is found, which is the
`rights` room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, ImageFile, IptcImagePlugin

from imgtext_assets.pictures.xmp import CC, DC, PHOTOSHOP, PLUS, XMP_RIGHTS, properties, xmp_packets

MAX_CHARACTERS = 1_000
"""Of one statement; what is longer is cut."""

Statement = tuple[str, str]
"""What a text is about, and the text."""

# A statement's subject is told with its text, for a name alone is no claim as `artist` and one as `copyright`.
_EXIF = {ExifTags.Base.Copyright: "copyright", ExifTags.Base.Artist: "artist"}  # CIPA DC-008: 0x8298, 0x013B
_IPTC = {(2, 116): "copyright", (2, 40): "instructions"}  # IPTC-IIM 4.2: Copyright Notice, Special Instructions
_PNG = {"copyright": "copyright"}  # PNG (W3C), keywords of tEXt, zTXt and iTXt
_XMP = {
    f"{DC} rights": "copyright",  # IPTC Photo Metadata Standard: the Copyright Notice
    f"{PHOTOSHOP} Copyright": "copyright",
    f"{XMP_RIGHTS} UsageTerms": "usage terms",
    f"{XMP_RIGHTS} Marked": "marked as",
}
_MARKED = {"true": "copyrighted", "false": "public domain"}  # ISO 16684-1, 8.5: xmpRights:Marked
_DATA_MINING = f"{PLUS} DataMining"
_XMP_LICENSES = (f"{CC} license", f"{XMP_RIGHTS} WebStatement", f"{XMP_RIGHTS} UsageTerms", f"{DC} rights")
_WANTED = {*_XMP, *_XMP_LICENSES, _DATA_MINING}


@dataclass(frozen=True)
class FileRights:
    """What a file says of rights, word for word; None where it says nothing.

    `claim` holds its statements, each once and with its subject: `copyright: © Ann; artist: Ann`. `license` is the
    licence that it states itself: XMP's cc:license, else the first of xmpRights:WebStatement, xmpRights:UsageTerms and
    dc:rights. `data_mining` is plus:DataMining, an address of the PLUS vocabulary
    (http://ns.useplus.org/ldf/vocab/DMI-…).
    """

    claim: str | None = None
    license: str | None = None
    data_mining: str | None = None


def file_rights(picture: ImageFile.ImageFile) -> FileRights:
    """What the file of a loaded picture says of rights. Metadata that is broken is left out, and never an error.

    Read are EXIF's Copyright and Artist (also of TIFF), IPTC's copyright notice and special instructions, PNG's
    Copyright, and XMP's dc:rights, xmpRights (UsageTerms, Marked, WebStatement), photoshop:Copyright, cc:license and
    plus:DataMining, wherever Pillow finds them. Each text is one line of at most MAX_CHARACTERS.
    """
    xmp = dict[str, list[str]]()
    for packet in _unless_broken(xmp_packets, picture):
        for name, value in properties(packet, _WANTED):
            xmp.setdefault(name, []).append(value)
    statements = [s for read in (_exif, _iptc, _png) for s in _unless_broken(read, picture)]
    return FileRights(
        claim=_joined(f"{about}: {line}" for about, text in [*statements, *_xmp(xmp)] if (line := _line(text))),
        license=next((_line(value) for name in _XMP_LICENSES for value in xmp.get(name, ()) if _line(value)), None),
        data_mining=_joined(map(_line, xmp.get(_DATA_MINING, ()))),
    )


def _unless_broken(read: Callable[[Any], Iterator[Any]], picture: ImageFile.ImageFile) -> list[Any]:
    try:
        return list(read(picture))
    except Exception:  # noqa: BLE001 - parsers of hostile metadata raise anything; the picture itself is whole
        return []


def _exif(picture: ImageFile.ImageFile) -> Iterator[Statement]:
    exif = picture.getexif()
    for tag, about in _EXIF.items():
        value = exif.get(tag)
        # Pillow reads these tags as Latin-1; many writers put UTF-8 there.
        if isinstance(value, str):
            yield about, _text(value.encode("latin-1", errors="replace"))
        elif isinstance(value, bytes):
            yield about, _text(value)


def _iptc(picture: ImageFile.ImageFile) -> Iterator[Statement]:
    datasets = IptcImagePlugin.getiptcinfo(picture) or {}
    for number, about in _IPTC.items():
        values = datasets.get(number, [])
        for value in values if isinstance(values, list) else [values]:
            yield about, _text(value)


def _png(picture: ImageFile.ImageFile) -> Iterator[Statement]:
    for key, value in picture.info.items():
        if isinstance(key, str) and isinstance(value, str) and (about := _PNG.get(key.lower())):
            yield about, value


def _xmp(xmp: dict[str, list[str]]) -> Iterator[Statement]:
    for name, about in _XMP.items():
        for value in xmp.get(name, ()):
            yield about, _MARKED.get(value.strip().lower(), "") if about == "marked as" else value


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _line(text: str) -> str:
    return " ".join(text[: 4 * MAX_CHARACTERS].replace("\0", " ").split())[:MAX_CHARACTERS]


def _joined(lines: Iterable[str]) -> str | None:
    return "; ".join(dict.fromkeys(filter(None, lines))) or None
