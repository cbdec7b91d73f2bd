"""What the hash of a picture's mirror image is, near enough, without the picture.

What belongs here: hashes of mirrored pictures. What does not: looking for them (`near`), and what they meet
(`policies.DuplicatePolicy.mirrored`).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

_Unsigned = TypeVar("_Unsigned", np.uint8, np.uint16, np.uint32, np.uint64)

ODD_COLUMNS = 0x5555_5555_5555_5555
"""The bits of the odd columns of an 8 x 8 hash: rows follow one another, the first bit is the most significant.

They are every second bit, in a hash of 16 x 16 too: 0x55 in every byte, whatever the order of bytes.
"""


def mirrored(hashes: npt.NDArray[_Unsigned]) -> npt.NDArray[_Unsigned]:
    """The 64-bit pHashes of the same pictures mirrored left to right, to within some bits; of the same shape.

    Mirroring turns the sign of the DCT's odd columns and changes nothing else: cos(pi (N - 1 - x + 1/2) k / N) is
    (-1)^k cos(pi (x + 1/2) k / N). A bit says whether a coefficient is above the median of all, which lies near 0, so
    that the odd columns' bits turn; but for coefficients between the median and its negative.

    Measured, in bits that differ from the hash of the mirrored copy (median, 95 of 100, worst), and copies within the
    default rule (6 of 64 bits and 60 of 256), on 317 photographs and on the demo's 210 pictures
    (`benchmarks/duplicates_quality.py`):

    | copy | 64 bits | 256 bits | found |
    | --- | --- | --- | --- |
    | mirrored | 4, 8, 18; 4, 8, 22 | 8, 16, 36; 8, 18, 50 | 92%; 88% |
    | mirrored, half as large, JPEG 60 | 4, 8, 20; 4, 8, 22 | 10, 18, 48; 10, 18, 46 | 93%; 88% |

    A picture is never taken for its own mirror image: 32 bits turn.

    >>> hex(mirrored(np.array([0x00000000000000FF], np.uint64))[0])
    '0x55555555555555aa'
    """
    return (hashes ^ np.array(ODD_COLUMNS, np.uint64).astype(hashes.dtype)).astype(hashes.dtype, copy=False)


def mirrored256(hashes: npt.NDArray[_Unsigned]) -> npt.NDArray[_Unsigned]:
    """The same of 256-bit hashes, which are cut into unsigned numbers in any way: 32 of 8 bits, or 4 of 64."""
    return mirrored(hashes)
