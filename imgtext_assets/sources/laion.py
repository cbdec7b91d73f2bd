"""LAION's schemas: LAION-400M, LAION-5B and its aesthetic subsets, in the spellings that are about.

LAION-400M: `SAMPLE_ID, URL, TEXT, HEIGHT, WIDTH, LICENSE, NSFW, similarity`. LAION-5B: `URL, TEXT, WIDTH, HEIGHT,
similarity, hash, punsafe, pwatermark`; LAION-Aesthetics adds `aesthetic` or `AESTHETIC_SCORE`. Its `hash` is a
MurmurHash of address and text, not of the picture, and stays in `extra` with `SAMPLE_ID`, which is not unique over
files. From https://laion.ai/blog/laion-400-open-dataset/ and https://laion.ai/blog/laion-5b/
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.catalog import Source
from imgtext_assets.sources.columns import FileColumns


def columns(file: FileColumns, _: Source) -> dict[str, pl.Expr]:
    """Our columns from the file's. Raises SourceError where there is no address."""
    file.require("URL", "url")
    license_ = file.text("LICENSE", "license")
    return {
        "url": file.text("URL", "url"),
        "caption": file.text("TEXT", "text", "caption"),
        "license": pl.when(license_ != "?").then(license_),
        "width": file.number("WIDTH", "width", "original_width"),
        "height": file.number("HEIGHT", "height", "original_height"),
        "mime_type": file.text("mime_type"),
        "md5": file.text("md5", "MD5"),
        "similarity": file.number("similarity", "SIMILARITY"),
        "nsfw": file.text("NSFW", "nsfw"),
        "punsafe": file.number("punsafe", "PUNSAFE"),
        "pwatermark": file.number("pwatermark", "PWATERMARK"),
        "aesthetic": file.number("aesthetic", "AESTHETIC_SCORE", "aesthetic_score", "AESTHETIC"),
    }
