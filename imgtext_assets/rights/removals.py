"""Tombstones: what a takedown writes, and which rows they name, so that a picture never comes back.

What belongs here: matching rows with tombstones by the names that they go by, and writing tombstones of names. What
does not: what looks like a removed picture (`duplicates.removed`), reading orders (`takedowns`), deleting bytes
(`purges`).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from imgtext_assets.tables import REMOVALS

KINDS = ("id", "url", "sha256", "phash", "creator", "account")
SCOPED = ("id", "creator", "account")
"""Kinds whose names mean something else in another source; an address, bytes and looks are the same everywhere."""

By = Sequence[tuple[str, pl.Expr]]
"""Kinds of tombstones, each with the value of a row that they name."""

BY_ROW: By = [
    ("id", pl.col("id")),
    ("url", pl.col("url_key")),
    ("creator", pl.col("creator")),
    ("account", pl.col("account")),
]
BY_BYTES: By = [("sha256", pl.col("sha256")), ("sha256", pl.col("fingerprint_sha256"))]
"""By the picture's own bytes, and by its preview's."""

REMOVED_RULE = (pl.col("removed_for").is_not_null(), "removed", pl.col("removed_for"))
"""What a tombstone names ends: of a frame that `with_removals` judged."""

_SAME = ["kind", "value", "source"]


def with_removals(frame: pl.LazyFrame, removals: pl.LazyFrame, by: By, say: str = "reason") -> pl.LazyFrame:
    """`frame` with `removed_for`: why a tombstone names the row, null where none does. Rows in = rows out, in order.

    `removals` is a frame of REMOVALS; one that has a `source` holds for rows of that source alone. Of several the
    earliest speaks, of several names the first in `by`. `say` is the column of `removals` that is given. Creators are
    compared without regard to case, white space and compatible forms of letters (Unicode NFKC), as lists spell them
    differently; all else exactly.
    """
    kinds = sorted({kind for kind, _ in by})
    stones = removals.filter(pl.col("kind").is_in(kinds)).sort("removed_at", "reason").collect()
    found: list[str] = []
    for kind, value in by:
        of_kind = stones.filter(kind=kind).with_columns(_removed=_compared(kind, pl.col("value")))
        for keys, some in (
            (["_removed"], of_kind.filter(pl.col("source").is_null())),
            (["_removed", "source"], of_kind.filter(pl.col("source").is_not_null())),
        ):
            if some.height:
                found.append(f"_removed_{len(found)}")
                first = some.unique(keys, keep="first", maintain_order=True).select(*keys, pl.col(say).alias(found[-1]))
                frame = (
                    frame.with_columns(_removed=_compared(kind, value))
                    .join(first.lazy(), on=keys, how="left", maintain_order="left")
                    .drop("_removed")
                )
    why = pl.coalesce(found) if found else pl.lit(None, removals.collect_schema()[say])
    return frame.with_columns(removed_for=why).drop(found)


def naming(removals: pl.LazyFrame, rows: pl.LazyFrame, by: By) -> pl.LazyFrame:
    """The tombstones (`kind`, `value`, `source`) that name any of the rows."""
    found = [removals.select(_SAME).clear()]
    for kind, value in by:
        names = rows.select("source", _removed=_compared(kind, value)).drop_nulls().unique()
        of_kind = removals.filter(kind=kind).select(*_SAME, _removed=_compared(kind, pl.col("value")))
        pairs = of_kind.join(names, on="_removed")
        found.append(pairs.filter(pl.col("source").is_null() | (pl.col("source") == pl.col("source_right"))))
    return pl.concat([frame.select(_SAME) for frame in found]).unique()


def named(rows: pl.LazyFrame, removals: pl.LazyFrame, by: By) -> pl.LazyFrame:
    """The rows that a tombstone names."""
    return with_removals(rows, removals, by).filter(pl.col("removed_for").is_not_null()).drop("removed_for")


def not_named(rows: pl.LazyFrame, removals: pl.LazyFrame, by: By) -> pl.LazyFrame:
    """The rows that no tombstone names."""
    return with_removals(rows, removals, by).filter(pl.col("removed_for").is_null()).drop("removed_for")


def tombstones(orders: pl.DataFrame, names: pl.DataFrame, written: pl.LazyFrame) -> pl.DataFrame:
    """The tombstones of these orders, and of all `names` of the rows that they mean, that are not yet `written`.

    `orders` and `written` are frames of REMOVALS. `names` has `kind`, `value`, `source` and `order`, the number of the
    row of `orders` whose reason, request and time it takes. An order's own name is written even where no row has it
    yet: a list may bring it tomorrow. Each name once.
    """
    facts = orders.select("reason", "request", "removed_at").with_row_index("order")
    of_rows = (
        names.drop_nulls("value").with_columns(pl.col("order").cast(pl.UInt32)).join(facts, on="order", how="left")
    )
    every = pl.concat([orders.select(REMOVALS.schema.names()), of_rows.select(REMOVALS.schema.names())])
    fresh = every.unique(_SAME, keep="first", maintain_order=True).lazy()
    known = written.select(_SAME).unique()
    return fresh.join(known, on=_SAME, how="anti", nulls_equal=True, maintain_order="left").collect()


def _compared(kind: str, value: pl.Expr) -> pl.Expr:
    if kind != "creator":
        return value
    return value.str.normalize("NFKC").str.replace_all(r"\s+", " ").str.strip_chars().str.to_lowercase()
