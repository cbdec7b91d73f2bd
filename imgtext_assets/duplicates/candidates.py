"""Which looks have any other near them: the one question that must be asked over all pictures, and its memory.

The answer is remembered from one run to the next. A look that was told to have neighbours stays a candidate, even when
they are gone: candidates are compared exactly later (`keepers`), so too many do no harm, and too few there never are.
So when shards are added only the new looks are searched for, and the result is that of a full run.

What belongs here: the memory of the search. What does not: the search (`near`), and what comes of it (`clusters`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from imgtext_assets.catalog import DuplicatePolicy
from imgtext_assets.duplicates.mirror import mirrored
from imgtext_assets.duplicates.near import Run, crossing, in_threads, neighbours
from imgtext_assets.tables import NEAR_HASHES

Hashes = npt.NDArray[np.uint64]

VERSION = 1
"""Of the search: what another one remembered does not count."""
FEW = 0.1
"""Where no more than this share of the looks is new, only they are searched for: crossing costs a pass over all."""


def candidates(
    fingerprints: pl.LazyFrame, policy: DuplicatePolicy, known: pl.DataFrame | None = None, run: Run = in_threads
) -> pl.DataFrame:
    """Every distinct 64-bit hash that tells something, and whether another is near: `tables.NEAR_HASHES`, ascending.

    `fingerprints` are the kept rows of all shards (`tables.FINGERPRINTS`), in any order. Near are hashes within
    `policy.radius`, and mirror images within it where the policy asks for these. `known` is what an earlier call gave;
    it counts where it was made by the same policy. Memory: some 60 bytes a row at most.
    """
    hashes = distinct(fingerprints)
    kind = {"radius": policy.radius, "mirrored": policy.mirrored != "ignore", "version": VERSION}
    if known is not None and known.height and known.row(0, named=True) | kind == known.row(0, named=True):
        near = _extended(hashes, known, policy, run)
    else:
        near = _near(hashes, policy, run)
    return NEAR_HASHES.conform(pl.LazyFrame({"hash": hashes, "near": near}).with_columns(**_literals(kind))).collect()


def telling_hash() -> pl.Expr:
    """The 64-bit hash of a row of `tables.FINGERPRINTS`; null where it tells nothing of the picture."""
    return pl.when(pl.col("low_information").fill_null(False).not_()).then("phash")


def distinct(fingerprints: pl.LazyFrame) -> Hashes:
    """The 64-bit hashes of the rows that tell something, each once, ascending."""
    telling = fingerprints.select(hash=telling_hash()).drop_nulls().collect(engine="streaming")
    return _each_once(np.sort(telling["hash"].to_numpy()))[0]


def _each_once(ascending: Hashes) -> tuple[Hashes, npt.NDArray[np.int64]]:
    """The distinct ones, and how often each is there. By comparing neighbours: `np.unique` takes ten times as long."""
    begins = np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]])[: len(ascending)])
    return ascending[begins], np.diff(begins, append=len(ascending))


def _near(hashes: Hashes, policy: DuplicatePolicy, run: Run) -> npt.NDArray[np.bool_]:
    if policy.mirrored == "ignore":
        return neighbours(hashes, policy.radius, run).near
    both, counts = _each_once(np.sort(np.concatenate([hashes, mirrored(hashes)])))
    near = neighbours(both, policy.radius, run).near | (counts > 1)
    return near[np.searchsorted(both, hashes)]


def _extended(hashes: Hashes, known: pl.DataFrame, policy: DuplicatePolicy, run: Run) -> npt.NDArray[np.bool_]:
    """What was near before, and what is new or near to what is new."""
    old, was_near = known["hash"].to_numpy(), known["near"].to_numpy()
    place = np.minimum(np.searchsorted(old, hashes), len(old) - 1)
    is_old = old[place] == hashes
    fresh = hashes[~is_old]
    if len(fresh) > FEW * len(hashes):
        return _near(hashes, policy, run)
    near, before = is_old & was_near[place], hashes[is_old]
    near[~is_old] = _near(fresh, policy, run)
    for new in [fresh, *([mirrored(fresh)] if policy.mirrored != "ignore" else [])]:
        near[is_old] |= crossing(before, new, policy.radius, run)
        near[~is_old] |= crossing(new, before, policy.radius, run)
    return near


def _literals(kind: dict[str, int | bool]) -> dict[str, pl.Expr]:
    return {name: pl.lit(value) for name, value in kind.items()}
