"""All pairs of 64-bit hashes within a Hamming distance: exact, by sorting.

What belongs here: numbers. What does not: what the hashes are of.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from math import comb

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]
Block = tuple[int, int]  # lowest bit, number of bits

BITS = 64
MAX_RADIUS = 16  # beyond, blocks are so short that comparing all with all is no slower
# Nanoseconds a hash to sort, and a candidate to compare; only their ratio matters, for the choice of blocks.
SORT_COST, COMPARE_COST = 75, 9
ROWS_AT_ONCE = 2**18


def near_pairs(hashes: Hashes, radius: int) -> npt.NDArray[np.int64]:
    """The pairs of `hashes` that differ in at most `radius` bits.

    `hashes` are distinct, shape (n,). Returns indices i < j, int64 of shape (pairs, 2), in ascending order, each pair
    once. Beside the result, memory is about four arrays of shape (n,). Raises ValueError when hashes repeat (collapse
    them first, else one picture with a million copies makes 10^12 pairs) or `radius` is not 0 to 16.

    By the pigeonhole principle: of m blocks of bits, two hashes within `radius` differ in at most that many, so agree
    in k = m - `radius`. For each choice of k blocks the hashes are sorted with these in front; the pairs are then
    among neighbours that agree there, and each is reported for the first k blocks in which it agrees. (Multi-index
    hashing with its blocks combined: Manku, Jain, Das Sarma, Detecting near-duplicates for web crawling, WWW 2007.)

    >>> near_pairs(np.array([0b0000, 0b1111, 0b0001], np.uint64), radius=1).tolist()
    [[0, 2]]
    """
    if not 0 <= radius <= MAX_RADIUS:
        raise ValueError(f"expected a radius of 0 to {MAX_RADIUS} bits, not {radius}")
    order = np.argsort(hashes)
    ascending = hashes[order]
    if (ascending[1:] == ascending[:-1]).any():
        raise ValueError("expected distinct hashes")
    blocks, agreeing = _blocks(len(hashes), radius)
    found = [
        np.searchsorted(ascending, np.stack(pair, axis=1))
        for chosen in combinations(range(len(blocks)), agreeing)
        for pair in _pairs_that_agree(ascending, blocks, chosen, radius)
    ]
    if not found:
        return np.empty((0, 2), np.int64)
    pairs = np.sort(order[np.concatenate(found)], axis=1)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _blocks(count: int, radius: int) -> tuple[list[Block], int]:
    """The blocks to cut 64 bits into, and in how many of them a pair agrees, at the least cost for `count` hashes."""

    def cost(agreeing: int) -> float:
        blocks = radius + agreeing
        candidates = count / 2 ** (BITS * agreeing / blocks) / 2
        return comb(blocks, agreeing) * (SORT_COST + COMPARE_COST * candidates)

    agreeing = min(range(1, 6), key=cost)
    edges = np.linspace(0, BITS, radius + agreeing + 1).round().astype(int).tolist()
    return [(low, high - low) for low, high in pairwise(edges)], agreeing


def _pairs_that_agree(
    hashes: Hashes, blocks: list[Block], chosen: tuple[int, ...], radius: int
) -> Iterator[tuple[Hashes, Hashes]]:
    """Pairs within `radius` whose first blocks of agreement are those `chosen`."""
    layout = [*(b for n, b in enumerate(blocks) if n not in chosen), *(blocks[n] for n in chosen)]
    skipped = [blocks[n] for n in range(chosen[-1]) if n not in chosen]
    in_front = sum(blocks[n][1] for n in chosen)
    differ_behind = np.uint64(2 ** (BITS - in_front) - 1)

    moved = _move(hashes, layout)
    moved.sort()
    for start in range(0, len(moved), ROWS_AT_ONCE):
        left, right = _near_neighbours(moved, start, differ_behind, radius)
        first, second = _move_back(moved[left], layout), _move_back(moved[right], layout)
        for low, width in skipped:
            new = ((first ^ second) >> np.uint64(low)) & np.uint64(2**width - 1) != 0
            first, second = first[new], second[new]
        yield first, second


def _near_neighbours(moved: Hashes, start: int, differ_behind: np.uint64, radius: int) -> tuple[Rows, Rows]:
    """Pairs of rows of the sorted `moved`, the left one from `start` on, that agree in front and are within `radius`.

    Rows that agree in front are next to one another: each row is compared with the next, then those that still
    agree with the one after that, and so on.
    """
    left = np.arange(start, min(start + ROWS_AT_ONCE, len(moved)))
    step, lefts, rights = 0, [left[:0]], [left[:0]]
    while len(left):
        step += 1
        left = left[: np.searchsorted(left, len(moved) - step)]
        difference = moved[left] ^ moved[left + step]
        agree = difference <= differ_behind
        left, difference = left[agree], difference[agree]
        hits = left[np.bitwise_count(difference) <= radius]
        lefts.append(hits)
        rights.append(hits + step)
    return np.concatenate(lefts), np.concatenate(rights)


def _move(hashes: Hashes, layout: list[Block]) -> Hashes:
    """The same bits with their blocks in the order of `layout`, the lowest first."""
    moved, at = np.zeros_like(hashes), 0
    for low, width in layout:
        moved |= ((hashes >> np.uint64(low)) & np.uint64(2**width - 1)) << np.uint64(at)
        at += width
    return moved


def _move_back(moved: Hashes, layout: list[Block]) -> Hashes:
    hashes, at = np.zeros_like(moved), 0
    for low, width in layout:
        hashes |= ((moved >> np.uint64(at)) & np.uint64(2**width - 1)) << np.uint64(low)
        at += width
    return hashes
