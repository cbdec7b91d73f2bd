"""What a body begins as: documents are told, and whatever may be a picture passes."""

from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from imgtext_assets.fetch import Request
from imgtext_assets.fetch.sniff import LOOKED_AT, document
from imgtext_assets_tests.fetch.conftest import Fetch
from imgtext_assets_tests.web import CUT, HostileWeb, answer

PAGE = b"<!DOCTYPE html><html><head><title>404</title></head><body>No such picture</body></html>"


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (PAGE, "HTML"),
        (b"<!doctype HTML>", "HTML"),
        (b"\xef\xbb\xbf\r\n\t <html>", "HTML"),
        (b"<!-- Hosted by us -->\n<!-- twice --><HTML lang=en>", "HTML"),
        (b"<!-- a comment without end " + b"." * 600, "HTML"),
        (b"<script src=a.js></script>", "HTML"),
        (b"<h1>Forbidden</h1>", "HTML"),
        (b"<a href=/>", "HTML"),
        (b"<center>nginx</center>", "HTML"),
        ("\ufeff<html>".encode("utf-16-le"), "HTML"),
        ("\ufeff<html>".encode("utf-16-be"), "HTML"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "XML"),
        (b"<Error><Code>AccessDenied</Code></Error>", "XML"),
        (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0"><html>', "HTML"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b'<?xml version="1.0"?>\n<!-- Inkscape -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1">\n<svg>', "SVG"),
        (b"<svg:svg xmlns:svg='http://www.w3.org/2000/svg'>", "SVG"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b'{"error": "not found"}', "JSON"),
        (b' [ {"a": 1} ]', "JSON"),
        (b"[]", "JSON"),
        (b"Not found\n", "plain text"),
        ("Zugriff verweigert: überlastet".encode(), "plain text"),
        (("é" * 600).encode()[: LOOKED_AT + 1], "plain text"),
    ],
)
def test_a_document_is_told_by_its_first_bytes(first: bytes, kind: str):
    assert document(first) == kind
    assert document(first + b"\n" * 1000) == kind


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"   \n",
        b"GIF89a" + b"x" * 600,
        b"RIFF\x24\x24\x24\x24WEBPVP8 ",
        b"P3 2 2 255\n1 2 3",
        b"#define a_width 16\n",
        b"/* XPM */",
        b"\x1f\x8b\x08<html>",
        b"<\x00\x01\x02",
        b"{\x00\x01",
        b"\xff\xd8\xff\xe0<html><script>alert(1)</script>",
        b"\x00\x00\x00\x1cftypavif",
        b"caf\xe9 without a charset",
    ],
)
def test_what_may_be_a_picture_passes(first: bytes):
    assert document(first) is None


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "BMP", "PPM", "JPEG2000"])
@pytest.mark.parametrize("size", [(1, 1), (8224, 1), (100, 80)])
def test_every_picture_passes_wherever_it_is_cut(form: str, size: tuple[int, int]):
    file = BytesIO()
    Image.new("RGB", size, "#3c2020").save(file, form)
    whole = file.getvalue()
    for end in range(8, min(len(whole), LOOKED_AT) + 1):
        assert document(whole[:end]) is None


@given(st.binary(max_size=700) | st.text(max_size=300).map(str.encode))
@example(b"<!--" * 128)
@example(b"<?" + b"?>" * 255)
@example(b"<!doctype " * 51)
def test_any_bytes_are_judged_by_the_first_few_alone(first: bytes):
    assert document(first) == document(first[:LOOKED_AT])


@given(st.binary(min_size=1, max_size=600))
def test_bytes_that_follow_a_picture_s_signature_pass(rest: bytes):
    for signature in (
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF",
        b"II*\0",
        b"MM\0*",
        b"\0\0\0 ftypavif",
    ):
        assert document(signature + rest) is None


def pieces(body: bytes, size: int):
    """An answer in pieces of that size, each with a pause."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    def manner(_: object):
        yield head
        for at in range(0, len(body), size):
            yield body[at : at + size]
            yield 0.001

    return manner


@pytest.mark.parametrize("size", [1, 7, 5000])
@pytest.mark.parametrize("length", [len(PAGE), 5000])
def test_a_page_under_a_picture_s_name_is_final_whatever_the_pieces_it_comes_in(fetch: Fetch, size: int, length: int):
    body = PAGE + b"." * (length - len(PAGE))
    with HostileWeb({"/a.jpg": pieces(body, size)}) as web:
        (outcome,) = fetch([Request(web.url("/a.jpg"), picture=True)])
    assert (outcome.reason, outcome.passing, outcome.attempts) == ("not_image", False, 1)
    assert outcome.detail == "begins as HTML; Content-Type: image/jpeg"
    assert (outcome.body, outcome.sha256) == (None, None)
    assert outcome.content_type == "image/jpeg"


def test_the_rest_of_a_page_is_not_waited_for(fetch: Fetch):
    def hangs(_: object):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + PAGE * 6
        yield 3600.0

    with HostileWeb({"/a.jpg": hangs}) as web:
        (outcome,) = fetch([Request(web.url("/a.jpg"), picture=True)], total_seconds=60)
    assert outcome.reason == "not_image"


def test_a_page_that_is_cut_short_is_truncated_and_may_pass(fetch: Fetch):
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + PAGE
    with HostileWeb({"/a.jpg": lambda _: [said, CUT]}) as web:
        (outcome,) = fetch([Request(web.url("/a.jpg"), picture=True)])
    assert (outcome.reason, outcome.passing) == ("truncated", True)


def test_who_does_not_ask_for_a_picture_gets_the_page(fetch: Fetch):
    with HostileWeb({"/robots.txt": answer(PAGE)}) as web:
        (outcome,) = fetch([Request(web.url("/robots.txt"))])
    assert outcome.body is not None
    assert outcome.body.read() == PAGE


def test_a_picture_in_tiny_pieces_comes_whole(fetch: Fetch):
    body = b"\xff\xd8\xff" + bytes(range(256)) * 3
    with HostileWeb({"/a.jpg": pieces(body, 3)}) as web:
        (outcome,) = fetch([Request(web.url("/a.jpg"), picture=True)])
    assert outcome.body is not None
    assert outcome.body.read() == body
