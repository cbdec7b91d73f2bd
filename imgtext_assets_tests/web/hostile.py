"""A server on raw sockets that says exactly what a test tells it to, and records what it was asked and when.

What belongs here: saying bytes, at any pace, and measuring. What does not: well-behaved pages (`imgtext_assets.demo`).
"""

from __future__ import annotations

import contextlib
import io
import selectors
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

CUT = "cut"
"""In place of bytes: close the connection."""
RESET = "reset"
"""In place of bytes: reset the connection (TCP RST)."""

Words = bytes | str | float
"""What a manner says next: bytes, CUT, RESET, or a pause in seconds."""


@dataclass(frozen=True)
class Seen:
    """One request as it came in.

    `at` is on the monotonic clock; `number` counts the requests for its path on this host from 0. `host` is the address
    that was dialled, and `port` the server's.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    at: float
    number: int
    host: str
    port: int


Manner = Callable[[Seen], Iterable[Words]]
"""How a path is answered: what to say to a request, piece by piece."""


def answer(
    body: bytes = b"",
    *,
    status: str = "200 OK",
    headers: Mapping[str, str] | None = None,
    after: float = 0.0,
) -> Manner:
    """An honest answer, `after` so many seconds."""

    def manner(seen: Seen) -> Iterator[Words]:
        fields = {"Content-Length": str(len(body)), **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        yield after
        yield f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + (b"" if seen.method == "HEAD" else body)

    return manner


def says(*words: Words) -> Manner:
    """These words, whatever is asked."""
    return lambda _: words


def then(*manners: Manner) -> Manner:
    """The first manner for the first request of a path, the second for the second; the last one from then on."""
    return lambda seen: manners[min(seen.number, len(manners) - 1)](seen)


@dataclass
class HostileWeb:
    """Serves `manners` by path on one port of all `hosts`, addresses of loopback; other paths are 404.

    A context manager. A key that begins with a host (`127.0.0.3/robots.txt`) is that host's own page. Port 0 is a free
    one. `most_at_once` is the largest number of requests that waited for their first byte at the same time, `dialled`
    counts connections, with a request or without one.
    """

    manners: Mapping[str, Manner]
    tls: ssl.SSLContext | None = None
    hosts: Sequence[str] = ("127.0.0.1",)
    port: int = 0
    requests: list[Seen] = field(default_factory=list)
    most_at_once: int = 0
    dialled: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    """Bytes that each host sent."""

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._thinking = 0
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()
        self._listeners: list[socket.socket] = []
        for host in self.hosts:
            self._listeners.append(socket.create_server((host, self.port), backlog=512))
            self.port = self._listeners[0].getsockname()[1]
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for connections
        self._accepting.join()
        for listener in self._listeners:
            listener.close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def url(self, path: str, host: str | None = None) -> str:
        """The address of a path, by the first of `hosts` unless another host is named."""
        return f"{'https' if self.tls else 'http'}://{host or self.hosts[0]}:{self.port}{path}"

    def asked(self, path: str) -> list[Seen]:
        """The requests for paths that begin so, in order."""
        return [seen for seen in self.requests if seen.path.startswith(path)]

    def _accept(self) -> None:
        with selectors.DefaultSelector() as ready:
            for listener in self._listeners:
                ready.register(listener, selectors.EVENT_READ, listener)
            while not self._stopped.is_set():
                for key, _ in ready.select():
                    try:
                        connection, _ = key.data.accept()
                    except OSError:
                        return
                    self.dialled += 1
                    thread = threading.Thread(target=self._serve, args=(connection,))
                    self._threads.append(thread)
                    thread.start()

    def _serve(self, connection: socket.socket) -> None:
        self._connections.add(connection)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            stack.callback(self._connections.discard, connection)
            if self.tls:
                connection = stack.enter_context(self.tls.wrap_socket(connection, server_side=True))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            host, port = connection.getsockname()
            with connection.makefile("rb") as incoming:
                while (seen := self._read(incoming, host, port)) and self._say(connection, seen):
                    pass
                if seen is None:
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    def _read(self, incoming: io.BufferedReader, host: str, port: int) -> Seen | None:
        """The next request; None where there is none, or none in HTTP."""
        if not incoming.peek(1)[:1].isalpha():
            return None
        head = []
        for line in incoming:
            if not line.strip():
                break
            head.append(line.decode("latin-1").rstrip())
        if not head:
            return None
        method, path, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        with self._lock:
            number = sum((seen.path, seen.host) == (path, host) for seen in self.requests)
            seen = Seen(method, path, headers, time.monotonic(), number, host, port)
            self.requests.append(seen)
            return seen

    def _say(self, connection: socket.socket, seen: Seen) -> bool:
        """Answer one request; whether the connection goes on."""
        path = seen.path.partition("?")[0]
        manner = self.manners.get(seen.host + path) or self.manners.get(path) or answer(status="404 Not Found")
        thinking = True
        self._think(+1)
        try:
            for words in manner(seen):
                if isinstance(words, float):
                    if self._stopped.wait(words):
                        return False
                    continue
                if thinking:
                    thinking = False
                    self._think(-1)
                if isinstance(words, bytes):
                    connection.sendall(words)
                    with self._lock:
                        self.sent[seen.host] += len(words)
                    continue
                if words == RESET:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
        finally:
            if thinking:
                self._think(-1)
        return True

    def _think(self, change: int) -> None:
        with self._lock:
            self._thinking += change
            self.most_at_once = max(self.most_at_once, self._thinking)
