"""A few pictures side by side, small enough to sit in metadata."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageOps

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.pictures.decode import PictureError, open_picture

SIDE = 96
"""Pixels a side of one thumbnail."""

_QUALITY = 70
_MISSING = "#888"


def contact_sheet(images: Sequence[bytes], settings: PictureSettings) -> bytes:
    """A JPEG strip of square thumbnails, cropped at the centre, in the order given; about 2 kB each.

    A picture that cannot be opened is a grey square. The sheet carries no metadata of theirs. Raises ValueError for
    no images.
    """
    if not images:
        raise ValueError("a contact sheet needs at least one picture")
    sheet = Image.new("RGB", (SIDE * len(images), SIDE), _MISSING)
    for place, data in enumerate(images):
        try:
            picture = open_picture(data, settings, least=SIDE)
        except PictureError:
            continue
        sheet.paste(ImageOps.fit(picture.convert("RGB"), (SIDE, SIDE)), (SIDE * place, 0))
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()
