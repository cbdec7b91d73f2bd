"""The processes of a run: those that decode pictures, and those that open files by others.

What belongs here: their limits and how long they live. What does not: how they work (`engine`), and what they do.
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from imgtext_assets.catalog import Catalog
from imgtext_assets.engine import ClusterEngine, Engine, LocalEngine

# For one shard, or the counting of one file: our judgement. LAION-400M's files have 13 million rows.
READER_MEMORY = 4 * 2**30
READER_CPU_SECONDS = 600.0

PRELOAD = ("numpy", "scipy.fftpack", "numba", "PIL.Image", "pydantic")
"""What decoding needs and takes longest to import. Not polars, which has threads that a fork would lose."""


def new_engine(catalog: Catalog) -> Engine:
    """Where pictures are decoded, with the catalog's limits: processes of this machine, or of the cluster it names.

    They start at the first use. Raises CatalogError where a cluster is named and Dask is not installed.
    """
    pictures, cluster = catalog.pictures, catalog.engine.cluster
    if cluster is not None:
        return ClusterEngine(cluster, pictures.decode_memory, pictures.decode_seconds, PRELOAD)
    return LocalEngine(pictures.workers, pictures.decode_memory, pictures.decode_seconds, PRELOAD)


def new_reader() -> LocalEngine:
    """Processes that open files by others; they start at the first use."""
    return LocalEngine(None, READER_MEMORY, READER_CPU_SECONDS, PRELOAD)


def engine_of(catalog: Catalog) -> dg.ResourceDefinition:
    """What `new_engine` gives, started by the first step of a run that needs it and ended with the run."""

    @dg.resource(description=f"Decoding processes of {catalog.engine.cluster or 'this machine'}.")
    def engine() -> Iterator[Engine]:
        with new_engine(catalog) as running:
            yield running

    return engine


@dg.resource(description="Processes that open files by others.")
def local_reader() -> Iterator[LocalEngine]:
    """Processes that open files by others, ended with the run."""
    with new_reader() as running:
        yield running
