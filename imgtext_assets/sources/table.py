"""Any table: the catalog maps our columns to the file's; columns that already have our names need no mapping."""

from __future__ import annotations

import polars as pl

from imgtext_assets import tables
from imgtext_assets.catalog import Source
from imgtext_assets.sources.columns import FileColumns, SourceError

OURS = {
    column.name: column.dtype
    for column in tables.RAW_METADATA.columns
    if column.name
    not in ("source", "shard", "source_file", "source_row", "url_key", "extra", "reject_reason", "reject_detail")
}


def columns(file: FileColumns, source: Source) -> dict[str, pl.Expr]:
    """Our columns from the file's. Raises SourceError where `columns` of the source names one that is not there."""
    for ours, theirs in source.columns.items():
        if ours not in OURS:
            raise SourceError(f"source {source.name}", ours, f"`columns` can map {', '.join(OURS)}")
        file.require(theirs)
    file.require(source.columns.get("url", "url"))
    names = {ours: source.columns.get(ours, ours) for ours in OURS}
    return {
        ours: file.text(names[ours]) if dtype == pl.String else file.number(names[ours]) for ours, dtype in OURS.items()
    }
