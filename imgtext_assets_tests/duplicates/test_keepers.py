"""Keepers are those of sequential greedy, however many looks are near one another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.duplicates import keepers
from imgtext_assets.duplicates.keepers import Looks, choose_keepers

NOBODY = -1


def looks(hashes, fine=None, confirmable=None) -> Looks:
    count = len(hashes)
    fine = np.zeros((count, 4), np.uint64) if fine is None else np.array(fine, np.uint64).reshape(count, 4)
    known = np.ones(count, bool) if confirmable is None else np.array(confirmable, bool)
    return Looks(np.array(hashes, np.uint64), fine, known)


def greedy(look: np.ndarray, of: Looks, radius: int, confirm: int | None) -> list[int]:
    """The definition, word for word: each row's keeper, in the order of rank."""
    kept: list[int] = []
    found = []
    for row, mine in enumerate(look):
        near = [
            other
            for other in kept
            if mine >= 0 and look[other] >= 0 and is_near(of, mine, look[other], radius, confirm)
        ]
        found.append(near[0] if near else row)
        if not near:
            kept.append(row)
    return found


def is_near(of: Looks, one: int, other: int, radius: int, confirm: int | None) -> bool:
    if one == other:
        return True
    distance = int(np.bitwise_count(of.hashes[one] ^ of.hashes[other]))
    if confirm is None:
        return distance <= radius
    if not (of.confirmable[one] and of.confirmable[other]):
        return distance <= min(radius, keepers.UNCONFIRMED)
    return distance <= radius and int(np.bitwise_count(of.fine[one] ^ of.fine[other]).sum()) <= confirm


# Few bits, so that much is near; a few words of the 256 bits that lie 0, 64 or 128 bits apart.
HASHES = st.sets(st.integers(0, 15), max_size=7).map(lambda bits: sum(1 << 4 * bit for bit in bits))
FINE = st.lists(st.sampled_from([0, 2**64 - 1]), min_size=4, max_size=4)
LOOKS = st.lists(st.tuples(HASHES, FINE, st.booleans()), min_size=1, max_size=25)


@given(LOOKS, st.data(), st.integers(0, 8), st.none() | st.sampled_from([0, 60, 64, 128]))
def test_keepers_are_those_of_sequential_greedy(made, data, radius, confirm):
    of = looks(*map(list, zip(*made, strict=True)))
    look = np.array(data.draw(st.lists(st.integers(NOBODY, len(made) - 1), max_size=40)), np.int64)
    chosen = choose_keepers([np.full(len(look), NOBODY)], look, of, radius, confirm)
    assert chosen.keeper.tolist() == greedy(look, of, radius, confirm)
    assert ((chosen.rule >= 0) == (chosen.keeper != np.arange(len(look)))).all()


@pytest.mark.parametrize("confirm", [None, 60])
def test_a_dense_cloud_is_compared_without_a_list_of_its_pairs(confirm):
    """40,000 hashes of at most 3 bits: each is within 6 of every other, which makes 800 million pairs."""
    bits = np.uint64(1) << np.arange(64, dtype=np.uint64)
    three = (bits[:, None, None] | bits[None, :, None] | bits[None, None, :]).ravel()
    cloud = np.random.default_rng(5).permutation(np.unique(three))[:40_000]
    chosen = choose_keepers([], np.arange(len(cloud)), looks(cloud), 6, confirm)
    assert not chosen.keeper.any()


def test_of_a_crowd_of_unlike_pictures_with_one_hash_the_first_are_compared(monkeypatch):
    """Looks 0 to 2 are unlike by their 256 bits; 3, 4 and 5 are like each of these. All are like themselves."""
    monkeypatch.setattr(keepers, "CROWD", 2)
    fine = [
        [0, 0, 0, 0],
        [2**64 - 1, 0, 0, 0],
        [0, 2**64 - 1, 0, 0],
        [1, 0, 0, 0],
        [2**63, 0, 0, 0],
        [1, 2**64 - 1, 0, 0],
    ]
    of = looks([9] * 6, fine)
    assert choose_keepers([], np.array([0, 1, 2, 3, 4, 5, 2]), of, 6, 60).keeper.tolist() == [0, 1, 2, 0, 0, 5, 2]


def test_a_mirror_image_is_reported_or_rejected():
    of, turned = looks([0b1, 0b1010]), looks([0b1011, 0b1])
    rows = np.array([0, 1])
    told = choose_keepers([], rows, of, 1, None, turned)
    assert (told.keeper.tolist(), told.mirrors.tolist()) == ([0, 1], [-1, 0])
    assert choose_keepers([], rows, of, 1, None, turned, reject_mirrored=True).keeper.tolist() == [0, 0]
