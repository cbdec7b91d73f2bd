"""What all stages have in common: the options of their assets, and the frames that they return."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl

from imgtext_assets.defs.describe import column_lineage, column_schema, funnel
from imgtext_assets.defs.partitions import shards
from imgtext_assets.tables import STAGES, Table

_OF_ASKING = ("fetched_at", "attempts", "consent")
OWNERS = ["team:dataset-engineering"]


def table_options(table: Table, *, group: str, kinds: set[str], partitioned: bool = True) -> dict[str, Any]:
    """Options of an asset that is a table of the lake."""
    return {
        "name": table.name,
        "group_name": group,
        "kinds": {"polars", *kinds},
        "owners": OWNERS,
        "io_manager_key": "lake_tables",
        "partitions_def": shards if partitioned else None,
        "metadata": {"dagster/column_schema": column_schema(table)},
    }


def stage_output(
    table: Table, frame: pl.LazyFrame | pl.DataFrame, extra: Mapping[str, Any] | None = None
) -> dg.Output[pl.DataFrame]:
    """A stage's rows with its part of the funnel as metadata."""
    rows = table.conform(frame.lazy()).collect(engine="streaming")
    return table_output(rows, {**funnel(rows), **column_lineage(table, before(table)), **(extra or {})})


def table_output(
    rows: pl.DataFrame, metadata: Mapping[str, Any], tags: Mapping[str, str] | None = None
) -> dg.Output[pl.DataFrame]:
    """A table's rows and metadata, and tags of the materialisation.

    The data version is a digest of the rows, so that a rerun which changes nothing leaves what follows fresh.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # data versions of outputs are beta in Dagster 1.13
        return dg.Output(rows, metadata=metadata, tags=tags, data_version=dg.DataVersion(content_version(rows)))


def content_version(frame: pl.DataFrame) -> str:
    """A digest of a frame's rows in their order, 16 hex digits; when and how often was asked is no part of it."""
    return hashlib.sha256(frame.drop(_OF_ASKING, strict=False).hash_rows().to_numpy().tobytes()).hexdigest()[:16]


def before(table: Table) -> Table | None:
    """The stage that a stage reads; None for the first."""
    place = STAGES.index(table)
    return STAGES[place - 1] if place else None
