"""Over all shards: who repeats whom, who is kept in whose stead, and by which rule.

What belongs here: the rules, the rank of rows, the greedy choice of keepers. What does not: the search for near pairs
(`near`), what repeats nothing but is no picture of its link (`placeholders`), what becomes of the rows (`verdicts`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from imgtext_assets import tables
from imgtext_assets.catalog import DuplicatePolicy
from imgtext_assets.duplicates.near import near_pairs
from imgtext_assets.duplicates.placeholders import placeholders

RULES = ("same_id", "same_url", "same_bytes", "near_duplicate")
KEYS = ("id_key", "url_key", "bytes_key", "hash")  # by rule: what two rows have in common, the hash only nearly so
NEAR = RULES.index("near_duplicate")


def find_clusters(
    fingerprints: pl.LazyFrame, policy: DuplicatePolicy, placeholder_links: int | None = None
) -> pl.DataFrame:
    """The rows that repeat one another, kept and rejected ones: `tables.DUPLICATE_CLUSTERS`, sorted by shard and id.

    `fingerprints` are the kept rows of all shards (`tables.FINGERPRINTS`), in any order; id and shard together name a
    row. First, rows whose picture answers for at least `placeholder_links` unlike links of a host are told apart
    (`placeholders`; null: none is). They have the rule `placeholder` and no keeper, and stand for no other row. Of the
    rest, two rows are the same by the first of these rules that holds:

    1. `same_id`: they are of one source and have the same id (in one shard, `raw_metadata` has told already);
    2. `same_url`: their `url_key` is the same;
    3. `same_bytes`: the whole picture was fetched for both, with the same SHA-256;
    4. `near_duplicate`: their 64-bit hashes differ in at most `policy.radius` bits and neither has low information.

    Rows are ranked: first those that have a fingerprint, as without one nothing is known of the picture; then by
    area, as measured where the whole picture was fetched, else as declared, else 0; then by lower id, then by lower
    shard. In this order a row is kept unless it is the same as one that is kept already. So a rejected row is always
    the same as its keeper itself, never only by way of others, and a keeper is never rejected. Of several keepers the
    one of the earlier rule, then of the higher rank, stands for the row.
    """
    apart = placeholders(fingerprints, placeholder_links)
    rest = fingerprints.join(apart.lazy(), on=["shard", "id"], how="anti")
    return pl.concat([_repeats(rest, policy), apart]).sort("shard", "id")


def _repeats(fingerprints: pl.LazyFrame, policy: DuplicatePolicy) -> pl.DataFrame:
    """The clusters of rows that repeat one another, keepers among them, in any order."""
    rows = _ranked(fingerprints)
    hashes = rows["hash"].drop_nulls().unique().sort().to_numpy()
    pairs = near_pairs(hashes, policy.radius)
    in_pairs = pl.Series(hashes[np.unique(pairs)], dtype=pl.UInt64)
    repeated = [pl.col(key).is_not_null() & pl.col(key).is_duplicated() for key in KEYS]
    rows = rows.filter(pl.any_horizontal(*repeated, pl.col("hash").is_in(in_pairs.implode())))

    keepers = _choose_keepers(rows.select(KEYS).iter_rows(), _neighbours(hashes, pairs))
    return _clusters(rows, keepers)


def _ranked(fingerprints: pl.LazyFrame) -> pl.DataFrame:
    """The columns that matter here, a row that ranks higher before one that ranks lower."""
    original = pl.col("fingerprint_of") == "original"
    measured = pl.when(original).then("fingerprint_pixels")
    area = pl.coalesce(measured, pl.col("width") * pl.col("height"), 0)
    tells = pl.col("low_information").fill_null(False).not_()
    return (
        fingerprints.select(
            "id",
            "source",
            "shard",
            "url_key",
            id_key=pl.when(pl.struct("source", "id").is_duplicated()).then(pl.format("{}:{}", "source", "id")),
            bytes_key=pl.when(original).then("fingerprint_sha256"),
            hash=pl.when(tells).then("phash"),
            has_fingerprint=pl.col("fingerprint_sha256").is_not_null() | pl.col("phash").is_not_null(),
            area=area,
        )
        .sort("has_fingerprint", "area", "id", "shard", descending=[True, True, False, False])
        .drop("has_fingerprint", "area")
        .collect()
    )


def _neighbours(hashes: npt.NDArray[np.uint64], pairs: npt.NDArray[np.int64]) -> dict[int, list[int]]:
    """For each hash that has any: the other hashes near it."""
    neighbours: dict[int, list[int]] = {}
    for one, other in hashes[pairs].tolist():
        neighbours.setdefault(one, []).append(other)
        neighbours.setdefault(other, []).append(one)
    return neighbours


def _choose_keepers(
    ranked: Iterable[tuple[Any, ...]], neighbours: dict[int, list[int]]
) -> list[tuple[int, int | None]]:
    """For each row in the order of rank: the number of its keeper, and of the rule (null for a keeper itself).

    Greedy, so a loop; it runs only over rows that may repeat another. At most one keeper has a given address, file
    or hash, therefore work and memory grow with the rows and near pairs of hashes, however often one repeats.
    """
    kept_by: tuple[dict[Any, int], ...] = tuple({} for _ in KEYS)
    chosen: list[tuple[int, int | None]] = []
    for row, keys in enumerate(ranked):
        same = [[key] if key is not None else [] for key in keys]
        same[NEAR] += neighbours.get(keys[NEAR], ())
        keepers = ([kept[key] for key in alike if key in kept] for kept, alike in zip(kept_by, same, strict=True))
        found = next(((min(rows), rule) for rule, rows in enumerate(keepers) if rows), None)
        if found is None:
            for kept, key in zip(kept_by, keys, strict=True):
                if key is not None:
                    kept[key] = row
        chosen.append(found or (row, None))
    return chosen


def _clusters(rows: pl.DataFrame, chosen: list[tuple[int, int | None]]) -> pl.DataFrame:
    """`rows` with their keepers, less those that turn out to stand alone."""
    keeper = pl.Series([keeper for keeper, _ in chosen], dtype=pl.Int64)
    rule = pl.Series([rule for _, rule in chosen], dtype=pl.Int64)
    kept = rows.select("id", "shard", "hash")[keeper]
    clusters = rows.with_columns(
        cluster_id=kept["id"],
        keeper_id=kept["id"],
        keeper_shard=kept["shard"],
        rule=rule.replace_strict(range(len(RULES)), RULES, default=None, return_dtype=pl.String),
        distance=pl.when(rule == NEAR).then((pl.col("hash") ^ kept["hash"]).bitwise_count_ones()),
    ).filter(keeper.is_duplicated())
    return tables.DUPLICATE_CLUSTERS.conform(clusters.lazy()).collect()
