"""Files of rows of somebody's copy of a release: which rows orders name, and the file without them.

They are read batch by batch with pyarrow, which fails cleanly on what is broken. What belongs here: one parquet file.
What does not: which files a copy has (`apply`, `repack`), what orders name (`orders`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from imgtext_assets.publish.orders import Orders

_BATCH = 25_000


def batches(file: Path, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows, with those of `columns` that the file has."""
    with pq.ParquetFile(file, page_checksum_verification=True, arrow_extensions_enabled=False) as parquet:
        have = parquet.schema_arrow.names
        wanted = have if columns is None else [name for name in have if name in columns]
        yield from parquet.iter_batches(_BATCH, columns=wanted, use_threads=False)


def marked(file: Path, orders: Orders, *also: str) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
    """Batch by batch what may name a row, and the columns `also`, and whether the row goes."""
    for batch in batches(file, [*orders.columns, *also]):
        keys = cast(pl.DataFrame, pl.from_arrow(batch))
        yield keys, orders.marks(keys)


def is_named(file: Path, orders: Orders) -> bool:
    """Whether a row of the file goes."""
    return any(goes.any() for _, goes in marked(file, orders))


def rewrite(file: Path, orders: Orders) -> None:
    """The same file without the rows that `orders` name, in its place at once."""
    staged = beside(file)
    with pq.ParquetFile(file, arrow_extensions_enabled=False) as parquet:
        schema = parquet.schema_arrow
    with pq.ParquetWriter(staged, schema, compression="zstd") as writer:
        for batch in batches(file):
            keys = cast(pl.DataFrame, pl.from_arrow(batch.select([n for n in schema.names if n in orders.columns])))
            writer.write_batch(batch.filter((~orders.marks(keys)).to_arrow()))
    staged.replace(file)


def beside(file: Path) -> Path:
    """Where a file is written that takes another's place by one rename."""
    return file.with_name(f".{file.name}.cleaning")
