"""A picture's pixels as a small grey square, bit for bit as Pillow 13 reduces them, in a quarter of the time.

What belongs here: the way from pixels to a square. What does not: the loops (`kernels`), and what is made of the square
(`fingerprint`).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image

Weights = tuple[np.ndarray, np.ndarray, np.ndarray]

_LONGEST_KEPT = 16_384  # pixels; a PNG of 20 kB can be 9,000,000 long, whose weights would fill a worker's memory


def reduced(pixels: np.ndarray, side: int) -> np.ndarray:
    """The picture as `side` x `side` grey levels (uint8): Pillow's `convert("L").resize((side, side), LANCZOS)`.

    `pixels` are uint8, height x width (grey) or height x width x 3 (RGB), of at least one pixel. Raises MemoryError.
    """
    from imgtext_assets.pictures import kernels

    height, width = pixels.shape[:2]
    square = np.empty((side, side), np.uint8)
    if _tall(width, height, side):
        grey = pixels if pixels.ndim == 2 else Image.fromarray(pixels).convert("L")
        columns = np.empty((side, width), np.uint8)
        kernels.along_columns(np.ascontiguousarray(grey), *_weights(height, side), columns)
        kernels.along_rows(columns, 1, *_weights(width, side), square)
    else:
        flat = np.ascontiguousarray(pixels).reshape(height, -1)
        rows = np.empty((height, side), np.uint8)
        kernels.along_rows(flat, flat.shape[1] // width, *_weights(width, side), rows)
        kernels.along_columns(rows, *_weights(height, side), square)
    return square


def _tall(width: int, height: int, side: int) -> bool:
    """Whether Pillow reduces the columns first, which rounds otherwise (since Pillow 13, its pull request 9549).

    The condition was found by trying, and holds in the tests: the height shrinks, by more than twice what the width
    does, in pixels.
    """
    return height > side and height - side > 2 * (width - side)


def warm_up() -> None:
    """Load, or compile, the machine code now. Call it where no limit on time or memory holds yet."""
    reduced(np.zeros((2, 2, 3), np.uint8), 8)


def _weights(size: int, side: int) -> Weights:
    from imgtext_assets.pictures import kernels

    return _kept(size, side) if size <= _LONGEST_KEPT else kernels.lanczos(size, side)


@lru_cache(maxsize=64)
def _kept(size: int, side: int) -> Weights:
    """Kept for the sizes that come again, for 0.1 ms and 48 bytes a pixel of `size`: 50 MB at most."""
    from imgtext_assets.pictures import kernels

    return kernels.lanczos(size, side)
