"""The formats by name, and by the columns that tell them apart.

What belongs here: which reader reads which file. What does not: what the readers do (their own modules).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import polars as pl

from imgtext_assets.catalog import Source
from imgtext_assets.sources import datacomp, laion5b, laion400m, megalith, pd12m, table
from imgtext_assets.sources.advice import what_to_do
from imgtext_assets.sources.columns import UNREADABLE, FileColumns, SourceError, listed, spelled

Mapper = Callable[[FileColumns, Source], dict[str, pl.Expr]]
"""Our columns from a file's, in the types that the file has; what is no column of ours goes into `extra`."""


class Reader(NamedTuple):
    """How a format is read, and the sets of columns of which it has at least one whole: addresses are in each."""

    columns: Mapper
    signatures: tuple[frozenset[str], ...]
    any_case: bool = False

    def fits_by(self, names: Collection[str]) -> frozenset[str]:
        """Those of a file's columns that are in a signature which is there as a whole."""
        found = [[spelled(s, names) if self.any_case else s for s in signature] for signature in self.signatures]
        return frozenset(name for by in found if all(n in names for n in by) for name in by if name)


READERS: Mapping[str, Reader] = {
    "pd12m": Reader(pd12m.columns, pd12m.SIGNATURES),
    "megalith": Reader(megalith.columns, megalith.SIGNATURES),
    "laion400m": Reader(laion400m.columns, laion400m.SIGNATURES),
    "laion5b": Reader(laion5b.columns, laion5b.SIGNATURES),
    "laion-aesthetics": Reader(laion5b.columns, laion5b.AESTHETIC_SIGNATURES),
    "datacomp": Reader(datacomp.columns, datacomp.SIGNATURES),
    "table": Reader(table.columns, table.SIGNATURES, any_case=True),
}


class Recognised(NamedTuple):
    """A format, and the columns that it was recognised by."""

    format: str
    by: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.format}, by {', '.join(self.by)}"


def recognise_format(names: Collection[str]) -> Recognised | None:
    """The format of a file with these columns; None where none fits, or several do that exclude each other.

    A format fits where one of its signatures is there as a whole. Of two that fit, one gives way if the columns that it
    fits by are among the other's: LAION-5B's to those of LAION-Aesthetics. `table` gives way to all.

    >>> str(recognise_format(["URL", "TEXT", "hash", "punsafe", "AESTHETIC_SCORE"]))
    'laion-aesthetics, by AESTHETIC_SCORE, URL, punsafe'
    """
    fitting = _fitting(names)
    best = [name for name, by in fitting.items() if not any(by < others for others in fitting.values())]
    if len(best) > 1 and "table" in best:
        best.remove("table")
    return Recognised(best[0], tuple(sorted(fitting[best[0]]))) if len(best) == 1 else None


def reader_of(file: str, names: Collection[str], source: Source) -> Mapper:
    """The reader of `file` for the format that the source states, else for the one that its columns tell.

    A source that maps columns is read as `table`. Raises SourceError where the columns do not tell.
    """
    if source.format != "auto" or source.columns:
        return READERS["table" if source.format == "auto" else source.format].columns
    names = [name for name in names if name != UNREADABLE]
    recognised = recognise_format(names)
    if recognised is None:
        raise SourceError(file, listed(names), what_to_do(names, list(_fitting(names))))
    return READERS[recognised.format].columns


def _fitting(names: Collection[str]) -> dict[str, frozenset[str]]:
    """The formats that fit, with all the columns that they fit by."""
    fits = {name: reader.fits_by(names) for name, reader in READERS.items()}
    return {name: by for name, by in fits.items() if by}
