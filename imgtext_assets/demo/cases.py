"""What a row of the sample is, and the cases that any source may hold: ordinary ones, and troubles of the web.

A `Link` is one row as a story: what its source says of the picture, what its address answers, and where the row ends.
The ends hold under the sample's catalog (`data/catalog.yaml`).

What belongs here: cases apart from any source, and troubles of the web. What does not: cases that a picture's file
brings about (`altered`), what hosts say of the use of their pictures (`consent`), which source holds which (`sources`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle

from PIL import Image

from imgtext_assets.demo.pages import Page
from imgtext_assets.demo.pictures import CC0, NO_KNOWN_COPYRIGHT, PUBLIC_DOMAIN, Picture, jpeg

ORDINARY = "ordinary"
UNAVAILABLE = "/photo_unavailable.png"

# Public-domain statements as they are written in the wild; all of them pass.
_SPELLINGS = {
    CC0: (
        CC0,
        "http://creativecommons.org/publicdomain/zero/1.0",
        "https://www.creativecommons.org/publicdomain/zero/1.0/deed.de",
        "https://creativecommons.org/publicdomain/zero/1.0/legalcode",
    ),
    PUBLIC_DOMAIN: (
        PUBLIC_DOMAIN,
        "http://www.creativecommons.org/publicdomain/mark/1.0/",
        "https://creativecommons.org/publicdomain/mark/1.0/deed.en",
    ),
    NO_KNOWN_COPYRIGHT: (NO_KNOWN_COPYRIGHT,),
}


@dataclass(frozen=True)
class Link:
    """One row of a source's list. `reason` is null where the row is to be verified, else it ends at `stage`."""

    case: str
    caption: str | None
    """None: none is given. A surrogate stands for a byte that is not UTF-8 (PEP 383); only text lists may have one."""
    license: str | None
    body: bytes = b""
    """The file as its maker published it: the declared MD5 and SHA-256 are of these bytes."""
    size: tuple[int, int] | None = None
    """Declared width and height in pixels; None: not known."""
    page: Page | None = None
    """What the address answers; None: 404."""
    aside: Mapping[str, Page] = field(default_factory=dict)
    """More pages that the case needs, by path."""
    preview: Page | None = None
    """What the address of the small version answers, where the source has such; None: 404."""
    stage: str = "verified"
    reason: str | None = None
    file: str = "picture.jpg"
    """File name in the address, where the source's addresses have one."""
    address: str | None = None
    """The URL, where it is none of the sample's web."""
    folder: str | None = None
    """The folder of the address on the sample's web, where the case hangs on it."""
    repeats_address_of: int | None = None
    """Row of PD12M's first file whose address this one is, in another spelling."""
    repeats_id: bool = False
    """The row has the id of the row before."""
    account: str = "imgtext-sample"
    title: str | None = None
    description: str | None = None
    creator: str | None = None
    md5: str | None = None
    """The declared MD5 where it is not that of `body`."""
    sha256: str | None = None
    """The declared SHA-256 where it is not that of `body`."""
    phash: str | None = None
    """The declared perceptual hash, 16 hex digits."""
    similarity: float = 0.31
    aesthetic: float = 6.25
    line: str | None = None
    """The row's line in a text list, where nothing can be read from it."""

    @property
    def declared_md5(self) -> str:
        """MD5 that the source declares, 32 hex digits."""
        return self.md5 or hashlib.md5(self.body, usedforsecurity=False).hexdigest()

    @property
    def declared_sha256(self) -> str:
        """SHA-256 that the source declares, 64 hex digits."""
        return self.sha256 or hashlib.sha256(self.body).hexdigest()

    def ends(self, stage: str, reason: str) -> Link:
        """The same, to end at that stage for that reason."""
        return replace(self, stage=stage, reason=reason)


def published(case: str, picture: Picture, image: Image.Image | None = None, body: bytes | None = None) -> Link:
    """A row that is right in everything: the picture (or another image or file of it) under its own licence."""
    image = image or picture.image()
    body = jpeg(image) if body is None else body
    return Link(
        case,
        picture.caption,
        picture.photograph.license,
        body,
        image.size,
        Page(body),
        file=f"{picture.slug}.jpg",
        title=picture.title,
        creator=picture.photograph.author,
    )


def ordinary(
    pictures: Iterator[Picture], count: int, spellings: Mapping[str, Sequence[str]] = _SPELLINGS
) -> list[Link]:
    """Rows without any trouble, their licences in the spellings that are about (by default addresses), in turn."""
    in_turn = {license_: cycle(stated) for license_, stated in spellings.items()}
    links = [published(ORDINARY, next(pictures)) for _ in range(count)]
    return [replace(link, license=next(in_turn[link.license or ""])) for link in links]


def unreadable(line: str) -> Link:
    """A line of a text list from which nothing can be read, so that the row has no address either."""
    return Link("unreadable_row", None, None, line=line).ends("raw_metadata", "unreadable_row")


def web_cases(pictures: Iterator[Picture], *names: str) -> list[Link]:
    """The cases of these names in which the picture and its metadata are right and the web is not."""
    return [_on_the_web(published(name, next(pictures))) for name in names]


def _on_the_web(link: Link) -> Link:
    body, case = link.body, link.case
    moved = f"/moved/{hashlib.sha256(body).hexdigest()[:12]}.jpg"
    half = body[: len(body) // 2]
    error = f"<!doctype html><h1>No such page</h1><p>{link.file}</p>".encode()
    fetched: dict[str, tuple[Page | None, str]] = {
        "not_found": (None, "not_found"),
        "gone": (Page(status=410), "gone"),
        "forbidden": (Page(status=403), "forbidden"),
        "server_error": (Page(status=500), "server_error"),
        "unavailable_picture": (Page(redirect=UNAVAILABLE), "placeholder"),
        "redirect_to_private_address": (Page(redirect="http://169.254.169.254/latest/meta-data/"), "blocked_address"),
        "redirect_loop": (Page(redirect=moved), "redirect_loop"),
        "error_page_with_status_200": (Page(error, "text/html"), "not_image"),
        "shorter_than_promised": (Page(half, promise=len(body)), "truncated"),
    }
    alive: dict[str, Page] = {
        "flaky_503": Page(body, flaky=(503,), retry_after=1),
        "flaky_429": Page(body, flaky=(429,), retry_after=1),
        "flaky_500": Page(body, flaky=(500, 502)),
        "redirect": Page(redirect=moved),
        "wrong_content_type": Page(body, "application/octet-stream"),
    }
    no_picture: dict[str, tuple[Page, str]] = {
        "empty": (Page(b""), "not_image"),
        "truncated": (Page(half), "damaged"),
    }
    aside = {"redirect": {moved: Page(body)}, "redirect_loop": {moved: Page(redirect=moved)}}.get(case, {})
    if case in alive:
        return replace(link, page=alive[case], aside=aside)
    if case in fetched:
        page, reason = fetched[case]
        return replace(link, page=page, aside=aside).ends("downloaded", reason)
    page, reason = no_picture[case]
    return replace(link, page=page).ends("verified", reason)
