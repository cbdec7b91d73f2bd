"""PD12M's schema, which PD3M, pd-extended and megalith-cc0 share.

`id, url, caption, width, height, mime_type, hash (MD5), license (URL)`; early files say `s3_key`, `md5_hash` and
`license_type`. From the dataset card: https://huggingface.co/datasets/Spawning/PD12M
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.catalog import Source
from imgtext_assets.sources.columns import FileColumns

BUCKET = "https://pd12m.s3.us-west-2.amazonaws.com/"
LICENSE = ("license", "license_type")


def columns(file: FileColumns, source: Source) -> dict[str, pl.Expr]:
    """Our columns from the file's. Raises SourceError where there is no address, or no licence at all."""
    file.require("url", "s3_key")
    if source.license is None:
        file.require(*LICENSE)
    return {
        "id": file.text("id"),
        "url": pl.coalesce(file.text("url"), pl.lit(BUCKET) + file.text("s3_key")),
        "caption": file.text("caption"),
        "license": file.text(*LICENSE),
        "width": file.number("width"),
        "height": file.number("height"),
        "mime_type": file.text("mime_type"),
        "md5": file.text("hash", "md5_hash"),
    }
