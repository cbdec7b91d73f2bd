"""The processes of a run: those that decode pictures, and those that open files by others.

What belongs here: their limits and how long they live. What does not: how they work (`engine`), and what they do.
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.engine import LocalEngine

# For one shard, or the counting of one file: our judgement. LAION-400M's files have 13 million rows.
READER_MEMORY = 4 * 2**30
READER_CPU_SECONDS = 600.0

PRELOAD = ("numpy", "scipy.fftpack", "numba", "PIL.Image", "pydantic")
"""What decoding needs and takes longest to import. Not polars, which has threads that a fork would lose."""


def new_engine(settings: PictureSettings) -> LocalEngine:
    """Decoding processes with the catalog's limits; they start at the first use."""
    return LocalEngine(settings.workers, settings.decode_memory, settings.decode_seconds, PRELOAD)


def new_reader() -> LocalEngine:
    """Processes that open files by others; they start at the first use."""
    return LocalEngine(None, READER_MEMORY, READER_CPU_SECONDS, PRELOAD)


def local_engine(settings: PictureSettings) -> dg.ResourceDefinition:
    """Decoding processes of this machine, started by the first step of a run that decodes and ended with the run."""

    @dg.resource(description="Decoding processes of this machine.")
    def engine() -> Iterator[LocalEngine]:
        with new_engine(settings) as running:
            yield running

    return engine


@dg.resource(description="Processes that open files by others.")
def local_reader() -> Iterator[LocalEngine]:
    """Processes that open files by others, ended with the run."""
    with new_reader() as running:
        yield running
