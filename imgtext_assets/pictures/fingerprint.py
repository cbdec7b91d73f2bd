"""Perceptual hashes: what a picture looks like, in 64 and in 256 bits.

What belongs here: hashing one picture, and telling where a hash says nothing. What does not: its pixels (`pixels`,
`reduce`), and comparing hashes, which is the `duplicates` room.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import PIL
from scipy.fftpack import dct

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.pictures.decode import open_header, strictly
from imgtext_assets.pictures.pixels import small_pixels
from imgtext_assets.pictures.reduce import reduced

LEAST_SPREAD = 2.0
"""Grey levels: a hash whose median coefficient lies nearer than this to their median is mostly noise.

Measured on 1,479 crops of the photographs in scikit-image: below it, JPEG quality 30 turns 17 to 28 of the 64 bits
(median; a stranger's differ by 32), above 10 it turns 2. Rounding to 8 bits alone moves a coefficient by 0.3.
"""

LEAST_SIDE = 96
"""Pixels: no side of a JPEG is decoded shorter than this for its fingerprint.

What it costs, in bits that differ from the exact hashes, measured on 1,176 JPEGs (quality 95, and 75 progressive;
longest side 320 to 1,600) of crops of the 21 photographs and drawings in scikit-image. A picture of 1024x768 decodes in
1.28 ms for 96 (at 1/8), in 1.45 for 128 and 192 (1/4), and in 2.42 whole.

| least side | phash: equal, mean, 99 of 100, worst | phash256: equal, mean, 99 of 100, worst |
| --- | --- | --- |
| 96 | 68%, 0.8, 4, 6 | 22%, 4.5, 20, 30 |
| 128 | 74%, 0.6, 4, 8 | 24%, 3.8, 14, 30 |
| 192 | 84%, 0.4, 4, 6 | 42%, 2.3, 12, 26 |
| 256 | 89%, 0.2, 2, 6 | 53%, 1.7, 10, 24 |

Exactly periodic patterns (chessboards) go further, up to 18 of 64. With 96, `low_information` was told as of the whole
picture in every case, chessboards among them.
"""

TOLERANCE, TOLERANCE_256 = 8, 32
"""Bits by which a fingerprint's hashes may differ from the exact ones: the most in some draws of crops, rounded up."""


HASHED_BY = f"Pillow {PIL.__version__}"
"""What takes the hashes in this process: Pillow resizes, and its order of additions may change with its version."""


@dataclass(frozen=True)
class Fingerprint:
    """The hashes of one picture; see the columns of the same names in `tables.FINGERPRINTS`."""

    phash: int  # 64 bits
    phash256: bytes  # 32 bytes
    low_information: bool
    pixels: int  # width x height
    by: str = HASHED_BY  # of the process that took them: workers on other machines may have another version


def fingerprint(data: bytes, settings: PictureSettings) -> Fingerprint:
    """Decode the picture in `data` and hash it upright. Raises PictureError.

    For other formats than JPEG, and small JPEGs, `phash` is `int(str(imagehash.phash(picture)), 16)` and `phash256` the
    bytes of the same with hash_size 16; the first bit is the most significant one. Of a larger JPEG, both are those
    of the grey picture reduced while it is decoded, which is twice as fast and near to the same: see LEAST_SIDE.
    Damage is told all the same, for every code of the file is read.

    `low_information` marks hashes that must not be compared: those of flat pictures and plain gradients, whose bits
    are rounding noise (`LEAST_SPREAD`), and those of exact symmetries, where coefficients tie, so that not exactly
    half of the bits are set.
    """
    with strictly(data, settings):
        header = open_header(data, settings)
        pixels = small_pixels(header, data, settings, LEAST_SIDE)
        coarse, fine = _coefficients(pixels, 8), _coefficients(pixels, 16)
    return Fingerprint(
        phash=_number(_bits(coarse)),
        phash256=np.packbits(_bits(fine)).tobytes(),
        low_information=_says_little(coarse),
        pixels=header.width * header.height,
    )


def phash(pixels: np.ndarray) -> tuple[int, bool]:
    """`int(str(imagehash.phash(picture)), 16)` of these pixels (`pixels.whole_pixels`), bit for bit.

    And whether it is of low information, by the rule of `fingerprint`.
    """
    coarse = _coefficients(pixels, 8)
    return _number(_bits(coarse)), _says_little(coarse)


def _coefficients(pixels: np.ndarray, size: int) -> np.ndarray:
    """The `size` x `size` lowest frequencies of a picture, step for step as `imagehash.phash` takes them.

    The same transforms in the same order, since another order of additions flips bits that are nearly ties. Taken
    apart from imagehash's function because that keeps the coefficients to itself.
    """
    square = reduced(pixels, size * 4)
    return np.asarray(dct(dct(square, axis=0), axis=1))[:size, :size]


def _bits(coefficients: np.ndarray) -> np.ndarray:
    return coefficients > _median(coefficients)


def _number(bits: np.ndarray) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _says_little(coefficients: np.ndarray) -> bool:
    bits = _bits(coefficients)
    tied = np.count_nonzero(bits) != bits.size // 2
    return bool(tied) or _spread(coefficients) < LEAST_SPREAD


def _spread(coefficients: np.ndarray) -> float:
    """How far from their median the coefficients lie, by the median, in grey levels of an orthonormal DCT."""
    orthonormal = 2 * 4 * coefficients.shape[0]  # scipy's DCT-II is sqrt(2 N) times that an axis, N = 4 x size
    return float(_median(np.abs(coefficients - _median(coefficients)))) / orthonormal


def _median(values: np.ndarray) -> np.floating:
    """`np.median` of an even number of values, none of which is NaN, in a third of the time."""
    ordered = np.sort(values, axis=None)
    middle = ordered.size // 2
    return (ordered[middle - 1] + ordered[middle]) / 2
