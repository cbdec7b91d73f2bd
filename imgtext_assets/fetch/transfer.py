"""One request to one address: its options for libcurl, and its response, judged as it streams in.

What belongs here: everything about a single request and its answer. What does not: redirects, retries and waiting
(`client`), and what statuses mean (`outcomes`).
"""

from __future__ import annotations

import errno
import hashlib
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import Any

import certifi
import pycurl

from imgtext_assets.catalog import FetchSettings
from imgtext_assets.fetch.addresses import URL, Guard
from imgtext_assets.fetch.consent import Consent
from imgtext_assets.fetch.multi import Ended
from imgtext_assets.fetch.outcomes import (
    BLOCKED,
    REDIRECTS,
    TOO_LARGE,
    Body,
    Request,
    Verdict,
    of_error,
    of_status,
    retry_after,
)

MAX_HEADERS = 64 * 2**10
"""Largest header section of one response, interim responses and trailers included, bytes."""
MAX_IGNORED = 64 * 2**10
"""How much of a redirect's or error's body is read to keep the connection, bytes."""
MAX_KEPT_HEADER = 1024
"""Longest header value that goes into a table, characters."""
LOW_SPEED_SECONDS = 10
"""A transfer slower than `fetch.min_bytes_per_second` for so long is given up."""
IN_MEMORY = 4 * 2**20
"""A body larger than this goes to a temporary file, bytes."""

_STATUS_LINE = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})\b")
_ENTITY_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"')  # RFC 9110 8.8.3
_HTTP_DATE = re.compile(r"[ -~]{1,64}")


class Transfer:
    """What came back so far. Fields are as of now while it runs, and final once it has ended."""

    def __init__(
        self, request: Request, url: URL, settings: FetchSettings, guard: Guard, consent: Consent | None = None
    ) -> None:
        self.request, self.url = request, url
        self.status: int | None = None
        self.headers: dict[str, list[str]] = {}
        self.size = 0
        self.body: Body | None = None
        self.sha256, self.md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self.refused: str | None = None
        """Why the guard refused the last address that it was asked for."""
        self.stopped: tuple[Verdict, str] | None = None
        """Why we broke it off ourselves."""
        self.failure: BaseException | None = None
        """An error of ours in a callback, such as a full disk: libcurl cannot pass it on."""
        self._settings, self._guard, self._consent = settings, guard, consent
        self._conditions = _conditions(request)
        self._header_bytes = 0
        self._in_header = True
        self._whole = False  # as much was read as was asked for
        self._sockets: list[socket.socket] = []

    def configure(self, easy: pycurl.Curl, user_agent: str, seconds: float) -> None:
        """Set all options of a fresh or reset handle, so that the transfer may take `seconds`."""
        settings = self._settings
        options: dict[int, Any] = {
            pycurl.URL: self.url.text,
            pycurl.NOBODY: self.request.method == "HEAD",
            pycurl.HTTPHEADER: self._request_headers(),
            pycurl.USERAGENT: user_agent,
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_2TLS,
            pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
            pycurl.FOLLOWLOCATION: False,
            pycurl.PROXY: "",  # also switches off the environment's proxies
            pycurl.CAINFO: certifi.where(),  # the wheel's own libcurl looks where only some systems have a store
            pycurl.SSL_VERIFYPEER: True,
            pycurl.SSL_VERIFYHOST: 2,
            pycurl.NOSIGNAL: True,
            pycurl.BUFFERSIZE: 128 * 2**10,
            pycurl.CONNECTTIMEOUT_MS: _milliseconds(min(settings.connect_seconds, seconds)),
            pycurl.TIMEOUT_MS: _milliseconds(seconds),
            pycurl.LOW_SPEED_LIMIT: settings.min_bytes_per_second,
            pycurl.LOW_SPEED_TIME: LOW_SPEED_SECONDS,
            pycurl.OPENSOCKETFUNCTION: self._open_socket,
            pycurl.HEADERFUNCTION: self._guarded(self._on_header),
            pycurl.WRITEFUNCTION: self._guarded(self._on_body),
        }
        for option, value in options.items():
            easy.setopt(option, value)

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

    def end(self, ended: Ended) -> tuple[Verdict | None, str | None]:
        """What came of it, with words for people; (None, None) where all is well.

        A response that carries no picture counts by its status, whatever became of its body.
        """
        self.release()
        if self.failure is not None:
            self.discard()
            raise self.failure
        if self.stopped is not None:
            return self.stopped
        if self.answered and self.status is not None:
            if self.status == 304 and self._conditions:
                return None, None
            if verdict := of_status(self.status):
                return verdict, f"HTTP {self.status}"
            if self._whole:
                return None, None
        if self.refused is not None and ended.error == pycurl.E_COULDNT_CONNECT:
            return BLOCKED, self.refused
        if ended.error != pycurl.E_OK or not self.answered:
            return of_error(ended.error), ended.message[:MAX_KEPT_HEADER] or "no response"
        return None, None

    def release(self) -> None:
        """Give back what only a running transfer needs."""
        for dialled in self._sockets:
            dialled.close()
        self._sockets.clear()

    def discard(self) -> None:
        """Drop the body."""
        if self.body is not None:
            self.body.close()
            self.body = None

    def _request_headers(self) -> list[bytes]:
        headers = ["Accept: image/*,*/*;q=0.1", "Accept-Encoding: identity", *self._conditions]
        return [header.encode("latin-1") for header in headers]

    def _open_socket(self, _purpose: int, address: Any) -> socket.socket | int:
        """Dial only what the guard lets pass. libcurl then tries the host's next address, if it has one."""
        if address.family not in (socket.AF_INET, socket.AF_INET6):
            self.refused = "not an internet address"
        else:
            self.refused = self._guard.objection(*address.addr[:2])
        if self.refused is not None:
            return pycurl.SOCKET_BAD
        try:
            dialled = socket.socket(address.family, address.socktype, address.protocol)
        except OSError as error:
            if error.errno != errno.EAFNOSUPPORT:  # a machine without IPv6 just tries the next address
                self.failure = error
            return pycurl.SOCKET_BAD
        self._sockets.append(dialled)  # pycurl duplicates the descriptor and leaves this one to us
        return dialled

    def _guarded(self, callback: Callable[[bytes], bool]) -> Callable[[bytes], int]:
        """A callback for libcurl: -1 breaks the transfer off."""

        def guarded(data: bytes) -> int:
            try:
                return len(data) if callback(data) else -1
            except BaseException as error:  # noqa: BLE001 - raised again by the client
                self.failure = error
                return -1

        return guarded

    def _on_header(self, line: bytes) -> bool:
        self._header_bytes += len(line)
        if self._header_bytes > MAX_HEADERS:
            return self._stop(TOO_LARGE, f"headers of more than {MAX_HEADERS} bytes")
        if not self._in_header:  # trailers
            return True
        if match := _STATUS_LINE.match(line):
            self.status, self.headers = int(match[1]), {}
        elif line.strip():
            name, _, value = line.decode("latin-1").partition(":")
            self.headers.setdefault(name.strip().lower(), []).append(value.strip())
        elif self.status is not None and self.status >= 200:  # else an interim response: another one follows
            self._in_header = False
            return self._on_response(self.status)
        return True

    def _on_response(self, status: int) -> bool:
        fine = of_status(status) is None
        if self._consent is not None and (fine or status == 304 or status in REDIRECTS):
            refusal = self._consent.refusal_of_response(self.headers)
            if refusal is not None:
                return self._stop(Verdict(refusal.reason, refusal.passing), refusal.detail)
        if not fine or self.request.method == "HEAD":
            return True
        promised = self.headers.get("content-length", [""])[0]
        if self.request.at_most is None and promised.isdecimal() and float(promised) > self._settings.max_bytes:
            return self._stop(TOO_LARGE, f"{promised:.20} bytes; fetch.max_bytes is {self._settings.max_bytes}")
        self.body = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the outcome's reader closes it
        return True

    def _on_body(self, data: bytes) -> bool:
        if self.body is None:
            self.size += len(data)
            return self.size <= MAX_IGNORED
        if self.request.at_most is not None:
            data = data[: self.request.at_most - self.size]
            self._whole = self.size + len(data) == self.request.at_most
        self.size += len(data)
        if self.request.at_most is None and self.size > self._settings.max_bytes:
            return self._stop(TOO_LARGE, f"more than fetch.max_bytes, {self._settings.max_bytes}")
        self.sha256.update(data)
        self.md5.update(data)
        self.body.write(data)
        return not self._whole

    def _stop(self, verdict: Verdict, detail: str) -> bool:
        self.stopped = (verdict, detail)
        return False


def _conditions(request: Request) -> list[str]:
    """Headers that make the request conditional (RFC 9110 13.1), from validators that are well-formed."""
    conditions = []
    if request.etag and _ENTITY_TAG.fullmatch(request.etag):
        conditions.append(f"If-None-Match: {request.etag}")
    if request.last_modified and _HTTP_DATE.fullmatch(request.last_modified):
        conditions.append(f"If-Modified-Since: {request.last_modified}")
    return conditions


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))  # 0 would mean libcurl's own, longer limit
