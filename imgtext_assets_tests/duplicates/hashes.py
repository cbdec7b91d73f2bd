"""Hashes as they come: in crowds, clouds and chains, and not at all random."""

from itertools import combinations

import numpy as np
from hypothesis import strategies as st

HASH = st.integers(0, 2**64 - 1)


def near_bits(numbers: np.ndarray, generator: np.random.Generator, flips: int) -> np.ndarray:
    """`numbers` with up to `flips` bits flipped."""
    for _ in range(flips):
        numbers = numbers ^ np.uint64(1) << generator.integers(0, 64, len(numbers), dtype=np.uint64)
    return numbers


def crowd(count: int, bits: int = 64, seed: int = 0) -> np.ndarray:
    """About `count` distinct ascending hashes of which `bits` vary, half of them in chains of 12 single flips."""
    generator = np.random.default_rng(seed)
    varying = np.uint64(sum(1 << int(bit) for bit in generator.permutation(64)[:bits]))
    links = [generator.integers(0, 2**64, count // 24, dtype=np.uint64)]
    for _ in range(11):
        links.append(near_bits(links[-1], generator, 1))
    links.append(generator.integers(0, 2**64, count - 12 * len(links[0]), dtype=np.uint64))
    return np.unique(np.concatenate(links) & varying)


def cloud(count: int, centre: int = 0x0123456789ABCDEF) -> np.ndarray:
    """`count` (up to 41,664) ascending hashes, each 3 bits from the centre and so at most 6 from one another."""
    flips = [sum(1 << bit for bit in bits) for _, bits in zip(range(count), combinations(range(64), 3), strict=False)]
    return np.unique(np.array(flips, np.uint64) ^ np.uint64(centre))


@st.composite
def crowds(draw: st.DrawFn) -> np.ndarray:
    """Distinct ascending hashes; most draws are skewed: few bits vary, or all are few flips from a few."""
    varying = draw(st.one_of(st.just(2**64 - 1), HASH, st.sets(st.integers(0, 63), max_size=9).map(_of_bits)))
    constant = draw(HASH)
    hashes = draw(st.lists(HASH, max_size=12))
    for _ in range(draw(st.integers(0, 60)) if hashes else 0):
        flips = draw(st.sets(st.integers(0, 63), max_size=9))
        hashes.append(draw(st.sampled_from(hashes)) ^ _of_bits(flips))
    return np.array(sorted({(each & varying) | (constant & ~varying) for each in hashes}), np.uint64)


def _of_bits(bits: set[int]) -> int:
    return sum(1 << bit for bit in bits)
