"""The loops that reduce a picture's pixels to a small grey square, compiled.

What belongs here: arithmetic that numpy cannot do fast, with the bits that Pillow gives. What does not: knowing what
the square is for (`reduce`). Importing this imports numba and loads machine code, or compiles it where none is stored
(some seconds): do it where it is needed, before any limit on time or memory.

Pillow resizes 8-bit pixels in integers (src/libImaging/Resample.c): weights are rounded to 22 bits, a sum of products
is rounded and clipped to 8 bits, first along the rows, then along the columns. Every sum stays below 2^53, so that in
float64 it is exact in any order: hence `fastmath`, which lets the compiler add in the processor's own way.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types

from imgtext_assets.machine_code import compiled

_PRECISION = 22  # bits: PRECISION_BITS of Pillow's Resample.c
_HALF = 1 << (_PRECISION - 1)
_SUPPORT = 3.0  # of the Lanczos filter, in pixels of the smaller of both pictures
_TILE = 8  # rows that share each load of a weight: twice as fast as one by one

_pixels = types.Array(types.uint8, 2, "C", readonly=True)
_starts = types.int64[::1]
_weights = types.float64[:, ::1]


@compiled(types.Tuple((_starts, _starts, _weights))(types.int64, types.int64))
def lanczos(size: int, smaller: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each of `smaller` pixels begins among `size`, how many it is made of, and their integer weights.

    The same operations in the same order as Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`, with the sine
    of the same C library: no `fastmath`.
    """
    scale = size / smaller
    wide = max(scale, 1.0)
    support = _SUPPORT * wide
    starts, counts = np.empty(smaller, np.int64), np.empty(smaller, np.int64)
    weights = np.zeros((smaller, math.ceil(support) * 2 + 1))
    for place in range(smaller):
        centre, total, step = (place + 0.5) * scale, 0.0, 1.0 / wide
        start = max(int(centre - support + 0.5), 0)
        count = min(int(centre + support + 0.5), size) - start
        for x in range(count):
            t = (x + start - centre + 0.5) * step
            weight = 0.0
            if -_SUPPORT <= t < _SUPPORT:
                weight = 1.0
                if t != 0.0:
                    a, b = t * math.pi, t / 3 * math.pi
                    weight = math.sin(a) / a * (math.sin(b) / b)
            weights[place, x] = weight
            total += weight
        for x in range(count):
            weight = weights[place, x] / total if total != 0.0 else weights[place, x]
            weights[place, x] = float(int((-0.5 if weight < 0 else 0.5) + weight * (1 << _PRECISION)))
        starts[place], counts[place] = start, count
    return starts, counts, weights


@compiled(types.void(_pixels, types.int64, _starts, _starts, _weights, types.uint8[:, ::1]), fastmath=True)
def along_rows(
    pixels: np.ndarray, bands: int, starts: np.ndarray, counts: np.ndarray, weights: np.ndarray, out: np.ndarray
) -> None:
    """Make each row of `pixels` (height x (width * bands), grey or RGB) a row of `out` (height x smaller), in grey.

    Grey is Pillow's `convert("L")`: (19595 R + 38470 G + 7471 B + 2^15) / 2^16, ITU-R 601-2 (Convert.c). That sum is
    below 2^24, so exact in float32.
    """
    height, width = pixels.shape[0], pixels.shape[1] // bands
    tile, grey = np.zeros((_TILE, width)), np.empty(width, np.uint8)
    for top in range(0, height, _TILE):
        rows = min(_TILE, height - top)
        for r in range(rows):
            row, line = pixels[top + r], tile[r]
            if bands == 3:
                for x in range(width):  # into bytes first: eight pixels a step where float64 would allow four
                    red, green, blue = np.float32(row[3 * x]), np.float32(row[3 * x + 1]), np.float32(row[3 * x + 2])
                    total = red * np.float32(19595) + green * np.float32(38470) + blue * np.float32(7471)
                    grey[x] = np.float32(np.int32((total + np.float32(1 << 15)) * np.float32(2**-16)))
                for x in range(width):
                    line[x] = grey[x]
            else:
                for x in range(width):
                    line[x] = row[x]
        for place in range(starts.shape[0]):
            start, end = starts[place], starts[place] + counts[place]
            g0, g1, g2, g3 = tile[0, start:end], tile[1, start:end], tile[2, start:end], tile[3, start:end]
            g4, g5, g6, g7 = tile[4, start:end], tile[5, start:end], tile[6, start:end], tile[7, start:end]
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
            for x in range(end - start):  # eight sums, so that each weight is loaded once for eight rows
                weight = weights[place, x]
                s0 += g0[x] * weight
                s1 += g1[x] * weight
                s2 += g2[x] * weight
                s3 += g3[x] * weight
                s4 += g4[x] * weight
                s5 += g5[x] * weight
                s6 += g6[x] * weight
                s7 += g7[x] * weight
            sums = (s0, s1, s2, s3, s4, s5, s6, s7)
            for r in range(rows):
                out[top + r, place] = min(max((int(sums[r]) + _HALF) >> _PRECISION, 0), 255)


@compiled(types.void(_pixels, _starts, _starts, _weights, types.uint8[:, ::1]), fastmath=True)
def along_columns(
    rows: np.ndarray, starts: np.ndarray, counts: np.ndarray, weights: np.ndarray, out: np.ndarray
) -> None:
    """Make `rows` (height x n) as many rows as `out` (smaller x n) has."""
    sums = np.empty(rows.shape[1])
    for place in range(starts.shape[0]):
        sums[:] = 0.0
        for y in range(counts[place]):
            row, weight = rows[starts[place] + y], weights[place, y]
            for x in range(sums.shape[0]):
                sums[x] += row[x] * weight
        for x in range(sums.shape[0]):
            out[place, x] = min(max((int(sums[x]) + _HALF) >> _PRECISION, 0), 255)
