"""Near pairs: exactly those that comparing every hash with every other finds."""

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import imgtext_assets
from imgtext_assets.duplicates import near
from imgtext_assets.duplicates.near import MAX_RADIUS, crossing, near_pairs, neighbours
from imgtext_assets_tests.duplicates.hashes import HASH, cloud, crowd, crowds

RADII = st.integers(0, MAX_RADIUS)


def distances(hashes, others):
    return np.bitwise_count(np.asarray(hashes, np.uint64)[:, None] ^ np.asarray(others, np.uint64)[None, :])


def brute_force(hashes, radius):
    return np.argwhere(np.triu(distances(hashes, hashes) <= radius, k=1))


@numba.njit
def brute_force_of_many(hashes, radius):
    """The same, without a table of all distances, and with another way to count bits (Warren, Hacker's Delight)."""
    flags, by_distance = np.zeros(len(hashes), np.bool_), np.zeros(65, np.int64)
    for i in range(len(hashes)):
        for j in range(i):
            x = hashes[i] ^ hashes[j]
            x -= (x >> np.uint64(1)) & np.uint64(0x5555555555555555)
            x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
            x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
            distance = (x * np.uint64(0x0101010101010101)) >> np.uint64(56)
            if distance <= radius:
                flags[i] = flags[j] = True
                by_distance[distance] += 1
    return flags, by_distance[: radius + 1]


@pytest.fixture
def small_limits(monkeypatch):
    """Every bucket of more than three hashes is large, and every eight hashes are sorted at a time."""
    monkeypatch.setattr(near, "HEAVY", 3)
    monkeypatch.setattr(near, "PART", 3)
    monkeypatch.setattr(near, "FILL", 1)


@settings(deadline=None)
@given(crowds(), RADII)
def test_pairs_are_exactly_those_of_brute_force(hashes, radius):
    pairs = near_pairs(hashes, radius)
    assert pairs.dtype == np.int64
    assert pairs.tolist() == brute_force(hashes, radius).tolist()


@settings(deadline=None)
@given(crowds(), RADII)
def test_neighbours_count_the_pairs_of_brute_force(hashes, radius):
    found, expected = neighbours(hashes, radius), brute_force(hashes, radius)
    assert np.flatnonzero(found.near).tolist() == np.unique(expected).tolist()
    apart = np.bitwise_count(hashes[expected[:, 0]] ^ hashes[expected[:, 1]])
    assert found.by_distance.tolist() == np.bincount(apart, minlength=radius + 1).tolist()


@settings(deadline=None)
@given(crowds(), st.lists(HASH, max_size=5), st.data(), RADII)
def test_crossing_tells_what_is_near_one_of_the_others(hashes, strangers, data, radius):
    mine = data.draw(st.lists(st.sampled_from(hashes.tolist()), max_size=20)) if len(hashes) else []
    ours = np.array(strangers + mine, np.uint64)
    assert crossing(hashes, ours, radius).tolist() == (distances(hashes, ours) <= radius).any(axis=1).tolist()
    assert crossing(ours, hashes, radius).tolist() == (distances(ours, hashes) <= radius).any(axis=1).tolist()


@pytest.mark.parametrize("bits", [64, 40, 14, 11])
@pytest.mark.parametrize("radius", range(MAX_RADIUS + 1))
def test_thousands_of_hashes_agree_with_brute_force(radius, bits):
    hashes = crowd(4_000, bits)
    expected = brute_force(hashes, radius)
    assert np.array_equal(near_pairs(hashes, radius), expected)


@pytest.mark.parametrize("bits", [64, 24])
@pytest.mark.parametrize("radius", [0, 2, 5, 8])
def test_large_buckets_are_searched_by_masks_of_their_own(small_limits, radius, bits):
    hashes = crowd(3_000, bits)
    assert np.array_equal(near_pairs(hashes, radius), brute_force(hashes, radius))


@pytest.mark.parametrize("radius", [4, 6, 8])
@pytest.mark.parametrize("bits", [64, 30])
def test_a_hundred_thousand_hashes_agree_with_brute_force(radius, bits):
    hashes = crowd(100_000, bits)
    flags, by_distance = brute_force_of_many(hashes, radius)
    found = neighbours(hashes, radius)
    assert by_distance.sum() > 10_000
    assert np.array_equal(found.near, flags)
    assert found.by_distance.tolist() == by_distance.tolist()


def test_a_dense_cloud_is_counted_without_a_list_of_its_pairs():
    """Each is 3 bits from the centre: two differ in 6 bits, or in 4 or 2 where one or two of these are the same."""
    hashes = cloud(41_664)
    flags, by_distance = neighbours(hashes, 6)
    assert flags.all()
    same_two, same_one = 41_664 * 3 * 61 // 2, 41_664 * 3 * (61 * 60 // 2) // 2
    rest = 41_664 * 41_663 // 2 - same_two - same_one
    assert by_distance.tolist() == [0, 0, same_two, 0, same_one, 0, rest]


def test_a_cloud_among_strangers_is_counted_once():
    hashes = np.unique(np.concatenate([cloud(3_000), crowd(60_000)]))
    flags, by_distance = brute_force_of_many(hashes, 6)
    found = neighbours(hashes, 6)
    assert np.array_equal(found.near, flags)
    assert found.by_distance.tolist() == by_distance.tolist()


@pytest.mark.parametrize("larger", ["hashes", "others"])
def test_few_are_found_among_many(larger):
    many, few = crowd(50_000), crowd(300, seed=1)
    few = np.concatenate([few, many[::1000] ^ np.uint64(0b10011)])
    hashes, others = (many, few) if larger == "hashes" else (few, many)
    expected = (distances(hashes, others) <= 4).any(axis=1)
    assert expected.sum() >= 50
    assert np.array_equal(crossing(hashes, others, 4), expected)


def test_it_is_all_the_same_where_the_masks_run():
    hashes = crowd(20_000)
    here = neighbours(hashes, 6)
    others = hashes[::7] ^ np.uint64(1 << 40)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        there = neighbours(hashes, 6, run=processes.map)
        crossed = crossing(hashes, others, 6, run=processes.map)
    assert np.array_equal(here.near, there.near)
    assert np.array_equal(here.by_distance, there.by_distance)
    assert np.array_equal(crossed, crossing(hashes, others, 6, run=map))


def test_hashes_that_cannot_be_written_are_read():
    hashes = crowd(5_000)
    expected = neighbours(hashes, 4)
    hashes.flags.writeable = False
    assert np.array_equal(neighbours(hashes, 4).near, expected.near)
    assert crossing(hashes, hashes, 0).all()
    assert crossing(hashes[::2], hashes[::-2], 4).any()


def test_what_needs_no_search_loads_no_machine_code():
    script = "import sys, imgtext_assets.duplicates; assert 'numba' not in sys.modules"
    environment = os.environ | {"PYTHONPATH": str(Path(imgtext_assets.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


@pytest.mark.parametrize("radius", [-1, MAX_RADIUS + 1])
def test_a_radius_must_be_one(radius):
    hashes = np.array([1, 2], np.uint64)
    for search in (near_pairs, neighbours, lambda *given: crossing(hashes, *given)):
        with pytest.raises(ValueError, match=f"expected a radius of 0 to 8 bits, not {radius}"):
            search(hashes, radius)


def test_hashes_must_be_collapsed_and_sorted_first():
    for hashes in ([1, 1, 2], [2, 1]):
        with pytest.raises(ValueError, match="distinct hashes in ascending order"):
            neighbours(np.array(hashes, np.uint64), 4)
    with pytest.raises(ValueError, match="distinct"):
        near_pairs(np.array([1, 2, 1], np.uint64), 4)
