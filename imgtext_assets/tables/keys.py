"""By which columns rows are looked for, and the table of where they are."""

from __future__ import annotations

import polars as pl

from imgtext_assets.columns import Column
from imgtext_assets.tables.model import Table
from imgtext_assets.tables.stages import DOWNLOADED, FINGERPRINTS, RAW_METADATA

KEYS: dict[str, tuple[str, ...]] = {
    RAW_METADATA.name: ("id", "url_key"),
    FINGERPRINTS.name: ("fingerprint_sha256",),
    DOWNLOADED.name: ("sha256",),
}
"""Columns whose values are names of rows, by the first table that has them; `row_keys` has them all."""

ROW_KEYS = Table(
    "row_keys",
    "Where a row is, by its id, address or bytes: hashes of every name of a shard's rows, for each table that is the "
    "first to have such names (`row_keys/<table>/<shard>.parquet`). Made from the table, and made anew with it.",
    (
        Column(
            "key",
            pl.UInt64(),
            "Hash of the name: BLAKE2b of 8 bytes (RFC 7693) of its UTF-8, little-endian; ascending.",
            required=True,
        ),
        Column("row", pl.UInt32(), "Number of the row in the shard's file of that table, from 0.", required=True),
    ),
)
