"""Pictures made anew for those who want them smaller, or in a format that their tool reads.

What belongs here: when a copy is made, and how. What does not: who wants which (`publish.formats`), opening (`decode`).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

from PIL import Image

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.pictures.decode import JPEGS, open_header, open_picture, orientation, strictly
from imgtext_assets.pictures.pixels import grey

QUALITY = 95
"""Of the copies' JPEGs, as img2dataset has it by default (its `encode_quality`)."""


class Remade(NamedTuple):
    """A JPEG that is a copy of a picture: its bytes, its pixels, its media type."""

    data: bytes
    width: int
    height: int
    mime_type: str = "image/jpeg"


def remade(
    data: bytes, settings: PictureSettings, longest: int | None = None, formats: Sequence[str] | None = None
) -> Remade | None:
    """A copy of the picture in `data` as a JPEG; None where it may stay as it is.

    A copy is made where a side is longer than `longest` pixels: it is scaled so that the longer side has as many,
    which never enlarges. And where the format is none of `formats` (Pillow's names), and, with `longest`, where the
    EXIF says that the picture lies on its side. The copy is upright, of 8 bits, grey or RGB; what was transparent is
    white, of an animation there is the first frame, a colour profile is kept where it still holds, and nothing else
    that the file said. The same bytes and the same Pillow give the same copy.

    Raises PictureError where the picture cannot be decoded.
    """
    with strictly(data, settings):
        header = open_header(data, settings)
        too_long = longest is not None and (max(header.size) > longest or orientation(header) != 1)
        format = "JPEG" if header.format in JPEGS else header.format
        if not too_long and (formats is None or format in formats):
            return None
    # Whether the JPEG is sound has been judged: what goes into a release is verified.
    picture = open_picture(data, settings.model_copy(update={"strict_jpeg": False}))
    with strictly(data, settings):
        copy = _plain(picture)
        if longest is not None and max(copy.size) > longest:
            copy = copy.resize(_within(copy.size, longest), Image.Resampling.LANCZOS)
        profile = picture.info.get("icc_profile") if picture.mode == copy.mode else None
        copy.info.clear()  # Pillow would write comment and XMP of the original
        out = io.BytesIO()
        copy.save(out, "JPEG", quality=QUALITY, icc_profile=profile)
    return Remade(out.getvalue(), *copy.size)


def blob_remade(
    sha256: str,
    read: Callable[[str], bytes],
    settings: PictureSettings,
    longest: int | None = None,
    formats: Sequence[str] | None = None,
) -> bytes | Remade:
    """In a worker process: the copy of the picture under that name, or its bytes where it may stay as it is."""
    data = read(sha256)
    copy = remade(data, settings, longest, formats)
    return data if copy is None else copy


def _within(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """The size whose longer side is `longest`, of the same shape as near as can be, no side under one pixel."""
    scale = longest / max(size)
    width, height = (max(1, round(side * scale)) for side in size)
    return width, height


def _plain(picture: Image.Image) -> Image.Image:
    """The picture in a mode that every reader of JPEGs knows: grey or RGB."""
    if picture.mode in ("L", "RGB"):
        if "transparency" not in picture.info:
            return picture
    elif picture.mode.startswith("I") or picture.mode == "F":
        return Image.fromarray(grey(picture))
    if picture.has_transparency_data:
        seen = picture.convert("RGBA")
        ground = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(ground, seen).convert("RGB")
    return picture.convert("L" if picture.mode in ("1", "LA") else "RGB")
