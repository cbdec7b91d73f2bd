"""Megalith's schema: addresses only (https://huggingface.co/datasets/madebyollin/megalith-10m)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

import polars as pl

from imgtext_assets.demo.altered import claiming_in_exif, image_of, recompressed, small, strip
from imgtext_assets.demo.cases import UNAVAILABLE, Link, ordinary, published, web_cases
from imgtext_assets.demo.consent import consent_cases
from imgtext_assets.demo.pages import Page
from imgtext_assets.demo.pictures import Picture, jpeg
from imgtext_assets.demo.sources.listing import ListFile, Row, SourceList, folder_of, photo_name, table

ORDINARY_FOLDER = "/65535"
SCHEMA = pl.Schema({"url_highres": pl.String, "url_source": pl.String})
EXCLUDED_ACCOUNT = "imgtext-sample-claims-copyright"
"""What data/account-decisions.csv excludes."""


def megalith(pictures: Iterator[Picture], first: Sequence[Link]) -> SourceList:
    """One file; `first` are the rows of PD12M's first file, which it repeats in part."""
    excluded = [published("excluded_account", next(pictures)) for _ in range(2)]
    low, long = next(pictures), next(pictures)
    links = [
        *ordinary(pictures, 17),
        recompressed(first[4], 60),
        *(replace(link, account=EXCLUDED_ACCOUNT).ends("license_filtered", "account_excluded") for link in excluded),
        small("measured_small", low),
        published("measured_elongated", long, strip(long)).ends("verified", "bad_aspect_ratio"),
        claiming_in_exif(next(pictures)),
        *web_cases(pictures, "not_found", "gone", "forbidden", "flaky_429", "redirect", "truncated"),
        *consent_cases(pictures, "opted_out", "robots_txt_disallows"),
    ]
    rows = [
        *(replace(link, preview=_preview(link)) for link in links),
        *(published("no_preview", next(pictures)) for _ in range(2)),
        *(
            replace(link, preview=Page(redirect=UNAVAILABLE))
            for link in web_cases(pictures, "unavailable_picture", "unavailable_picture")
        ),
    ]
    return SourceList([ListFile(rows, partial(table, SCHEMA, _record))], _path)


def _preview(link: Link) -> Page | None:
    """Flickr's small size, 240 pixels; it goes with the picture."""
    if link.page is None or link.page.status >= 400:
        return link.page
    image = image_of(link)
    image.thumbnail((240, 240))
    return Page(jpeg(image, 80))


def _path(link: Link, _: str, number: int) -> str:
    return f"{folder_of(link, ORDINARY_FOLDER, '/7372')}/{photo_name(link.case, number, 'b')}"


def _record(row: Row) -> tuple[object, ...]:
    photo_id = PurePosixPath(row.path).name.partition("_")[0]
    return row.url, f"https://www.flickr.com/photos/{row.link.account}/{photo_id}/"
