"""Rows of a parquet file by somebody else, read with pyarrow, which fails cleanly where other readers abort.

What belongs here: checking what the footer says against the file, and decoding the row groups that are needed. What
does not: what becomes of the columns' types (`plain`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from imgtext_assets.lake.foreign.plain import MAX_COLUMNS, Part, UnreadableError, names, no_problems, plain

# Our judgement. LAION-400M's files have 13 million rows in groups of about a million.
MAX_CHUNKS = 1_000_000  # row groups times columns
MAX_DEPTH = 32  # of nested columns
# Constant columns take next to no bytes however many rows there are, but rows need an address each, all different, and
# those take some bits however well they are packed.
MAX_ROWS_A_BYTE = 8
BATCH_BYTES = 2**25  # of rows as stored that are decoded at once
MAX_BATCH_ROWS = 2**14


class ParquetRows:
    """A parquet file's rows. Raises UnreadableError or pyarrow's errors where its footer is no good.

    `is_local` says that small reads cost little; elsewhere a row group is fetched in a few large requests.
    """

    def __init__(self, file: BinaryIO, *, is_local: bool) -> None:
        self._size = file.seek(0, os.SEEK_END)
        self._file = pq.ParquetFile(
            file,
            pre_buffer=not is_local,
            page_checksum_verification=True,
            arrow_extensions_enabled=False,
            schema_depth_limit=MAX_DEPTH,
        )
        self._check()

    def count(self) -> int:
        """The number of rows, by what the footer says of each row group."""
        return sum(self._file.metadata.row_group(group).num_rows for group in range(self._file.num_row_groups))

    def parts(self, first: int, rows: int) -> Iterator[Part]:
        """Rows `first` to `first + rows`, of at least one part; of the row groups, only those that hold any."""
        columns = names(self._file.schema_arrow.names)
        yield self._part(columns, pa.RecordBatch.from_pylist([], schema=self._file.schema_arrow))
        start = 0
        for group in range(self._file.num_row_groups):
            end = start + self._file.metadata.row_group(group).num_rows
            if start < first + rows and first < end:
                for batch in self._rows_of(group, max(0, first - start), min(end, first + rows) - start):
                    yield self._part(columns, batch)
            start = end

    def _rows_of(self, group: int, first: int, end: int) -> Iterator[pa.RecordBatch]:
        """Rows `first` to `end` of one row group. What comes before them has to be decoded as well."""
        declared = self._file.metadata.row_group(group)
        batch_rows = max(1, min(MAX_BATCH_ROWS, BATCH_BYTES * declared.num_rows // max(1, declared.total_byte_size)))
        at = 0
        for batch in self._file.iter_batches(batch_rows, row_groups=[group], use_threads=False):
            yield batch.slice(max(0, first - at), max(0, min(len(batch), end - at) - max(0, first - at)))
            at += len(batch)
            if at >= end:
                return
        raise UnreadableError(f"row group {group} has {at:,} rows where its footer says {declared.num_rows:,}")

    def _part(self, columns: list[str], batch: pa.RecordBatch) -> Part:
        given = {name: plain(column) for name, column in zip(columns, batch.columns, strict=True)}
        kept = {name: column for name, column in given.items() if column is not None}
        return Part(kept, no_problems(len(batch)))

    def _check(self) -> None:
        """Refuse a footer that contradicts itself or the file, before anything is allocated by it."""
        footer = self._file.metadata
        columns, row_groups = footer.num_columns, footer.num_row_groups
        if columns > MAX_COLUMNS or columns * row_groups > MAX_CHUNKS:
            raise UnreadableError(f"its footer tells of {columns:,} columns in {row_groups:,} row groups")
        groups = [footer.row_group(n) for n in range(row_groups)]
        if any(group.num_rows < 0 for group in groups):
            raise UnreadableError("its footer tells of less than no rows")
        if (rows := sum(group.num_rows for group in groups)) > MAX_ROWS_A_BYTE * self._size:
            raise UnreadableError(f"its footer tells of {rows:,} rows, too many for {self._size:,} bytes")
        for number, group in enumerate(groups):
            for column in range(group.num_columns):
                self._check_chunk(number, group.column(column))

    def _check_chunk(self, group: int, chunk: pq.ColumnChunkMetaData) -> None:
        start = chunk.data_page_offset
        if chunk.dictionary_page_offset is not None:
            start = min(start, chunk.dictionary_page_offset)
        size = chunk.total_compressed_size
        if start < 0 or size < 0 or start + size > self._size or chunk.total_uncompressed_size < 0:
            raise UnreadableError(f"row group {group}: its footer tells of bytes that the file does not have")
        if chunk.file_path:
            raise UnreadableError(f"row group {group}: a column is said to lie in another file")
