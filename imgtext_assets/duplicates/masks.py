"""Sets of bits of which every near pair agrees wholly on one: what the search for near pairs sorts by.

What belongs here: the choice of masks, by a model of what they cost. What does not: the search with them (`near`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, product
from math import comb

import numpy as np
import numpy.typing as npt

Group = tuple[int, int]  # errors that the group may hold, blocks of it that are then free of errors

ALL_BITS = 2**64 - 1
# Nanoseconds a hash and mask to sort, and a pair to compare; only their ratio matters.
SORT_COST, COMPARE_COST = 60.0, 0.2
TELLING = 0.9  # of a bit, that each bit of a real hash tells: they are neither even nor independent
MOST_FREE = 6  # blocks free of errors, of a group: with more, masks become too many at any size


def mask_family(count: int, radius: int, within: int = ALL_BITS) -> npt.NDArray[np.uint64]:
    """The masks to search `count` hashes with for pairs that differ in at most `radius` bits, shape (masks,).

    Any two 64-bit numbers that differ in at most `radius` bits, all of them bits of `within`, agree on every bit of
    at least one of the masks, which are bits of `within`.

    By the generalised pigeonhole principle: where bits are cut into groups and each group is given a number of errors
    t, such that the sum of (t + 1) is `radius` + 1, some group holds no more errors than it was given (else there were
    `radius` + 1). Of t + k blocks of that group, k are then free of errors: each choice of k blocks is a mask. (The
    groups: Qin, Wang, Xiao, Wang, Lin, Ishikawa, GPH: similarity search in Hamming space, ICDE 2018. The blocks: Manku,
    Jain, Das Sarma, Detecting near-duplicates for web crawling, WWW 2007.) The groups and blocks are
    those of the least cost for so many hashes: short masks leave many pairs to compare, long ones are many. The only
    mask of few hashes is 0: all pairs are compared.

    >>> [hex(mask) for mask in mask_family(1_000, radius=0)]
    ['0xffffffffffffffff']
    >>> len(mask_family(12_400_000, radius=4))
    10
    """
    bits = [bit for bit in range(64) if within >> bit & 1]
    groups = _cheapest(max(count, 1).bit_length(), radius, len(bits))
    if not groups:
        return np.zeros(1, np.uint64)
    return np.array([mask for group, part in _parts(bits, groups) for mask in _masks(part, group)], np.uint64)


def _parts(bits: list[int], groups: tuple[Group, ...]) -> Iterator[tuple[Group, list[int]]]:
    """Each group with its bits, so many that the masks of all groups are about as long."""
    shares = np.cumsum([(errors + free) / free for errors, free in groups])
    ends = (shares / shares[-1] * len(bits)).round().astype(int).tolist()
    for group, start, end in zip(groups, [0, *ends], ends, strict=False):
        yield group, bits[start:end]


def _masks(bits: list[int], group: Group) -> Iterator[int]:
    """Every choice of the blocks free of errors. Bits are dealt out, as neighbouring ones tell similar things."""
    errors, free = group
    blocks = [sum(1 << bit for bit in bits[first :: errors + free]) for first in range(errors + free)]
    return (sum(chosen) for chosen in combinations(blocks, free))


@lru_cache(maxsize=4096)
def _cheapest(magnitude: int, radius: int, bits: int) -> tuple[Group, ...]:
    """The groups of the least cost for 2^`magnitude` hashes; none where comparing all pairs is as cheap."""

    def cost(groups: tuple[Group, ...]) -> float:
        length = TELLING * bits / sum((errors + free) / free for errors, free in groups)
        masks = sum(comb(errors + free, free) for errors, free in groups)
        return masks * (SORT_COST + COMPARE_COST * 2 ** (magnitude - length - 1))

    best = min(_choices(radius + 1), key=cost)
    return best if cost(best) < COMPARE_COST * 2 ** (magnitude - 1) else ()


def _choices(total: int) -> Iterator[tuple[Group, ...]]:
    """Groups whose errors + 1 sum up to `total`, those that hold as many errors cut alike."""
    for sizes in _partitions(total, total):
        distinct = sorted(set(sizes))
        free = [range(1, MOST_FREE + 1) if size > 1 else (1,) for size in distinct]
        for chosen in product(*free):
            of_size = dict(zip(distinct, chosen, strict=True))
            yield tuple((size - 1, of_size[size]) for size in sizes)


def _partitions(total: int, most: int) -> Iterator[tuple[int, ...]]:
    if total == 0:
        yield ()
    for first in range(min(total, most), 0, -1):
        for rest in _partitions(total - first, first):
            yield (first, *rest)
