"""A store that fails: a real HTTP proxy on loopback in front of an S3 server, which does harm by a seeded plan.

Requests go through byte by byte, the Host header too, which signatures cover. What harm a request meets depends on
nothing but the seed, what is asked for and how often it was asked for before, so that the same seed does the same.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from urllib.parse import urlsplit

_HEAD_LIMIT = 1 << 20
_DELAY = 0.3
_UPLOAD_ID = re.compile(r"uploadId=[^&]*")  # drawn by the server, and no part of what is asked for


class Fault(StrEnum):
    """What may happen to a request."""

    ERROR = "500, and the store never saw it"
    SLOW_DOWN = "503 SlowDown, and the store never saw it"
    LOST_ANSWER = "500, though the store did it"
    CUT_REQUEST = "reset in the middle of the request's body"
    CUT_RESPONSE = "closed in the middle of the response's body"
    DELAY = "answered late"


@dataclass(frozen=True)
class Plan:
    """Which requests meet which fault: a `share` of them, one of `kinds`."""

    share: float
    seed: int = 0
    kinds: tuple[Fault, ...] = tuple(Fault)

    def of(self, method: str, target: str, nth: int) -> Fault | None:
        """The fault of the n-th request of that method for that target (`/bucket/key`, of any bucket), or None."""
        chance = random.Random(f"{self.seed} {method} {target.lstrip('/').partition('/')[2]} {nth}")
        return chance.choice(self.kinds) if chance.random() < self.share else None


@dataclass(frozen=True)
class OfUploads(Plan):
    """The first request by which an upload in parts begins, or ends, meets the fault, and no later upload's."""

    step: str = "begins"

    def of(self, method: str, target: str, nth: int) -> Fault | None:
        asked = {"begins": "?uploads=", "ends": "?uploadId="}[self.step]
        return self.kinds[0] if method == "POST" and target.endswith(asked) and nth == 1 else None


@dataclass(frozen=True)
class _Message:
    """A request or a response as it was on the wire."""

    head: bytes
    body: bytes

    @property
    def first(self) -> list[str]:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)

    @property
    def half(self) -> bytes:
        return self.head + self.body[: len(self.body) // 2]


@dataclass
class FaultyStore:
    """A proxy in front of `endpoint`: `with FaultyStore(endpoint, Plan(0.2)) as store:`, then ask `store.url`."""

    endpoint: str
    plan: Plan
    down: bool = False  # every connection is reset, whatever the plan says
    down_after: int | None = None  # so many requests
    requests: int = 0
    met: Counter[Fault] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)  # `GET /bucket/key` and so on, of every request
    url: str = ""

    def __enter__(self) -> FaultyStore:
        self._asked: Counter[tuple[str, str]] = Counter()
        self._open: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self._listen())
        self.url = "http://{}:{}".format(*self._server.sockets[0].getsockname())
        self._thread = threading.Thread(target=self._loop.run_forever, name="faulty store")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_HEAD_LIMIT)

    async def _close(self) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        try:
            while await self._serve(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client or the store went away
        except asyncio.CancelledError:
            pass  # the proxy is closed
        finally:
            writer.close()
            self._open.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection goes on."""
        request = await _read(reader, writer)
        self.down |= self.down_after is not None and self.requests >= self.down_after
        if self.down:
            _reset(writer)
            return False
        match self._fault(request):
            case Fault.ERROR:
                writer.write(_refusal(request, "500 Internal Server Error", "InternalError"))
            case Fault.SLOW_DOWN:
                writer.write(_refusal(request, "503 Slow Down", "SlowDown"))
            case Fault.CUT_REQUEST:
                await self._forward_half(request)
                _reset(writer)
                return False
            case Fault.LOST_ANSWER:
                await self._forward(request)
                writer.write(_refusal(request, "500 Internal Server Error", "InternalError"))
            case Fault.CUT_RESPONSE:
                response = await self._forward(request)
                if response.body:
                    writer.write(response.half)
                    await writer.drain()
                return False
            case Fault.DELAY | None as fault:
                await asyncio.sleep(_DELAY if fault else 0)
                response = await self._forward(request)
                writer.write(response.head + response.body)
                await writer.drain()
                return _goes_on(response)
        await writer.drain()
        return True

    def _fault(self, request: _Message) -> Fault | None:
        """What happens to this request; both are counted."""
        method, target, _ = request.first
        self.requests += 1
        self.log.append(f"{method} {target}")
        asked = _UPLOAD_ID.sub("uploadId=", target)
        self._asked[method, asked] += 1
        fault = self.plan.of(method, asked, self._asked[method, asked])
        if fault:
            self.met[fault] += 1
        return fault

    async def _forward(self, request: _Message) -> _Message:
        reader, writer = await self._to_store()
        try:
            writer.write(request.head + request.body)
            return await _read(reader, writer, answers=request.first[0])
        finally:
            writer.close()

    async def _forward_half(self, request: _Message) -> None:
        """What has no body is not forwarded at all."""
        if request.body:
            _, writer = await self._to_store()
            writer.write(request.half)
            await writer.drain()
            _reset(writer)

    async def _to_store(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = urlsplit(self.endpoint)
        return await asyncio.open_connection(address.hostname, address.port, limit=_HEAD_LIMIT)


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: str = "") -> _Message:
    """A request, or the response to a request of the method `answers`."""
    head = await reader.readuntil(b"\r\n\r\n")
    if answers and head.split(b" ", 2)[1].startswith(b"1"):
        return await _read(reader, writer, answers)
    headers = _headers(head)
    if headers.get("expect"):  # no signature covers it
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.lower().startswith(b"expect:"))
    return _Message(head, await _body(reader, head, headers, answers))


async def _body(reader: asyncio.StreamReader, head: bytes, headers: dict[str, str], answers: str) -> bytes:
    """As it is on the wire (RFC 9112 6.3)."""
    if answers == "HEAD" or (answers and head.split(b" ", 2)[1][:3] in (b"204", b"304")):
        return b""
    if "chunked" in headers.get("transfer-encoding", ""):
        return await _chunks(reader)
    if answers and "content-length" not in headers:
        return await reader.read()
    return await reader.readexactly(int(headers.get("content-length", 0)))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    chunks = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        chunks += size
        if length := int(size.partition(b";")[0], 16):
            chunks += await reader.readexactly(length + 2)
            continue
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
            chunks += line
        return chunks + line


def _headers(head: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _goes_on(response: _Message) -> bool:
    """Whether the store's answer lets the connection go on (RFC 9112 9.3)."""
    headers = _headers(response.head)
    told = "content-length" in headers or "transfer-encoding" in headers or not response.body
    return told and response.first[0] == "HTTP/1.1" and headers.get("connection", "").lower() != "close"


def _refusal(request: _Message, status: str, code: str) -> bytes:
    """An error as S3 says it (S3 API reference, "Error responses")."""
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>Later.</Message></Error>'
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(xml)}\r\n\r\n"
    return (head if request.first[0] == "HEAD" else head + xml).encode()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection off with RST."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
