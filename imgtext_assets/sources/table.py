"""Any table: the catalog maps our columns to the file's; columns with our names or common ones need no mapping."""

from __future__ import annotations

import polars as pl

from imgtext_assets import tables
from imgtext_assets.catalog import Source
from imgtext_assets.sources.columns import FileColumns, SourceError

_NOT_GIVEN = (
    *("source", "shard", "source_file", "source_row", "url_key", "license_from", "ignored", "extra"),
    *("reject_reason", "reject_detail"),
)
OURS = tuple(column.name for column in tables.RAW_METADATA.columns if column.name not in _NOT_GIVEN)
"""The columns that a file can give."""

# img2dataset's and LAION's (https://github.com/rom1504/img2dataset#usage), and COYO-700M's
# (https://huggingface.co/datasets/kakaobrain/coyo-700m).
SPELLINGS = {
    "url": ("url", "URL", "image_url"),
    "caption": ("caption", "text", "TEXT", "txt"),
    "similarity": ("similarity", "clip_similarity_vitl14", "clip_similarity_vitb32"),
    "pwatermark": ("pwatermark", "watermark_score"),
    "aesthetic": ("aesthetic", "aesthetic_score_laion_v2"),
}
SIGNATURES = tuple(frozenset({name}) for name in SPELLINGS["url"])


def columns(file: FileColumns, source: Source) -> dict[str, pl.Expr]:
    """Our columns from the file's. Raises SourceError where `columns` of the source names one that is not there."""
    for ours, theirs in source.columns.items():
        if ours not in OURS:
            raise SourceError(f"source {source.name}", ours, f"`columns` can map {', '.join(OURS)}")
        file.require(theirs)
    mapped = {ours: (theirs,) for ours, theirs in source.columns.items()}
    names = {ours: mapped.get(ours) or SPELLINGS.get(ours, (ours,)) for ours in OURS}
    file.require(*names["url"])
    return {ours: file.first(*theirs) for ours, theirs in names.items()}
