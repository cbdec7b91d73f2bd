"""What one path of the sample's web answers: pages, and a page's answer to a request.

What belongs here: the meaning of requests to a page (RFC 9110), as pure functions. What does not: sockets (`web`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

LAST_MODIFIED = "Wed, 01 Jan 2025 00:00:00 GMT"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_URL_SAFE = "/:?#[]@!$&'()*+,;=%-._~"


@dataclass(frozen=True)
class Page:
    """What one path answers. A path that is not in the mapping answers 404."""

    body: bytes | Path = b""
    content_type: str = "image/jpeg"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    redirect: str | None = None
    """Path or URL to answer 302 with (`status` if that is another 3xx)."""
    flaky: tuple[int, ...] = ()
    """Statuses that the first requests get; later ones get the page."""
    retry_after: int | None = None
    """Seconds to send as Retry-After with a flaky 429 or 503."""
    promise: int | None = None
    """Content-Length to promise though the body is shorter; the connection closes after the body."""
    delay: float = 0.0
    """Seconds to think before answering, so that requests overlap."""

    def content(self) -> bytes:
        """The body's bytes, read from its file where it is one."""
        return self.body.read_bytes() if isinstance(self.body, Path) else self.body


@dataclass(frozen=True)
class Answer:
    """One response, ready to be sent; `promise` is the Content-Length where it is not the body's."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    promise: int | None = None


def answer(page: Page | None, visit: int, asked: Mapping[str, str]) -> Answer:
    """What a page (None: there is none) answers to its request number `visit`, from 0.

    `asked` are the request's headers, their names in lower case.
    """
    if page is None:
        return _plain(404)
    if visit < len(page.flaky):
        return _plain(page.flaky[visit], page.retry_after)
    if page.redirect is not None:
        status = page.status if 300 <= page.status < 400 else 302
        return Answer(status, {"Location": quote(page.redirect, safe=_URL_SAFE), **page.headers})
    return _representation(page, asked)


def _plain(status: int, retry_after: int | None = None) -> Answer:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if retry_after is not None and status in (429, 503):
        headers["Retry-After"] = str(retry_after)
    return Answer(status, headers, f"{status} {HTTPStatus(status).phrase}\n".encode())


def _representation(page: Page, asked: Mapping[str, str]) -> Answer:
    """The page itself, or 304 or 206 where a 200 was asked for on a condition or in part."""
    body = page.content()
    headers = {"Content-Type": page.content_type, **page.headers}
    if page.status != 200 or page.promise is not None:
        return Answer(page.status, headers, body, page.promise)
    validators = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "Last-Modified": LAST_MODIFIED}
    headers = {**validators, "Accept-Ranges": "bytes", **headers}
    if _unchanged(headers, asked):
        return Answer(304, {name: value for name, value in headers.items() if name != "Content-Type"})
    return _part(body, headers, asked)


def _unchanged(headers: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    """Whether a conditional request is answered 304; If-None-Match goes first (RFC 9110 section 13.2.2)."""
    if (tags := asked.get("if-none-match")) is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in known or headers["ETag"].removeprefix("W/") in known
    if (since := asked.get("if-modified-since")) is not None:
        try:
            return parsedate_to_datetime(headers["Last-Modified"]) <= parsedate_to_datetime(since)
        except (TypeError, ValueError):
            return False
    return False


def _part(body: bytes, headers: dict[str, str], asked: Mapping[str, str]) -> Answer:
    """The whole body, or the one range of it that was asked for (RFC 9110 section 14.1.2)."""
    wanted = _RANGE.fullmatch(asked.get("range", ""))
    if wanted is None or wanted.groups() == ("", "") or asked.get("if-range", headers["ETag"]) != headers["ETag"]:
        return Answer(200, headers, body)
    first, last = wanted.groups()
    start = int(first) if first else max(len(body) - int(last), 0)
    end = min(int(last) + 1, len(body)) if first and last else len(body)
    if start >= end:
        return Answer(416, {"Content-Range": f"bytes */{len(body)}"})
    return Answer(206, {**headers, "Content-Range": f"bytes {start}-{end - 1}/{len(body)}"}, body[start:end])
