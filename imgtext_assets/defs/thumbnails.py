"""A few pictures of a stage, side by side, for the UI."""

from __future__ import annotations

from functools import partial

import dagster as dg
import polars as pl

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.defs.describe import picture
from imgtext_assets.engine import Engine, Failed
from imgtext_assets.lake import Lake
from imgtext_assets.pictures.rows import blob_contact_sheet

_PICTURES = 8


def thumbnails(
    rows: pl.DataFrame, column: str, lake: Lake, engine: Engine, settings: PictureSettings
) -> dict[str, dg.MetadataValue]:
    """The first few pictures that go on, as one small JPEG; nothing where there are none.

    `column` has the SHA-256 of each row's picture. They are decoded where all foreign bytes are: in a worker with
    limits.
    """
    going_on = rows.filter(pl.col("reject_reason").is_null() & pl.col(column).is_not_null())
    hashes = going_on[column].unique(maintain_order=True).head(_PICTURES).to_list()
    if not hashes:
        return {}
    (sheet,) = engine.map(partial(blob_contact_sheet, read=lake.blobs.get, settings=settings), [hashes])
    return {} if isinstance(sheet, Failed) else {"thumbnails": picture(sheet, "thumbnails")}
