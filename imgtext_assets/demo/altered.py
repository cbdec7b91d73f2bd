"""The cases that a picture's file brings about: copies, sizes, what the file says of rights, and odd files.

What belongs here: rows whose file is not just the picture. What does not: troubles of the web (`cases`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

import imagehash
from PIL import ExifTags, Image

from imgtext_assets.demo.cases import Link, published
from imgtext_assets.demo.pages import Page
from imgtext_assets.demo.pictures import CC0, Picture, jpeg, png

CLAIM = "© 2019 Jane Roe. All rights reserved."

_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>"""
_XMP_CLAIM = _XMP.format(
    attributes='xmlns:dc="http://purl.org/dc/elements/1.1/"',
    elements=f'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{CLAIM}</rdf:li></rdf:Alt></dc:rights>',
)


def image_of(link: Link) -> Image.Image:
    """The picture in a row's file."""
    return Image.open(io.BytesIO(link.body))


def recompressed(link: Link, quality: int) -> Link:
    """A near-duplicate of a row that is kept in its stead: the same picture, encoded again."""
    return _copy("recompressed", link, jpeg(image_of(link), quality))


def resized(link: Link, scale: float) -> Link:
    """A near-duplicate of a row that is kept in its stead: the same picture, smaller."""
    image = image_of(link)
    size = (round(image.width * scale), round(image.height * scale))
    return replace(_copy("resized", link, jpeg(image.resize(size, Image.Resampling.LANCZOS))), size=size)


def _copy(case: str, link: Link, body: bytes) -> Link:
    return replace(link, case=case, body=body, page=Page(body)).ends("deduplicated", "near_duplicate")


def drifted(re_encoded: Picture, replaced: Picture, other: Picture) -> list[Link]:
    """Files that their host has changed since they were listed: encoded again, which may be, and another picture."""
    links = [published("re_encoded_since_listed", re_encoded), published("replaced_since_listed", replaced)]
    pages = [jpeg(image_of(links[0]), 60), jpeg(other.image())]
    again, another = (
        replace(link, page=Page(page), phash=str(imagehash.phash(image_of(link))))
        for link, page in zip(links, pages, strict=True)
    )
    return [again, another.ends("verified", "replaced")]


def small(case: str, picture: Picture) -> Link:
    """A file smaller than the policy allows."""
    return published(case, picture, picture.image(200)).ends("verified", "too_small")


def strip(picture: Picture) -> Image.Image:
    """Its middle, four times as wide as high."""
    image = picture.image(1040)
    middle = image.height // 2
    return image.crop((0, middle - 130, 1040, middle + 130))


def claiming_in_exif(picture: Picture) -> Link:
    """A file whose EXIF claims rights."""
    body = jpeg(picture.image(), exif=_exif(CLAIM))
    return published("rights_in_exif", picture, body=body).ends("verified", "rights_claimed")


def rights_in_files(pictures: Iterator[Picture]) -> list[Link]:
    """Two files that claim rights, and one that denies them."""
    exif, xmp, free = next(pictures), next(pictures), next(pictures)
    with_xmp = jpeg(xmp.image(), xmp=_XMP_CLAIM.encode())
    return [
        claiming_in_exif(exif),
        published("rights_in_xmp", xmp, body=with_xmp).ends("verified", "rights_claimed"),
        published("exif_denies_rights", free, body=jpeg(free.image(), exif=_exif("Public domain, no rights reserved"))),
    ]


def _exif(copyright_: str) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = copyright_.encode()
    return exif


def data_mining(pictures: Iterator[Picture]) -> list[Link]:
    """Files whose XMP speaks of data mining: one forbids it for training, one allows it.

    The property and its values are PLUS's, adopted by IPTC: https://ns.useplus.org/LDF/ldf-XMPSpecification
    """
    prohibited, allowed = (_saying(next(pictures), word) for word in ("DMI-PROHIBITED-AIMLTRAINING", "DMI-ALLOWED"))
    return [
        replace(prohibited, case="data_mining_prohibited").ends("verified", "opted_out"),
        replace(allowed, case="data_mining_allowed"),
    ]


def _saying(picture: Picture, word: str) -> Link:
    plus = f'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" plus:DataMining="http://ns.useplus.org/ldf/vocab/{word}"'
    return published("", picture, body=jpeg(picture.image(), xmp=_XMP.format(attributes=plus, elements="").encode()))


def odd_files(pictures: Iterator[Picture]) -> list[Link]:
    """A wrong MD5, a picture to be turned, a PNG, a pixel bomb, and two flat cards that are no near-duplicates."""
    wrong, turned, lossless = next(pictures), next(pictures), next(pictures)
    sideways = Image.Exif()
    sideways[ExifTags.Base.Orientation] = 6  # to be turned by 90 degrees clockwise
    stored = jpeg(turned.image().transpose(Image.Transpose.ROTATE_90), exif=sideways)
    bomb = png(Image.new("1", (12_000, 12_000)))
    as_png = png(lossless.image())
    cards = [jpeg(Image.new("L", (400, 300), grey)) for grey in (127, 131)]
    return [
        replace(published("md5_mismatch", wrong), md5="0" * 32).ends("verified", "md5_mismatch"),
        published("turned_by_exif", turned, body=stored),
        replace(published("png", lossless, body=as_png), page=Page(as_png, "image/png"), file="picture.png"),
        Link("pixel_bomb", "A large empty sheet.", CC0, bomb, None, Page(bomb, "image/png"), file="sheet.png").ends(
            "verified", "decode_limit"
        ),
        *(Link("flat", "A plain grey card.", CC0, card, (400, 300), Page(card), file="card.jpg") for card in cards),
    ]
