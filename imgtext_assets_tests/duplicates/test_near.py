"""Near pairs: exactly those that comparing every hash with every other finds."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.duplicates import near, near_pairs

HASH = st.integers(0, 2**64 - 1)


def brute_force(hashes: np.ndarray, radius: int) -> list[list[int]]:
    distances = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    return np.argwhere(np.triu(distances <= radius, k=1)).tolist()


def crowd(count: int, seed: int = 0) -> np.ndarray:
    """`count` distinct random hashes and copies of each with 0 to 12 flipped bits, in random order."""
    generator = np.random.default_rng(seed)
    hashes = generator.integers(0, 2**64, count, dtype=np.uint64)
    copies = [hashes]
    for _ in range(12):
        copies.append(copies[-1] ^ np.uint64(1) << generator.integers(0, 64, count, dtype=np.uint64))
    return generator.permutation(np.unique(np.concatenate(copies)))


@st.composite
def crowds(draw) -> np.ndarray:
    """Distinct hashes, many of them a few flipped bits away from another."""
    hashes = draw(st.lists(HASH, max_size=12))
    for _ in range(draw(st.integers(0, 30)) if hashes else 0):
        flips = draw(st.sets(st.integers(0, 63), max_size=8))
        hashes.append(draw(st.sampled_from(hashes)) ^ sum(1 << bit for bit in flips))
    return np.array(list(dict.fromkeys(hashes)), np.uint64)


@given(crowds(), st.integers(0, 16))
def test_pairs_are_exactly_those_of_brute_force(hashes, radius):
    pairs = near_pairs(hashes, radius)
    assert pairs.dtype == np.int64
    assert pairs.tolist() == brute_force(hashes, radius)


@pytest.mark.parametrize("agreeing", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("radius", [0, 1, 4])
def test_every_choice_of_blocks_finds_the_same(monkeypatch, radius, agreeing):
    edges = np.linspace(0, 64, radius + agreeing + 1).round().astype(int).tolist()
    blocks = [(low, high - low) for low, high in pairwise(edges)]
    monkeypatch.setattr(near, "_blocks", lambda count, radius: (blocks, agreeing))
    monkeypatch.setattr(near, "ROWS_AT_ONCE", 100)
    hashes = crowd(40)
    assert near_pairs(hashes, radius).tolist() == brute_force(hashes, radius)


def test_the_choice_of_blocks_grows_with_the_number_of_hashes():
    agreeing = [near._blocks(10**power, radius=4)[1] for power in range(3, 10)]
    assert agreeing == sorted(agreeing)
    assert agreeing[0] == 1
    assert agreeing[-1] > 2
    for count, radius in [(10, 0), (10**6, 4), (10**9, 8), (10, 16)]:
        blocks, _ = near._blocks(count, radius)
        assert [bit for low, width in blocks for bit in range(low, low + width)] == list(range(64))


def test_twenty_thousand_hashes_agree_with_brute_force():
    hashes = crowd(1_600)
    assert len(hashes) > 20_000
    found = {tuple(pair) for pair in near_pairs(hashes, 4).tolist()}
    expected = set()
    for row in range(len(hashes)):
        close = np.flatnonzero(np.bitwise_count(hashes[row + 1 :] ^ hashes[row]) <= 4)
        expected |= {(row, row + 1 + int(other)) for other in close}
    assert found == expected


@pytest.mark.parametrize("radius", [-1, 17])
def test_a_radius_must_be_one(radius):
    with pytest.raises(ValueError, match="expected a radius"):
        near_pairs(np.array([1, 2], np.uint64), radius)


def test_hashes_must_be_collapsed_first():
    with pytest.raises(ValueError, match="distinct"):
        near_pairs(np.array([1, 2, 1], np.uint64), 4)
