"""Files of a release on the web: taken up where a transfer broke off, and never from where the guard forbids."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from imgtext_assets.demo import DemoWeb
from imgtext_assets.demo.web import Page
from imgtext_assets.fetch.files import FilesError, WebFiles
from imgtext_assets_tests.fetch.conftest import loopback

BODY = random.Random(0).randbytes(3_000_001)


def read(files: WebFiles, path: str = "a.tar", start: int = 0, end: int = len(BODY)) -> bytes:
    return b"".join(files.read(path, start, end))


def test_what_is_asked_for_comes() -> None:
    with DemoWeb({"/x/a.tar": Page(BODY)}) as web:
        files = WebFiles(web.url("/x/"), loopback())
        assert read(files) == BODY
        assert read(files, start=1_000_000) == BODY[1_000_000:]
        assert read(files, start=5, end=70) == BODY[5:70]
        assert files.whole("a.tar", 10) == BODY[:11]
        assert files.where == web.url("/x")
    assert [seen.headers.get("range") for seen in web.requests] == [None, "bytes=1000000-", "bytes=5-", None]


def test_a_host_that_sends_all_whatever_is_asked_is_understood() -> None:
    with DemoWeb({"/a.tar": Page(BODY, promise=len(BODY))}) as web:  # such a page knows no ranges
        assert read(WebFiles(web.base_url, loopback()), start=2_000_000) == BODY[2_000_000:]


def test_a_busy_host_is_asked_again() -> None:
    with DemoWeb({"/a.tar": Page(BODY, flaky=(503,), retry_after=0)}) as web:
        assert read(WebFiles(web.base_url, loopback())) == BODY


def test_a_redirect_is_followed() -> None:
    with DemoWeb({"/a.tar": Page(redirect="/b.tar"), "/b.tar": Page(BODY)}) as web:
        assert read(WebFiles(web.base_url, loopback()), start=9) == BODY[9:]


@contextmanager
def cutting(pieces: int) -> Iterator[tuple[str, list[bytes]]]:
    """A server that closes each connection after a part of the body: as many parts as there are `pieces`."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    request = connection.recv(65536)
                    asked.append(request)
                    start = int(request.partition(b"bytes=")[2].partition(b"-")[0] or 0)
                    end = min(len(BODY), start + -(-len(BODY) // pieces))
                    first = (
                        f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{len(BODY) - 1}/{len(BODY)}"
                        if start
                        else "HTTP/1.1 200 OK"
                    )
                    head = f"{first}\r\nContent-Length: {len(BODY) - start}\r\nConnection: close\r\n\r\n"
                    connection.sendall(head.encode() + BODY[start:end])

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        server.shutdown(socket.SHUT_RDWR)


def test_a_transfer_that_breaks_off_goes_on_where_it_was_however_often() -> None:
    with cutting(pieces=7) as (address, asked):  # more often than there are tries: what comes renews them
        assert read(WebFiles(address, loopback(attempts=2))) == BODY
        assert len(asked) == 7


def test_another_part_than_was_asked_for_is_not_taken() -> None:
    wrong: dict[str, Any] = {"Content-Range": "bytes 0-99/100"}
    with (
        DemoWeb({"/a.tar": Page(BODY, status=206, headers=wrong)}) as web,
        pytest.raises(FilesError, match="sends another part than was asked for"),
    ):
        read(WebFiles(web.base_url, loopback()), start=7)


@pytest.mark.parametrize(
    ("pages", "told"),
    [
        ({}, "not_found: HTTP 404"),
        ({"/a.tar": Page(status=403)}, "forbidden: HTTP 403"),
        ({"/a.tar": Page(flaky=(500,) * 9)}, "server_error: HTTP 500"),
        ({"/a.tar": Page(flaky=(429,) * 9, retry_after=9_999)}, "throttled"),
        ({"/a.tar": Page(redirect="/a.tar")}, "redirects"),
        ({"/a.tar": Page(redirect="file:///etc/passwd")}, "not http or https"),
        ({"/a.tar": Page(redirect="http://10.0.0.1/a.tar")}, "blocked_address: 10.0.0.1 is not a public address"),
        ({"/a.tar": Page(redirect="http://[::ffff:10.0.0.1]/")}, "is not a public address"),
    ],
)
def test_a_file_that_cannot_be_had_is_one_line(pages: dict[str, Page], told: str) -> None:
    with DemoWeb(pages) as web, pytest.raises(FilesError, match=told) as error:
        read(WebFiles(web.base_url, loopback()))
    assert "\n" not in str(error.value)


def test_a_private_address_is_asked_for_only_where_that_is_allowed() -> None:
    with (
        DemoWeb({"/a.tar": Page(BODY)}) as web,
        pytest.raises(FilesError, match=r"127\.0\.0\.1 is not a public address"),
    ):
        read(WebFiles(web.base_url, loopback(allow_networks=[])))
    assert web.requests == []


@pytest.mark.parametrize("address", ["ftp://a.example", "https://u:p@a.example", "https://", "nothing"])
def test_an_address_that_is_none_is_one_line(address: str) -> None:
    with pytest.raises(FilesError):
        WebFiles(address, loopback())
