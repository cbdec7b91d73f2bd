"""PD12M's schema, which PD3M and megalith-cc0 share.

`id, url, caption, width, height, mime_type, hash (MD5), license (URL)`; files of 2025 add `source`, the first ones say
`md5_hash` and `license_type` and have `s3_key` as well. From the dataset cards and their history:
https://huggingface.co/datasets/Spawning/PD12M and https://huggingface.co/datasets/Spawning/PD3M

The address of the bucket is that of the addresses in the files; no card states it.
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.catalog import Source
from imgtext_assets.sources.columns import FileColumns

ADDRESS = ("url", "s3_key")
SIGNATURES = tuple(
    frozenset({address, *others})
    for address in ADDRESS
    for others in (("hash", "license", "mime_type"), ("md5_hash", "license_type"))
)
BUCKET = "https://pd12m.s3.us-west-2.amazonaws.com/"
LICENSE = ("license", "license_type")


def columns(file: FileColumns, source: Source) -> dict[str, pl.Expr]:
    """Our columns from the file's. Raises SourceError where there is no address, or no licence at all."""
    file.require(*ADDRESS)
    if source.license is None:
        file.require(*LICENSE)
    return {
        "id": file.first("id"),
        "url": file.first("url") if file.has("url") else pl.lit(BUCKET) + file.text("s3_key"),
        "caption": file.first("caption"),
        "license": file.first(*LICENSE),
        "width": file.first("width"),
        "height": file.first("height"),
        "mime_type": file.first("mime_type"),
        "md5": file.first("hash", "md5_hash"),
    }
