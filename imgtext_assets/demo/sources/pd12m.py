"""PD12M's schema, and its early spelling (https://huggingface.co/datasets/Spawning/PD12M)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

import polars as pl

from imgtext_assets.demo.altered import (
    CLAIM,
    data_mining,
    odd_files,
    recompressed,
    resized,
    rights_in_files,
    small,
    strip,
)
from imgtext_assets.demo.cases import Link, ordinary, published, web_cases
from imgtext_assets.demo.consent import consent_cases
from imgtext_assets.demo.pictures import Picture
from imgtext_assets.demo.sources.listing import ListFile, Row, SourceList, folder_of, table

ORDINARY_FOLDER = "/pd12m/images"
SCHEMA = pl.Schema(
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
EARLY_SCHEMA = pl.Schema(
    {{"hash": "md5_hash", "license": "license_type"}.get(name, name): dtype for name, dtype in SCHEMA.items()}
)
CC_BY_NC = "https://creativecommons.org/licenses/by-nc/4.0/"


def pd12m(pictures: Iterator[Picture]) -> SourceList:
    """Two files in today's spelling."""
    first = _first(pictures)
    files = [ListFile(links, partial(table, SCHEMA, _record)) for links in (first, _second(pictures, first))]
    return SourceList(files, _path, own_ids=True)


def with_early_file(source: SourceList, pictures: Iterator[Picture]) -> SourceList:
    """The same with a small file in the early spelling."""
    early = [*ordinary(pictures, 3), *data_mining(pictures)]
    return replace(source, files=[*source.files, ListFile(early, partial(table, EARLY_SCHEMA, _record))])


def _first(pictures: Iterator[Picture]) -> list[Link]:
    web = ("not_found", "gone", "server_error", "flaky_503", "redirect", "error_page_with_status_200", "truncated")
    small_copy = next(pictures)
    return [
        *ordinary(pictures, 20),
        *web_cases(pictures, *web, "shorter_than_promised", "wrong_content_type"),
        *consent_cases(pictures, "opted_out"),
        replace(published("repeated_id", next(pictures)), repeats_id=True).ends("raw_metadata", "repeated_id"),
        published("smaller_copy", small_copy).ends("deduplicated", "near_duplicate"),
        published("larger_copy", small_copy, small_copy.image(1280)),
    ]


def _second(pictures: Iterator[Picture], first: list[Link]) -> list[Link]:
    return [
        *ordinary(pictures, 14),
        replace(first[0], case="same_bytes").ends("deduplicated", "same_bytes"),
        replace(first[1], case="same_url", page=None, repeats_address_of=1).ends("deduplicated", "same_url"),
        recompressed(first[2], 60),
        resized(first[3], 0.5),
        *_licences(pictures),
        *_sizes(pictures),
        *rights_in_files(pictures),
        *odd_files(pictures),
    ]


def _licences(pictures: Iterator[Picture]) -> list[Link]:
    look_alikes = ("https://example.com/zero/1.0/", "https://creativecommons.org.evil.example/publicdomain/zero/1.0/")
    unknown = [replace(published("license_look_alike", next(pictures)), license=url) for url in look_alikes]
    by_nc = replace(published("license_by_nc", next(pictures)), license=CC_BY_NC)
    claimed, denied = (
        published("caption_claims_rights", next(pictures)),
        published("caption_denies_rights", next(pictures)),
    )
    return [
        *(link.ends("license_filtered", "license_unknown") for link in unknown),
        by_nc.ends("license_filtered", "license_not_allowed"),
        replace(claimed, caption=f"{claimed.caption} {CLAIM}").ends("license_filtered", "rights_claimed"),
        replace(denied, caption=f"{denied.caption} No known copyright restrictions."),
    ]


def _sizes(pictures: Iterator[Picture]) -> list[Link]:
    low, long, less = next(pictures), next(pictures), next(pictures)
    return [
        published("declared_small", low, low.image(200)).ends("resolution_filtered", "too_small"),
        published("declared_elongated", long, strip(long)).ends("resolution_filtered", "bad_aspect_ratio"),
        replace(small("measured_small", less), size=(640, 480)),
    ]


def _path(link: Link, id_: str, number: int) -> str:
    """As PD12M names its files, by id; a repeated id gets an address of its own."""
    name = f"{id_}-{number}" if link.repeats_id else id_
    return f"{folder_of(link, ORDINARY_FOLDER, '/pd12m')}/{name}{PurePosixPath(link.file).suffix}"


def _record(row: Row) -> tuple[object, ...]:
    link = row.link
    mime_type = "image/png" if link.file.endswith(".png") else "image/jpeg"
    return row.id, row.url, link.caption, *row.size, mime_type, link.declared_md5, link.license
