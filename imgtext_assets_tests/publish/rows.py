"""Rows for the tests of releases."""

from datetime import UTC, datetime

import polars as pl

from imgtext_assets import tables
from imgtext_assets.catalog import Catalog

FETCHED_AT = datetime(2026, 10, 31, 12, 30, 15, tzinfo=UTC)
FUNNEL = pl.DataFrame(
    {
        "stage": ["raw_metadata", "raw_metadata", "raw_metadata", "verified", "verified"],
        "source": ["a", "a", "b", "a", "b"],
        "reject_reason": [None, "bad_url", None, None, "damaged"],
        "rows": [1_000, 20, 3, 1_000, 3],
    }
)


def verified(numbers, source: str = "a", **values) -> pl.LazyFrame:
    numbers = list(numbers)
    ours = {
        "id": [f"{n:06d}" for n in numbers],
        "source": source,
        "url": [f"https://pictures.example/{n}.jpg" for n in numbers],
        "url_key": [f"https://pictures.example/{n}.jpg" for n in numbers],
        "caption": [f"picture {n}, \u202eünï \x1b[31m`|`\n[x](javascript:alert(1)) <b>" for n in numbers],
        "width": 640,
        "height": 480,
        "mime_type": "image/jpeg",
        "measured_md5": [f"{n:032x}" for n in numbers],
        "license": "as the source wrote it",
        "license_url": "https://creativecommons.org/publicdomain/zero/1.0/",
        "sha256": [f"{n:064x}" for n in numbers],
        "phash": [2**64 - 1 - n for n in numbers],
        "landing_url": [f"https://pictures.example/page/{n}" for n in numbers],
        "creator": "ann example",
        "fetched_at": FETCHED_AT,
        "source_file": f"/home/somebody/{source}.parquet",
        "source_row": numbers,
        "shard": f"{source}-00000",
    }
    return tables.VERIFIED.conform(pl.LazyFrame(ours | values, schema_overrides={"reject_reason": pl.String}))


def tombstone(kind: str, value: str) -> pl.LazyFrame:
    row = {"kind": kind, "value": value, "reason": "asked for", "removed_at": datetime(2026, 1, 1, tzinfo=UTC)}
    return tables.REMOVALS.conform(pl.LazyFrame([row]))


def catalog(**release) -> Catalog:
    source = {"name": "a", "format": "table", "paths": "a.csv"}
    return Catalog.model_validate(
        {"sources": [source], "release": {"name": "set", "title": "A set: <b> | *x*"} | release}
    )
