"""Megalith-10m's schema: `url_highres` (Flickr's 1024-pixel size) and `url_source` (the photo's page).

It states no licence: the catalog gives the whole list's. What else there is to know is in the addresses
(https://www.flickr.com/services/api/misc.urls.html).
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.catalog import Source
from imgtext_assets.sources.columns import FileColumns

# <photo id>_<secret>_<size>.jpg: all sizes up to `b` (1024 pixels) share the secret; `m` is 240 pixels.
_LARGE = r"^(https?://[^?#]+/[0-9]+_[0-9a-f]+)_b\.jpg$"
_PAGE = r"^https?://(?:www\.)?flickr\.com/photos/([^/?#]+)/[0-9]+"


def columns(file: FileColumns, _: Source) -> dict[str, pl.Expr]:
    """Our columns from the file's. Raises SourceError where there is no address."""
    file.require("url_highres")
    url, page = file.text("url_highres"), file.text("url_source")
    account = page.str.extract(_PAGE)
    return {
        "url": url,
        "preview_url": url.str.extract(_LARGE) + "_m.jpg",
        "landing_url": page,
        "account": account,
        "creator_url": "https://www.flickr.com/people/" + account + "/",
        "caption": file.text("caption"),
    }
