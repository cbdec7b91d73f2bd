"""Tombstones: what a takedown writes, so that a picture never comes back under any of its names."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from imgtext_assets.tables import REMOVALS

# A tombstone's kind, and the column of a row that it names.
NAMES = {"id": "id", "url": "url_key", "sha256": "sha256"}


def tombstones(rows: pl.DataFrame, reason: str, request: str | None, removed_at: datetime) -> pl.DataFrame:
    """One tombstone for every id, address and file of `rows` (`id`, `url_key`, `sha256`, nulls passed over): REMOVALS.

    All three, because the row may be listed again under another id, at another address, or with the same bytes.
    """
    named = [
        rows.select(kind=pl.lit(kind), value=pl.col(column)).drop_nulls().unique(maintain_order=True)
        for kind, column in NAMES.items()
    ]
    facts = {"reason": pl.lit(reason), "request": pl.lit(request), "removed_at": pl.lit(removed_at)}
    return REMOVALS.conform(pl.concat(named).lazy().with_columns(**facts)).collect()
