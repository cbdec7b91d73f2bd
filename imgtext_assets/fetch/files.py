"""The files of a release on the web: read in the middle of a file, too, and past the same guard as pictures.

A release is asked for by whoever names its address, so nobody is asked for consent, and its host is asked for four
files at once at most.

What belongs here: one file from one address, with its redirects and tries. What does not: which files, and whether
what comes is right (`lake.copies`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from urllib.parse import quote

from imgtext_assets.fetch.addresses import URL, BadURL, Guard, follow, parse_url
from imgtext_assets.fetch.handle import Handle
from imgtext_assets.fetch.multi import Ended, Multi
from imgtext_assets.fetch.outcomes import BAD_RESPONSE, Request, Verdict
from imgtext_assets.fetch.transfer import Transfer
from imgtext_assets.settings import FetchSettings

_LONGEST = 24 * 3600.0
"""Seconds that one file may take; one that comes too slowly ends sooner."""
_POLL_SECONDS = 1.0
_SHOWN = 200
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/(?:\*|[0-9]{1,18})")


class FilesError(OSError):
    """A file cannot be had; the message says which and why, in one line."""


class WebFiles:
    """The files below an address, `https://host/path`. Raises FilesError where that is no address to be asked for."""

    def __init__(self, root: str, settings: FetchSettings) -> None:
        try:
            self.where = parse_url(root).text.rstrip("/")
        except BadURL as error:
            raise FilesError(f"{root[:_SHOWN]}: {error}") from None
        self._settings, self._guard = settings, Guard(settings)

    def whole(self, path: str, at_most: int) -> bytes:
        """A small file, cut off behind `at_most` bytes and one more."""
        return b"".join(self.read(path, 0, at_most + 1))

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end`. A transfer that breaks off is taken up where it was."""
        for piece in self._pieces(path, start):
            piece = piece[: end - start]
            start += len(piece)
            if piece:
                yield piece
            if start >= end:
                return

    def _pieces(self, path: str, start: int) -> Iterator[bytes]:
        """Pieces of the body as they come, over as many tries as it takes.

        Each piece that comes renews the tries: a long file may break off often.
        """
        where, tries = f"{self.where}/{quote(path)}", 0
        while True:
            tries += 1
            with _Ask(self._settings, self._guard) as ask:
                for piece in ask.follow(parse_url(where), start, where):
                    start, tries = start + len(piece), 1 if piece else tries
                    yield piece
            if ask.verdict is None:
                return
            wait = ask.retry_after
            if wait is None:
                wait = self._settings.backoff_seconds * 2 ** (tries - 1)
            if not ask.verdict.retry or tries >= self._settings.attempts or wait > self._settings.max_wait_seconds:
                raise FilesError(f"{where}: {ask.verdict.reason}: {ask.detail}")
            time.sleep(wait)


class _Ask:
    """One try: an address, and those that it redirects to. Its end is told by `verdict`, None where all is well."""

    def __init__(self, settings: FetchSettings, guard: Guard) -> None:
        self.verdict: Verdict | None = None
        self.detail: str | None = None
        self.retry_after: float | None = None
        self._settings = settings
        self._multi, self._handle, self._runs = Multi(connections=1), Handle(settings, guard), False

    def __enter__(self) -> _Ask:
        return self

    def __exit__(self, *_: object) -> None:
        if self._runs:
            self._multi.remove(self._handle.easy)
        self._handle.close()
        self._multi.close()

    def follow(self, url: URL, start: int, where: str) -> Iterator[bytes]:
        """The body from `start` on, of the address or of what it redirects to."""
        for _ in range(self._settings.max_redirects + 1):
            transfer = _Part(Request(url.text), url, self._settings, start)
            yield from self._run(transfer)
            if self.verdict is None or not transfer.redirects:
                return
            try:
                target = follow(url, transfer.headers.get("location", [""])[0])
            except BadURL as error:
                raise FilesError(f"{where}: redirects to what is no address: {error}") from None
            if (url.scheme, target.scheme) == ("https", "http"):
                raise FilesError(f"{where}: redirects to {target.text[:_SHOWN]}, where anybody could change it")
            url = target
        raise FilesError(f"{where}: more than {self._settings.max_redirects} redirects")

    def _run(self, transfer: _Part) -> Iterator[bytes]:
        self._handle.start(transfer, _LONGEST)
        self._multi.add(self._handle.easy)
        self._runs = True
        ended: Ended | None = None
        while ended is None:
            ended = next(iter(list(self._multi.poll(_POLL_SECONDS))), None)
            yield from transfer.taken()
        self._multi.remove(self._handle.easy)
        self._runs = False
        self.verdict, self.detail = self._handle.end(ended)
        self.retry_after = transfer.retry_after


class _Part(Transfer):
    """A transfer of a file from `start` on to its end, whose body is handed on as it comes."""

    __slots__ = ("_skip", "_start", "_waiting")

    def __init__(self, request: Request, url: URL, settings: FetchSettings, start: int) -> None:
        super().__init__(request, url, settings)
        self._start, self._skip = start, 0
        self._waiting: list[bytes] = []
        if start:
            self.conditions = [f"Range: bytes={start}-".encode()]

    def taken(self) -> list[bytes]:
        """What has come since this was last asked."""
        taken, self._waiting = self._waiting, []
        return taken

    def on_body(self, data: bytes) -> bool:
        if not self._in_body:
            return super().on_body(data)
        self.received += len(data)
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        self._waiting.append(data[skipped:])
        return True

    def _on_response(self, status: int) -> bool:
        """A host may answer a request for the rest with the whole (RFC 9110 14.2), whose beginning is passed over."""
        self._in_body = status in (200, 206)
        self._skip = self._start if status == 200 else 0
        if status == 206:
            match = _CONTENT_RANGE.fullmatch(self.headers.get("content-range", [""])[0])
            if match is None or int(match[1]) != self._start:
                return self._stop(BAD_RESPONSE, "sends another part than was asked for")
        return True

    def _judge(self, ended: Ended, refused: str | None) -> tuple[Verdict | None, str | None]:
        if self.status == 206 and self.stopped is None:
            self.status = 200  # the part that was asked for is the whole of it
        return super()._judge(ended, refused)
