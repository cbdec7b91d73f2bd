"""Which rows of the lake go by a name: an id, an address or the SHA-256 of their bytes.

What belongs here: what a name may be a name of, and comparing it. What does not: where tables lie, and where in them to
look (the caller's `scan` and `places`), and what is known of a row (`history`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

import polars as pl

from imgtext_assets.tables import KEYS

UrlKey = Callable[[pl.Expr], pl.Expr]
Scan = Callable[[str, Sequence[str] | None], pl.LazyFrame]
"""A table by its name: all of it, or some of its shards."""


Places = Callable[[str, Collection[str]], Sequence[tuple[str, int, int | None]]]
"""Where in a table a row may be that has one of these values in one of its KEYS: a shard, and there the rows from a
number on, so many; null: all rows from there."""


def find(scan: Scan, places: Places, key: str, url_key: UrlKey) -> pl.DataFrame:
    """The rows that go by the name `key`: `shard`, `source_row` and `id`, sorted.

    A name that looks like an address or a digest may also be an id, and is looked for as both. `url_key` normalises
    addresses as `raw_metadata` does. Several rows have one name where an address or the bytes come more than once.
    """
    names = values(key, url_key)
    found: list[pl.LazyFrame] = []
    for table, columns in KEYS.items():
        wanted = {column: names[column] for column in columns if column in names}
        if not wanted:
            continue
        is_it = pl.any_horizontal(pl.col(column) == value for column, value in wanted.items())
        where = places(table, set(wanted.values()))
        parts = [scan(table, [shard]).slice(first, rows) for shard, first, rows in where if rows is not None]
        whole = [shard for shard, _, rows in where if rows is None]
        if whole:
            parts.append(scan(table, whole))
        found += [part.filter(is_it).select("shard", "source_row", "id") for part in parts]
    nothing = pl.LazyFrame(schema={"shard": pl.String, "source_row": pl.Int64, "id": pl.String})
    return pl.concat([nothing, *found]).unique().sort("shard", "source_row").collect(engine="streaming")


def values(key: str, url_key: UrlKey) -> dict[str, str]:
    """What `key` would be in each column of KEYS.

    >>> values("1f", lambda address: address)
    {'id': '1f'}
    """
    names: dict[str, str | None] = {"id": key}
    if re.fullmatch(r"[0-9a-fA-F]{64}", key):
        names |= dict.fromkeys(("sha256", "fingerprint_sha256"), key.lower())
    if "://" in key:
        names["url_key"] = pl.select(url_key(pl.lit(key))).item()
    return {column: value for column, value in names.items() if value is not None}
