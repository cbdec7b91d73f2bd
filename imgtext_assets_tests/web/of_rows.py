"""Malice of the lists themselves: addresses that are none, promises about other bytes, texts with teeth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import imagehash

from imgtext_assets.demo.pictures import Picture, jpeg
from imgtext_assets_tests.web.hostile import answer
from imgtext_assets_tests.web.kind import METADATA, Kind, photograph

_NO_ADDRESSES = {
    "a file": "file:///etc/passwd",
    "a path": "/etc/passwd",
    "ftp": "ftp://{host}/a.jpg",
    "gopher": "gopher://{host}:70/_x",
    "data": "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
    "a script": "javascript:alert(1)",
    "an address with a password": "http://user:secret@{host}:{port}/picture.jpg",
    "an address without a host": "http:///etc/passwd",
    "an address with an end of line": "http://{host}:{port}/a\r\nCookie: a=b",
    "an address with an escape": "http://{host}:{port}/\x1b[2J.jpg",
    "an address too long": "http://{host}:{port}/" + "a" * 9000,
    "an address with two hosts": "http://{host}:{port}\\@127.0.0.2/",
    "an empty address": "",
}


def rows(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """All kinds of this module."""
    bad = {f"lists {what}": Kind(None, "raw_metadata", "bad_url", address=it) for what, it in _NO_ADDRESSES.items()}
    return bad | _odd_addresses(pictures) | _texts(pictures) | _promises(pictures) | _soft_404(pictures)


def _odd_addresses(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """Addresses that a browser would take."""
    odd = {
        "é": ("/café.jpg", "/caf%C3%A9.jpg"),
        "a space": ("/a picture.jpg", "/a%20picture.jpg"),
        "a stray percent sign": ("/100%.jpg", "/100%.jpg"),
        "quotes and braces": ('/"{x}|^`.jpg', "/%22%7Bx%7D%7C%5E%60.jpg"),
        "an escaped way up": ("/..%2F..%2Fetc%2Fpasswd", "/..%2F..%2Fetc%2Fpasswd"),
        "an emoji": ("/\U0001f600.jpg", "/%F0%9F%98%80.jpg"),
        "an override of direction": ("/\u202egpj.exe", "/%E2%80%AEgpj.exe"),
    }
    kinds = {
        f"lists an address with {what}": Kind(
            answer(photograph(pictures)), "verified", None, address="http://{host}:{port}" + address, path=path
        )
        for what, (address, path) in odd.items()
    }
    wide = "http://{wide}:{port}/picture.jpg"
    return kinds | {
        "lists a host in wide digits": Kind(answer(photograph(pictures)), "verified", None, address=wide),
    }


def _texts(pictures: Iterator[Picture]) -> dict[str, Kind]:
    def kind(stage: str = "verified", reason: str | None = None, **row: object) -> Kind:
        return Kind(answer(photograph(pictures)), stage, reason, row=row)

    return {
        "has a caption with NUL": kind("raw_metadata", "bad_text", caption="a\0b"),
        "has a caption of 100 kB": kind("raw_metadata", "bad_text", caption="a" * 100_000),
        "has a caption with control characters": kind(caption="A cat\x1b[31m on\x07 a \r\n\tmat."),
        "has a caption that runs backwards": kind(caption="A \u202ecat\u202c on a mat."),
        "has a caption with a script": kind(caption="<script>alert(1)</script><img src=x onerror=alert(1)>"),
        "has a caption for spreadsheets": kind(caption='=HYPERLINK("http://a.example","x")'),
        "has an id that climbs": kind(id="../../../../tmp/escaped"),
        "has an id of lines": kind(id="a\r\nb"),
        "has a preview that is a file": kind(preview_url="file:///etc/passwd"),
        "has a preview at metadata": kind(preview_url=f"http://{METADATA}:{{port}}/preview"),
        "has sizes beyond numbers": kind(width=2**62, height=2**62),
    }


def _promises(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """Bytes that are not the promised ones."""
    other = photograph(pictures)
    replaced, again = next(pictures), next(pictures)
    encoded, before = jpeg(again.image()), jpeg(again.image(), quality=60)
    return {
        "declares another's MD5": Kind(
            answer(photograph(pictures)), "verified", "md5_mismatch", row={"md5": _md5(other)}
        ),
        "declares another's SHA-256": Kind(
            answer(photograph(pictures)),
            "verified",
            "sha256_mismatch",
            row={"declared_sha256": hashlib.sha256(other).hexdigest()},
        ),
        "declares another picture": Kind(
            answer(jpeg(replaced.image())),
            "verified",
            "replaced",
            row={"md5": _md5(other), "declared_phash": str(imagehash.phash(next(pictures).image()))},
        ),
        "declares the picture before it was encoded anew": Kind(
            answer(encoded),
            "verified",
            None,
            row={"md5": _md5(before), "declared_phash": str(imagehash.phash(again.image()))},
        ),
        "declares what it shows": Kind(answer(other), "verified", None, row={"md5": _md5(other).upper()}),
        "declares an MD5 that is none": Kind(answer(photograph(pictures)), "verified", None, row={"md5": "../../x"}),
    }


def _soft_404(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """One picture for every link of a host, with status 200."""
    same = answer(photograph(pictures))
    return {"answers all links with one picture": Kind(same, "deduplicated", "placeholder", links=12)}


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
