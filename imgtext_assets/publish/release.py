"""Which rows a release has, how it differs from the one before, and what it is called. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

import polars as pl

from imgtext_assets.tables import RELEASE

_KEY = ("source", "id")
CHANGES = pl.Schema({"source": pl.String(), "id": pl.String(), "url": pl.String(), "change": pl.String()})
"""What changed since the release before: `change` is `added`, `removed` or `changed`."""


def release_rows(verified: pl.LazyFrame, removals: pl.LazyFrame) -> pl.LazyFrame:
    """The rows to publish: those of VERIFIED that go on and no tombstone names; RELEASE, sorted by source and id.

    `removals` is a frame of REMOVALS. It is asked here once more, by id, address and bytes, since a row may have
    been removed after the stages that look for tombstones last ran.
    """
    rows = verified.filter(pl.col("reject_reason").is_null())
    for kind, column in (("id", "id"), ("url", "url_key"), ("sha256", "sha256")):
        named = removals.filter(pl.col("kind") == kind).select(pl.col("value").alias(column))
        rows = rows.join(named, on=column, how="anti", maintain_order="left")
    published = rows.drop("license").rename({"measured_md5": "hash", "license_url": "license"})
    return RELEASE.conform(published).sort(_KEY)


def changes(before: pl.LazyFrame | None, after: pl.LazyFrame) -> pl.DataFrame:
    """What changed from one release to the next, by source and id; `url` is the new one where there is one.

    Both are frames of RELEASE; `before` is None for the first release, where all is added. Columns that `before`
    does not have yet are not compared.
    """
    before = RELEASE.schema.to_frame().lazy() if before is None else before
    columns = [name for name in before.collect_schema() if name in RELEASE.schema and name not in _KEY]
    had = before.select(*_KEY, pl.col(columns).name.prefix("had_"), had=pl.lit(True))
    has = after.select(*_KEY, *columns, has=pl.lit(True))
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"had_{name}")) for name in columns)
    change = (
        pl.when(pl.col("had").is_null())
        .then(pl.lit("added"))
        .when(pl.col("has").is_null())
        .then(pl.lit("removed"))
        .when(differs)
        .then(pl.lit("changed"))
    )
    compared = has.join(had, on=_KEY, how="full", coalesce=True, validate="1:1").with_columns(change=change)
    return (
        compared.filter(pl.col("change").is_not_null())
        .select(*_KEY, pl.coalesce("url", "had_url").alias("url"), "change")
        .sort(_KEY)
        .collect(engine="streaming")
        .match_to_schema(CHANGES)
    )


def next_version(existing: Iterable[str], today: date) -> str:
    """The version after all of `existing`: year, month and a counter from 0 (calver.org: `YYYY.MM.MICRO`).

    Names that are no such version are passed over.

    >>> next_version(["2026.10.3", "2026.11.0"], date(2026, 11, 21))
    '2026.11.1'
    """
    this_month = re.compile(rf"{today.year}\.{today.month}\.(\d+)", re.ASCII)
    counters = [int(match[1]) for name in existing if (match := this_month.fullmatch(name))]
    return f"{today.year}.{today.month}.{max(counters, default=-1) + 1}"
