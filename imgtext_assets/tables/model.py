"""A table of the lake, and the few ways to conform and judge a frame by one.

What belongs here: what all tables have in common. What does not: which tables there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from imgtext_assets.columns import Column


@dataclass(frozen=True)
class Table:
    """One table of the lake. `adds` are the columns that this stage is the first to have (or to set anew)."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    adds: tuple[str, ...] = ()

    @property
    def schema(self) -> pl.Schema:
        """Names and types of the columns, in order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    def conform(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The same rows with exactly this table's columns, in order and type; missing columns are null.

        Raises polars' InvalidOperationError when a value does not fit its type.
        """
        have = frame.collect_schema()
        # Missing columns first: a selection of literals alone would have one row, whatever the frame has.
        missing = [pl.lit(None, c.dtype).alias(c.name) for c in self.columns if c.name not in have]
        return frame.with_columns(missing).select(pl.col(c.name).cast(c.dtype) for c in self.columns)


def goes_on(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that the next stage reads: those without a reject reason."""
    return frame.filter(pl.col("reject_reason").is_null())


def reject(frame: pl.LazyFrame, rules: Iterable[tuple[pl.Expr, str, pl.Expr]]) -> pl.LazyFrame:
    """Set `reject_reason` and `reject_detail` by the first rule that holds: (condition, reason, detail).

    A null condition does not hold. Rows in = rows out; a row that no rule meets gets nulls.
    """
    reason, detail = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for condition, word, why in reversed(list(rules)):
        holds = condition.fill_null(False)
        reason = pl.when(holds).then(pl.lit(word)).otherwise(reason)
        detail = pl.when(holds).then(why.cast(pl.String)).otherwise(detail)
    return frame.with_columns(reject_reason=reason, reject_detail=detail)
