"""One request to one address: its response, judged as it streams in.

What belongs here: everything about a single answer. What does not: libcurl (`handle`), redirects, retries and waiting
(`client`), and what statuses mean (`outcomes`).
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import cast

import pycurl

from imgtext_assets.fetch import sniff
from imgtext_assets.fetch.addresses import URL
from imgtext_assets.fetch.consent import Consent
from imgtext_assets.fetch.fields import beginning, conditions, length
from imgtext_assets.fetch.multi import Ended
from imgtext_assets.fetch.outcomes import (
    BLOCKED,
    NOT_IMAGE,
    REDIRECTS,
    RESET,
    TOO_LARGE,
    TRUNCATED,
    Body,
    Request,
    Verdict,
    of_error,
    of_status,
    retry_after,
)
from imgtext_assets.settings import FetchSettings

MAX_HEADERS = 64 * 2**10
"""Largest header section of one response, interim responses and trailers included, bytes."""
MAX_IGNORED = 64 * 2**10
"""How much of a redirect's or error's body is read to keep the connection, bytes."""
MAX_KEPT_HEADER = 1024
"""Longest header value that goes into a table, characters."""
IN_MEMORY = 4 * 2**20
"""A body larger than this goes to a temporary file, bytes."""
_PIECES = 128
"""How many pieces of a body are kept as they came, at most: 2 MiB, as libcurl hands on at most 16 KiB at a time."""

_STATUS_LINE = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})\b")


class Transfer:
    """What came back so far. Fields are as of now while it runs, and final once it has ended."""

    __slots__ = (
        "_at_most",
        "_consent",
        "_file",
        "_first",
        "_header_bytes",
        "_in_body",
        "_in_header",
        "_lines",
        "_pieces",
        "_promised",
        "_settings",
        "_to_sniff",
        "_whole",
        "body",
        "conditions",
        "headers",
        "md5",
        "received",
        "request",
        "sha256",
        "size",
        "status",
        "stopped",
        "total",
        "url",
    )

    def __init__(self, request: Request, url: URL, settings: FetchSettings, consent: Consent | None = None) -> None:
        self.request, self.url = request, url
        self.conditions = conditions(request)
        self.status: int | None = None
        self.headers: dict[str, list[str]] = {}
        self.received = 0
        """Bytes that came, headers included, whatever became of them."""
        self.size = 0
        """Bytes of the body."""
        self.total: int | None = None
        """Bytes of the whole file, as the host says."""
        self.body: Body | None = None
        """The body once it has ended well."""
        self.sha256, self.md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self.stopped: tuple[Verdict, str] | None = None
        """Why we broke it off ourselves."""
        self._settings, self._consent = settings, consent
        self._at_most = request.at_most if request.first_bytes is None else request.first_bytes  # bytes of the body
        self._header_bytes = 0
        self._in_header, self._in_body = True, False
        self._lines: list[bytes] = []  # of the header section that is coming in
        self._to_sniff = request.picture
        self._first = b""  # of the body, as far as it is sniffed
        self._pieces: list[bytes] = []
        self._file: SpooledTemporaryFile[bytes] | None = None  # the pieces before those
        self._whole = False  # as much was read as was asked for
        self._promised: int | None = None  # bytes of the part that a 206 says it sends

    @property
    def is_whole(self) -> bool:
        """Whether the body is the whole file, though only its beginning may have been asked for."""
        if self.request.first_bytes is None:
            return True
        return self.status != 206 and not self._whole if self.total is None else self.size == self.total

    def header(self, name: str) -> str | None:
        """The first value of a header, by its lower-case name; None where there is none fit to be kept."""
        value = self.headers.get(name, [""])[0]
        return value if 0 < len(value) <= MAX_KEPT_HEADER else None

    @property
    def answered(self) -> bool:
        """Whether the final response's headers are all there."""
        return not self._in_header

    @property
    def redirects(self) -> bool:
        """Whether the response is a redirect, to be followed."""
        return self.answered and self.status in REDIRECTS and self.stopped is None

    @property
    def retry_after(self) -> float | None:
        """Seconds for which the host wants no requests: Retry-After of a 429 or 503 (RFC 6585 4, RFC 9110 15.6.4)."""
        if not self.answered or self.status not in (429, 503):
            return None
        return retry_after(self.header("retry-after") or "", datetime.now(UTC))

    def end(self, ended: Ended, refused: str | None) -> tuple[Verdict | None, str | None]:
        """What came of it, with words for people; (None, None) where all is well.

        `refused` is why the guard let nothing be dialled. A response that carries no picture counts by its status,
        whatever became of its body.
        """
        verdict, detail = self._judge(ended, refused)
        if verdict is None and self._in_body:
            self.body = self._bound()
        else:
            self.discard()
        return verdict, detail

    def _judge(self, ended: Ended, refused: str | None) -> tuple[Verdict | None, str | None]:
        if self.stopped is not None:
            return self.stopped
        if self.answered and self.status is not None:
            if self.status == 304 and self.conditions:
                return None, None
            if verdict := self._of_status(self.status):
                return verdict, f"HTTP {self.status}"
            if self._whole:
                return self._sniffed()
        if refused is not None and ended.error == pycurl.E_COULDNT_CONNECT:
            return BLOCKED, refused
        if ended.error == pycurl.E_OK and not self.answered:
            return RESET, "the connection ended within the headers"
        if ended.error != pycurl.E_OK:
            verdict = of_error(ended.error, ended.os_errno, ended.message)
            if verdict is RESET and self._in_body and not ended.os_errno:
                verdict = TRUNCATED  # the connection just ended; without TLS libcurl says so itself
            return verdict, ended.message[:MAX_KEPT_HEADER] or f"libcurl's error {ended.error}"
        if self._promised is not None and self.size < self._promised:
            return TRUNCATED, f"{self.size} of {self._promised} bytes"
        return self._sniffed()

    def _sniffed(self) -> tuple[Verdict | None, str | None]:
        """What a body that came well is, if it was too short to be told while it came."""
        if self._to_sniff and self._in_body:
            self._sniff()
        return self.stopped or (None, None)

    def discard(self) -> None:
        """Drop the body."""
        for held in (self.body, self._file):
            if held is not None:
                held.close()
        self.body = self._file = None
        self._pieces = []

    def on_header(self, line: bytes) -> bool:
        """Take a line of a header section or trailer; whether to go on."""
        self.received += len(line)
        self._header_bytes += len(line)
        if self._header_bytes > MAX_HEADERS:
            return self._stop(TOO_LARGE, f"headers of more than {MAX_HEADERS} bytes")
        if not self._in_header:  # trailers
            return True
        if line.strip(b"\r\n"):
            self._lines.append(line)
            return True
        return self._on_section()

    def _on_section(self) -> bool:
        """Read a header section that is whole: an interim response's, which another one follows, or the final one's."""
        status = _STATUS_LINE.match(self._lines[0]) if self._lines else None
        lines, self._lines = self._lines[1:], []
        if status is None or status[1] < b"200":
            return True
        self._in_header, self.status = False, int(status[1])
        for line in lines:
            name, _, value = line.decode("latin-1").partition(":")
            self.headers.setdefault(name.strip().lower(), []).append(value.strip())
        return self._on_response(self.status)

    def _on_response(self, status: int) -> bool:
        fine = self._of_status(status) is None
        if self._consent is not None and (fine or status == 304 or status in REDIRECTS):
            refusal = self._consent.refusal_of_response(self.headers)
            if refusal is not None:
                return self._stop(Verdict(refusal.reason, refusal.passing), refusal.detail)
        if not fine:
            return True
        if status == 206:
            return self._on_part()
        promised = self.headers.get("content-length", [""])[0]
        self.total = length(promised)
        if self.request.method == "HEAD":
            return True
        if self._at_most is None and promised.isdecimal() and float(promised) > self._settings.max_bytes:
            return self._stop(TOO_LARGE, f"{promised:.20} bytes; fetch.max_bytes is {self._settings.max_bytes}")
        self._in_body = True
        return True

    def _on_part(self) -> bool:
        """A 206 to a request for the beginning: what it says must be that."""
        said = self.header("content-range") or ""
        part = beginning(said, self.request.first_bytes or 0)
        if part is None:
            return self._stop(TRUNCATED._replace(retry=False), f"another part than was asked for: {said[:100]!r}")
        self._promised, self.total = part
        self._in_body = True
        return True

    def _of_status(self, status: int) -> Verdict | None:
        """`of_status`, but that a part is fine where one was asked for."""
        asked_for = status == 206 and self.request.first_bytes is not None and self.request.method == "GET"
        return None if asked_for else of_status(status)

    def on_body(self, data: bytes) -> bool:
        """Take a piece of the body; whether to go on."""
        self.received += len(data)
        if not self._in_body:
            self.size += len(data)
            return self.size <= MAX_IGNORED
        if self._whole:
            return False  # more than the part that was promised
        at_most = self._at_most
        if at_most is not None:
            data = data[: at_most - self.size]
            self._whole = self.size + len(data) == at_most
        self.size += len(data)
        if at_most is None and self.size > self._settings.max_bytes:
            return self._stop(TOO_LARGE, f"more than fetch.max_bytes, {self._settings.max_bytes}")
        self._pieces.append(data)
        if self._to_sniff:
            self._first += data[: sniff.LOOKED_AT]
            if len(self._first) >= sniff.LOOKED_AT and not self._sniff():
                return False
        if len(self._pieces) == _PIECES:
            self._set_aside()
        return not self._whole or self.size == self._promised

    def _sniff(self) -> bool:
        """Whether the body may be a picture by its first bytes."""
        self._to_sniff = False
        kind = sniff.document(self._first)
        return kind is None or self._stop(NOT_IMAGE, f"begins as {kind}; Content-Type: {self.header('content-type')}")

    def _set_aside(self) -> None:
        """Keep the pieces so far as one: however small they come, a body takes not much more memory than its size."""
        if self._file is None:
            self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the outcome's reader closes it
        self._file.write(self._joined())

    def _bound(self) -> Body:
        """The pieces as one file, which is theirs no longer. Most bodies are copied this once."""
        if self._file is None:
            body = BytesIO(self._joined())
        else:
            self._set_aside()
            self._file.seek(0)
            body, self._file = cast(Body, self._file), None
        return body

    def _joined(self) -> bytes:
        """The pieces as one, hashed here and given up: few long calls, each of which lets other threads run."""
        joined, self._pieces = b"".join(self._pieces), []
        self.sha256.update(joined)
        self.md5.update(joined)
        return joined

    def _stop(self, verdict: Verdict, detail: str) -> bool:
        self.stopped = (verdict, detail)
        return False
