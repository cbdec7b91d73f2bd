"""Where a row is, by any of its names: for each shard of a table, sorted hashes of the values of some columns.

    row_keys/<table>/<shard>.parquet    `key` (UInt64, ascending), `row` (UInt32)

`key` is the BLAKE2b digest of 8 bytes of a value's UTF-8, little-endian (RFC 7693): alike in every version and on every
machine, whatever column the value is of. `row` is the number of the row in the shard's file, from 0. One name is then
looked for by the statistics of row groups, of which one is read in each shard, instead of in every row of the lake.

The keys of a shard go before its table is replaced and come back after, and count only where they are no older than it.
So a killed run, a table that another program wrote, and a lake from before there were keys have shards without: these
are looked through whole. A hash may be of another value too; so who looks compares the values themselves.

What belongs here: hashes and places. What does not: which columns are names, and what a row is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import NamedTuple

import polars as pl

from imgtext_assets.lake.tables import Tables

FOLDER = "row_keys"
SCHEMA = pl.Schema({"key": pl.UInt64(), "row": pl.UInt32()})


class Place(NamedTuple):
    """Rows of a shard among which a value may be: the `rows` from number `first`; null for all from there."""

    shard: str
    first: int = 0
    rows: int | None = None


class RowKeys:
    """The keys of the shards of `tables`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def forget(self, name: str, shard: str) -> None:
        """Delete the keys of a shard: its table is about to change. Raises LakeError."""
        self._tables.delete(_table(name), shard)

    def write(self, name: str, frame: pl.LazyFrame | pl.DataFrame, columns: Sequence[str], shard: str) -> None:
        """Write the keys of a shard: `frame` has its rows, as in its file; `columns` (String) have the names."""
        rows = frame.lazy().select(columns).collect()
        self._tables.write(_table(name), _keys(rows), shard)

    def behind(self, name: str) -> list[str]:
        """The shards of a table that have no keys, or older ones than the table is; sorted."""
        return sorted({*self._tables.written(name)} - {*self._valid(name)})

    def places(self, name: str, values: Iterable[str]) -> list[Place]:
        """Where in a table a row may be that has one of these values as a name: sorted by shard.

        A shard without keys is a place as a whole. Raises LakeError.
        """
        written, valid = self._tables.written(name), self._valid(name)
        wanted = [key_of(value) for value in values]
        keys = self._tables.scan(_table(name), SCHEMA, valid, file_column="file").filter(pl.col("key").is_in(wanted))
        rows = keys.group_by("file").agg(first=pl.col("row").min(), last=pl.col("row").max())
        parts = [
            Place(PurePosixPath(file).stem, first, last - first + 1)
            for file, first, last in rows.collect(engine="streaming").iter_rows()
        ]
        whole = [Place(shard) for shard in written if shard not in valid]
        return sorted([*parts, *whole], key=lambda place: place.shard)

    def _valid(self, name: str) -> list[str]:
        """The shards whose keys count."""
        written, keys = self._tables.written(name), self._tables.written(_table(name))
        return [shard for shard, at in written.items() if shard in keys and keys[shard] >= at]


def key_of(value: str) -> int:
    """The hash of one value.

    >>> key_of("https://a.example/b.jpg")
    13424096735083193063
    """
    return int.from_bytes(blake2b(value.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "little")


def _table(name: str) -> str:
    return f"{FOLDER}/{name}"


def _keys(rows: pl.DataFrame) -> pl.DataFrame:
    numbered = rows.with_row_index("row")
    names = [numbered.select("row", value=column).drop_nulls() for column in rows.columns]
    named = pl.concat(names)
    # The digests are taken one by one; there is no other hash in reach that stays the same for good.
    encoded = named["value"].cast(pl.Binary).to_list()
    digests = b"".join([blake2b(value, digest_size=8).digest() for value in encoded])
    keys = pl.Series("key", struct.unpack(f"<{len(encoded)}Q", digests), pl.UInt64)
    return named.select(keys, pl.col("row").cast(pl.UInt32)).sort("key", "row")
