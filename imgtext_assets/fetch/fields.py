"""Header fields by which a file is asked for on a condition or in part, and by which a host says how large it is.

What belongs here: spelling and reading these fields (RFC 9110). What does not: what a response means (`transfer`).
"""

from __future__ import annotations

import re

from imgtext_assets.fetch.outcomes import Request

_ENTITY_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"')  # RFC 9110 8.8.3
_HTTP_DATE = re.compile(r"[ -~]{1,64}")
_CONTENT_RANGE = re.compile(r"bytes[ \t]+0-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,18}")


def conditions(request: Request) -> list[bytes]:
    """Headers that make the request conditional (RFC 9110 13.1), from validators that are well-formed."""
    fields = []
    if request.etag and _ENTITY_TAG.fullmatch(request.etag):
        fields.append(f"If-None-Match: {request.etag}")
    if request.last_modified and _HTTP_DATE.fullmatch(request.last_modified):
        fields.append(f"If-Modified-Since: {request.last_modified}")
    return [field.encode("latin-1") for field in fields]


def range_wanted(request: Request) -> list[bytes]:
    """The header that asks for the beginning alone (RFC 9110 14.2), where the request does."""
    first = request.first_bytes
    return [] if first is None else [b"Range: bytes=0-%d" % (first - 1)]


def beginning(content_range: str, at_most: int) -> tuple[int, int | None] | None:
    """How many bytes a 206 holds and the whole file has (None: not said), by its Content-Range (RFC 9110 14.4).

    None where these are not its first bytes, at most `at_most` of them.

    >>> beginning("bytes 0-99/1234", 100)
    (100, 1234)
    """
    match = _CONTENT_RANGE.fullmatch(content_range.strip())
    if not match:
        return None
    sent, total = int(match[1]) + 1, None if match[2] == "*" else int(match[2])
    return None if sent > at_most or (total is not None and sent > total) else (sent, total)


def length(content_length: str) -> int | None:
    """The number of bytes that a Content-Length promises (RFC 9110 8.6); None where it is no number."""
    return int(content_length) if _LENGTH.fullmatch(content_length) else None
