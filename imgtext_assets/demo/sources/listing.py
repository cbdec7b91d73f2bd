"""What a source of the sample is: lists of rows, where its pictures lie on the web, and how a list is written.

What belongs here: what all sources have in common. What does not: any one source (its own module).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from imgtext_assets.demo.cases import ORDINARY, Link


@dataclass(frozen=True)
class Row:
    """A link with its place in a list and on the web."""

    link: Link
    number: int
    """Its place in its file, from 0."""
    id: str
    """An id that the source may give it."""
    path: str
    url: str

    @property
    def size(self) -> tuple[int | None, int | None]:
        """Declared width and height, pixels."""
        return self.link.size or (None, None)


@dataclass(frozen=True)
class ListFile:
    """One file of a source: its rows, and how they are written."""

    links: Sequence[Link]
    write: Callable[[Sequence[Row]], pl.DataFrame | bytes]
    """Makes of the rows a table, to be stored as parquet, or the text file itself."""
    suffix: str = "parquet"


@dataclass(frozen=True)
class SourceList:
    """One source: its files, and where its pictures lie."""

    files: Sequence[ListFile]
    path: Callable[[Link, str, int], str]
    """The path of a picture on the web, by its row, the row's id, and a number that no other row has."""
    own_ids: bool = False
    """Whether its rows keep their ids; else they get theirs from their addresses."""


def folder_of(link: Link, ordinary: str, planted: str) -> str:
    """Where a picture lies: with the ordinary ones, or in a folder that says which case it is."""
    return link.folder or (ordinary if link.case == ORDINARY else f"{planted}/{link.case}")


def table(schema: pl.Schema, record: Callable[[Row], tuple[object, ...]], rows: Sequence[Row]) -> pl.DataFrame:
    """The rows as a table, each by `record`."""
    return pl.DataFrame([record(row) for row in rows], schema, orient="row")


def photo_name(case: str, number: int, size: str) -> str:
    """A file name as Flickr's: `<photo id>_<secret>_<size>.jpg` (https://www.flickr.com/services/api/misc.urls.html)."""
    secret = hashlib.sha256(f"{case}:{number}".encode()).hexdigest()[:10]
    return f"{50_000_000_000 + number}_{secret}_{size}.jpg"
