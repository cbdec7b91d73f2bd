"""Which source of the sample holds which cases: its rows in order.

What belongs here: the cases that one source's list, or a picture's file, brings about. What does not: troubles of the
web (`cases`), and addresses, ids and columns (`sample`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

from PIL import ExifTags, Image

from imgtext_assets.demo.cases import UNAVAILABLE, Link, ordinary, published, web_cases
from imgtext_assets.demo.pages import Page
from imgtext_assets.demo.pictures import CC0, Picture, all_pictures, jpeg, png

EXCLUDED_ACCOUNT = "imgtext-sample-claims-copyright"
CC_BY_NC = "https://creativecommons.org/licenses/by-nc/4.0/"
CLAIM = "© 2019 Jane Roe. All rights reserved."

_HOSTILE_CAPTIONS = {
    "markdown": "![t](https://example.org/t.png) | a | b |\n|---|---|\n# x `y` <script>alert(1)</script>",
    "link": "[the full picture](javascript:alert(document.cookie)) <a href='javascript:x'>y</a>",
    "terminal": "\x1b[2J\x1b[31mred\x1b[0m \x1b]8;;https://example.org\x1b\\a link\x1b]8;;\x1b\\ \x07",
    "bidi": "a picture \u202egpj.exe\u202c \u2066of\u2069 a\u200b cat",
    "markup": "[bold red]ours[/bold red] [/] [link=file:///etc/passwd]open[/link] {row} %s",
    "formula": '=HYPERLINK("https://example.org";"open")',
}
_XMP_CLAIM = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:rights><rdf:Alt>
<rdf:li xml:lang="x-default">{CLAIM}</rdf:li></rdf:Alt></dc:rights></rdf:Description></rdf:RDF></x:xmpmeta>"""


def all_links() -> dict[str, list[list[Link]]]:
    """The sample's rows: by source, a list for each of its files.

    Megalith's list is CC0 as a whole, so it gets only pictures that are. What repeats, repeats rows of PD12M's first
    file, which declares the larger size or has the earlier id and so is kept.
    """
    of_megalith = [picture for picture in all_pictures() if picture.photograph.license == CC0][:68:2]
    others = iter([picture for picture in all_pictures() if picture not in of_megalith])
    first = _pd12m_first(others)
    return {
        "pd12m": [first, _pd12m_second(others, first)],
        "megalith": [_megalith(iter(of_megalith), first)],
        "laion": [_laion(others, first)],
    }


def unavailable_picture() -> Page:
    """What a host shows in the stead of pictures that it no longer has."""
    return Page(png(Image.new("L", (500, 374), 221)), "image/png")


def _pd12m_first(pictures: Iterator[Picture]) -> list[Link]:
    web = ("not_found", "gone", "server_error", "flaky_503", "redirect", "error_page_with_status_200", "truncated")
    small_copy = next(pictures)
    return [
        *ordinary(pictures, 20),
        *web_cases(pictures, (*web, "shorter_than_promised", "wrong_content_type", "opted_out")),
        replace(published("repeated_id", next(pictures)), repeats_id=True).ends("raw_metadata", "repeated_id"),
        published("smaller_copy", small_copy).ends("deduplicated", "near_duplicate"),
        published("larger_copy", small_copy, small_copy.image(1280)),
    ]


def _pd12m_second(pictures: Iterator[Picture], first: list[Link]) -> list[Link]:
    return [
        *ordinary(pictures, 14),
        *_repeats(first),
        *_licences(pictures),
        *_sizes(pictures),
        *_rights_in_files(pictures),
        *_odd_files(pictures),
    ]


def _repeats(first: list[Link]) -> list[Link]:
    same = replace(first[0], case="same_bytes").ends("deduplicated", "same_bytes")
    again = replace(first[1], case="same_url", page=None, repeats_address_of=1).ends("deduplicated", "same_url")
    recompressed, halved = _recompressed(first[2], 60), _resized(first[3], 0.5)
    return [same, again, recompressed, halved]


def _recompressed(link: Link, quality: int) -> Link:
    return _copy("recompressed", link, jpeg(_image(link), quality))


def _resized(link: Link, scale: float) -> Link:
    image = _image(link)
    size = (round(image.width * scale), round(image.height * scale))
    return replace(_copy("resized", link, jpeg(image.resize(size, Image.Resampling.LANCZOS))), size=size)


def _copy(case: str, link: Link, body: bytes) -> Link:
    return replace(link, case=case, body=body, page=Page(body)).ends("deduplicated", "near_duplicate")


def _image(link: Link) -> Image.Image:
    return Image.open(io.BytesIO(link.body))


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
    small, strip = next(pictures), next(pictures)
    less = next(pictures)
    return [
        published("declared_small", small, small.image(200)).ends("resolution_filtered", "too_small"),
        published("declared_elongated", strip, _strip(strip)).ends("resolution_filtered", "bad_aspect_ratio"),
        replace(_small("measured_small", less), size=(640, 480)),
    ]


def _small(case: str, picture: Picture) -> Link:
    return published(case, picture, picture.image(200)).ends("verified", "too_small")


def _strip(picture: Picture) -> Image.Image:
    """Its middle, four times as wide as high."""
    image = picture.image(1040)
    middle = image.height // 2
    return image.crop((0, middle - 130, 1040, middle + 130))


def _rights_in_files(pictures: Iterator[Picture]) -> list[Link]:
    exif, xmp, free = next(pictures), next(pictures), next(pictures)
    with_xmp = jpeg(xmp.image(), xmp=_XMP_CLAIM.encode())
    return [
        _claiming_in_exif(exif),
        published("rights_in_xmp", xmp, body=with_xmp).ends("verified", "rights_claimed"),
        published("exif_denies_rights", free, body=jpeg(free.image(), exif=_exif("Public domain, no rights reserved"))),
    ]


def _claiming_in_exif(picture: Picture) -> Link:
    body = jpeg(picture.image(), exif=_exif(CLAIM))
    return published("rights_in_exif", picture, body=body).ends("verified", "rights_claimed")


def _exif(copyright_: str) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = copyright_.encode()
    return exif


def _odd_files(pictures: Iterator[Picture]) -> list[Link]:
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


def _megalith(pictures: Iterator[Picture], first: list[Link]) -> list[Link]:
    web = ("not_found", "gone", "forbidden", "flaky_429", "redirect", "truncated", "opted_out")
    excluded = [published("excluded_account", next(pictures)) for _ in range(2)]
    small, strip = next(pictures), next(pictures)
    links = [
        *ordinary(pictures, 17),
        _recompressed(first[4], 60),
        *(replace(link, account=EXCLUDED_ACCOUNT).ends("license_filtered", "account_excluded") for link in excluded),
        _small("measured_small", small),
        published("measured_elongated", strip, _strip(strip)).ends("verified", "bad_aspect_ratio"),
        _claiming_in_exif(next(pictures)),
        *web_cases(pictures, web),
    ]
    return [
        *(replace(link, preview=_preview(link)) for link in links),
        *(published("no_preview", next(pictures)) for _ in range(2)),
        *(
            replace(link, preview=Page(redirect=UNAVAILABLE))
            for link in web_cases(pictures, ("unavailable_picture", "unavailable_picture"))
        ),
    ]


def _preview(link: Link) -> Page | None:
    """Flickr's small size, 240 pixels; it goes with the picture."""
    if link.page is None or link.page.status >= 400:
        return link.page
    image = _image(link)
    image.thumbnail((240, 240))
    return Page(jpeg(image, 80))


def _laion(pictures: Iterator[Picture], first: list[Link]) -> list[Link]:
    web = ("not_found", "gone", "forbidden", "server_error", "flaky_500", "redirect_to_private_address")
    web += ("redirect_loop", "empty", "error_page_with_status_200", "opt_out_of_another_robot")
    return [
        *ordinary(pictures, 18),
        *_laion_repeats(first),
        *_laion_metadata(pictures),
        *(replace(published(f"hostile_caption_{n}", next(pictures)), caption=c) for n, c in _HOSTILE_CAPTIONS.items()),
        *web_cases(pictures, web),
    ]


def _laion_repeats(first: list[Link]) -> list[Link]:
    """LAION declares the size that the page showed the picture in, here a smaller one."""
    shown = (480, 320)
    same_url = replace(first[5], case="same_url", page=None, repeats_address_of=5, size=shown)
    same_bytes = replace(first[6], case="same_bytes", size=shown)
    return [
        same_url.ends("deduplicated", "same_url"),
        same_bytes.ends("deduplicated", "same_bytes"),
        _resized(first[7], 0.75),
    ]


def _laion_metadata(pictures: Iterator[Picture]) -> list[Link]:
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
        replace(_small("unknown_size_small", next(pictures)), size=None),
        replace(published("nonsense_numbers", next(pictures)), size=(0, 0), similarity=6016.0),
        replace(published("path_not_ascii", next(pictures)), file="Schloß im Grünen – 写真.jpg"),
    ]
