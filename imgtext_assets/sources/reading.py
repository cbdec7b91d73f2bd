"""From one shard of somebody's file to `raw_metadata`: what all formats share.

What belongs here: ids, ranges, the verdicts of this stage. What does not: any one format's columns (its own module).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from imgtext_assets import tables
from imgtext_assets.catalog import Source
from imgtext_assets.sources import laion, megalith, pd12m, table
from imgtext_assets.sources.columns import FileColumns
from imgtext_assets.sources.urls import is_web_address, url_key

READERS: Mapping[str, Callable[[FileColumns, Source], dict[str, pl.Expr]]] = {
    "pd12m": pd12m.columns,
    "megalith": megalith.columns,
    "laion": laion.columns,
    "table": table.columns,
}
# Published files hold nonsense (similarity 6016, height 0, width 39580): what is out of range counts as not given.
# For sides, 2^15 - 1 pixels is our judgement: a picture with a longer one is more often a wrong number.
RANGES = {
    "width": (1, 32_767),
    "height": (1, 32_767),
    "similarity": (-1, 1),
    "punsafe": (0, 1),
    "pwatermark": (0, 1),
    "aesthetic": (0, 10),
}


def read(frame: pl.LazyFrame, source: Source, shard: Mapping[str, Any]) -> pl.LazyFrame:
    """The rows of `shard` in our schema, judged: they conform to `tables.RAW_METADATA`.

    `frame` is the whole file of the shard as scanned; `shard` is its row of `tables.SHARDS`. Ids are the file's own
    where the format has ids that are unique everywhere, else UUIDv5 (RFC 9562, 5.5) of the URL namespace and
    `<source>:<url>`. Of rows with the same id the first usable one is kept. Values of a wrong type or out of range
    are null.

    Raises SourceError when the file lacks a column that its format needs.
    """
    part = frame.slice(shard["first_row"], shard["rows"])
    file = FileColumns(shard["source_file"], part.collect_schema())
    given = READERS[source.format](file, source)
    first = shard["first_row"]
    rows = part.select(
        *(expression.alias(name) for name, expression in given.items()),
        pl.lit(source.name).alias("source"),
        pl.lit(shard["shard"]).alias("shard"),
        pl.lit(shard["source_file"]).alias("source_file"),
        pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias("source_row"),
        file.others().alias("extra"),
    )
    tidy = _with_ids(_with_tidy_values(tables.RAW_METADATA.conform(_within_ranges(rows)), source))
    return tables.RAW_METADATA.conform(tables.reject(tidy, _rules()))


def _within_ranges(rows: pl.LazyFrame) -> pl.LazyFrame:
    have = rows.collect_schema()
    return rows.with_columns(
        pl.when(pl.col(name).is_between(low, high)).then(pl.col(name))
        for name, (low, high) in RANGES.items()
        if name in have
    )


def _with_tidy_values(rows: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    url, md5 = pl.col("url").str.strip_chars(), pl.col("md5").str.strip_chars().str.to_lowercase()
    return rows.with_columns(
        url=url,
        url_key=url_key(url),
        license=pl.coalesce("license", pl.lit(source.license, pl.String)),
        md5=pl.when(md5.str.contains("^[0-9a-f]{32}$")).then(md5),
    )


def _with_ids(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Fill `id` where it is null; rows without an address are told apart by their place in the file."""
    place = pl.format("{}#{}", "source_file", "source_row")
    name = pl.when(pl.col("id").is_null()).then(pl.format("{}:{}", "source", pl.coalesce("url", place)))
    return rows.with_columns(
        id=pl.coalesce("id", name.map_batches(_uuid5, return_dtype=pl.String, is_elementwise=True))
    )


def _uuid5(names: pl.Series) -> pl.Series:
    ids = [None if name is None else str(uuid.uuid5(uuid.NAMESPACE_URL, name)) for name in names]
    return pl.Series(names.name, ids, pl.String)


def _rules() -> list[tuple[pl.Expr, str, pl.Expr]]:
    bad = ~is_web_address(pl.col("url"))
    shown = pl.col("url").str.slice(0, 200)
    said = pl.when(shown.is_null()).then(pl.lit("no address")).otherwise(pl.format("{} is no http(s) address", shown))
    first = pl.col("source_row").min().over("id", bad)
    repeated = pl.col("source_row") > first
    return [
        (bad, "bad_url", said),
        (repeated, "repeated_id", pl.format("row {} of the file has the same id", first)),
    ]
