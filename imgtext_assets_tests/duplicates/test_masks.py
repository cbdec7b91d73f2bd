"""The masks of a family: every near pair agrees on one of them."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgtext_assets.duplicates import masks
from imgtext_assets.duplicates.masks import mask_family

COUNTS = [1, 100, 10_000, 1_000_000, 12_400_000, 400_000_000, 10**12]
BITS = st.sets(st.integers(0, 63)).map(lambda bits: sum(1 << bit for bit in bits))


@settings(deadline=None)
@given(st.sampled_from(COUNTS), st.integers(0, 8), BITS | st.just(2**64 - 1), st.data())
def test_every_difference_within_the_radius_leaves_a_mask_alone(count, radius, within, data):
    family = mask_family(count, radius, within)
    possible = [bit for bit in range(64) if within >> bit & 1]
    errors = data.draw(st.sets(st.sampled_from(possible), max_size=radius)) if possible else set()
    difference = np.uint64(sum(1 << bit for bit in errors))
    assert (family & difference == 0).any()
    assert (family & ~np.uint64(within) == 0).all()


@pytest.mark.parametrize("radius", [0, 1, 2, 3])
@pytest.mark.parametrize("count", COUNTS)
def test_no_difference_at_all_is_missed(count, radius):
    family = mask_family(count, radius)
    differences = np.array([sum(1 << bit for bit in bits) for bits in combinations(range(64), radius)], np.uint64)
    assert (family[:, None] & differences == 0).any(axis=0).all()


@pytest.mark.parametrize("radius", range(9))
def test_every_choice_of_groups_and_blocks_is_a_family(radius, monkeypatch):
    """Not only those that the model of costs now finds the cheapest."""
    generator = np.random.default_rng(radius)
    flips = np.argsort(generator.random((200, 64)), axis=1)[:, :radius].astype(np.uint64)
    differences = np.bitwise_or.reduce(np.uint64(1) << flips, axis=1, initial=0)
    choices = list(masks._choices(radius + 1))
    assert len(choices) == len(set(choices))
    for number in generator.permutation(len(choices))[:40]:
        monkeypatch.setattr(masks, "_cheapest", lambda *_, groups=choices[number]: groups)
        assert (mask_family(0, radius)[:, None] & differences == 0).any(axis=0).all()


def test_masks_grow_longer_with_the_number_of_hashes():
    lengths = [float(np.bitwise_count(mask_family(count, radius=4)).mean()) for count in COUNTS]
    assert lengths == sorted(lengths)
    assert lengths[0] == 0  # a few are simply compared
    assert np.log2(12_400_000) - 8 < lengths[4] < np.log2(12_400_000)


def test_masks_of_a_family_are_about_as_long():
    for count in COUNTS[2:]:
        lengths = np.bitwise_count(mask_family(count, radius=6))
        assert lengths.max() - lengths.min() <= 5
