"""Perceptual hashes: what a picture looks like, in 64 and in 256 bits.

What belongs here: hashing one picture, and telling where a hash says nothing. What does not: comparing hashes, which
is the `duplicates` room.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.fftpack import dct

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.pictures.decode import open_picture

LEAST_SPREAD = 2.0
"""Grey levels: a hash whose median coefficient lies nearer than this to their median is mostly noise.

Measured on 1,479 crops of the photographs in scikit-image: below it, JPEG quality 30 turns 17 to 28 of the 64 bits
(median; a stranger's differ by 32), above 10 it turns 2. Rounding to 8 bits alone moves a coefficient by 0.3.
"""


@dataclass(frozen=True)
class Fingerprint:
    """The hashes of one picture; see the columns of the same names in `tables.FINGERPRINTS`."""

    phash: int  # 64 bits
    phash256: bytes  # 32 bytes
    low_information: bool
    pixels: int  # width x height


def fingerprint(data: bytes, settings: PictureSettings) -> Fingerprint:
    """Decode the picture in `data` and hash it upright. Raises PictureError.

    `phash` is `int(str(imagehash.phash(picture)), 16)`, and `phash256` the bytes of the same with hash_size 16: the
    first bit is the most significant one.

    `low_information` marks hashes that must not be compared: those of flat pictures and plain gradients, whose bits
    are rounding noise (`LEAST_SPREAD`), and those of exact symmetries, where coefficients tie, so that not exactly
    half of the bits are set.
    """
    picture = open_picture(data, settings)
    grey = picture.convert("L")
    coarse, fine = _coefficients(grey, 8), _coefficients(grey, 16)
    bits = _bits(coarse)
    tied = int(bits.sum()) != bits.size // 2
    return Fingerprint(
        phash=int.from_bytes(np.packbits(bits).tobytes(), "big"),
        phash256=np.packbits(_bits(fine)).tobytes(),
        low_information=tied or _spread(coarse) < LEAST_SPREAD,
        pixels=picture.width * picture.height,
    )


def _coefficients(grey: Image.Image, size: int) -> np.ndarray:
    """The `size` x `size` lowest frequencies of a grey picture, step for step as `imagehash.phash` takes them.

    The same calls in the same order, since another order of additions flips bits that are nearly ties. Taken apart
    from imagehash's function because that keeps the coefficients to itself.
    """
    pixels = np.asarray(grey.resize((size * 4, size * 4), Image.Resampling.LANCZOS))
    return np.asarray(dct(dct(pixels, axis=0), axis=1))[:size, :size]


def _bits(coefficients: np.ndarray) -> np.ndarray:
    return coefficients > np.median(coefficients)


def _spread(coefficients: np.ndarray) -> float:
    """How far from their median the coefficients lie, by the median, in grey levels of an orthonormal DCT."""
    orthonormal = 2 * 4 * coefficients.shape[0]  # scipy's DCT-II is sqrt(2 N) times that an axis, N = 4 x size
    return float(np.median(np.abs(coefficients - np.median(coefficients)))) / orthonormal
