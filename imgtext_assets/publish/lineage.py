"""Rows that a takedown means: by id, URL or SHA-256, with all that repeat them.

What belongs here: looking up. What does not: where the tables lie (the caller's `scan`), and one row's whole way
(`finding`, `history`).
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from imgtext_assets.tables import DUPLICATE_CLUSTERS, FINGERPRINTS, RAW_METADATA, VERIFIED
from imgtext_assets.text import key_kind

Scan = Callable[..., pl.LazyFrame]


def find_rows(scan: Scan, key: str, url_key: Callable[[pl.Expr], pl.Expr]) -> pl.DataFrame:
    """The rows that a key means, as `shard` and `id`; several where an address or the bytes are there more than once.

    `scan(name, shard=None)` gives a table, or one shard of it; `url_key` normalises addresses as `raw_metadata` does.
    """
    kind = key_kind(key)
    if kind == "sha256":
        rows = pl.concat(
            [
                scan(VERIFIED.name).filter(sha256=key.lower()).select("shard", "id"),
                scan(FINGERPRINTS.name).filter(fingerprint_sha256=key.lower()).select("shard", "id"),
            ]
        )
    elif kind == "url":
        wanted = pl.select(url_key(pl.lit(key))).item()
        rows = scan(RAW_METADATA.name).filter(pl.col("url_key") == wanted).select("shard", "id")
    else:
        rows = scan(RAW_METADATA.name).filter(id=key).select("shard", "id")
    return rows.unique().sort("shard", "id").collect()


def with_repeats(scan: Scan, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows (`shard`, `id`) and all that repeat them or that they repeat, by the duplicates' clusters.

    What else `rows` says of a row is said of its repeats, too; of several the first.
    """
    key, facts = ["shard", "id"], rows.drop("shard", "id").columns
    clusters = scan(DUPLICATE_CLUSTERS.name).select("cluster_id", "keeper_shard", *key)
    groups = clusters.join(rows.lazy(), on=key).select("cluster_id", "keeper_shard", *facts)
    groups = groups.unique(["cluster_id", "keeper_shard"], keep="first", maintain_order=True)
    repeats = clusters.join(groups, on=["cluster_id", "keeper_shard"]).select(*key, *facts)
    return pl.concat([rows.lazy(), repeats]).unique(key, keep="first", maintain_order=True).sort(key).collect()
