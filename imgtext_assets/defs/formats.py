"""Where a release's pictures come from: the blob store, and the engine where copies are made of them.

What belongs here: putting the lake, the engine and the forms together. What does not: the forms (`publish.formats`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from imgtext_assets import publish
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.progress import Progress
from imgtext_assets.engine import Engine
from imgtext_assets.lake import Lake
from imgtext_assets.pictures import blob_remade


def write_formats(
    folder: Path,
    rows: pl.LazyFrame,
    catalog: Catalog,
    lake: Lake,
    engine: Engine,
    progress: Progress,
    context: dg.AssetExecutionContext,
) -> None:
    """Write what `release.formats` names into `folder`; `rows` are those of the release. Raises ReleaseError."""

    def remake(longest: int | None = None, formats: tuple[str, ...] | None = None) -> publish.Pictures:
        copy = partial(blob_remade, read=lake.blobs.get, settings=catalog.pictures, longest=longest, formats=formats)

        def pictures(hashes: Iterable[str]) -> Iterator[Any]:
            return engine.map(copy, hashes)

        return pictures

    publish.write_formats(
        folder, rows, catalog.release, publish.as_stored(lake.blobs.get), remake, partial(progress.start, context)
    )
