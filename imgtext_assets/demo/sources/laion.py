"""LAION's schemas: LAION-400M's and that of LAION-Aesthetics.

https://laion.ai/blog/laion-400-open-dataset/ and https://laion.ai/blog/laion-aesthetics/
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import polars as pl

from imgtext_assets.demo.altered import resized, small
from imgtext_assets.demo.cases import Link, ordinary, published, web_cases
from imgtext_assets.demo.consent import consent_cases, listed_addresses
from imgtext_assets.demo.pictures import CC0, Picture
from imgtext_assets.demo.sources.listing import ListFile, Row, SourceList, folder_of, table
from imgtext_assets.demo.sources.pd12m import CC_BY_NC

ORDINARY_FOLDER, AESTHETICS_FOLDER = "/photos", "/gallery"
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
AESTHETICS = pl.Schema(
    {
        "URL": pl.String,
        "TEXT": pl.String,
        "WIDTH": pl.Int64,
        "HEIGHT": pl.Int64,
        "similarity": pl.Float64,
        "hash": pl.Int64,
        "punsafe": pl.Float64,
        "pwatermark": pl.Float64,
        "AESTHETIC_SCORE": pl.Float64,
    }
)
_SHOWN = (480, 320)
"""LAION declares the size that the page showed the picture in, here a smaller one."""
_HOSTILE_CAPTIONS = {
    "markdown": "![t](https://example.org/t.png) | a | b |\n|---|---|\n# x `y` <script>alert(1)</script>",
    "link": "[the full picture](javascript:alert(document.cookie)) <a href='javascript:x'>y</a>",
    "terminal": "\x1b[2J\x1b[31mred\x1b[0m \x1b]8;;https://example.org\x1b\\a link\x1b]8;;\x1b\\ \x07",
    "bidi": "a picture \u202egpj.exe\u202c \u2066of\u2069 a\u200b cat",
    "markup": "[bold red]ours[/bold red] [/] [link=file:///etc/passwd]open[/link] {row} %s",
    "formula": '=HYPERLINK("https://example.org";"open")',
}


def laion400m(pictures: Iterator[Picture], first: Sequence[Link]) -> SourceList:
    """One file; `first` are the rows of PD12M's first file, which it repeats in part."""
    web = ("not_found", "gone", "forbidden", "server_error", "flaky_500", "redirect_to_private_address")
    rows = [
        *ordinary(pictures, 18),
        *_repeats(first, 5, 6),
        resized(first[7], 0.75),
        *_metadata(pictures),
        *(replace(published(f"hostile_caption_{n}", next(pictures)), caption=c) for n, c in _HOSTILE_CAPTIONS.items()),
        *web_cases(pictures, *web, "redirect_loop", "empty", "error_page_with_status_200"),
        *consent_cases(pictures, "opt_out_of_another_robot"),
        replace(published("caption_with_nul", next(pictures)), caption="A picture \0 and more.").ends(
            "raw_metadata", "bad_text"
        ),
        *listed_addresses(),
    ]
    return SourceList([ListFile(rows, partial(table, LAION400M, _record))], _path)


def aesthetics(pictures: Iterator[Picture], first: Sequence[Link]) -> SourceList:
    """One file of pictures that are CC0, as the catalog says of the whole list; it repeats rows of PD12M's first."""
    rows = [
        *ordinary(pictures, 4),
        *_repeats(first, 8, 10),
        replace(published("nonsense_numbers", next(pictures)), similarity=6016.0, aesthetic=-1.0),
        *consent_cases(pictures, "opted_out_of_image_index", "opted_out_by_name_of_robot"),
    ]
    return SourceList([ListFile(rows, partial(table, AESTHETICS, _scored_record))], _aesthetics_path)


def _repeats(first: Sequence[Link], of_url: int, of_bytes: int) -> list[Link]:
    same_url = replace(first[of_url], case="same_url", page=None, repeats_address_of=of_url, size=_SHOWN)
    same_bytes = replace(first[of_bytes], case="same_bytes", size=_SHOWN)
    return [same_url.ends("deduplicated", "same_url"), same_bytes.ends("deduplicated", "same_bytes")]


def _metadata(pictures: Iterator[Picture]) -> list[Link]:
    unstated = [replace(published("license_not_stated", next(pictures)), license="?") for _ in range(4)]
    by_nc = replace(published("license_by_nc", next(pictures)), license=CC_BY_NC)
    no_web = [
        Link("bad_url", "An address that is none.", CC0, address=address)
        for address in ("javascript:alert(1)", "ftp://ftp.example.org/picture.jpg")
    ]
    return [
        *(link.ends("license_filtered", "license_unknown") for link in unstated),
        by_nc.ends("license_filtered", "license_not_allowed"),
        *(link.ends("raw_metadata", "bad_url") for link in no_web),
        replace(small("unknown_size_small", next(pictures)), size=None),
        replace(published("nonsense_numbers", next(pictures)), size=(0, 0), similarity=6016.0),
        replace(published("path_not_ascii", next(pictures)), file="Schloß im Grünen – 写真.jpg"),
    ]


def _path(link: Link, _: str, number: int) -> str:
    return f"{folder_of(link, ORDINARY_FOLDER, f'/blog/{number}')}/{link.file}"


def _aesthetics_path(link: Link, _: str, number: int) -> str:
    return f"{folder_of(link, AESTHETICS_FOLDER, f'/pins/{number}')}/{link.file}"


def _record(row: Row) -> tuple[object, ...]:
    link, (width, height) = row.link, row.size
    return row.number, row.url, link.caption, height, width, link.license, "UNLIKELY", link.similarity


def _scored_record(row: Row) -> tuple[object, ...]:
    link = row.link
    # Of address and text, as in LAION-5B (there MurmurHash3): it says nothing of the picture.
    digest = hashlib.sha256(f"{row.url}{link.caption}".encode()).digest()
    hash_ = int.from_bytes(digest[:8], signed=True)
    return row.url, link.caption, *row.size, link.similarity, hash_, 0.01, 0.02, link.aesthetic
