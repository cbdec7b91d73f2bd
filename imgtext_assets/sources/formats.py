"""The formats by name, and by the columns that tell them apart.

What belongs here: which reader reads which file. What does not: what the readers do (their own modules).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import polars as pl

from imgtext_assets.catalog import Source
from imgtext_assets.sources import datacomp, laion5b, laion400m, megalith, pd12m, table
from imgtext_assets.sources.columns import UNREADABLE, FileColumns, SourceError, listed

Mapper = Callable[[FileColumns, Source], dict[str, pl.Expr]]
"""Our columns from a file's, in the types that the file has; what is no column of ours goes into `extra`."""


class Reader(NamedTuple):
    """How a format is read, and the sets of columns of which it has at least one whole."""

    columns: Mapper
    signatures: tuple[frozenset[str], ...]


READERS: Mapping[str, Reader] = {
    "pd12m": Reader(pd12m.columns, pd12m.SIGNATURES),
    "megalith": Reader(megalith.columns, megalith.SIGNATURES),
    "laion400m": Reader(laion400m.columns, laion400m.SIGNATURES),
    "laion5b": Reader(laion5b.columns, laion5b.SIGNATURES),
    "laion-aesthetics": Reader(laion5b.columns, laion5b.AESTHETIC_SIGNATURES),
    "datacomp": Reader(datacomp.columns, datacomp.SIGNATURES),
    "table": Reader(table.columns, table.SIGNATURES),
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
    fitting = _fitting(frozenset(names))
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
        fit = " and ".join(_fitting(frozenset(names))) or "no format"
        known = "; ".join(f"{name} {_expected(reader)}" for name, reader in READERS.items())
        raise SourceError(file, listed(names), f"these fit {fit}: name `format` in the catalog ({known})")
    return READERS[recognised.format].columns


def _fitting(names: frozenset[str]) -> dict[str, frozenset[str]]:
    """The formats that fit, with all the columns that they fit by."""
    fits = {
        name: [signature for signature in reader.signatures if signature <= names] for name, reader in READERS.items()
    }
    return {name: frozenset[str]().union(*signatures) for name, signatures in fits.items() if signatures}


def _expected(reader: Reader) -> str:
    shown = ["+".join(sorted(signature)) for signature in reader.signatures[:3]]
    return " or ".join([*shown, "..."] if len(reader.signatures) > 3 else shown)
