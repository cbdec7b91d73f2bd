"""The loop that chooses keepers, compiled.

What belongs here: arithmetic. What does not: what the numbers mean (`keepers`). Importing this imports numba and loads
machine code, or compiles it where none is stored (some seconds): do it where it is needed.
"""

from __future__ import annotations

import numpy as np
from numba import types

from imgtext_assets.duplicates.kernels import ones
from imgtext_assets.machine_code import compiled

_words = types.Array(types.uint64, 1, "C", readonly=True)
_fine = types.Array(types.uint64, 2, "C", readonly=True)
_flags = types.Array(types.boolean, 1, "C", readonly=True)
_numbers, _table, _slots = types.int64[::1], types.int64[:, ::1], types.uint32[:, ::1]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""2^64 / golden ratio, for multiplicative hashing: Knuth, The Art of Computer Programming 3, 6.4."""


@compiled(
    types.void(
        types.int64, _numbers, _numbers, types.uint64, _words, types.boolean,
        _words, _fine, _flags, _words, types.int64, _slots, _slots, _slots, _numbers,
    )
)  # fmt: skip
def mark(
    row, marks, done, word, fine, confirmable, hashes, fines, confirmables, masks, bits, order, begins, ends, limits
):
    """Mark with `row` all looks near to one that have no mark yet. Looks that are `done` leave the index."""
    shift = np.uint64(64 - bits)
    for number in range(len(masks)):
        bucket = ((word & masks[number]) * GOLDEN) >> shift
        place, end = np.int64(begins[number, bucket]), np.int64(ends[number, bucket])
        while place < end:
            other = order[number, place]
            if done[other] >= 0:
                end -= 1
                order[number, place] = order[number, end]
                continue
            place += 1
            if marks[other] >= 0:
                continue
            distance = np.int64(ones(word ^ hashes[other]))
            if distance > limits[0]:
                continue
            if limits[1] >= 0:
                if confirmable and confirmables[other]:
                    finer = 0
                    for part in range(4):
                        finer += np.int64(ones(fine[part] ^ fines[other, part]))
                    if finer > limits[1]:
                        continue
                elif distance > limits[2]:
                    continue
            marks[other] = row
        ends[number, bucket] = end


@compiled(
    types.Tuple((_numbers, _numbers, _numbers))(
        _table, _numbers, _words, _fine, _flags, _numbers, _words, types.int64, _slots, _slots, _numbers,
        _words, _fine, types.boolean, types.boolean,
    )
)  # fmt: skip
def choose(
    keys, sizes, hashes, fines, confirmables, groups, masks, bits, order, begins, limits, other_hashes, other_fines,
    mirrored, reject,
):  # fmt: skip
    """`keepers.choose_keepers`: the last column of `keys` is the look, `sizes` are one more than the largest key."""
    rows, rules = keys.shape[0], keys.shape[1] - 1
    looks = len(hashes)
    keeper, rule = np.arange(rows), np.full(rows, -1)
    mirrors = np.full(rows, -1)
    starts = np.zeros(rules + 1, np.int64)
    for number in range(rules):
        starts[number + 1] = starts[number] + sizes[number]
    kept = np.full(starts[rules], -1)
    near, mirror = np.full(looks, -1), np.full(looks, -1)
    compared = np.zeros(looks, np.int64)
    ends = np.ascontiguousarray(begins[:, 1:]).copy()
    for row in range(rows):
        for number in range(rules):
            key = keys[row, number]
            if key >= 0 and kept[starts[number] + key] >= 0:
                keeper[row], rule[row] = kept[starts[number] + key], number
                break
        look = keys[row, rules]
        if rule[row] < 0 and look >= 0:
            if near[look] >= 0:
                keeper[row], rule[row] = near[look], rules
            elif mirror[look] >= 0:
                mirrors[row] = mirror[look]
                if reject:
                    keeper[row], rule[row] = mirror[look], rules + 1
        if rule[row] >= 0:
            continue
        for number in range(rules):
            if keys[row, number] >= 0:
                kept[starts[number] + keys[row, number]] = row
        if look >= 0:
            near[look] = row
            compared[groups[look]] += 1
            if compared[groups[look]] <= limits[3]:
                mark(row, near, near, hashes[look], fines[look], confirmables[look], hashes, fines, confirmables,
                     masks, bits, order, begins, ends, limits)  # fmt: skip
                if mirrored:
                    mark(row, mirror, near, other_hashes[look], other_fines[look], confirmables[look], hashes, fines,
                         confirmables, masks, bits, order, begins, ends, limits)  # fmt: skip
    return keeper, rule, mirrors
