"""Malice of files: what is no picture, what is two things at once, bombs, loops, and pictures that are not whole."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

from PIL import Image

from imgtext_assets.demo.pictures import Picture
from imgtext_assets_tests.web import bombs
from imgtext_assets_tests.web.hostile import answer
from imgtext_assets_tests.web.kind import Kind, fails, photograph, shows

FORMATS = ("JPEG", "progressive JPEG", "PNG", "WEBP", "lossless WEBP", "GIF", "TIFF", "AVIF")
"""Encoded here and cut at every eighth."""


def files(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """All kinds of this module."""
    return _no_pictures() | _two_things(pictures) | _bombs() | _metadata(pictures) | _cut(pictures) | _holes(pictures)


def encoded(picture: Picture, kind: str) -> bytes:
    """The picture in one of FORMATS."""
    options = {"progressive JPEG": {"progressive": True}, "lossless WEBP": {"lossless": True}}.get(kind, {})
    file = io.BytesIO()
    picture.image(400).save(file, kind.rpartition(" ")[2], **options)
    return file.getvalue()


def _no_pictures() -> dict[str, Kind]:
    html = b"<!DOCTYPE html><html><title>Not found</title>" + b"<p>Sorry.</p>" * 100
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../../etc/passwd", "root")
    documents = {
        "a web page": html,
        "a web page after blanks": b"\r\n\t  \n" + html,
        "a web page after a mark": b"\xef\xbb\xbf" + html,
        "a web page in capitals": b"<HTML><BODY>no</BODY></HTML>",
        "a web page after a comment": b"<!-- hello -->" + html,
        "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "XML with an entity": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "a PDF": b"%PDF-1.7\n1 0 obj\n",
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 300 300\n(/etc/passwd) (r) file\n",
        "a list of lines": b"all pictures have moved to another address\n" * 20,
        "JSON": json.dumps({"error": "not found"}).encode(),
    }
    others = {
        "an archive": archive.getvalue(),
        "a film": b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + bytes(5000),
        "a program": b"\x7fELF\x02\x01\x01" + bytes(5000),
        "zero bytes": bytes(10_000),
        "a bitmap": _saved(Image.new("RGB", (300, 300)), "BMP"),
        "an icon": _saved(Image.new("RGB", (256, 256)), "ICO"),
    }
    early = {f"serves {what}": fails(answer(body), "not_image") for what, body in documents.items()}
    late = {f"serves {what}": shows(body, "not_image") for what, body in others.items()}
    return early | late | {"serves a picture of one pixel": shows(_saved(Image.new("RGB", (1, 1)), "GIF"), "too_small")}


def _two_things(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """They are pictures, whatever else they are: bytes are kept as they came, and nobody here runs them."""
    gif = encoded(next(pictures), "GIF")
    with_page = _with_comment(photograph(pictures), b"<script>alert(1)</script>")
    archive = io.BytesIO(photograph(pictures))
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("a.php", "<?php phpinfo();")
    return {
        "is a GIF and a script": shows(gif + b"*/=1;alert(1)//", None),
        "is a JPEG and a web page": shows(with_page + b"<html></html>", None),
        "is a JPEG and an archive": shows(archive.getvalue(), None),
        "is two JPEGs": shows(photograph(pictures) + photograph(pictures), None),
        "is a PNG and calls itself a JPEG": shows(encoded(next(pictures), "PNG"), None, Content_Type="image/jpeg"),
        "wants to be saved elsewhere": shows(
            photograph(pictures), None, Content_Disposition='attachment; filename="../../../../tmp/escaped.jpg"'
        ),
    }


def _bombs() -> dict[str, Kind]:
    return {
        "is a PNG of 900 megapixels": shows(bombs.png(30_000, 30_000), "decode_limit", big=True),
        "is a PNG of 4 gigapixels, by its header": shows(bombs.png(65_535, 65_535, rows=1), "decode_limit", big=True),
        "is a PNG with 300 MB too many": shows(bombs.png(300, 300, rows=300, more=300_000_000), None, big=True),
        "is a PNG with a text of 300 MB": shows(bombs.png_with_text(300_000_000), "decode_limit", big=True),
        "is a GIF of 4 gigapixels": shows(bombs.gif(65_535, 65_535), "decode_limit", big=True),
        "is a GIF of 20,000 pictures": shows(bombs.gif_of_many(20_000), None, big=True),
        "is a TIFF of 10 gigapixels": shows(bombs.tiff(100_000, 100_000), "decode_limit", big=True),
        "is a WebP of 268 megapixels": shows(bombs.webp(), "decode_limit", big=True),
        "is a JPEG of 4 gigapixels, by its header": shows(bombs.jpeg(65_500, 65_500), "decode_limit", big=True),
        "is a JPEG of 20,000 scans": shows(bombs.jpeg_of_scans(20_000), "decode_limit"),
    }


def _metadata(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """Metadata that leads in circles or is too much; the pictures themselves are whole."""
    bodies = {
        "has EXIF that is its own EXIF": bombs.with_exif(photograph(pictures), bombs.exif_loop()),
        "has EXIF of four billion letters": bombs.with_exif(photograph(pictures), bombs.exif_of_letters()),
        "has EXIF that is none": bombs.with_exif(photograph(pictures), b"\xff" * 1000),
        "has EXIF with an odd orientation": bombs.with_exif(photograph(pictures), bombs.exif_orientation(99)),
        "has 1 MB of EXIF": bombs.png_with_exif(encoded(next(pictures), "PNG"), 1_000_000),
        "has XMP of a billion laughs": bombs.with_xmp(photograph(pictures), bombs.LAUGHS),
        "has XMP that reads a file": bombs.with_xmp(photograph(pictures), bombs.XMP_OF_A_FILE),
        "has XMP 10,000 deep": bombs.with_xmp(photograph(pictures), b"<a>" * 10_000),
        "is a TIFF whose second page is its first": bombs.tiff_loop(encoded(next(pictures), "TIFF")),
    }
    return {name: shows(body, None) for name, body in bodies.items()}


def _cut(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """Every format at every eighth. The server promises just what it sends, so the file alone can tell."""
    kinds: dict[str, Kind] = {}
    for form in FORMATS:
        for eighth in range(1, 8):
            body = encoded(next(pictures), form)
            kinds[f"serves {eighth}/8 of a {form}"] = shows(body[: len(body) * eighth // 8], "damaged")
    return kinds


def _holes(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """Damage that many decoders pass over."""
    no_end, zeroed, texted, half = (photograph(pictures) for _ in range(4))
    png, webp = encoded(next(pictures), "PNG"), encoded(next(pictures), "WEBP")
    at = len(zeroed) // 2
    bad_sum = bytearray(png)
    bad_sum[png.index(b"IDAT") + 100] ^= 0xFF
    return {
        "serves a JPEG without its end": shows(no_end[:-2], "damaged"),
        "serves a JPEG with zeroes in it": shows(zeroed[:at] + bytes(3000) + zeroed[at + 3000 :], "damaged"),
        "serves a JPEG with a web page in it": shows(texted[:at] + b"<html>error</html>" * 50 + texted[at:], "damaged"),
        "serves a JPEG whose second half is missing": shows(half[: len(half) // 2] + half[-2:], "damaged"),
        "serves a PNG without its end": shows(png[:-12], "damaged"),
        "serves a PNG with a wrong checksum": shows(bytes(bad_sum), "damaged"),
        "serves a WebP with one byte too few": shows(webp[:-1], "damaged"),
    }


def _with_comment(body: bytes, comment: bytes) -> bytes:
    return body[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + body[2:]


def _saved(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()
