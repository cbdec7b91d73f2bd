"""Malice of hosts: the wire, HTTP's rules, sizes, statuses, and what a host says of the use of its pictures."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

from imgtext_assets.demo.pictures import Picture
from imgtext_assets_tests.web.hostile import CUT, RESET, Manner, Seen, Words, answer, says, then
from imgtext_assets_tests.web.kind import (
    EXPIRED,
    MISNAMED,
    SELF_SIGNED,
    TLS,
    UNSERVED,
    Kind,
    fails,
    leads_to,
    photograph,
    shows,
)

FOREVER = 3600.0
OK = b"HTTP/1.1 200 OK\r\n"
HEAD = OK + b"Content-Length: 1000\r\n\r\n"
JPEG_BEGINS = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"  # so that no look at the body ends it earlier
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def hosts(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """All kinds of this module."""
    return _silent() | _broken() | _lying(pictures) | _huge() | _tls(pictures) | _statuses() | _refusing(pictures)


def drips(seen: Seen) -> Iterator[Words]:
    """A byte at a time."""
    yield HEAD + JPEG_BEGINS
    while True:
        yield b"."
        yield 0.02


def _silent() -> dict[str, Kind]:
    return {
        "hangs": fails(says(FOREVER), "timeout"),
        "hangs in its headers": fails(says(OK + b"Conte", FOREVER), "timeout"),
        "hangs in its body": fails(says(HEAD + JPEG_BEGINS, FOREVER), "timeout"),
        "drips": fails(drips, "timeout"),
        "hangs with its robots.txt": fails(answer(b"x"), "timeout", {"/robots.txt": says(FOREVER)}),
        "is not there": Kind(None, "downloaded", "refused", address=f"http://{UNSERVED}:{{port}}/picture.jpg"),
        "has a name that nobody knows": Kind(None, "downloaded", "dns", address="http://bücher.invalid/picture.jpg"),
    }


def _broken() -> dict[str, Kind]:
    two_lengths = OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"
    return {
        "hangs up at once": fails(says(CUT), "reset"),
        "hangs up in its headers": fails(says(OK + b"Conte", CUT), "reset"),
        "resets at once": fails(says(RESET), "reset"),
        "resets in its headers": fails(says(OK + b"Conte", RESET), "reset"),
        "resets in its body": fails(says(HEAD + JPEG_BEGINS, 0.1, RESET), "reset"),
        "ends within a chunk": fails(says(CHUNKED + b"ff\r\n" + JPEG_BEGINS, CUT), "truncated"),
        "lies about a chunk": fails(says(CHUNKED + b"zz\r\nabc\r\n", CUT), "bad_response"),
        "has a chunk beyond numbers": fails(says(CHUNKED + b"f" * 40 + b"\r\nabc\r\n", CUT), "bad_response"),
        "promises more than it sends": fails(says(HEAD + JPEG_BEGINS, CUT), "truncated"),
        "promises a negative length": fails(says(OK + b"Content-Length: -1\r\n\r\nabc", CUT), "bad_response"),
        "promises two lengths": fails(says(two_lengths, CUT), "bad_response"),
        "speaks no HTTP": fails(says(b"SSH-2.0-OpenSSH_9.9\r\n", CUT), "bad_response"),
        "speaks HTTP/0.9": fails(says(b"<html>hello</html>", CUT), "bad_response"),
        "sends NUL in a header": fails(says(OK + b"X-A: a\0b\r\nContent-Length: 0\r\n\r\n"), "bad_response"),
    }


def _lying(pictures: Iterator[Picture]) -> dict[str, Kind]:
    longer, shorter, text, coded = (photograph(pictures) for _ in range(4))
    promised = OK + b"Content-Length: %d\r\n\r\n"
    bomb = gzip.compress(bytes(50_000_000))
    return {
        "sends more than it promises": Kind(
            says(promised % len(longer) + longer + bytes(1_000_000), CUT), "verified", None
        ),
        "promises less than the picture": Kind(
            says(promised % (len(shorter) // 2) + shorter, CUT), "verified", "damaged"
        ),
        "calls a picture text": shows(text, None, Content_Type="text/html"),
        "calls a picture brotli": shows(coded, None, Content_Encoding="br"),
        # What is packed is not unpacked, so it is no picture.
        "packs a picture that was wanted plain": shows(
            gzip.compress(photograph(pictures)), "not_image", Content_Encoding="gzip"
        ),
        "is a bomb of gzip": shows(bomb, "not_image", big=True, Content_Encoding="gzip"),
        "is a bomb of deflate": shows(
            zlib.compress(bytes(50_000_000)), "not_image", big=True, Content_Encoding="deflate"
        ),
        "sends an empty body": shows(b"", "not_image"),
    }


def _huge() -> dict[str, Kind]:
    return {
        "promises 1.5 GB and sends them": fails(_zeros(1_500_000_000), "too_large", big=True),
        "promises 300 MB and sends them": fails(_zeros(300_000_000), "too_large", big=True),
        "sends 1.5 GB without a promise": fails(_zeros(1_500_000_000, OK + b"\r\n"), "too_large", big=True),
        "sends 300 MB in chunks": fails(_in_chunks(300_000_000), "too_large", big=True),
        "never ends": fails(_endless(OK + b"\r\n" + JPEG_BEGINS, bytes(65536)), "too_large", big=True),
        "never ends its headers": fails(_endless(OK, b"X-Bomb: " + b"x" * 1000 + b"\r\n"), "too_large", big=True),
        "sends one header of 10 MB": fails(_endless(OK + b"X-Bomb: ", b"x" * 65536, 160), "too_large", big=True),
        "sends 100,000 headers": fails(_endless(OK, b"A: b\r\n" * 1000, 100), "too_large", big=True),
        "is never ready": fails(_endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), "too_large"),
        "promises beyond numbers": fails(says(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"), "too_large"),
        "never ends its trailers": fails(_endless(CHUNKED + b"1\r\n\xff\r\n0\r\n", b"X: y\r\n" * 1000), "too_large"),
        "is gone without end": fails(_endless(b"HTTP/1.1 404 No\r\n\r\n", bytes(65536)), "not_found", big=True),
        "has a robots.txt without end": Kind(
            answer(b"x"),
            "downloaded",
            "robots_disallowed",
            {"/robots.txt": _endless(OK + b"\r\nUser-agent: *\nDisallow: /\n", b"#" * 65536)},
            big=True,
        ),
    }


def _endless(first: bytes, again: bytes, times: int = 10**9) -> Manner:
    def manner(seen: Seen) -> Iterator[Words]:
        yield first
        for _ in range(times):
            yield again

    return manner


def _zeros(count: int, head: bytes | None = None) -> Manner:
    return _endless(head or OK + b"Content-Length: %d\r\n\r\n" % count, bytes(65536), count // 65536)


def _in_chunks(count: int) -> Manner:
    return _endless(CHUNKED, b"10000\r\n" + bytes(65536) + b"\r\n", count // 65536)


def _tls(pictures: Iterator[Picture]) -> dict[str, Kind]:
    picture = answer(photograph(pictures))
    secure = "https://{}:{{port}}/picture.jpg"
    hosts = {"signed itself": SELF_SIGNED, "has expired": EXPIRED, "is another's": MISNAMED}
    wrong = {
        f"has a certificate that {what}": Kind(
            None, "downloaded", "tls", {f"{host}/picture.jpg": picture}, secure.format(host)
        )
        for what, host in hosts.items()
    }
    return wrong | {
        "has a good certificate": Kind(None, "verified", None, {f"{TLS}/picture.jpg": picture}, secure.format(TLS)),
        "speaks plainly where TLS is due": Kind(picture, "downloaded", "tls", address=secure.format("{host}")),
    }


def _statuses() -> dict[str, Kind]:
    ends = {
        "204 No Content": "truncated",
        "206 Partial Content": "truncated",
        "300 Multiple Choices": "redirect_loop",
        "304 Not Modified": "redirect_loop",
        "401 Unauthorized": "forbidden",
        "403 Forbidden": "forbidden",
        "404 Not Found": "not_found",
        "410 Gone": "gone",
        "418 I'm a teapot": "forbidden",
        "451 Unavailable For Legal Reasons": "forbidden",
        "500 Internal Server Error": "server_error",
        "503 Service Unavailable": "server_error",
        "999 Request denied": "server_error",
    }
    answered = {f"answers {status}": fails(answer(b"x", status=status), reason) for status, reason in ends.items()}
    waits = {"30", "Wed, 01 Jan 2099 00:00:00 GMT", "1000000000", "-5", "soon", "9" * 400, "Thu, 99 Zzz 0 0"}
    throttled = {
        f"answers 429, come back after {wait:.40}": fails(_too_many(wait), "throttled") for wait in sorted(waits)
    }
    return answered | throttled


def _too_many(wait: str) -> Manner:
    return answer(b"x", status="429 Too Many Requests", headers={"Retry-After": wait})


def _refusing(pictures: Iterator[Picture]) -> dict[str, Kind]:
    words = ("noai", "noimageai", "noml", "none", "NoML, all", "GPTBot: noimageai")
    refused = {f"says {word}": fails(_tagged({"X-Robots-Tag": word}), "opted_out") for word in words}
    closed = b"User-agent: GPTBot\nDisallow: /\n"
    reserved = b'[{"location": "/*", "tdm-reservation": 1}]'
    return refused | {
        "reserves the rights": fails(_tagged({"tdm-reservation": "1"}), "opted_out"),
        "reserves the rights in a file": fails(
            answer(b"x"), "opted_out", {"/.well-known/tdmrep.json": answer(reserved)}
        ),
        "says noai where it redirects": fails(
            then(answer(status="302 Found", headers={"Location": "/b.jpg", "X-Robots-Tag": "noai"})), "opted_out"
        ),
        "closes itself to GPTBot": fails(answer(b"x"), "robots_disallowed", {"/robots.txt": answer(closed)}),
        "opts out and hangs": fails(says(OK + b"X-Robots-Tag: noai\r\n\r\n", FOREVER), "opted_out"),
        "is forbidden and hangs": fails(says(b"HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\n", FOREVER), "forbidden"),
        "busy but comes back": Kind(
            then(answer(status="503 Busy", headers={"Retry-After": "1"}), answer(photograph(pictures))),
            "verified",
            None,
        ),
        "moved for good": Kind(leads_to("/b.jpg"), "verified", None, {"/b.jpg": answer(photograph(pictures))}),
    }


def _tagged(headers: dict[str, str]) -> Manner:
    return answer(JPEG_BEGINS, headers=headers)
