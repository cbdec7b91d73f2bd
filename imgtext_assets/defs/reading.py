"""One shard's rows out of somebody else's file.

What belongs here: where the file is, the temporary folder, and one clear error. What does not: opening the file
(`lake.foreign`), what its columns mean (`sources`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from imgtext_assets.catalog import Catalog
from imgtext_assets.engine import Engine
from imgtext_assets.lake import LakeError, read_foreign


@contextmanager
def foreign_rows(catalog: Catalog, shard: Mapping[str, Any], reader: Engine) -> Iterator[pl.LazyFrame]:
    """The rows of a shard (a row of SHARDS) as its file has them, lazily, while the context lasts.

    Raises LakeError, which names the shard and the file, where they cannot be read.
    """
    file, first, rows = catalog.place(shard["source_file"]), shard["first_row"], shard["rows"]
    header = catalog.source(shard["source"]).header
    with tempfile.TemporaryDirectory(prefix="imgtext-") as folder:
        try:
            yield read_foreign(file, first, rows, Path(folder), reader.map, header=header)
        except (LakeError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise LakeError(f"shard {shard['shard']}: {' '.join(str(error).split())[:500]}") from error
