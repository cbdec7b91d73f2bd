"""JPEGs decoded by libjpeg-turbo with its warnings heard: damage that Pillow repairs without a word is told.

What belongs here: what simplejpeg's answers mean. What does not: headers and metadata, which stay Pillow's (`decode`).
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Literal

import numpy as np
import simplejpeg

# libjpeg's warnings (jerror.h) that say that bytes are lost or spoilt: bad Huffman codes, a segment that ends early,
# bytes left over before a marker, a missing EOI. Others (an unknown JFIF revision, Adobe transform or scan parameter)
# are about how the file was written.
_DAMAGE = ("Corrupt JPEG data", "Premature end of JPEG file")

# Two bytes that libjpeg warns of, in segments long enough for it to read them (jdmarker.c): the major revision of JFIF
# (APP0; known: 1) and Adobe's transform (APP14; 0 is known for any number of colours).
_JFIF = re.compile(rb"(\xff\xe0(?:\0[\x10-\xff]|[\x01-\xff].)JFIF\0).", re.DOTALL)
_ADOBE = re.compile(rb"(\xff\xee(?:\0[\x0e-\xff]|[\x01-\xff].)Adobe.{6}).", re.DOTALL)

Colours = Literal["GRAY", "RGB", "CMYK"]
COLOURS: dict[str, Colours] = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
"""simplejpeg's name for the colours of each of Pillow's modes of a JPEG."""


class Corrupt(Exception):
    """libjpeg decodes the file, and says that it is damaged."""


def pixels(data: bytes, colours: Colours, least: int = 0) -> np.ndarray | None:
    """The pixels, height x width x colours (uint8), as stored: not turned upright, CMYK as the file has it (inverted).

    They are the ones that Pillow decodes. With `least`, the picture is decoded as small as libjpeg can, n/8 of its
    size, with no side shorter than `least` (or than it is). Bytes after the end of the picture are not looked at.
    None where this decoder cannot tell: it refuses the file (a subsampling or a coding that it does not know) or warns
    of something that is no damage; ask Pillow then. Raises Corrupt, MemoryError.

    The decoder stops at its first warning. Where that is of an unknown revision or transform, damage is looked for in
    a copy without it.
    """
    try:
        return _decoded(data, colours, least)
    except ValueError:
        tame = _ADOBE.sub(b"\\g<1>\0", _JFIF.sub(b"\\g<1>\1", data))
    if tame != data:
        with suppress(ValueError):
            _decoded(tame, "GRAY", 1)
    return None


def _decoded(data: bytes, colours: Colours, least: int) -> np.ndarray:
    """Raises Corrupt for damage, ValueError for all else that simplejpeg refuses or warns of."""
    try:
        return simplejpeg.decode_jpeg(data, colours, min_height=least, min_width=least, strict=True)
    except ValueError as error:
        if str(error).startswith(_DAMAGE):
            raise Corrupt(str(error)) from None
        raise
