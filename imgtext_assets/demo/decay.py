"""Time passing on the sample's web: links that rot, so that a second recheck has something to find.

What belongs here: how pages come to change. What does not: judging links.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain, zip_longest

from PIL import Image

from imgtext_assets.demo.cases import UNAVAILABLE
from imgtext_assets.demo.pages import Page
from imgtext_assets.demo.pictures import jpeg
from imgtext_assets.demo.sources import ORDINARY_FOLDERS

_FATES = {
    "not_found": "gone",
    "encoded_anew": "changed",
    "moved": "moved",
    "gone": "gone",
    "unavailable_picture": "placeholder",
    "server_error": "unreachable",
    "forbidden": "blocked",
    "opted_out": "opted_out",
    "replaced": "replaced",
}
"""What becomes of a page, and the state in which a recheck must find its link (see `tables.LINK_CHECKS`)."""


def decay(pages: Mapping[str, Page]) -> dict[str, Page]:
    """The pages some time later: nine ordinary pictures of all sources have met one fate each, the others none."""
    later = dict(pages)
    for path, fate in _doomed(pages).items():
        later |= _met(fate, path, later.pop(path))
    return later


def decayed_states(pages: Mapping[str, Page]) -> dict[str, str]:
    """The state in which a recheck must find the links that `decay` changes in these pages, by path."""
    return {path: _FATES[fate] for path, fate in _doomed(pages).items()}


def _doomed(pages: Mapping[str, Page]) -> dict[str, str]:
    """Every fourth ordinary picture of each source, source by source in turn, with its fate."""
    by_source = [
        sorted(path for path in pages if path.startswith(f"{folder}/") and not path.endswith("_m.jpg"))[::4]
        for folder in ORDINARY_FOLDERS.values()
    ]
    in_turn = [path for path in chain.from_iterable(zip_longest(*by_source)) if path is not None]
    return dict(zip(in_turn, _FATES, strict=False))


def _met(fate: str, path: str, page: Page) -> dict[str, Page]:
    """The pages that take the page's place."""
    if fate == "not_found":
        return {}
    if fate == "moved":
        return {path: Page(redirect=f"/moved{path}"), f"/moved{path}": page}
    instead = {
        "encoded_anew": lambda: replace(page, body=_encoded_anew(page)),
        "gone": lambda: Page(status=410),
        "unavailable_picture": lambda: Page(redirect=UNAVAILABLE),
        "server_error": lambda: Page(status=503),
        "forbidden": lambda: Page(status=403),
        "opted_out": lambda: replace(page, headers={"X-Robots-Tag": "noai"}),
        "replaced": lambda: replace(page, body=_mirrored(page)),
    }
    return {path: instead[fate]()}


def _encoded_anew(page: Page) -> bytes:
    with Image.open(io.BytesIO(page.content())) as image:
        return jpeg(image.convert("RGB"), 50)


def _mirrored(page: Page) -> bytes:
    with Image.open(io.BytesIO(page.content())) as image:
        return jpeg(image.convert("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT))
