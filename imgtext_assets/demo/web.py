"""A small web of pictures: a real HTTP server on loopback that serves a mapping of paths to pages.

The demo, the user interface's sample and the tests all fetch from it, so it speaks what real picture hosts speak:
keep-alive, validators and conditional requests (RFC 9110 section 13), single ranges (section 14), redirects,
passing failures with Retry-After, and bodies that end before their promised length. It writes down what was asked.

What belongs here: the server. What does not: what a page answers (`pages`), which pages there are (`sample`), malice
below HTTP (the tests' web).
"""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from imgtext_assets.demo.pages import LAST_MODIFIED, Answer, Page, answer

__all__ = ["LAST_MODIFIED", "DemoWeb", "Page", "Seen"]


@dataclass(frozen=True)
class Seen:
    """One request as it came in. `path` is decoded and has no query, `at` is monotonic, header names are lower case."""

    path: str
    method: str
    at: float
    headers: Mapping[str, str]
    status: int


class DemoWeb:
    """Serves `pages` from threads of this process until stopped; a context manager.

    `pages` may be changed or replaced while it runs, so that links rot. Port 0 takes a free one.

    >>> with DemoWeb({"/cat.jpg": Page(b"...")}) as web:
    ...     web.url("/cat.jpg").startswith("http://127.0.0.1:")
    True
    """

    def __init__(self, pages: Mapping[str, Page], *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.pages: dict[str, Page] = dict(pages)
        self.requests: list[Seen] = []
        self.most_at_once = 0  # requests that were being answered; one counts no more once its answer leaves
        self._address = (host, port)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._visits: Counter[str] = Counter()
        self._at_once = 0

    def start(self) -> DemoWeb:
        """Bind and serve in the background; OSError where the port is taken."""
        if self._server is None:
            self._server = _Server(self._address, self)
            self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and close every connection."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None

    def __enter__(self) -> DemoWeb:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        """`http://host:port`, without a slash at the end; RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the web is not started")
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def url(self, path: str) -> str:
        """The URL of a path, as it is (not percent-encoded)."""
        return self.base_url + path

    @contextmanager
    def _serving(self) -> Iterator[None]:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def _answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        at = time.monotonic()
        with self._lock:
            visit = self._visits[path]
            self._visits[path] += 1
        page = self.pages.get(path)
        if page is not None:
            time.sleep(page.delay)
        given = answer(page, visit, headers)
        with self._lock:
            self.requests.append(Seen(path, method, at, headers, given.status))
        return given


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "DemoWeb"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # head and body leave together
    timeout = 60
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.web._serving():
            given = self.server.web._answer(self.command, unquote(urlsplit(self.path).path), headers)
        self._send(given)

    do_HEAD = do_GET

    def _send(self, given: Answer) -> None:
        self.send_response(given.status)
        for name, value in given.headers.items():
            self.send_header(name, value)
        if given.status != 304:
            self.send_header("Content-Length", str(len(given.body) if given.promise is None else given.promise))
        if given.promise is not None:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD" and given.status != 304:
            self.wfile.write(given.body)
        self.wfile.flush()

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True  # the client hung up: its right

    def finish(self) -> None:
        try:
            super().finish()
        except ConnectionError:
            self.rfile.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: `DemoWeb.requests` is the log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for the connections' threads
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], web: DemoWeb) -> None:
        self.web = web
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's name, which may take seconds."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed meanwhile
        super().server_close()
