"""The pixels of a whole picture, or of a smaller JPEG, upright and ready to be hashed.

What belongs here: choosing the decoder, turning, and bringing every mode to grey or RGB of 8 bits. What does not:
hashing (`fingerprint`), headers and limits (`decode`).
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFile

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.pictures import jpeg
from imgtext_assets.pictures.decode import JPEGS, orientation

# EXIF orientation (CIPA DC-008, 4.6.5): what to do with the stored rows and columns to see the picture upright.
_TURNS = {
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: stored[::-1].swapaxes(0, 1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: stored.swapaxes(0, 1)[::-1],
}


def whole_pixels(header: ImageFile.ImageFile, data: bytes, settings: PictureSettings) -> np.ndarray:
    """All pixels, upright, uint8: height x width (grey) or height x width x 3 (RGB). Within `decode.strictly`.

    `header` is the opened picture in `data`; it is loaded only where Pillow decodes. A JPEG is decoded by `jpeg`, once,
    which gives Pillow's pixels and hears warnings; Pillow decodes it again where that one cannot tell, or tells damage
    that `settings.strict_jpeg` lets pass. Grey is what Pillow's `convert("L")` makes, but for modes of more than 8
    bits, which that clips: see `grey`. Raises what decoders raise.
    """
    stored = _jpeg_pixels(header, data, settings) if header.format in JPEGS else None
    if stored is None:
        header.load()  # first: it may change the mode, and turns a TIFF by itself
        stored = grey(header)
    return upright(stored, orientation(header))


def small_pixels(header: ImageFile.ImageFile, data: bytes, settings: PictureSettings, least: int) -> np.ndarray:
    """The same, but a JPEG grey and as small as can be had cheaply, no side shorter than `least` (or than it is)."""
    stored = None
    if header.format in JPEGS and header.mode in ("L", "RGB"):
        stored = _strict(data, "GRAY", settings, least)
    if stored is None:
        return whole_pixels(header, data, settings)
    return upright(stored[:, :, 0], orientation(header))


def upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """The pixels turned as the EXIF orientation (1 to 8) says: a view."""
    turn = _TURNS.get(orientation)
    return turn(stored) if turn else stored


def _jpeg_pixels(header: ImageFile.ImageFile, data: bytes, settings: PictureSettings) -> np.ndarray | None:
    decoded = _strict(data, jpeg.COLOURS[header.mode], settings)
    if decoded is None:
        return None
    if decoded.shape[1::-1] != header.size:
        raise jpeg.Corrupt(f"{header.width}x{header.height} in its header, decoded {decoded.shape[1::-1]}")
    if header.mode == "CMYK":  # stored inverted, as Adobe does, and Pillow takes all to be so
        return grey(Image.frombuffer("CMYK", header.size, decoded, "raw", "CMYK;I", 0, 1))
    return decoded if header.mode == "RGB" else decoded[:, :, 0]


def _strict(data: bytes, colours: jpeg.Colours, settings: PictureSettings, least: int = 0) -> np.ndarray | None:
    """`jpeg.pixels`, but None also for damage that the settings let pass: Pillow then says what shows."""
    try:
        return jpeg.pixels(data, colours, least)
    except jpeg.Corrupt:
        if settings.strict_jpeg:
            raise
        return None


def grey(picture: Image.Image) -> np.ndarray:
    """Height x width grey levels.

    Pillow's `convert("L")`, and so imagehash, clips modes of more than 8 bits, which makes nearly all of a 16-bit
    picture white. Here 16 bits keep their upper 8, as Pillow itself does for 16-bit colour, and integers of 32 bits
    and floats, whose range nobody declares, are stretched from their least to their greatest: pHash compares
    coefficients with their median, so that it changes little under linear maps.
    """
    if picture.mode.startswith("I;16"):
        return (np.asarray(picture) >> 8).astype(np.uint8)
    if picture.mode in ("I", "F"):
        return _stretched(np.asarray(picture, np.float64))
    if picture.mode == "LAB":  # CIE L* is its first band, and Pillow converts no further
        return np.asarray(picture.getchannel(0))
    return np.asarray(picture.convert("L"))


def _stretched(values: np.ndarray) -> np.ndarray:
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    # Halved, so that a range of all floats does not overflow.
    span = high / 2 - low / 2
    return ((finite / 2 - low / 2) * (255 / span)).astype(np.uint8) if span > 0 else np.zeros(values.shape, np.uint8)
