"""What is in a picture file: whether it is whole, how large, what it looks like, what it says of rights.

What belongs here: looking at bytes, in a worker. What does not: what was promised of them (`verify`).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from PIL import Image, ImageFile

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.pictures.decode import JPEGS, PictureError, open_header, strictly
from imgtext_assets.pictures.fingerprint import phash
from imgtext_assets.pictures.pixels import whole_pixels
from imgtext_assets.pictures.rights_text import file_rights
from imgtext_assets.pictures.structure import MAX_FRAMES, gif_frames, tiff_pages

INSPECTIONS = pl.Schema(
    {
        "sha256": pl.String(),
        "width": pl.Int64(),
        "height": pl.Int64(),
        "mime_type": pl.String(),
        "phash": pl.UInt64(),
        "low_information": pl.Boolean(),
        "frames": pl.Int64(),
        "claim": pl.String(),
        "file_license": pl.String(),
        "data_mining": pl.String(),
        "reason": pl.String(),
        "detail": pl.String(),
    }
)
"""One row for each distinct file: its SHA-256 and what `inspect` saw."""

_MEDIA_TYPES = {"MPO": "image/jpeg"}  # CIPA DC-007: a JPEG with more pictures behind it, which are not used


@dataclass(frozen=True)
class Inspection:
    """What was seen in one file.

    `width` and `height` are in pixels, upright; `phash` is exact, of the upright picture;
    `low_information` tells that it says nothing (`Fingerprint`); `frames` counts the pictures in the file; `claim`,
    `file_license` and `data_mining` are what the file says of rights, word for word (`FileRights`). Where the file is
    no usable picture, `reason` says why (`tables.REASONS["verified"]`) and the measures are null.
    """

    width: int | None = None
    height: int | None = None
    mime_type: str | None = None
    phash: int | None = None
    low_information: bool | None = None
    frames: int | None = None
    claim: str | None = None
    file_license: str | None = None
    data_mining: str | None = None
    reason: str | None = None
    detail: str | None = None


def inspect(data: bytes, settings: PictureSettings) -> Inspection:
    """Decode the whole picture and measure it. Never raises for anything that the bytes may be."""
    try:
        with strictly(data, settings):
            header = open_header(data, settings)
            pixels = whole_pixels(header, data, settings)
            (hashed, says_little), said, frames = phash(pixels), file_rights(header), _frames(header, data)
    except PictureError as error:
        return Inspection(reason=error.reason, detail=error.detail)
    kind = header.format or ""
    return Inspection(
        width=pixels.shape[1],
        height=pixels.shape[0],
        mime_type=_MEDIA_TYPES.get(kind) or Image.MIME[kind],
        phash=hashed,
        low_information=says_little,
        frames=frames,
        claim=said.claim,
        file_license=said.license,
        data_mining=said.data_mining,
    )


def _frames(header: ImageFile.ImageFile, data: bytes) -> int:
    """The pictures in the file, at most MAX_FRAMES; 1 of a JPEG, whatever is behind it."""
    if header.format in JPEGS:
        return 1
    if header.format == "GIF":
        return gif_frames(data) or 1
    if header.format == "TIFF":
        return tiff_pages(data)
    return min(getattr(header, "n_frames", 1), MAX_FRAMES)
