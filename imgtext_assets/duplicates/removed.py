"""What looks like a removed picture: by its 64-bit hash alone, as a tombstone has no second one that would confirm it.

What belongs here: which looks are refused. What does not: the names that rows go by (`rights.removals`).
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import polars as pl

from imgtext_assets.duplicates.candidates import telling_hash
from imgtext_assets.duplicates.exclude import Excluded
from imgtext_assets.duplicates.keepers import UNCONFIRMED
from imgtext_assets.duplicates.near import crossing
from imgtext_assets.tables import REMOVALS

REMOVED_LIST = "removals"
"""The name under which removed pictures are excluded; no list of a catalog may have it."""


def removed_hashes(removals: pl.LazyFrame) -> npt.NDArray[np.uint64]:
    """The 64-bit hashes of the tombstones of kind `phash` (16 hex digits), each once, ascending."""
    values = removals.filter(kind="phash").select(_number(pl.col("value"))).collect().to_series()
    return values.drop_nulls().unique().sort().to_numpy()


def removed_list(removals: pl.LazyFrame) -> list[Excluded]:
    """The removed looks as a list of pictures to exclude; none where nothing of the kind was removed."""
    hashes = removed_hashes(removals)
    return [Excluded(REMOVED_LIST, hashes=hashes)] if len(hashes) else []


def looks_version(removals: pl.LazyFrame) -> str:
    """A digest of the removed looks, 16 hex digits; empty where there are none."""
    hashes = removed_hashes(removals)
    return hashlib.sha256(hashes.tobytes()).hexdigest()[:16] if len(hashes) else ""


def looks_removed(pictures: pl.LazyFrame, removals: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of `pictures` (`phash`, `low_information`) that look like a removed picture: within 4 of 64 bits.

    4 bits, as for all pairs that nothing confirms (`keepers.UNCONFIRMED`); a hash of low information names nothing.
    Memory is that of the distinct hashes.
    """
    hashes = removed_hashes(removals)
    if not len(hashes):
        return pictures.filter(pl.lit(value=False))
    telling = pictures.select(hash=telling_hash()).drop_nulls().unique().collect(engine="streaming")["hash"]
    near = pl.Series(telling.to_numpy()[crossing(telling.to_numpy(), hashes, UNCONFIRMED)], dtype=pl.UInt64)
    return pictures.filter(telling_hash().is_in(near.implode()))


def first_look(hashes: pl.Series, looks: pl.Series) -> pl.Series:
    """For each 64-bit hash, none of them null, the number of the first of `looks` that is within 4 bits; else null.

    `looks` are of 16 hex digits; others are near nothing.
    """
    wanted = numbers(looks)
    there, bits = wanted.is_not_null().to_numpy(), wanted.fill_null(0).to_numpy()
    near = [np.flatnonzero(there & (np.bitwise_count(bits ^ one) <= UNCONFIRMED)) for one in hashes.to_numpy()]
    return pl.Series("look", [int(found[0]) if len(found) else None for found in near], dtype=pl.UInt32)


def as_bytes(pictures: pl.DataFrame, removals: pl.LazyFrame) -> pl.LazyFrame:
    """Tombstones (REMOVALS) of the bytes of `pictures` (with `sha256`, too) that look like a removed one."""
    alike = looks_removed(pictures.lazy(), removals).select("sha256").unique()
    why = f"it looks like a removed picture, within {UNCONFIRMED} of 64 bits"
    return REMOVALS.conform(alike.select(value="sha256").with_columns(kind=pl.lit("sha256"), reason=pl.lit(why)))


def hex_digits(phash: pl.Series) -> pl.Series:
    """64-bit hashes as tombstones have them: 16 hex digits."""
    return pl.Series(phash.name, [None if value is None else f"{value:016x}" for value in phash], dtype=pl.String)


def numbers(looks: pl.Series) -> pl.Series:
    """Looks of 16 hex digits as 64-bit hashes."""
    return looks.to_frame("look").select(_number(pl.col("look"))).to_series()


def _number(value: pl.Expr) -> pl.Expr:
    return value.str.to_integer(base=16, dtype=pl.UInt64, strict=False)
