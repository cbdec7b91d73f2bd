"""Photographs as Flickr's API tells of them, saved as JSON Lines, with Flickr's numbers for licences.

Names and numbers are those of https://www.flickr.com/services/api/flickr.photos.search.html (with `extras`) and
https://www.flickr.com/services/api/flickr.photos.licenses.getInfo.html; caption and hashes are somebody
else's. `columns` in data/catalog.yaml says what is what.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from imgtext_assets.demo.altered import drifted
from imgtext_assets.demo.cases import Link, ordinary, published, unreadable, web_cases
from imgtext_assets.demo.consent import listed_file
from imgtext_assets.demo.pictures import CC0, NO_KNOWN_COPYRIGHT, PUBLIC_DOMAIN, Picture
from imgtext_assets.demo.sources.listing import ListFile, Row, SourceList, folder_of, photo_name

ORDINARY_FOLDER = "/5800"
_NUMBERS = {CC0: ("9",), PUBLIC_DOMAIN: ("10",), NO_KNOWN_COPYRIGHT: ("7",)}
_ATTRIBUTION, _ALL_RIGHTS_RESERVED = "4", "0"
_CLAIM = "空の写真　無断転載禁止"  # "a photograph of the sky; reproduction without permission is prohibited"


def flickr(pictures: Iterator[Picture], opted_out: Picture) -> SourceList:
    """One file; the opt-out list names the bytes of the picture `opted_out`."""
    claimed = replace(published("title_claims_rights", next(pictures)), license="9", title=_CLAIM)
    rows = [
        *ordinary(pictures, 6, _NUMBERS),
        *(
            replace(published(f"license_{number}", next(pictures)), license=number).ends(
                "license_filtered", "license_not_allowed"
            )
            for number in (_ATTRIBUTION, _ALL_RIGHTS_RESERVED)
        ),
        replace(published("license_not_stated", next(pictures)), license=None).ends(
            "license_filtered", "license_unknown"
        ),
        claimed.ends("license_filtered", "rights_claimed"),
        replace(listed_file(opted_out), license="9"),
        *(replace(link, license="9") for link in drifted(next(pictures), next(pictures), next(pictures))),
        unreadable('{"id": "50000000000", "url_o": "https://live.staticflickr.com/1/5000'),
        *(replace(link, license="9") for link in web_cases(pictures, "not_found")),
    ]
    return SourceList([ListFile(rows, _write, "jsonl")], _path)


def _path(link: Link, _: str, number: int) -> str:
    return f"{folder_of(link, ORDINARY_FOLDER, '/6100')}/{photo_name(link.case, number, 'o')}"


def _write(rows: Sequence[Row]) -> bytes:
    lines = [row.link.line or json.dumps(_record(row), ensure_ascii=False) for row in rows]
    return "".join(f"{line}\n" for line in lines).encode()


def _record(row: Row) -> dict[str, object]:
    link, (width, height) = row.link, row.size
    hashes = {"md5": link.declared_md5, "phash": link.phash} if link.phash else {}
    return {
        "id": row.path.rpartition("/")[2].partition("_")[0],
        "owner": link.account,
        "ownername": link.creator,
        "title": link.title,
        "description": link.description,
        "license": link.license,
        "tags": "sample photograph",
        "url_o": row.url,
        "width_o": width,
        "height_o": height,
        "caption": link.caption,
        **hashes,
    }
