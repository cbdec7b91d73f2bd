"""From one shard of somebody's file to `raw_metadata`: what all formats share.

What belongs here: ids, the verdicts of this stage. What does not: any one format's columns (its own module), types and
ranges (`values`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from imgtext_assets import tables
from imgtext_assets.catalog import Source
from imgtext_assets.sources.columns import UNREADABLE, FileColumns
from imgtext_assets.sources.formats import reader_of
from imgtext_assets.sources.ids import uuid5
from imgtext_assets.sources.urls import url_key
from imgtext_assets.sources.values import checked


def read(rows: pl.LazyFrame, source: Source, shard: Mapping[str, Any]) -> pl.LazyFrame:
    """The rows of `shard` in our schema, judged: they conform to `tables.RAW_METADATA`.

    `rows` are the rows of the shard, no more and no fewer, with the columns and types of their file; texts may be
    Binary where they are not UTF-8, and a column UNREADABLE may say why a line could not be parsed. `shard` is the
    row of `tables.SHARDS`. Rows in are rows out, in their order.

    Ids are the file's own where the format has ids that are unique everywhere, else UUIDv5 (RFC 9562 5.5) of the
    URL namespace and `<source>:<url>`. Of rows with the same id the first usable one is kept. Values that cannot be
    used are null and told in `ignored`; see `values.checked`.

    Raises SourceError when the file lacks a column that its format needs, or when no format is named and the columns
    do not tell it.
    """
    schema = rows.collect_schema()
    file = FileColumns(shard["source_file"], schema)
    mapped = reader_of(shard["source_file"], list(schema), source)(file, source)
    given = {name: mapped[name] for name in tables.RAW_METADATA.schema if name in mapped}
    derived = {name: value for name, value in mapped.items() if name not in given}
    table = rows.select(
        *(expression.alias(name) for name, expression in given.items()),
        file.others(derived).alias("extra"),
        (pl.col(UNREADABLE) if UNREADABLE in schema else pl.lit(None, pl.String)).alias(UNREADABLE),
        _place(shard["first_row"]),
    )
    tidy = checked(table).with_columns(
        source=pl.lit(source.name), shard=pl.lit(shard["shard"]), source_file=pl.lit(shard["source_file"])
    )
    tidy = _with_first_of_id(_with_ids(_with_license(_with_key(tidy), source)))
    return tables.RAW_METADATA.conform(tables.reject(tidy, RULES))


def _place(first_row: int) -> pl.Expr:
    return pl.int_range(first_row, first_row + pl.len(), dtype=pl.Int64).alias("source_row")


def _with_key(rows: pl.LazyFrame) -> pl.LazyFrame:
    stripped = rows.with_columns(pl.col("url").str.strip_chars())
    return stripped.with_columns(url_key=pl.when(pl.col("url_fault").is_null()).then(url_key(pl.col("url"))))


def _with_license(rows: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    """Where the row states no licence, the catalog's word for the whole list holds."""
    stated = pl.col("license") if "license" in rows.collect_schema() else pl.lit(None, pl.String)
    by_row = pl.when(stated.is_not_null()).then(pl.lit("row"))
    if source.license is None:
        return rows.with_columns(license=stated, license_from=by_row)
    return rows.with_columns(
        license=pl.coalesce(stated, pl.lit(source.license)), license_from=by_row.otherwise(pl.lit("catalog"))
    )


def _with_ids(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Fill `id` where it is null; rows without an address are told apart by their place in the file."""
    place = pl.format("{}#{}", "source_file", "source_row")
    name = pl.format("{}:{}", "source", pl.coalesce("url", place))
    own = pl.col("id") if "id" in rows.collect_schema() else pl.lit(None, pl.String)
    made = pl.when(own.is_null()).then(name).map_batches(uuid5, return_dtype=pl.String, is_elementwise=True)
    return rows.with_columns(id=pl.coalesce(own, made))


def _with_first_of_id(rows: pl.LazyFrame) -> pl.LazyFrame:
    """`first_of_id`: of the rows with this id that are usable otherwise, the first one's `source_row`."""
    usable_id = pl.when(~pl.any_horizontal(condition for condition, *_ in ROW_RULES)).then("id")
    return rows.with_columns(first_of_id=pl.col("source_row").min().over(usable_id))


_BAD_ADDRESS = pl.coalesce(
    pl.format("the address {}", "url_fault"),
    pl.format("{} is no http(s) address with a host and without credentials", pl.col("url").str.slice(0, 200)),
    pl.lit("no address"),
)
ROW_RULES = [
    (pl.col(UNREADABLE).is_not_null(), "unreadable_row", pl.col(UNREADABLE).cast(pl.String).str.slice(0, 500)),
    (pl.col("url_key").is_null(), "bad_url", _BAD_ADDRESS),
    (pl.col("text_fault").is_not_null(), "bad_text", pl.col("text_fault")),
]
"""What can be wrong with a row by itself: (condition, reason, detail)."""
RULES = [
    *ROW_RULES,
    (
        pl.col("source_row") > pl.col("first_of_id"),
        "repeated_id",
        pl.format("row {} of the file has the same id", "first_of_id"),
    ),
]
