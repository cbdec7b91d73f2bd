"""Reading as the tests do it: given columns as one shard of one source, and lists by others where they are at hand."""

import os
from pathlib import Path

import polars as pl
import pytest

from imgtext_assets import tables
from imgtext_assets.catalog import Format, Source
from imgtext_assets.sources import read

CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
MD5 = "0123456789abcdef0123456789abcdef"
SHA256 = MD5 * 2
SAMPLES = Path(os.environ.get("IMGTEXT_SAMPLES", Path(__file__).parents[3] / "shared" / "samples"))
OPENVERSE = "WordPress+openverse-catalog/catalog/tests/dags/providers/provider_api_scripts/resources/example_output"


def source(fmt: Format, **settings) -> Source:
    return Source(name="s", format=fmt, paths=["list/*.parquet"], **settings)


def shard(first_row: int = 0, rows: int = 100_000) -> dict:
    return {"shard": "s-00000", "source_file": "list/s.parquet", "first_row": first_row, "rows": rows}


def read_as(fmt: Format, given: dict | pl.DataFrame, **settings) -> pl.DataFrame:
    """All rows of `given`, read; they conform to `tables.RAW_METADATA` on both of polars' engines."""
    frame = pl.LazyFrame(given, strict=False) if isinstance(given, dict) else given.lazy()
    rows = read(frame, source(fmt, **settings), shard())
    table = rows.collect()
    assert table.schema == tables.RAW_METADATA.schema
    assert rows.collect(engine="streaming").equals(table)
    return table


def sample(path: str) -> Path:
    """A file of somebody's list; skips the test where the lists are not at hand."""
    if not (file := SAMPLES / path).exists():
        pytest.skip(f"{file} is not there: set IMGTEXT_SAMPLES to a folder that has it")
    return file
