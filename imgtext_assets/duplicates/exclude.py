"""Pictures that no dataset may hold: evaluation sets to keep apart, removal lists.

What belongs here: which rows a list names. What does not: reading lists (`defs`), and what becomes of the rows
(`verdicts`).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from imgtext_assets.duplicates.candidates import distinct, telling_hash
from imgtext_assets.duplicates.keepers import UNCONFIRMED
from imgtext_assets.duplicates.near import crossing
from imgtext_assets.tables import DUPLICATE_CLUSTERS

RULE = "excluded"


@dataclass(frozen=True)
class Excluded:
    """A list by its name: SHA-256s of files (64 hex digits), and sorted 64-bit pHashes, uint64."""

    name: str
    sha256: pl.Series = field(default_factory=lambda: pl.Series([], dtype=pl.String))
    hashes: npt.NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))


def parse_list(name: str, data: bytes, path: str) -> Excluded:
    """The list in a file's bytes: .npy with 64-bit pHashes, else parquet with columns `sha256` or `phash`, or both.

    A pHash is a number, or 16 hex digits as imagehash writes it; a SHA-256 is 64 hex digits. Raises ValueError, which
    names the file.
    """
    try:
        if path.endswith(".npy"):
            hashes = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
            if hashes.ndim != 1:
                raise ValueError(f"the array has the shape {hashes.shape}; a hash is one number")
            found = pl.DataFrame({"phash": hashes})
        else:
            found = pl.read_parquet(io.BytesIO(data))
        columns = [_HASH[name](found[name].drop_nulls()) for name in found.columns if name in _HASH]
        kinds = {column.name: column for column in columns}
    except (ValueError, EOFError, MemoryError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        problem = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: expected 64-bit pHashes or SHA-256s: {problem}") from None
    if not kinds:
        raise ValueError(f"{path}: expected a column sha256 or phash; it has {', '.join(found.columns[:20])}")
    hashes = kinds.get("phash", pl.Series([], dtype=pl.UInt64)).unique().sort().to_numpy()
    return Excluded(name, kinds.get("sha256", pl.Series([], dtype=pl.String)), hashes)


def _phash(values: pl.Series) -> pl.Series:
    if values.dtype == pl.UInt64:
        return values
    if values.dtype == pl.Int64:  # the same bits: not every writer has unsigned numbers
        return values.reinterpret(signed=False)
    if values.dtype != pl.String:
        raise ValueError(f"phash holds {values.dtype}; a hash is a number of 64 bits, or 16 hex digits")
    odd = values.filter(~values.str.contains("^[0-9a-fA-F]{16}$"))
    if len(odd):
        raise ValueError(f"{odd[0][:80]!r} is no pHash of 16 hex digits")
    return values.str.to_integer(base=16, dtype=pl.UInt64)


def _sha256(values: pl.Series) -> pl.Series:
    texts = values.cast(pl.String).str.to_lowercase()
    odd = texts.filter(~texts.str.contains("^[0-9a-f]{64}$"))
    if len(odd):
        raise ValueError(f"{odd[0][:80]!r} is no SHA-256")
    return texts


_HASH = {"phash": _phash, "sha256": _sha256}


def excluded(fingerprints: pl.LazyFrame, lists: Sequence[Excluded], radius: int) -> pl.DataFrame:
    """The rows that a list names: `tables.DUPLICATE_CLUSTERS`, in no order, without keepers.

    A row is named by the SHA-256 of its whole picture, or by a hash of the list within `radius` bits of its own, and
    within 4 at most, as lists have no second hash that would confirm it. Of several lists the first one has it.
    `cluster_id` is `excluded:<name>`.
    """
    hashes = distinct(fingerprints) if any(len(one.hashes) for one in lists) else np.empty(0, np.uint64)
    found = [_of_list(fingerprints, hashes, one, min(radius, UNCONFIRMED)) for one in lists]
    named = pl.concat([DUPLICATE_CLUSTERS.schema.to_frame(), *found])
    return named.unique(["shard", "id"], keep="first", maintain_order=True)


def _of_list(fingerprints: pl.LazyFrame, hashes: npt.NDArray[np.uint64], one: Excluded, radius: int) -> pl.DataFrame:
    near = hashes[crossing(hashes, one.hashes, radius)]
    farther = [~crossing(near, one.hashes, closer) for closer in range(radius)]
    distance = np.sum(farther, axis=0, dtype=np.int64) if farther else np.zeros(len(near), np.int64)
    distances = pl.LazyFrame({"hash": near, "distance": distance})
    whole = pl.when(fingerprint_of="original").then("fingerprint_sha256")
    rows = fingerprints.with_columns(hash=telling_hash()).join(distances, on="hash", how="left")
    named = rows.filter(whole.is_in(one.sha256.implode()) | pl.col("distance").is_not_null())
    listed = named.with_columns(cluster_id=pl.lit(f"{RULE}:{one.name}"), rule=pl.lit(RULE))
    return DUPLICATE_CLUSTERS.conform(listed).collect(engine="streaming")
