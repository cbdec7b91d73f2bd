"""The sample: about 200 addresses in seven sources, five with published schemas, their pages, and every row's end.

What belongs here: rows get their ids and addresses, pages their paths. What does not: which rows there are and in which
columns (`sources`), files (`folder`), HTTP (`web`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from itertools import count

import polars as pl
from PIL import Image

from imgtext_assets.demo.cases import UNAVAILABLE, Link
from imgtext_assets.demo.consent import HOST_PAGES
from imgtext_assets.demo.pages import Page
from imgtext_assets.demo.pictures import png
from imgtext_assets.demo.sources import Row, SourceList, all_sources

EXPECTED = pl.Schema(
    {"source": pl.String, "url": pl.String, "case": pl.String, "stage": pl.String, "reason": pl.String}
)


@dataclass(frozen=True)
class Sample:
    """A web of pages, the lists that link to them, and what must become of every row."""

    pages: dict[str, Page]
    metadata: dict[str, pl.DataFrame]
    """Lists that are parquet, by file name relative to the sample's folder: `metadata/pd12m/pd12m.000.parquet`."""
    texts: dict[str, bytes]
    """Lists that are text, likewise: `metadata/museum/museum.000.csv`. They hold lines that no table could."""
    expected: pl.DataFrame
    """`source, url, case, stage, reason`: the stage where the row ends; reason null: verified. One row for each row;
    the url is null where the row's line cannot be read."""


def build_sample(base_url: str) -> Sample:
    """The sample for a web at `base_url` (`http://host:port`); the same for the same URL, byte for byte."""
    sources = all_sources()
    files = _rows(sources, base_url)
    metadata: dict[str, pl.DataFrame] = {}
    texts: dict[str, bytes] = {}
    for (source, number), rows in files.items():
        file = sources[source].files[number]
        name = f"metadata/{source}/{source}.{number:03d}.{file.suffix}"
        written = file.write(rows)
        if isinstance(written, bytes):
            texts[name] = written
        else:
            metadata[name] = written
    return Sample(_pages(files), metadata, texts, _expected(files))


Files = dict[tuple[str, int], list[Row]]
"""Rows by source and number of the file."""


def _rows(sources: dict[str, SourceList], base_url: str) -> Files:
    # Sorted, so that of two rows of PD12M the earlier one has the lower id.
    total = sum(len(file.links) for source in sources.values() for file in source.files)
    ids = sorted(str(uuid.uuid5(uuid.NAMESPACE_URL, f"sample:{n}")) for n in range(total))
    rows: list[Row] = []
    files: Files = {}
    for name, source in sources.items():
        for number, file in enumerate(source.files):
            for place, link in enumerate(file.links):
                id_ = rows[-1].id if link.repeats_id else ids[len(rows)]
                path, url = _address(link, name, source, id_, base_url, rows)
                rows.append(Row(link, place, id_, path, url))
            files[name, number] = rows[-len(file.links) :]
    return files


def _address(link: Link, name: str, source: SourceList, id_: str, base_url: str, rows: list[Row]) -> tuple[str, str]:
    """Path and URL of a row.

    Where rows get their ids from their URLs, and of two equal pictures the one of the lower id is kept, a copy is
    numbered on until its id is in the upper half, above those of PD12M's first file, which it copies: its end must not
    hang on the port of the web.
    """
    for number in count(len(rows), step=1000):
        path = source.path(link, id_, number)
        url = _url(link, base_url, path, number, rows)
        derived = uuid.uuid5(uuid.NAMESPACE_URL, f"{name}:{url}")
        if source.own_ids or link.stage != "deduplicated" or derived.int >> 127:
            return path, url
    raise AssertionError("half of all ids are in the upper half")


def _url(link: Link, base_url: str, path: str, number: int, rows: list[Row]) -> str:
    if link.repeats_address_of is not None:
        scheme, rest = rows[link.repeats_address_of].url.split(":", 1)
        return f"{scheme.upper()}:{rest}#again-{number}"
    return link.address or base_url + path


def _pages(files: Files) -> dict[str, Page]:
    # What a host shows in the stead of pictures that it no longer has.
    pages = {UNAVAILABLE: Page(png(Image.new("L", (500, 374), 221)), "image/png"), **HOST_PAGES}
    for row in (row for rows in files.values() for row in rows):
        if row.link.page is not None:
            pages[row.path] = row.link.page
        if row.link.preview is not None:
            pages[row.path.replace("_b.jpg", "_m.jpg")] = row.link.preview
        pages.update(row.link.aside)
    return pages


def _expected(files: Files) -> pl.DataFrame:
    ends = [
        (name, None if row.link.line else row.url, row.link.case, row.link.stage, row.link.reason)
        for (name, _), rows in files.items()
        for row in rows
    ]
    return pl.DataFrame(ends, EXPECTED, orient="row")
