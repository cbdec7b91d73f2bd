"""All pairs of 64-bit hashes within a Hamming distance: exact, by sorting.

What belongs here: numbers. What does not: what the hashes are of.

For each mask of a family of which every near pair agrees on one (`masks`), the hashes are sorted into buckets by the
mask's bits, and all pairs of a bucket are compared; a pair counts for the first mask on which it agrees, so each is
found once and nothing needs to be told apart afterwards. A bucket that is too large for that (hashes are no random
numbers: many agree on many bits) is searched in the same way by masks of its remaining bits, unless these would not
tell its hashes apart either, as where all are near one another.

Masks are independent tasks over one array: `run` says where they run, such as an engine's `map`. What a task gets is
one function with the hashes inside and the number of a mask; what it returns is a bit a hash. `run` raises where a
task fails: an answer without one of the masks would miss pairs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from imgtext_assets.duplicates.masks import ALL_BITS, COMPARE_COST, SORT_COST, mask_family

T = TypeVar("T")
V = TypeVar("V")
Hashes = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
Run = Callable[[Callable[[T], V], Iterable[T]], Iterator[V]]  # the shape of `Engine.map`

MAX_RADIUS = 8
PART = 26  # 2^26 hashes are sorted at a time, in 12 bytes each
FILL = 4  # about 2^4 hashes are to meet in a bucket: they are compared as fast as they would be told apart
HEAVY = 4096  # hashes in a bucket, from which on it pays to look for masks of its own
SAMPLE = 512  # pairs by which it is judged whether these would tell its hashes apart


class Neighbours(NamedTuple):
    """Which hashes have another near them, shape (n,), and how many pairs differ in 0, 1... bits, (radius + 1,)."""

    near: Flags
    by_distance: npt.NDArray[np.int64]


def in_threads(fn: Callable[[T], V], items: Iterable[T]) -> Iterator[V]:
    """`fn` of each item, in order, in one thread a core: for functions that are machine code."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        yield from threads.map(fn, items)


def neighbours(hashes: Hashes, radius: int, run: Run[Any, Any] = in_threads) -> Neighbours:
    """Which of `hashes` have another within `radius` bits, and the number of pairs at each distance.

    `hashes` are distinct and ascending, shape (n,); n is below 2^32. Memory is a few bytes a hash, and up to 1 GB a
    mask at work, however many pairs there are. Raises ValueError when hashes repeat or are in another order (collapse
    them first, else one picture with a million copies makes 10^12 pairs), or `radius` is not 0 to 8.

    >>> neighbours(np.array([0b0000, 0b0001, 0b1111], np.uint64), radius=1)
    Neighbours(near=array([ True,  True, False]), by_distance=array([0, 1]))
    """
    _check(hashes, radius)
    hashes, masks = np.ascontiguousarray(hashes), mask_family(len(hashes), radius)
    near, by_distance = np.zeros(len(hashes), np.bool_), np.zeros(radius + 1, np.int64)
    for bits, counts in run(partial(_under_mask, hashes, masks, radius), range(len(masks))):
        near |= np.unpackbits(bits, count=len(hashes)).view(np.bool_)
        by_distance += counts
    return Neighbours(near, by_distance)


def near_pairs(hashes: Hashes, radius: int) -> npt.NDArray[np.int64]:
    """The pairs of `hashes` that differ in at most `radius` bits: all of them, so not for crowds.

    `hashes` are distinct, in any order, shape (n,). Returns indices i < j, int64 of shape (pairs, 2), in ascending
    order, each pair once. Raises ValueError as `neighbours` does.

    >>> near_pairs(np.array([0b0000, 0b1111, 0b0001], np.uint64), radius=1).tolist()
    [[0, 2]]
    """
    order = np.argsort(hashes)
    ascending = hashes[order]
    pairs = np.empty((int(neighbours(ascending, radius).by_distance.sum()), 2), np.int64)
    if len(pairs):
        found = _Found.of(len(hashes), radius, pairs)
        masks = mask_family(len(hashes), radius)
        for number in range(len(masks)):
            _search(ascending, _COUNTED, masks[number], masks[:number], radius, found)
    pairs = np.sort(order[pairs], axis=1)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def crossing(hashes: Hashes, others: Hashes, radius: int, run: Run[Any, Any] = in_threads) -> Flags:
    """Which of `hashes` have one of `others` within `radius` bits, shape (len(hashes),).

    Both may repeat and be in any order. The larger of both is passed over once a mask, and never sorted: a few are
    compared with many in about the time that it takes to read these. Raises ValueError if `radius` is not 0 to 8.

    >>> crossing(np.array([0b0000, 0b1111], np.uint64), np.array([0b0111], np.uint64), radius=1).tolist()
    [False, True]
    """
    _check_radius(radius)
    hashes, others = np.ascontiguousarray(hashes), np.ascontiguousarray(others)
    near = np.zeros(len(hashes), np.bool_)
    if len(hashes) and len(others):
        masks = mask_family(_LIGHTER * min(len(hashes), len(others)), radius)
        for bits in run(partial(_crossing_mask, hashes, others, masks, radius), range(len(masks))):
            near |= np.unpackbits(bits, count=len(hashes)).view(np.bool_)
    return near


_COUNTED = np.empty(0, np.uint32)  # rows of hashes that are counted from 0
_NO_PAIRS = np.empty((0, 2), np.int64)
_LIGHTER = 32  # times as many hashes may be in a bucket of which each is found by one look, none being sorted


@dataclass(frozen=True)
class _Found:
    near: Flags
    by_distance: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.int64]

    @classmethod
    def of(cls, count: int, radius: int, pairs: npt.NDArray[np.int64] = _NO_PAIRS) -> _Found:
        return cls(np.zeros(count, np.bool_), np.zeros(radius + 1, np.int64), pairs)


def _check_radius(radius: int) -> None:
    if not 0 <= radius <= MAX_RADIUS:
        raise ValueError(f"expected a radius of 0 to {MAX_RADIUS} bits, not {radius}")


def _check(hashes: Hashes, radius: int) -> None:
    _check_radius(radius)
    if (hashes[1:] <= hashes[:-1]).any():
        raise ValueError("expected distinct hashes in ascending order")


def _under_mask(
    hashes: Hashes, masks: Hashes, radius: int, number: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """What one mask of the family is the first to find: the flags, packed, and the pairs by distance."""
    found = _Found.of(len(hashes), radius)
    _search(hashes, _COUNTED, masks[number], masks[:number], radius, found)
    return np.packbits(found.near), found.by_distance


def _search(
    hashes: Hashes, rows: npt.NDArray[np.uint32], mask: np.uint64, earlier: Hashes, radius: int, found: _Found
) -> None:
    """Find the pairs that agree on `mask` and on none of the `earlier` masks."""
    from imgtext_assets.duplicates import kernels

    bits = max(len(hashes).bit_length() - FILL, 0)
    parts = max(len(hashes).bit_length() - PART, 0)
    coarse = parts + (bits - parts) // 2
    sizes = kernels.sizes(hashes, mask, coarse).reshape(2**parts, -1)
    held = np.empty(sizes.sum(axis=1).max(), np.uint64)
    held_rows = np.empty(len(held), np.uint32)
    for part in range(2**parts):
        ends = np.cumsum(sizes[part])
        places = ends - sizes[part]
        kernels.scatter(hashes, rows, mask, coarse, part * len(ends), places, held, held_rows)
        for start, end in kernels.search(
            held, held_rows, ends, coarse, bits - coarse, HEAVY, mask, earlier, radius, *_fields(found)
        ).tolist():
            _search_bucket(held[start:end], held_rows[start:end], mask, earlier, radius, found)


def _search_bucket(
    hashes: Hashes, rows: npt.NDArray[np.uint32], mask: np.uint64, earlier: Hashes, radius: int, found: _Found
) -> None:
    """The same for the hashes of one large bucket: by masks of the remaining bits where these tell hashes apart."""
    from imgtext_assets.duplicates import kernels

    finer = mask_family(len(hashes), radius, within=ALL_BITS ^ int(mask))
    one, other = np.random.default_rng(0).integers(0, len(hashes), (2, SAMPLE))
    difference = hashes[one] ^ hashes[other]
    pairs = COMPARE_COST * len(hashes) ** 2 / 2
    agree = sum(np.mean(difference & each == 0) for each in finer)
    if len(finer) * SORT_COST * len(hashes) + agree * pairs < pairs / 2:
        for each in finer | mask:
            _search(hashes, rows, each, earlier, radius, found)
            earlier = np.append(earlier, each)
    else:
        padded = np.append(hashes, np.zeros(kernels.STEP, np.uint64))
        kernels.compare(padded, rows, 0, len(hashes), mask, earlier, radius, *_fields(found))


def _fields(found: _Found) -> tuple[Flags, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    return found.near, found.by_distance, found.pairs


def _crossing_mask(hashes: Hashes, others: Hashes, masks: Hashes, radius: int, number: int) -> npt.NDArray[np.uint8]:
    """Which of `hashes` have one of `others` near that agrees on one mask, packed."""
    from imgtext_assets.duplicates import kernels

    mask, near = masks[number], np.zeros(len(hashes), np.bool_)
    few, many = (others, hashes) if len(hashes) > len(others) else (hashes, others)
    bits = len(few).bit_length()
    finer = max(bits + FILL, 6)
    sizes = kernels.sizes(few, mask, bits)
    ends = np.cumsum(sizes)
    by_bucket, rows = np.empty(len(few), np.uint64), np.empty(len(few), np.uint32)
    kernels.scatter(few, _COUNTED, mask, bits, 0, ends - sizes, by_bucket, rows)
    marked = kernels.marks(few, mask, finer)
    if many is hashes:
        kernels.cross(by_bucket, ends, bits, marked, finer, many, mask, radius, near[:0], near)
    else:
        few_near = np.zeros(len(few), np.bool_)
        kernels.cross(by_bucket, ends, bits, marked, finer, many, mask, radius, few_near, near[:0])
        near[rows] = few_near
    return np.packbits(near)
