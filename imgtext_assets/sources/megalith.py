"""Megalith-10m's schema: `url_highres` (Flickr's 1024-pixel size) and `url_source` (the photo's page).

From https://huggingface.co/datasets/madebyollin/megalith-10m. It states no licence: the catalog gives the whole list's.
What else there is to know is in the addresses (https://www.flickr.com/services/api/misc.urls.html):

    https://live.staticflickr.com/<server>/<photo id>_<secret>_<size>.jpg
    https://www.flickr.com/photos/<account>/<photo id>/

where the account is a user's number (`12345678@N00`) or the name that he chose. Photo id, server and secret go into
`extra`; with them `at_size` tells the address of every size that shares the secret.
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.catalog import Source
from imgtext_assets.sources.columns import FileColumns

SIGNATURES = (frozenset({"url_highres"}),)

SIZES = {"s": 75, "q": 150, "t": 100, "m": 240, "n": 320, "w": 400, "": 500, "z": 640, "c": 800, "b": 1024}
"""Flickr's sizes that share a photo's secret: suffix and longest side, pixels. `s` and `q` are squares cut from it.

The larger ones and the original have secrets of their own, which no address tells."""
PREVIEW = "m"

_PHOTO = r"^https?://[^/?#]+/([0-9]+)/([0-9]+)_([0-9a-f]+)(?:_[sqtmnwzcb])?\.jpg$"
_SIZE = r"(?:_[sqtmnwzcb])?\.jpg$"
_PAGE = r"^https?://(?:www\.)?flickr\.com/photos/([^/?#]+)/[0-9]+"


def columns(file: FileColumns, _: Source) -> dict[str, pl.Expr]:
    """Our columns from the file's. Raises SourceError where there is no address."""
    file.require("url_highres")
    url, account = file.text("url_highres"), file.text("url_source").str.extract(_PAGE)
    return {
        "url": file.first("url_highres"),
        "preview_url": at_size(url, PREVIEW),
        "landing_url": file.first("url_source"),
        "account": account,
        "creator_url": "https://www.flickr.com/people/" + account + "/",
        "caption": file.first("caption"),
        "flickr_server": url.str.extract(_PHOTO, 1),
        "flickr_photo_id": url.str.extract(_PHOTO, 2),
        "flickr_secret": url.str.extract(_PHOTO, 3),
    }


def at_size(url: pl.Expr, suffix: str) -> pl.Expr:
    """The same photo's address at another of SIZES; null where `url` is no address of a photo that shares its secret.

    >>> pl.select(at_size(pl.lit("https://live.staticflickr.com/7372/12502775644_acfd415fa7_b.jpg"), "c")).item()
    'https://live.staticflickr.com/7372/12502775644_acfd415fa7_c.jpg'
    """
    resized = url.str.replace(_SIZE, f"_{suffix}.jpg" if suffix else ".jpg")
    return pl.when(url.str.contains(_PHOTO)).then(resized)
