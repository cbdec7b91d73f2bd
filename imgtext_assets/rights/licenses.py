"""The licences that we know, and how each is stated. This table is the truth; policies name its ids.

A statement is recognised whole or not at all: an address by its exact host and path, a phrase or number by being
one of the spellings. What is not in the table stays unknown, so no allow-list passes it by accident.

Sources: https://creativecommons.org/licenses/list.en, https://spdx.org/licenses/ for ids,
https://www.flickr.com/services/api/flickr.photos.licenses.getInfo.html for Flickr's numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class License:
    """One licence: SPDX id where there is one, canonical address, further addresses, spellings, Flickr's number.

    `spellings` are compared without regard to case and to which of space, `-` and `_` separates their words.
    """

    id: str
    url: str | None
    urls: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    flickr: int | None = None


_CC = "https://creativecommons.org"
_FLICKR_CC_2_0 = {"by-nc-sa": 1, "by-nc": 2, "by-nc-nd": 3, "by": 4, "by-sa": 5, "by-nd": 6}
_CC_NAMES = {
    "by": "Attribution",
    "by-sa": "Attribution-ShareAlike",
    "by-nc": "Attribution-NonCommercial",
    "by-nd": "Attribution-NoDerivatives",
    "by-nc-sa": "Attribution-NonCommercial-ShareAlike",
    "by-nc-nd": "Attribution-NonCommercial-NoDerivatives",
}


def _creative_commons() -> Iterable[License]:
    for code, name in _CC_NAMES.items():
        for version in ("1.0", "2.0", "2.5", "3.0", "4.0"):
            kind = "International" if version == "4.0" else "Unported" if version == "3.0" else "Generic"
            yield License(
                id=f"CC-{code.upper()}-{version}",
                url=f"{_CC}/licenses/{code}/{version}/",
                # Version 1.0 put NoDerivatives before NonCommercial.
                urls=(f"{_CC}/licenses/by-nd-nc/1.0/",) if (code, version) == ("by-nc-nd", "1.0") else (),
                spellings=(
                    f"{name} {version}",
                    f"{name} {version} {kind}",
                    f"Creative Commons {name} {version}",
                    f"Creative Commons {name} {version} {kind}",
                ),
                flickr=_FLICKR_CC_2_0[code] if version == "2.0" else None,
            )


LICENSES: tuple[License, ...] = (
    License(
        id="CC0-1.0",
        url=f"{_CC}/publicdomain/zero/1.0/",
        spellings=(
            "CC0", "CC 0", "CC Zero", "CC0 1.0", "CC0 1.0 Universal", "CC0 Public Domain", "Creative Commons Zero",
            "Creative Commons CC0", "Creative Commons CC0 1.0", "Creative Commons CC0 1.0 Universal",
            "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0 1.0 Universal Public Domain Dedication",
            "Creative Commons Zero v1.0 Universal", "Public Domain Dedication (CC0)",
        ),
        flickr=9,
    ),
    License(
        id="CC-PDM-1.0",
        url=f"{_CC}/publicdomain/mark/1.0/",
        spellings=("PDM", "PDM 1.0", "CC PDM", "CC PDM 1.0", "Public Domain Mark", "Public Domain Mark 1.0",
                   "Creative Commons Public Domain Mark 1.0", "Public Domain Mark 1.0 Universal"),
        flickr=10,
    ),
    License(
        id="no-known-copyright",
        url="https://www.flickr.com/commons/usage/",
        urls=("https://flickr.com/commons/usage/",),
        spellings=("no known copyright restrictions", "no known copyright restrictions (Flickr Commons)",
                   "no known copyright"),
        flickr=7,
    ),
    License(
        id="US-government-work",
        url="https://www.usa.gov/government-works",
        urls=("https://www.usa.gov/copyright.shtml", "https://www.usa.gov/government-copyright"),
        spellings=("United States Government Work", "US Government Work", "U.S. Government Work",
                   "US Government Works", "U.S. Government Works", "Work of the United States Government"),
        flickr=8,
    ),
    License(id="all-rights-reserved", url=None, spellings=("copyrighted",), flickr=0),
    *_creative_commons(),
)  # fmt: skip
BY_ID = {license_.id: license_ for license_ in LICENSES}

_ADDRESS = re.compile(r"https?://(?:www\.)?([a-z0-9.-]+)(/[^?#\s]*)?(?:[?#]\S*)?", re.IGNORECASE)
# What creativecommons.org has below a licence: its deed and legal code, by language.
_DEED = re.compile(r"/(?:deed|legalcode)(?:\.[a-z]{2,3}(?:[-_][a-z]{2,4})?)?\Z", re.IGNORECASE)


def find_license(stated: str) -> License | None:
    """The licence that `stated` is, whole: an address, a phrase, an id, or Flickr's number; None if unknown.

    >>> find_license("http://www.creativecommons.org/publicdomain/zero/1.0/deed.de").id
    'CC0-1.0'
    >>> find_license("https://creativecommons.org.evil.example/publicdomain/zero/1.0/")
    """
    stated = stated.strip()
    if not stated.isascii():  # all that we know is ASCII, and much that is not looks like it
        return None
    if address := _ADDRESS.fullmatch(stated):
        return _BY_ADDRESS.get(_address_key(address))
    return _BY_SPELLING.get(_spelling_key(stated))


def recognise(stated: pl.Expr) -> pl.Expr:
    """The id of the licence that each text of `stated` is: String, null where that is unknown.

    >>> pl.select(recognise(pl.lit(pl.Series(["CC0", "9", "my own"])))).to_series().to_list()
    ['CC0-1.0', 'CC0-1.0', None]
    """
    return stated.map_batches(_recognise, return_dtype=pl.String, is_elementwise=True)


def license_url(license_id: pl.Expr) -> pl.Expr:
    """The canonical address of each licence id: String, null where there is none."""
    return license_id.replace_strict([*BY_ID], [known.url for known in LICENSES], default=None, return_dtype=pl.String)


def _recognise(stated: pl.Series) -> pl.Series:
    found = {text: license_.id for text in stated.unique().drop_nulls() if (license_ := find_license(text))}
    return stated.replace_strict([*found], [*found.values()], default=None, return_dtype=pl.String)


def _address_key(address: re.Match[str]) -> str:
    host, path = address[1].lower(), address[2] or ""
    if host == "creativecommons.org":
        path = _DEED.sub("/", path)
    return host + path.removesuffix("/")


def _spelling_key(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).lower()


def _by_address() -> dict[str, License]:
    addresses = ((url, known) for known in LICENSES for url in (known.url, *known.urls) if url)
    return {_address_key(match): known for url, known in addresses if (match := _ADDRESS.fullmatch(url))}


def _by_spelling() -> dict[str, License]:
    spellings = {_spelling_key(text): known for known in LICENSES for text in (known.id, *known.spellings)}
    return spellings | {str(known.flickr): known for known in LICENSES if known.flickr is not None}


_BY_ADDRESS = _by_address()
_BY_SPELLING = _by_spelling()
