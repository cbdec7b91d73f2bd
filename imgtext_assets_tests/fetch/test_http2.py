"""HTTP/2: many requests share a connection, and yet every host is dialled and limited by itself."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from cryptography import x509

from imgtext_assets.catalog import HostLimits
from imgtext_assets_tests.fetch.conftest import Fetch
from imgtext_assets_tests.fetch.test_tls import certificate

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7  # RFC 9113 6
ACK, END_STREAM, END_HEADERS = 0x1, 0x1, 0x4
_OK = b"\x88"  # `:status: 200` (RFC 7541, appendix A)
_PREFACE = 24  # bytes that a client begins with


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """RFC 9113 4.1."""
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def fine(stream: int) -> bytes:
    """An answer: 200, and one byte of a body."""
    return frame(HEADERS, END_HEADERS, stream, _OK) + frame(DATA, END_STREAM, stream, b"x")


@dataclass
class Http2Web:
    """Answers every request on 127.0.0.1 alike, after a while. `dialled` are the names (SNI) that connections were for
    (None: an address), `streams` the requests on each connection, `most_at_once` those that waited at the same time."""

    certificate: Path
    says: Callable[[int], bytes] = fine
    after: float = 0.0
    dialled: list[str | None] = field(default_factory=list)
    streams: list[int] = field(default_factory=list)
    most_at_once: int = 0

    def __enter__(self) -> Self:
        self._lock, self._open, self._threads = threading.Lock(), 0, list[threading.Thread]()
        self._connections: list[socket.socket] = []
        self._names: dict[int, str | None] = {}
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(self.certificate)
        self._tls.set_alpn_protocols(["h2"])
        self._tls.sni_callback = lambda tls, name, _: self._names.__setitem__(id(tls), name)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection.close()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"https://{host}:{self.port}{path}"

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = self._listener.accept()
                self._start(self._serve, raw)

    def _serve(self, raw: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection = self._tls.wrap_socket(raw, server_side=True)
            self._connections.append(connection)
            assert connection.selected_alpn_protocol() == "h2"
            with self._lock:
                number = len(self.dialled)
                self.dialled.append(self._names.get(id(connection)))
                self.streams.append(0)
            connection.sendall(frame(SETTINGS, 0, 0))
            for kind, flags, stream in self._frames(connection):
                if kind == SETTINGS and not flags & ACK:
                    connection.sendall(frame(SETTINGS, ACK, 0))
                elif kind == HEADERS:
                    with self._lock:
                        self.streams[number] += 1
                        self._open += 1
                        self.most_at_once = max(self.most_at_once, self._open)
                    timer = threading.Timer(self.after, self._answer, (connection, stream))
                    self._threads.append(timer)
                    timer.start()

    def _frames(self, connection: ssl.SSLSocket) -> Iterator[tuple[int, int, int]]:
        with connection.makefile("rb") as incoming:
            incoming.read(_PREFACE)
            while len(head := incoming.read(9)) == 9:
                incoming.read(int.from_bytes(head[:3]))
                yield head[3], head[4], int.from_bytes(head[5:])

    def _answer(self, connection: ssl.SSLSocket, stream: int) -> None:
        with self._lock, contextlib.suppress(OSError):
            self._open -= 1
            connection.sendall(self.says(stream))


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that is trusted, for 127.0.0.1 and for localhost."""
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    file = certificate(tmp_path, names=names)
    monkeypatch.setattr("certifi.where", lambda: str(file))
    return file


def test_requests_to_one_host_share_a_connection(fetch: Fetch, known: Path):
    with Http2Web(known) as web:
        outcomes = fetch([web.url(f"/{n}") for n in range(10)], concurrency=1)
    assert [outcome.reason for outcome in outcomes] == [None] * 10
    assert web.streams == [10]


def test_hosts_that_share_an_address_and_a_certificate_share_no_connection(fetch: Fetch, known: Path):
    """RFC 9113 9.1.1 would allow it; but what is not dialled is not judged by the guard."""
    with Http2Web(known) as web:
        hosts = ["127.0.0.1", "localhost"] * 5
        outcomes = fetch([web.url(f"/{n}", host=host) for n, host in enumerate(hosts)], concurrency=1)
    assert [outcome.reason for outcome in outcomes] == [None] * 10
    assert (web.dialled, web.streams) == ([None, "localhost"], [5, 5])


def test_requests_on_one_connection_count_each_for_the_host_s_limit(fetch: Fetch, known: Path):
    with Http2Web(known, after=0.02) as web:
        outcomes = fetch([web.url(f"/{n}") for n in range(20)], hosts=[HostLimits(concurrency=3, rate=1e6)])
    assert [outcome.reason for outcome in outcomes] == [None] * 20
    assert web.most_at_once == 3


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        pytest.param(lambda stream: frame(RST_STREAM, 0, stream, struct.pack("!I", 2)), "bad_response", id="reset"),
        pytest.param(
            lambda stream: frame(HEADERS, END_HEADERS, stream, b"\x88\xff\xff\xff"), "bad_response", id="bad headers"
        ),
        pytest.param(lambda stream: frame(DATA, END_STREAM, stream, b"x"), "bad_response", id="a body without headers"),
        pytest.param(
            lambda stream: (
                frame(HEADERS, END_HEADERS, stream, _OK + b"\x0f\x0d\x03999") + frame(DATA, END_STREAM, stream, b"x")
            ),
            "bad_response",
            id="less than promised",
        ),
        pytest.param(lambda stream: b"HTTP/1.1 400 Bad Request\r\n\r\n", "bad_response", id="no frames"),
    ],
)
def test_what_breaks_the_protocol_is_a_bad_response(
    fetch: Fetch, known: Path, says: Callable[[int], bytes], reason: str
):
    with Http2Web(known, says) as web:
        (outcome,) = fetch([web.url("/a")], attempts=1, total_seconds=2)
    assert (outcome.reason, outcome.passing) == (reason, True)


def test_a_connection_that_the_host_closes_between_requests_is_dialled_anew(fetch: Fetch, known: Path):
    last = itertools.count()

    def says(stream: int) -> bytes:
        goodbye = frame(GOAWAY, 0, 0, struct.pack("!II", stream, 0))
        return fine(stream) + (goodbye if next(last) % 2 else b"")

    with Http2Web(known, says) as web:
        outcomes = fetch([web.url(f"/{n}") for n in range(6)], concurrency=1)
    assert [outcome.reason for outcome in outcomes] == [None] * 6
    assert sum(web.streams) == 6
