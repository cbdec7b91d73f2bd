"""XMP, the metadata packet in a picture file: where it is, and its properties (ISO 16684-1).

XML from strangers: no document type, so no entities; a limit on size and on depth; what precedes a fault counts.
What belongs here: finding and parsing packets. What does not: knowing what the properties mean (`rights_text`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from xml.parsers import expat

from PIL import ImageFile

DC = "http://purl.org/dc/elements/1.1/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
XMP_RIGHTS = "http://ns.adobe.com/xap/1.0/rights/"
CC = "http://creativecommons.org/ns#"
PLUS = "http://ns.useplus.org/ldf/xmp/1.0/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_OLD_CC = "http://web.resource.org/cc/"  # Creative Commons' namespace until 2008

MAX_BYTES = 2**20
MAX_DEPTH = 64
MAX_VALUES = 64
_MAX_CHARACTERS = 10_000

# XMP specification part 3, 1.1.3: APP1 segments; an extended packet's are its GUID, length, offset, and a piece.
_PACKET = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"


def xmp_packets(picture: ImageFile.ImageFile) -> Iterator[bytes]:
    """The picture's XMP packets, each up to MAX_BYTES: all of a JPEG with extended ones, else the one Pillow gives."""
    segments = [data for name, data in getattr(picture, "applist", ()) if name == "APP1"]
    packets = [data.removeprefix(_PACKET) for data in segments if data.startswith(_PACKET)]
    packets += _extended([data.removeprefix(_EXTENSION) for data in segments if data.startswith(_EXTENSION)])
    if not packets:
        packet = picture.info.get("xmp")
        packets = [packet.encode() if isinstance(packet, str) else packet]
    yield from (packet for packet in packets if isinstance(packet, bytes) and 0 < len(packet) <= MAX_BYTES)


def properties(packet: bytes, wanted: Collection[str]) -> list[tuple[str, str]]:
    """The values of the packet's properties that are `wanted` (`namespace name`), with their names, in order.

    A property may be an element, with its text or rdf:resource or a list of them, or an attribute. What follows a
    fault in the XML, or a document type, is not read; nor are values after the first MAX_VALUES.
    """
    reader = _Reader(wanted)
    # What is not XML, cut off, in an unknown encoding, or refused by the reader, ends here.
    with suppress(expat.ExpatError, LookupError, ValueError):
        reader.parser.Parse(packet, True)
    return reader.found


def _extended(segments: list[bytes]) -> list[bytes]:
    """The packets whose pieces these are, by GUID (32 bytes), each as far as its pieces follow one another."""
    pieces: dict[bytes, dict[int, bytes]] = {}
    for segment in segments:
        guid, offset, piece = segment[:32], int.from_bytes(segment[36:40]), segment[40:]
        pieces.setdefault(guid, {})[offset] = piece
    packets = []
    for parts in pieces.values():
        packet = bytearray()
        while len(packet) <= MAX_BYTES and (piece := parts.get(len(packet))):
            packet += piece
        packets.append(bytes(packet))
    return packets


class _Refused(ValueError):
    """The packet goes beyond what a packet may be."""


class _Reader:
    """Collects the values of wanted properties."""

    def __init__(self, wanted: Collection[str]) -> None:
        self.found: list[tuple[str, str]] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self._wanted = wanted
        self._depth = 0
        self._property: tuple[str, int] | None = None  # the one that we are in, and its depth
        self._text = ""

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Refused("too deep")
        for name, value in attributes.items():
            self._add(name, value)
        if self._property is None and _current(element) in self._wanted:
            self._property = (element, self._depth)
        if self._property is not None:
            self._add(self._property[0], self._text)
            self._add(self._property[0], attributes.get(f"{_RDF} resource", ""))
            self._text = ""

    def _end(self, _: str) -> None:
        if self._property is not None:
            name, depth = self._property
            self._add(name, self._text)
            self._text = ""
            if depth == self._depth:
                self._property = None
        self._depth -= 1

    def _characters(self, text: str) -> None:
        if self._property is not None and len(self._text) < _MAX_CHARACTERS:
            self._text += text

    def _add(self, name: str, value: str) -> None:
        name = _current(name)
        if name in self._wanted and value.strip() and len(self.found) < MAX_VALUES:
            self.found.append((name, value))

    def _refuse(self, *_: object) -> None:
        raise _Refused("a document type")


def _current(name: str) -> str:
    return name.replace(_OLD_CC, CC)
