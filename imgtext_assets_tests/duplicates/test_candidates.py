"""What is remembered from one search to the next changes how long the next one takes, never what it finds."""

import importlib

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.catalog import DuplicatePolicy
from imgtext_assets.duplicates import candidates, find_clusters
from imgtext_assets.tables import NEAR_HASHES
from imgtext_assets_tests.duplicates.test_clusters import fingerprints

HASHES = st.sets(st.integers(0, 15), max_size=7).map(lambda bits: sum(1 << 4 * bit for bit in bits))
ARRIVALS = st.lists(st.lists(HASHES, max_size=8), min_size=1, max_size=5)


def shard(number: int, hashes: list[int]) -> list[dict]:
    return [{"id": f"{number}-{place}", "shard": f"s-0000{number}", "phash": one} for place, one in enumerate(hashes)]


@given(ARRIVALS, st.randoms(), st.sampled_from(["ignore", "report", "reject"]), st.integers(0, 6))
def test_shards_may_arrive_in_any_order_and_one_may_go(arrivals, random, mirrored, radius):
    policy = DuplicatePolicy(radius=radius, confirm=None, mirrored=mirrored)
    shards = [shard(number, hashes) for number, hashes in enumerate(arrivals)]
    whole = find_clusters(fingerprints(*(row for one in shards for row in one)), policy)
    known, rows = None, []
    random.shuffle(shards)
    for one in [*shards, shard(9, [0, 1])]:
        rows += one
        known = candidates(fingerprints(*rows), policy, known)
    rows = [row for row in rows if row["shard"] != "s-00009"]
    known = candidates(fingerprints(*rows), policy, known)
    assert known.schema == NEAR_HASHES.schema
    assert find_clusters(fingerprints(*rows), policy, near=known).equals(whole)


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of how many hashes all were compared with all, at each search."""
    sizes: list[int] = []
    module = importlib.import_module("imgtext_assets.duplicates.candidates")  # the room's function has its name
    searching = module._near

    def counted(hashes: np.ndarray, *rest: object) -> np.ndarray:
        sizes.append(len(hashes))
        return searching(hashes, *rest)

    monkeypatch.setattr(module, "_near", counted)
    return sizes


def test_a_few_new_hashes_are_searched_for_alone(searched):
    random = np.random.default_rng(3).integers(0, 2**63, 3_000, dtype=np.uint64)
    rows = pl.LazyFrame({"phash": random, "low_information": False})
    old, policy = rows.head(2_900), DuplicatePolicy()
    known = candidates(old, policy)
    more = candidates(rows, policy, known)
    assert searched == [2_900, 100]
    assert more.equals(candidates(rows, policy))
    assert not candidates(rows, DuplicatePolicy(radius=4), known)["near"].any()
    assert searched == [2_900, 100, 3_000, 3_000]
