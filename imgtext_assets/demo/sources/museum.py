"""A museum's export: CSV with column names of its own, and licences in people's words.

It is no published schema: `columns` in data/catalog.yaml says what is what.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

from imgtext_assets.demo.cases import Link, ordinary, published, unreadable
from imgtext_assets.demo.consent import consent_cases
from imgtext_assets.demo.pictures import CC0, NO_KNOWN_COPYRIGHT, PUBLIC_DOMAIN, Picture
from imgtext_assets.demo.sources.listing import ListFile, Row, SourceList, folder_of

ORDINARY_FOLDER = "/collection"
COLUMNS = (
    "inventory_number", "image", "object_page", "title", "label", "notes", "maker", "rights", "pixels_wide",
    "pixels_high",
)  # fmt: skip

_PHRASES = {
    CC0: ("CC0 1.0 Universal", "CC0"),
    PUBLIC_DOMAIN: ("Public Domain Mark 1.0", "Gemeinfrei"),
    NO_KNOWN_COPYRIGHT: ("No known copyright restrictions", "http://rightsstatements.org/vocab/NKC/1.0/"),
}
_WITH_ATTRIBUTION = (
    "CC BY 4.0",
    "Creative Commons Attribution 2.0 Generic",
    "https://creativecommons.org/licenses/by/3.0/de/",
)
_NOT_ALLOWED = ("CC BY-NC-ND 4.0", "http://rightsstatements.org/vocab/InC/1.0/")
_UNKNOWN = ("Bitte das Museum fragen", "9")  # a bare number says nothing where no scheme is stated
_CLAIM = "Alle Rechte vorbehalten. Nutzung nur mit Genehmigung des Museums."
_NO_CLAIM = "Gemeinfrei, keine Rechte vorbehalten.\nErworben 1911."


def museum(pictures: Iterator[Picture]) -> SourceList:
    """One file; its policy also allows licences that ask for attribution."""
    claimed, denied = (published(f"description_{does}_rights", next(pictures)) for does in ("claims", "denies"))
    with_attribution = _stated("license_with_attribution", pictures, _WITH_ATTRIBUTION)
    not_allowed = _stated("license_not_allowed", pictures, _NOT_ALLOWED)
    unknown = _stated("license_unknown", pictures, _UNKNOWN)
    rows = [
        *ordinary(pictures, 8, _PHRASES),
        *with_attribution,
        *(link.ends("license_filtered", "license_not_allowed") for link in not_allowed),
        *(link.ends("license_filtered", "license_unknown") for link in unknown),
        replace(claimed, license="CC0", description=_CLAIM).ends("license_filtered", "rights_claimed"),
        replace(denied, license="CC0", description=_NO_CLAIM),
        # As Latin-1 has "Café": the byte is no UTF-8.
        replace(published("not_utf_8", next(pictures)), caption="A Caf\udce9.").ends("raw_metadata", "bad_text"),
        unreadable("1911.18,http://museum.example/18.jpg,one,field,too,many,for,the,columns,that,there,are"),
        *consent_cases(pictures, "tdm_reserved_by_host"),
    ]
    return SourceList([ListFile(rows, _write, "csv")], _path)


def _stated(case: str, pictures: Iterator[Picture], licenses: Sequence[str]) -> list[Link]:
    return [replace(published(case, next(pictures)), license=stated) for stated in licenses]


def _path(link: Link, _: str, number: int) -> str:
    return f"{folder_of(link, ORDINARY_FOLDER, f'/objects/{number}')}/{link.file}"


def _write(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        if row.link.line is None:
            writer.writerow(_record(row))
        else:
            text.write(f"{row.link.line}\n")
    return text.getvalue().encode(errors="surrogateescape")


def _record(row: Row) -> tuple[object, ...]:
    link = row.link
    number = f"1911.{row.number}"
    page = f"https://museum.example/objects/{number}"
    return number, row.url, page, link.title, link.caption, link.description, link.creator, link.license, *row.size
