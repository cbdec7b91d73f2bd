"""LAION-400M's schema, which the first files of LAION-5B are read by as well.

`SAMPLE_ID, URL, TEXT, HEIGHT, WIDTH, LICENSE ('?' or a CC URL), NSFW (UNLIKELY, UNSURE, NSFW, UNTAGGED), similarity`.
From https://laion.ai/blog/laion-400-open-dataset/. `SAMPLE_ID` is not unique over files and stays in `extra`.
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.catalog import Source
from imgtext_assets.sources.columns import FileColumns

SIGNATURES = (frozenset({"SAMPLE_ID", "URL"}), frozenset({"LICENSE", "NSFW", "URL"}))


def columns(file: FileColumns, _: Source) -> dict[str, pl.Expr]:
    """Our columns from the file's. Raises SourceError where there is no address."""
    file.require("URL", "url")
    return {
        "url": file.first("URL", "url"),
        "caption": file.first("TEXT", "text", "caption"),
        "license": file.first("LICENSE", "license", nothing="?"),
        "width": file.first("WIDTH", "width"),
        "height": file.first("HEIGHT", "height"),
        "similarity": file.first("similarity"),
        "nsfw": file.first("NSFW", "nsfw"),
    }
