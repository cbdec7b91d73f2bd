"""Who is kept: the greedy choice of keepers, compiled, in memory that does not grow with the number of near pairs.

What belongs here: numbers in the order of rank. What does not: what makes two rows the same (`clusters`), and the
search over all hashes for those that have any other near them (`near`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imgtext_assets.duplicates.masks import mask_family

UNCONFIRMED = 4
"""Bits of 64 within which two pictures are the same though no second hash confirms it. On ideal hashes chance alone
gives 19 such pairs among 12.4 million, where 6 gives 1,900: N (N - 1) / 2 x sum of binomials (64, 0..r) / 2^64."""
CROWD = 1_000
"""Of pictures that share one 64-bit hash and are unlike by their 256 bits, so many are compared with others, those that
rank highest; further ones repeat only their equals. Else a million such would be compared pair by pair."""

Numbers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Slots = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Looks:
    """Distinct looks of pictures: 64 bits each, and 256 where `confirmable`.

    `hashes` are uint64 of shape (n,), `fine` of shape (n, 4), `confirmable` bool of shape (n,).
    """

    hashes: Words
    fine: Words
    confirmable: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Choice:
    """For each row, in the order of rank: its keeper (itself where it is kept), the rule by its number (-1: kept), and
    the kept row that it mirrors (-1: none). int64, shape (rows,)."""

    keeper: Numbers
    rule: Numbers
    mirrors: Numbers


def choose_keepers(
    same: Sequence[Numbers],
    look: Numbers,
    looks: Looks,
    radius: int,
    confirm: int | None,
    mirrored: Looks | None = None,
    reject_mirrored: bool = False,
) -> Choice:
    """Keep each row, in the order given, unless it is the same as one that is kept already.

    `same` has, for each rule that goes by an equal key, the rows' keys as numbers from 0 on (-1: none); `look` says
    which of `looks` a row has (-1: none that tells anything). The rule after these is nearness of looks: at most
    `radius` bits of 64, and of 256 at most `confirm` where both have them; where one has not, at most UNCONFIRMED. With
    `confirm` null only the 64 bits count. The last rule is nearness to another's `mirrored` look (null: not asked, else
    in the order of `looks`), by which a row is rejected only where that is wanted.

    So a rejected row is the same as its keeper itself. Of several keepers the one of the earlier rule, then of the
    higher rank, stands for it. That is sequential greedy, word for word, but for CROWD. Each kept row marks what is
    near it, and what is marked is not looked at again: a cloud of looks that repeat one another costs no more than its
    size. Looks that are near by 64 bits, but unlike by 256, are compared pair by pair (40,000 in some seconds).
    """
    from imgtext_assets.duplicates.greedy import choose

    keys = np.stack([*same, look], axis=1).astype(np.int64)
    sizes = keys.max(axis=0, initial=-1) + 1
    _, groups = np.unique(looks.hashes, return_inverse=True)
    limits = np.array([radius, -1 if confirm is None else confirm, min(radius, UNCONFIRMED), CROWD], np.int64)
    other = mirrored or looks
    chosen = choose(
        keys, sizes, looks.hashes, looks.fine, looks.confirmable, groups.astype(np.int64),
        *_index(looks.hashes, radius), limits, other.hashes, other.fine, mirrored is not None, reject_mirrored,
    )  # fmt: skip
    return Choice(*chosen)


def _index(hashes: Words, radius: int) -> tuple[Words, int, Slots, Slots]:
    """Masks, bits of a bucket's number, and by mask the places of hashes sorted by bucket, and where buckets begin.

    Hashes that agree under a mask share a bucket. Others may share it too: whoever looks there compares.
    """
    from imgtext_assets.duplicates.greedy import GOLDEN

    masks = mask_family(len(hashes), radius)
    bits = max(1, len(hashes).bit_length() - 1)
    order = np.empty((len(masks), len(hashes)), np.uint32)
    begins = np.zeros((len(masks), 2**bits + 1), np.uint32)
    for number, mask in enumerate(masks):
        buckets = (((hashes & mask) * GOLDEN) >> np.uint64(64 - bits)).astype(np.int64)
        order[number] = np.argsort(buckets, kind="stable")
        begins[number, 1:] = np.cumsum(np.bincount(buckets, minlength=2**bits))
    return masks, bits, order, begins
