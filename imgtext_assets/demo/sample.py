"""The sample: about 150 addresses in three sources with the three real schemas, their pages, and every row's end.

What belongs here: ids, addresses and the sources' columns. What does not: which cases there are (`planted`), files
(`folder`), HTTP (`web`).
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from itertools import count
from pathlib import PurePosixPath

import polars as pl

from imgtext_assets.demo.cases import ORDINARY, UNAVAILABLE, Link
from imgtext_assets.demo.pages import Page
from imgtext_assets.demo.planted import all_links, unavailable_picture

# Published schemas: https://huggingface.co/datasets/Spawning/PD12M,
# https://huggingface.co/datasets/madebyollin/megalith-10m, https://laion.ai/blog/laion-400-open-dataset/
PD12M = pl.Schema(
    {
        "id": pl.String,
        "url": pl.String,
        "caption": pl.String,
        "width": pl.Int64,
        "height": pl.Int64,
        "mime_type": pl.String,
        "hash": pl.String,
        "license": pl.String,
    }
)
MEGALITH = pl.Schema({"url_highres": pl.String, "url_source": pl.String})
LAION400M = pl.Schema(
    {
        "SAMPLE_ID": pl.Int64,
        "URL": pl.String,
        "TEXT": pl.String,
        "HEIGHT": pl.Int64,
        "WIDTH": pl.Int64,
        "LICENSE": pl.String,
        "NSFW": pl.String,
        "similarity": pl.Float64,
    }
)
EXPECTED = pl.Schema(
    {"source": pl.String, "url": pl.String, "case": pl.String, "stage": pl.String, "reason": pl.String}
)

ORDINARY_FOLDERS = {"pd12m": "/pd12m/images", "megalith": "/65535", "laion": "/photos"}
"""By source, the folder of its ordinary pictures; the planted cases' folders say which case they are."""


@dataclass(frozen=True)
class Sample:
    """A web of pages, the lists that link to them, and what must become of every row."""

    pages: dict[str, Page]
    metadata: dict[str, pl.DataFrame]
    """By file name relative to the sample's folder, such as `metadata/pd12m/pd12m.000.parquet`."""
    expected: pl.DataFrame
    """`source, url, case, stage, reason`: the stage where the row ends; reason null: verified. One row for each row."""


@dataclass(frozen=True)
class _Row:
    """A link with its place in a list and on the web."""

    link: Link
    source: str
    file: str
    id: str
    path: str
    url: str


def build_sample(base_url: str) -> Sample:
    """The sample for a web at `base_url` (`http://host:port`); the same for the same URL, byte for byte."""
    rows = _rows(base_url)
    expected = [(row.source, row.url, row.link.case, row.link.stage, row.link.reason) for row in rows]
    return Sample(_pages(rows), _metadata(rows), pl.DataFrame(expected, EXPECTED, orient="row"))


def _rows(base_url: str) -> list[_Row]:
    links = all_links()
    # Sorted, so that of two rows of PD12M the earlier one has the lower id.
    ids = sorted(str(uuid.uuid5(uuid.NAMESPACE_URL, f"sample:{n}")) for n in range(sum(map(len, links["pd12m"]))))
    rows: list[_Row] = []
    for source, files in links.items():
        for number, file in enumerate(files):
            for link in file:
                id_ = rows[-1].id if link.repeats_id else ids[len(rows) % len(ids)]
                name = f"metadata/{source}/{source}.{number:03d}.parquet"
                path, url = _address(link, source, id_, base_url, rows)
                rows.append(_Row(link, source, name, id_, path, url))
    return rows


def _address(link: Link, source: str, id_: str, base_url: str, rows: list[_Row]) -> tuple[str, str]:
    """Path and URL of a row.

    LAION's rows get their ids from their URLs, and of two equal pictures the one of the lower id is kept. So a copy is
    numbered on until its id is in the upper half, above those of PD12M's first file, which it copies: its end must not
    hang on the port of the web.
    """
    for number in count(len(rows), step=1000):
        path = _PATHS[source](link, id_, number)
        url = _url(link, base_url, path, number, rows)
        derived = uuid.uuid5(uuid.NAMESPACE_URL, f"{source}:{url}")
        if source != "laion" or link.stage != "deduplicated" or derived.int >> 127:
            return path, url
    raise AssertionError("half of all ids are in the upper half")


def _url(link: Link, base_url: str, path: str, number: int, rows: list[_Row]) -> str:
    if link.repeats_address_of is not None:
        scheme, rest = rows[link.repeats_address_of].url.split(":", 1)
        return f"{scheme.upper()}:{rest}#again-{number}"
    return link.address or base_url + path


def _folder(link: Link, ordinary: str, planted: str) -> str:
    return ordinary if link.case == ORDINARY else f"{planted}/{link.case}"


def _pd12m_path(link: Link, id_: str, number: int) -> str:
    """As PD12M names its files, by id; a repeated id gets an address of its own."""
    name = f"{id_}-{number}" if link.repeats_id else id_
    return f"{_folder(link, ORDINARY_FOLDERS['pd12m'], '/pd12m')}/{name}{PurePosixPath(link.file).suffix}"


def _megalith_path(link: Link, _: str, number: int) -> str:
    """As Flickr does: `<server>/<photo id>_<secret>_b.jpg` (https://www.flickr.com/services/api/misc.urls.html)."""
    secret = hashlib.sha256(f"{link.case}:{number}".encode()).hexdigest()[:10]
    folder = _folder(link, ORDINARY_FOLDERS["megalith"], "/7372")
    return f"{folder}/{50_000_000_000 + number}_{secret}_b.jpg"


def _laion_path(link: Link, _: str, number: int) -> str:
    return f"{_folder(link, ORDINARY_FOLDERS['laion'], f'/blog/{number}')}/{link.file}"


_PATHS = {"pd12m": _pd12m_path, "megalith": _megalith_path, "laion": _laion_path}


def _pages(rows: list[_Row]) -> dict[str, Page]:
    pages = {UNAVAILABLE: unavailable_picture()}
    for row in rows:
        if row.link.page is not None:
            pages[row.path] = row.link.page
        if row.link.preview is not None:
            pages[row.path.replace("_b.jpg", "_m.jpg")] = row.link.preview
        pages.update(row.link.aside)
    return pages


def _metadata(rows: list[_Row]) -> dict[str, pl.DataFrame]:
    record = {"pd12m": _pd12m_record, "megalith": _megalith_record, "laion": _laion_record}
    schema = {"pd12m": PD12M, "megalith": MEGALITH, "laion": LAION400M}
    by_file: dict[str, list[_Row]] = {}
    for row in rows:
        by_file.setdefault(row.file, []).append(row)
    return {
        file: pl.DataFrame(
            [record[row.source](number, row) for number, row in enumerate(group)], schema[group[0].source], orient="row"
        )
        for file, group in by_file.items()
    }


def _pd12m_record(_: int, row: _Row) -> tuple[object, ...]:
    link = row.link
    width, height = link.size or (None, None)
    mime_type = "image/png" if link.file.endswith(".png") else "image/jpeg"
    return row.id, row.url, link.caption, width, height, mime_type, link.declared_md5, link.license


def _megalith_record(_: int, row: _Row) -> tuple[object, ...]:
    photo_id = PurePosixPath(row.path).name.partition("_")[0]
    return row.url, f"https://www.flickr.com/photos/{row.link.account}/{photo_id}/"


def _laion_record(number: int, row: _Row) -> tuple[object, ...]:
    link = row.link
    width, height = link.size or (None, None)
    return number, row.url, link.caption, height, width, link.license, "UNLIKELY", link.similarity
