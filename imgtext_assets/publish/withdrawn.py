"""Which rows takedowns removed, and the salted hashes by which releases name them. Pure.

A list of what was removed is an index of what to look for. So releases name it by hashes: whoever holds a row can tell
whether it was removed, and whoever holds the list learns nothing that they do not have. The salt is public and only
keeps hashes of one dataset from being looked up in tables made for another.

What belongs here: names of rows, and their hashes. What does not: refusing what is removed (`rights`), cleaning copies
(`apply`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from imgtext_assets.tables import DEAD_LINKS, REMOVALS, REMOVED_HASHES

KEY = ["source", "id"]
"""What names a row of a release."""
KINDS = ("id", "url", "sha256")
"""Kinds of tombstones that name what a release publishes of a row."""
UrlKey = Callable[[pl.Expr], pl.Expr]


def same_address(url: pl.Expr) -> pl.Expr:
    """Addresses as they are, where there is nothing to normalise them by."""
    return url


def _no_rows() -> pl.LazyFrame:
    return pl.LazyFrame(schema=dict.fromkeys(KEY, pl.String))


@dataclass(frozen=True)
class Known:
    """What the lake knows of rows that may have left a release.

    `rejected` has by stage, in the order of the graph, its rows with a `reject_reason`; `listed` all rows that the
    sources list (`source`, `id`); `removals` is REMOVALS, `dead` the DEAD_LINKS that releases drop.
    """

    rejected: Mapping[str, pl.LazyFrame] = field(default_factory=dict)
    listed: pl.LazyFrame = field(default_factory=_no_rows)
    removals: pl.LazyFrame = field(default_factory=lambda: pl.LazyFrame(schema=REMOVALS.schema))
    dead: pl.LazyFrame = field(default_factory=lambda: pl.LazyFrame(schema=DEAD_LINKS.schema))

    @cached_property
    def refused(self) -> pl.DataFrame:
        """The rows that a stage refused by a takedown: `source`, `id`. Read once, as each release is asked for them."""
        removed = [rows.filter(reject_reason="removed").select(KEY) for rows in self.rejected.values()]
        return pl.concat([_no_rows(), *removed]).unique().collect(engine="streaming")


def withdrawn(rows: pl.LazyFrame, known: Known, url_key: UrlKey) -> pl.LazyFrame:
    """Those of `rows` (of a release) that takedowns removed: KEY, `url_key`, `sha256`, and by which of KINDS.

    `by_id`, `by_url` and `by_sha256` say whether a tombstone names the row so. A row without any of them was refused
    by a stage for another reason that takedowns have: its creator, its account, what it looks like.
    """
    named = names(rows, url_key)
    for kind, column in zip(KINDS, ("id", "url_key", "sha256"), strict=True):
        named = _marked(named, known.removals.filter(kind=kind), column, f"by_{kind}")
    named = named.join(known.refused.lazy().with_columns(refused=True), on=KEY, how="left")
    marks = [pl.col(f"by_{kind}") for kind in KINDS]
    return named.filter(pl.any_horizontal(*marks, pl.col("refused").is_not_null())).drop("refused")


def names(rows: pl.LazyFrame, url_key: UrlKey) -> pl.LazyFrame:
    """All that a release says of a row by which a takedown may name it: `source`, `id`, `url_key`, `sha256`.

    Releases from before there was a `source_url` have it as `url`; a column that is missing is null.
    """
    have = rows.collect_schema()
    missing = [pl.lit(None, pl.String).alias(name) for name in (*KEY, "url", "sha256") if name not in have]
    address = pl.col("source_url" if "source_url" in have else "url")
    return rows.with_columns(missing).select(*KEY, url_key(address).alias("url_key"), "sha256")


def removal_hashes(removed: pl.LazyFrame, salt: str) -> pl.DataFrame:
    """The hashes of rows that `withdrawn` gave: REMOVED_HASHES, each once, sorted.

    A row is always named by its id. Address and bytes are named only where a tombstone names them: another row that
    may stay can have them.
    """
    removed = removed.collect(engine="streaming").lazy()  # few rows, which took much reading
    kinds = [
        removed.select(kind=pl.lit("id"), hash=salted(row_name(), "id", salt)),
        removed.filter("by_url").select(kind=pl.lit("url"), hash=salted(pl.col("url_key"), "url", salt)),
        removed.filter("by_sha256").select(kind=pl.lit("sha256"), hash=salted(pl.col("sha256"), "sha256", salt)),
    ]
    return each_once(pl.concat(kinds).with_columns(salt=pl.lit(salt)))


def each_once(hashes: pl.LazyFrame) -> pl.DataFrame:
    """REMOVED_HASHES, each once, sorted."""
    order = REMOVED_HASHES.schema.names()
    return REMOVED_HASHES.conform(hashes).drop_nulls().unique().sort(order).collect(engine="streaming")


def row_name() -> pl.Expr:
    """The name of a row that is hashed as its id: no source's name holds a slash."""
    return pl.format("{}/{}", "source", "id")


def salted(value: pl.Expr, kind: str, salt: str) -> pl.Expr:
    """SHA-256 (FIPS 180-4) of salt, kind and value in UTF-8, with a line feed between, as 64 hex digits; null of null.

    >>> pl.select(salted(pl.lit("a/1"), "id", "00")).item()[:16]
    '1f269e802fd36d92'
    """
    prefix = hashlib.sha256(f"{salt}\n{kind}\n".encode())

    def digests(values: pl.Series) -> pl.Series:
        return pl.Series(values.name, [_digest(prefix, one) for one in values], pl.String)

    # polars has no cryptographic hash; a digest of what is short takes about a microsecond.
    return value.map_batches(digests, return_dtype=pl.String, is_elementwise=True)


def _digest(prefix: hashlib._Hash, value: str | None) -> str | None:
    if value is None:
        return None
    digest = prefix.copy()
    digest.update(value.encode())
    return digest.hexdigest()


def _marked(rows: pl.LazyFrame, removals: pl.LazyFrame, column: str, mark: str) -> pl.LazyFrame:
    """Add `mark`: whether a tombstone names the row's `column`, for its source or for all."""
    of = removals.select(pl.col("value").alias(column), of="source").unique()
    everywhere = of.filter(pl.col("of").is_null()).select(column, everywhere=True)
    of_source = of.drop_nulls("of").select(column, source="of", here=True)
    marked = rows.join(everywhere, on=column, how="left").join(of_source, on=[column, "source"], how="left")
    is_named = pl.col("everywhere").is_not_null() | pl.col("here").is_not_null()
    return marked.with_columns(is_named.alias(mark)).drop("everywhere", "here")


def all_hashes(before: Iterable[pl.LazyFrame], removed: Iterable[pl.LazyFrame], salt: str) -> pl.DataFrame:
    """The hashes that releases had before, and those of rows that `withdrawn` gave, by one salt: REMOVED_HASHES."""
    return each_once(pl.concat([*before, *(removal_hashes(rows, salt).lazy() for rows in removed), _no_hashes()]))


def _no_hashes() -> pl.LazyFrame:
    return REMOVED_HASHES.schema.to_frame().lazy()
