"""What a picture file itself says about rights: its EXIF, IPTC and XMP texts.

What belongs here: finding the texts. What does not: judging them, which is the `rights` room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers import expat

from PIL import ExifTags, ImageFile, IptcImagePlugin

MAX_CHARACTERS = 500
_MAX_XMP_BYTES = 2**20
_IPTC_COPYRIGHT_NOTICE = (2, 116)  # IPTC-IIM 4.2, dataset 2:116
_XMP_RIGHTS = {
    "http://purl.org/dc/elements/1.1/ rights",
    "http://ns.adobe.com/xap/1.0/rights/ UsageTerms",
    "http://ns.adobe.com/photoshop/1.0/ Copyright",
}


def rights_text(picture: ImageFile.ImageFile) -> str | None:
    """The texts in which the file states rights, each once, joined by `; `; None where it states none.

    Read are EXIF's Copyright and Artist (CIPA DC-008: 0x8298, 0x013B), IPTC's copyright notice (2:116) and XMP's
    dc:rights, xmpRights:UsageTerms and photoshop:Copyright (ISO 16684). Text that is broken is left out; at most
    500 characters are given.
    """
    found: dict[str, None] = {}
    for texts in (_exif, _iptc, _xmp):
        for text in _unless_broken(texts, picture):
            if line := " ".join(text.replace("\0", " ").split()):
                found[line] = None
    return "; ".join(found)[:MAX_CHARACTERS] or None


def _unless_broken(texts: Callable[[Any], Iterator[str]], picture: ImageFile.ImageFile) -> list[str]:
    try:
        return list(texts(picture))
    except Exception:  # noqa: BLE001 - parsers of hostile metadata raise anything; the picture itself is whole
        return []


def _exif(picture: ImageFile.ImageFile) -> Iterator[str]:
    exif = picture.getexif()
    for tag in (ExifTags.Base.Copyright, ExifTags.Base.Artist):
        value = exif.get(tag)
        if value is not None:
            # Pillow reads these tags as Latin-1; many writers put UTF-8 there.
            yield _text(value.encode("latin-1") if isinstance(value, str) else value)


def _iptc(picture: ImageFile.ImageFile) -> Iterator[str]:
    notice = (IptcImagePlugin.getiptcinfo(picture) or {}).get(_IPTC_COPYRIGHT_NOTICE, [])
    for value in notice if isinstance(notice, list) else [notice]:
        yield _text(value)


def _xmp(picture: ImageFile.ImageFile) -> Iterator[str]:
    packet = picture.info.get("xmp", b"")
    packet = packet.encode() if isinstance(packet, str) else bytes(packet)
    if packet and len(packet) <= _MAX_XMP_BYTES:
        yield from _XmpRights(packet).texts


def _text(value: bytes | tuple) -> str:
    data = bytes(value)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


class _XmpRights:
    """Collects the text under the properties that state rights. An entity declaration ends the parsing."""

    def __init__(self, packet: bytes) -> None:
        self.texts: list[str] = []
        self._inside = 0
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = self._refuse
        parser.Parse(packet.rstrip(b"\0 "), True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.texts += [value for key, value in attributes.items() if key in _XMP_RIGHTS]
        if self._inside or name in _XMP_RIGHTS:
            self._inside += 1
            self.texts.append("")

    def _end(self, _: str) -> None:
        self._inside = max(0, self._inside - 1)

    def _characters(self, text: str) -> None:
        if self._inside:
            self.texts[-1] += text

    def _refuse(self, *_: object) -> None:
        raise ValueError("XMP with entities")  # billion laughs, or a file of ours
