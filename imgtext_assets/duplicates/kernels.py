"""The loops of the search for near pairs, compiled.

What belongs here: sorting hashes by the bits of a mask, and comparing those that agree there. What does not: which
masks, and why that finds every pair (`masks`, `near`). Importing this imports numba and loads machine code, or compiles
it where none is stored (some seconds).

Hashes are sorted into buckets by a product with an odd number, of which the highest bits are taken: hashes that agree
on the mask meet in a bucket, and few others do (Dietzfelbinger et al., A reliable randomized algorithm for the
closest-pair problem, 1997). Whether a pair really agrees is asked of the few that are near.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from imgtext_assets.machine_code import compiled

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio
_WIDTH = 64
STEP = 16  # hashes compared at once; up to so many are read beyond the end of a bucket
BLOCK = 128  # hashes compared between two looks at whether any is near; a multiple of `STEP`

_given = types.Array(types.uint64, 1, "C", readonly=True)
_given_rows = types.Array(types.uint32, 1, "C", readonly=True)
_hashes = types.uint64[::1]
_rows = types.uint32[::1]
_counts = types.int64[::1]
_flags = types.boolean[::1]
_pairs = types.int64[:, ::1]


def _generate_ones(_context: Any, _number: Any) -> Any:
    """How many bits of a number are 1: the processor's own instruction, which numba has no name for."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


ones: Any = intrinsic(_generate_ones)


@compiled(types.uint64(types.uint64, types.uint64, types.int64))
def _bucket(number: Any, mask: Any, bits: Any) -> Any:
    return ((number & mask) * _ODD) >> np.uint64(_WIDTH - bits) if bits else np.uint64(0)


@compiled(_counts(_given, types.uint64, types.int64))
def sizes(hashes: np.ndarray, mask: int, bits: int) -> np.ndarray:
    """How many of `hashes` fall into each of 2^`bits` buckets."""
    counts = np.zeros(1 << bits, np.int64)
    for number in hashes:
        counts[_bucket(number, mask, bits)] += 1
    return counts


@compiled(types.void(_given, _given_rows, types.uint64, types.int64, types.int64, _counts, _hashes, _rows))
def scatter(
    hashes: np.ndarray,
    rows: np.ndarray,
    mask: int,
    bits: int,
    first: int,
    places: np.ndarray,
    out: np.ndarray,
    out_rows: np.ndarray,
) -> None:
    """Write the hashes of the buckets from `first` on, as many as `places`, to the places of their buckets.

    `rows` are the hashes' numbers, or empty where they are counted from 0. `places` end where the next bucket starts.
    """
    counted = rows.shape[0] == 0
    buckets = np.uint64(places.shape[0])
    for row in range(hashes.shape[0]):
        bucket = _bucket(hashes[row], mask, bits) - np.uint64(first)
        if bucket < buckets:
            place = places[bucket]
            places[bucket] = place + 1
            out[place] = hashes[row]
            out_rows[place] = row if counted else rows[row]


@compiled(
    types.void(_hashes, _rows, types.int64, types.int64, types.uint64, _given, types.int64, _flags, _counts, _pairs)
)
def compare(
    hashes: np.ndarray,
    rows: np.ndarray,
    start: int,
    end: int,
    mask: int,
    earlier: np.ndarray,
    radius: int,
    near: np.ndarray,
    by_distance: np.ndarray,
    pairs: np.ndarray,
) -> None:
    """Compare all pairs of `hashes[start:end]`, and note those within `radius` that `mask` is the first to find.

    That is those that agree on `mask` and on none of the `earlier` masks. `hashes` go on for `STEP` beyond `end`.
    `pairs` is empty, or has room for the rows of the pairs after as many as `by_distance` counts already.
    """
    most, too_far = np.uint64(radius), np.uint64(_WIDTH + 1)
    differences, distances = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)
    for i in range(start, end - 1):
        one = hashes[i]
        for j in range(i + 1, end, BLOCK):
            size = min(BLOCK, (end - j + STEP - 1) & -STEP)
            block = hashes[j : j + size]  # an index from 0 on lets the compiler see that none counts from the end
            hits = 0
            for k in range(size):
                hits += ones(block[k] ^ one) <= most
            if hits == 0:
                continue
            for k in range(size):
                differences[k] = block[k] ^ one
                distances[k] = too_far if differences[k] & mask else ones(differences[k])
            for other in earlier:  # all of them for all hashes at once, which is faster than to stop at the first
                for k in range(size):
                    distances[k] = distances[k] if differences[k] & other else too_far
            for k in range(min(size, end - j)):
                if distances[k] <= most:
                    if pairs.shape[0]:
                        at = by_distance.sum()
                        pairs[at, 0], pairs[at, 1] = rows[i], rows[j + k]
                    near[rows[i]] = near[rows[j + k]] = True
                    by_distance[distances[k]] += 1


@compiled(
    _pairs(
        _hashes,
        _rows,
        _counts,
        types.int64,
        types.int64,
        types.int64,
        types.uint64,
        _given,
        types.int64,
        _flags,
        _counts,
        _pairs,
    )
)
def search(
    hashes: np.ndarray,
    rows: np.ndarray,
    ends: np.ndarray,
    coarse: int,
    fine: int,
    heavy: int,
    mask: int,
    earlier: np.ndarray,
    radius: int,
    near: np.ndarray,
    by_distance: np.ndarray,
    pairs: np.ndarray,
) -> np.ndarray:
    """Compare within the buckets of `hashes`, which are sorted by the first `coarse` bits of their bucket.

    `ends` are where the coarse buckets end. Each is sorted by `fine` more bits, and these buckets are compared; those
    of more than `heavy` hashes are not, but written back. Returns where these start and end, shape (buckets, 2).
    """
    longest, start = 0, 0
    for end in ends:
        longest = max(longest, end - start)
        start = end
    inner, inner_rows = np.zeros(longest + STEP, np.uint64), np.zeros(longest + STEP, np.uint32)
    places = np.zeros((1 << fine) + 1, np.int64)
    low = np.uint64((1 << fine) - 1)
    put_off, many, start = np.empty((16, 2), np.int64), 0, 0
    for end in ends:
        places[:] = 0
        for at in range(start, end):
            places[np.int64(_bucket(hashes[at], mask, coarse + fine) & low) + 1] += 1
        for bucket in range(1 << fine):
            places[bucket + 1] += places[bucket]
        for at in range(start, end):
            bucket = _bucket(hashes[at], mask, coarse + fine) & low
            place = places[bucket]
            places[bucket] = place + 1
            inner[place] = hashes[at]
            inner_rows[place] = rows[at]
        inside = 0
        for bucket in range(1 << fine):  # each place has moved to its bucket's end
            size = places[bucket] - inside
            if size > heavy:
                if many == put_off.shape[0]:
                    put_off = np.concatenate((put_off, np.empty_like(put_off)))
                put_off[many, 0], put_off[many, 1] = start + inside, start + places[bucket]
                many += 1
                hashes[start + inside : start + places[bucket]] = inner[inside : places[bucket]]
                rows[start + inside : start + places[bucket]] = inner_rows[inside : places[bucket]]
            elif size > 1:
                compare(inner, inner_rows, inside, places[bucket], mask, earlier, radius, near, by_distance, pairs)
            inside = places[bucket]
        start = end
    return put_off[:many]


@compiled(types.uint64[::1](_given, types.uint64, types.int64))
def marks(hashes: np.ndarray, mask: int, bits: int) -> np.ndarray:
    """One bit for each of 2^`bits` buckets (at least 64), 1 where one of `hashes` falls into it."""
    words = np.zeros(1 << (bits - 6), np.uint64)
    for number in hashes:
        bucket = _bucket(number, mask, bits)
        words[bucket >> np.uint64(6)] |= np.uint64(1) << (bucket & np.uint64(63))
    return words


@compiled(
    types.void(
        _given,
        _counts,
        types.int64,
        _given,
        types.int64,
        _given,
        types.uint64,
        types.int64,
        _flags,
        _flags,
    )
)
def cross(
    few: np.ndarray,
    ends: np.ndarray,
    bits: int,
    marked: np.ndarray,
    finer: int,
    many: np.ndarray,
    mask: int,
    radius: int,
    few_near: np.ndarray,
    many_near: np.ndarray,
) -> None:
    """Note which of `few`, or which of `many`, have one of the others within `radius` in their bucket.

    `few` are sorted by bucket, of 2^`bits`; `ends` are where buckets end, `marked` the `marks` of buckets of `finer`
    bits: nearly all of `many` need no more than a look at these. One of `few_near` and `many_near` is empty.
    """
    most = np.uint64(radius)
    for row in range(many.shape[0]):
        one = many[row]
        fine = _bucket(one, mask, finer)
        if not marked[fine >> np.uint64(6)] >> (fine & np.uint64(63)) & np.uint64(1):
            continue
        bucket = fine >> np.uint64(finer - bits)
        start = ends[bucket - np.uint64(1)] if bucket else 0
        block = few[start : ends[bucket]]
        if many_near.shape[0]:
            hits = 0
            for k in range(block.shape[0]):
                hits += ones(block[k] ^ one) <= most
            many_near[row] |= hits > 0
        else:
            flags = few_near[start : ends[bucket]]
            for k in range(block.shape[0]):
                flags[k] |= ones(block[k] ^ one) <= most
