"""Machine code for loops that numpy cannot run fast.

What belongs here: how functions are compiled and where the code is stored. What does not: the functions (`kernels` of
the rooms). Importing this imports numba: do it where it is needed, before any limit on time or memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(signature: Any, fastmath: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile now, for one signature; stored beside the source or in the user's cache, or where neither can be, not.

    The function runs without Python's lock, so that threads run it side by side. `fastmath` lets the compiler reorder
    sums of floats.
    """

    def compile_now(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            return numba.njit(signature, cache=True, nogil=True, fastmath=fastmath)(function)
        except Exception:  # noqa: BLE001 - no place to store it, a full disk, or a stored file that is cut or spoilt
            return numba.njit(signature, nogil=True, fastmath=fastmath)(function)

    return compile_now
