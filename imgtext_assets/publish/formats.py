"""The forms in which a release has its pictures, beside its metadata.

What belongs here: which forms there are, and which pictures each takes. What does not: how each is written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import polars as pl

from imgtext_assets.publish.laion400m import FORMATS, write_laion400m
from imgtext_assets.publish.pairs import Pictures
from imgtext_assets.publish.webdataset import Report, write_webdataset
from imgtext_assets.settings import ReleaseSettings


class Remake(Protocol):
    """Gives pictures of which copies are made where they must be: see `pictures.remade`."""

    def __call__(self, longest: int | None = None, formats: tuple[str, ...] | None = None) -> Pictures:
        """Pictures of at most `longest` pixels a side, in one of `formats`; null: as they are."""
        ...


def write_formats(
    folder: Path,
    rows: pl.LazyFrame,
    settings: ReleaseSettings,
    stored: Pictures,
    remake: Remake,
    report: Callable[[str], Report] | None = None,
) -> None:
    """Write the forms that `settings.formats` names into folders of their names below `folder`.

        webdataset/00000.tar ...                   pictures as they are, or copies of at most `settings.resize` pixels
        laion400m/00000.tar 00000.parquet ...      pictures as they are, or JPEGs of what TensorFlow does not decode

    `rows` scans the metadata that the release has just written, in its order; what `report` gives for a form's name
    is told of progress. Raises ReleaseError, which names the row, where a picture cannot be had: nothing is left out.
    """
    for name in dict.fromkeys(settings.formats):
        into, told = folder / name, report(f"pairs in {name}") if report else None
        if name == "webdataset":
            pictures = stored if settings.resize is None else remake(longest=settings.resize)
            write_webdataset(into, rows, pictures, settings.pairs_per_tar, told)
        else:
            write_laion400m(into, rows, remake(formats=FORMATS), settings.pairs_per_tar, told)
