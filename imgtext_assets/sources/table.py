"""Any table: the catalog maps our columns to the file's; columns with our names or common ones need no mapping.

Names are matched regardless of case and of blanks around them, where none is exactly the same: `URL`, ` caption`. Of
several spellings of one of our columns the first in SPELLINGS that the file has is taken; the others stay in `extra`.
"""

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
    "url": ("url", "image_url"),
    "caption": ("caption", "text", "txt"),
    # img2dataset's output has the picture as it was in these; its `width` and `height` are of what it made from it.
    "width": ("original_width", "width"),
    "height": ("original_height", "height"),
    "similarity": ("similarity", "clip_similarity_vitl14", "clip_similarity_vitb32"),
    "pwatermark": ("pwatermark", "watermark_score"),
    "aesthetic": ("aesthetic", "aesthetic_score_laion_v2"),
}
SIGNATURES = tuple(frozenset({name}) for name in SPELLINGS["url"])


def columns(file: FileColumns, source: Source) -> dict[str, pl.Expr]:
    """Our columns from the file's, as `columns` of the source has it, else by SPELLINGS, else by our name.

    Raises SourceError where `columns` names one that is not there, or is no column that a file can give.
    """
    for ours, theirs in source.columns.items():
        if ours not in OURS:
            raise SourceError(f"source {source.name}", ours, f"`columns` can map {', '.join(OURS)}")
        file.require(file.spelled(theirs))
    mapped = {ours: (theirs,) for ours, theirs in source.columns.items()}
    known = {ours: mapped.get(ours) or SPELLINGS.get(ours, (ours,)) for ours in OURS}
    names = {ours: [file.spelled(theirs) for theirs in spellings] for ours, spellings in known.items()}
    file.require(*names["url"])
    return {ours: file.first(*theirs) for ours, theirs in names.items()}
