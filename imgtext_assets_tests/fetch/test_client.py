"""Fetching from servers that mean well."""

import errno
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from imgtext_assets.catalog import FetchSettings
from imgtext_assets.fetch import Request, fetch_all
from imgtext_assets.fetch.transfer import IN_MEMORY
from imgtext_assets_tests.fetch.conftest import Fetch, loopback
from imgtext_assets_tests.web import HostileWeb, Seen, answer, then
from imgtext_assets_tests.web.hostile import Words

BODY = bytes(range(256)) * 800
STAMP = "Tue, 20 Oct 2026 07:28:00 GMT"
FIELDS = {"ETag": '"v1"', "Last-Modified": STAMP, "Content-Type": "image/jpeg"}


def test_a_body_comes_with_its_hashes_and_all_that_the_host_said(fetch: Fetch):
    with HostileWeb({"/a.jpg": answer(BODY, headers=FIELDS)}) as web:
        (outcome,) = fetch([web.url("/a.jpg")])
    assert outcome.reason is None
    assert outcome.body is not None
    assert outcome.body.read() == BODY
    assert outcome.sha256 == hashlib.sha256(BODY).hexdigest()
    assert outcome.md5 == hashlib.md5(BODY).hexdigest()
    assert outcome.bytes == len(BODY)
    assert (outcome.http_status, outcome.attempts, outcome.passing) == (200, 1, False)
    assert (outcome.etag, outcome.last_modified, outcome.content_type) == ('"v1"', STAMP, "image/jpeg")
    assert outcome.final_url == outcome.request.url
    assert timedelta(0) <= datetime.now(UTC) - outcome.fetched_at < timedelta(minutes=1)


@pytest.mark.parametrize("size", [0, 1, IN_MEMORY, IN_MEMORY + 1, 3 * IN_MEMORY])
def test_bodies_of_any_size_come_whole(fetch: Fetch, size: int):
    body = b"\xff" * size
    with HostileWeb({"/a.jpg": answer(body)}) as web:
        (outcome,) = fetch([web.url("/a.jpg")])
    assert outcome.body is not None
    assert outcome.body.read() == body


def test_a_chunked_body_comes_whole(fetch: Fetch):
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with HostileWeb({"/a.jpg": lambda _: [said]}) as web:
        (outcome,) = fetch([web.url("/a.jpg")])
    assert outcome.body is not None
    assert outcome.body.read() == b"abcde"


def test_only_the_final_response_s_headers_count(fetch: Fetch):
    interim = b'HTTP/1.1 103 Early Hints\r\nETag: "early"\r\n\r\n'
    final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: image/png\r\n\r\n3\r\nabc\r\n0\r\n"
    trailers = b"Last-Modified: never\r\n\r\n"
    with HostileWeb({"/a.jpg": lambda _: [interim + final + trailers]}) as web:
        (outcome,) = fetch([web.url("/a.jpg")])
    assert (outcome.reason, outcome.bytes, outcome.content_type) == (None, 3, "image/png")
    assert (outcome.etag, outcome.last_modified) == (None, None)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_request_is_honest_and_bare_after_redirects_too(
    fetch: Fetch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str
):
    """No cookies, no Referer, no credentials of the user's, no proxy of the environment's."""
    for name in ("http_proxy", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / ".netrc").write_text("default login somebody password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    said = {"Set-Cookie": "a=b; Path=/", "WWW-Authenticate": "Basic realm=a", "Alt-Svc": 'h2="127.0.0.1:1"; ma=9999'}
    manners = {"/a.jpg": answer(BODY, headers=said), "/b.jpg": answer(status="401 Who", headers=said)}
    with HostileWeb(manners) as web:
        hop = answer(status="302 Found", headers=said | {"Location": web.url("/a.jpg", host=host)})
        web.manners = manners | {"/hop": hop}
        outcomes = fetch([web.url(path) for path in ("/hop", "/b.jpg", "/hop?2")], contact="data@example.org")
    assert [outcome.reason for outcome in outcomes] == [None, "forbidden", None]
    for seen in web.requests:
        assert seen.headers["user-agent"].startswith("imgtext-assets/")
        assert "data@example.org" in seen.headers["user-agent"]
        assert seen.headers["accept-encoding"] == "identity"
        assert set(seen.headers) == {"host", "user-agent", "accept", "accept-encoding"}


def test_nothing_of_one_request_is_left_for_the_next_on_the_same_handle(fetch: Fetch):
    manners = {"/1": answer(status="304 Not Modified"), "/2": answer(BODY, headers=FIELDS), "/3": answer(BODY)}
    with HostileWeb(manners) as web:
        conditional = Request(web.url("/1"), etag='"v1"', last_modified=STAMP)
        outcomes = fetch([conditional, Request(web.url("/2"), method="HEAD"), web.url("/3")], concurrency=1)
    assert [outcome.reason for outcome in outcomes] == [None] * 3
    assert [seen.method for seen in web.requests] == ["GET", "HEAD", "GET"]
    assert not {"if-none-match", "if-modified-since"} & {name for seen in web.requests[1:] for name in seen.headers}
    assert outcomes[2].body is not None
    assert outcomes[2].body.read() == BODY
    assert outcomes[2].etag is None


def test_hosts_that_take_turns_keep_their_connections(fetch: Fetch):
    """More hosts than requests at once: each finds its connection still open when its turn comes round."""
    hosts = [f"127.0.0.{number}" for number in range(1, 41)]
    with HostileWeb({"/a": answer(b"x")}, hosts=hosts) as web:
        outcomes = fetch([web.url(f"/a?{n}", host=host) for n in range(3) for host in hosts], concurrency=4)
    assert [outcome.reason for outcome in outcomes] == [None] * 120
    assert web.dialled < 120 / 2


def test_an_address_with_spaces_and_other_letters_arrives_escaped(fetch: Fetch):
    with HostileWeb({"/%C3%A9%20b.jpg": answer(BODY)}) as web:
        (outcome,) = fetch([web.url("/é b.jpg")])
    assert outcome.reason is None
    assert outcome.request.url.endswith("/é b.jpg")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_the_address_that_answered_is_told(fetch: Fetch, status: int):
    hop = answer(b"moved", status=f"{status} Moved", headers={"Location": "next"})
    with HostileWeb({"/x/hop": hop, "/x/next": answer(BODY)}) as web:
        (outcome,) = fetch([web.url("/x/hop")])
        assert outcome.final_url == web.url("/x/next")
    assert (outcome.reason, outcome.attempts, outcome.http_status) == (None, 1, 200)


def test_head_asks_for_no_body(fetch: Fetch):
    with HostileWeb({"/a.jpg": answer(BODY, headers=FIELDS)}) as web:
        (outcome,) = fetch([Request(web.url("/a.jpg"), method="HEAD")])
    assert web.requests[0].method == "HEAD"
    assert (outcome.reason, outcome.body, outcome.sha256, outcome.etag) == (None, None, None, '"v1"')


def test_what_is_not_modified_is_not_sent_again(fetch: Fetch):
    with HostileWeb({"/a.jpg": answer(status="304 Not Modified", headers=FIELDS)}) as web:
        (outcome,) = fetch([Request(web.url("/a.jpg"), etag='W/"v1"', last_modified=STAMP)])
    headers = web.requests[0].headers
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('W/"v1"', STAMP)
    assert (outcome.reason, outcome.not_modified, outcome.body, outcome.http_status) == (None, True, None, 304)


def test_a_validator_that_is_none_is_not_sent_on(fetch: Fetch):
    with HostileWeb({"/a.jpg": answer(BODY)}) as web:
        fetch([Request(web.url("/a.jpg"), etag='"v"\r\nX-Evil: 1', last_modified="a\r\nX-Evil: 1")])
    assert not {"if-none-match", "if-modified-since", "x-evil"} & set(web.requests[0].headers)


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "503 Busy", "504 Late", "429 Slow", "408 Late"])
def test_a_passing_failure_is_tried_again(fetch: Fetch, status: str):
    with HostileWeb({"/a.jpg": then(answer(status=status), answer(status=status), answer(BODY))}) as web:
        (outcome,) = fetch([web.url("/a.jpg")], attempts=3)
    assert (outcome.reason, outcome.attempts) == (None, 3)


def test_another_try_starts_from_the_first_address(fetch: Fetch):
    hop = answer(status="302 Found", headers={"Location": "/a.jpg"})
    with HostileWeb({"/hop": hop, "/a.jpg": then(answer(status="503 Busy"), answer(BODY))}) as web:
        (outcome,) = fetch([web.url("/hop")])
    assert (outcome.reason, outcome.attempts) == (None, 2)
    assert [seen.path for seen in web.requests] == ["/hop", "/a.jpg", "/hop", "/a.jpg"]


@pytest.mark.parametrize(
    ("status", "reason", "requests", "passing"),
    [
        ("404 Not Found", "not_found", 1, False),
        ("410 Gone", "gone", 1, False),
        ("418 Teapot", "forbidden", 1, False),
        ("403 Forbidden", "forbidden", 1, False),
        ("501 Not Implemented", "server_error", 1, True),
        ("503 Busy", "server_error", 3, True),
        ("429 Slow Down", "throttled", 3, True),
        ("300 Choose", "redirect_loop", 1, False),
        ("304 Not Modified", "redirect_loop", 1, False),
        ("206 Partial", "truncated", 1, True),
        ("204 No Content", "truncated", 1, True),
    ],
)
def test_a_failure_that_stays_has_its_reason(fetch: Fetch, status: str, reason: str, requests: int, passing: bool):
    with HostileWeb({"/a.jpg": answer(b"sorry", status=status)}) as web:
        (outcome,) = fetch([web.url("/a.jpg")], attempts=3)
    assert (outcome.reason, outcome.attempts, outcome.passing) == (reason, requests, passing)
    assert len(web.requests) == requests
    assert outcome.http_status == int(status[:3])
    assert outcome.body is None


@pytest.mark.parametrize("manner", ["redirect", "direct"])
def test_the_not_available_picture_of_a_host_is_a_placeholder_and_not_fetched(fetch: Fetch, manner: str):
    hop = answer(status="302 Found", headers={"Location": "/images/photo_unavailable.png"})
    with HostileWeb({"/gone.jpg": hop, "/images/photo_unavailable.png": answer(BODY)}) as web:
        start = "/gone.jpg" if manner == "redirect" else "/images/photo_unavailable.png"
        (outcome,) = fetch([web.url(start)])
    assert (outcome.reason, outcome.passing) == ("placeholder", False)
    assert not web.asked("/images")


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 100_000])
def test_of_a_body_no_more_is_read_than_was_asked_for(fetch: Fetch, length: int):
    """A robots.txt of a gigabyte counts as far as it is read (RFC 9309 2.5), though `max_bytes` is less."""
    body = b"x" * length
    with HostileWeb({"/robots.txt": answer(body)}) as web:
        (outcome,) = fetch([Request(web.url("/robots.txt"), at_most=10)], max_bytes=5)
    assert (outcome.reason, outcome.bytes) == (None, min(length, 10))
    assert outcome.body is not None
    assert outcome.body.read() == body[:10]
    assert outcome.sha256 == hashlib.sha256(body[:10]).hexdigest()


def test_a_large_body_in_small_pieces_comes_whole(fetch: Fetch):
    body = bytes(range(256)) * 200

    def bit_by_bit(_: Seen) -> Iterator[Words]:
        yield f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        for at in range(0, len(body), 50):
            yield body[at : at + 50]
            yield 0.0

    with HostileWeb({"/a.jpg": bit_by_bit}) as web:
        (outcome,) = fetch([web.url("/a.jpg")])
    assert outcome.body is not None
    assert outcome.body.read() == body
    assert (outcome.sha256, outcome.bytes) == (hashlib.sha256(body).hexdigest(), len(body))


def test_addresses_that_are_none_ask_nobody():
    (outcome,) = fetch_all([Request("file:///etc/passwd")], FetchSettings())
    assert (outcome.reason, outcome.attempts, outcome.passing) == ("blocked_address", 0, False)


def test_requests_are_read_only_as_there_is_room():
    read = 0

    def requests(web: HostileWeb) -> Iterator[Request]:
        nonlocal read
        for number in range(10_000):
            read += 1
            yield Request(web.url(f"/a.jpg?{number}"))

    with HostileWeb({"/a.jpg": answer(b"x")}) as web:
        outcomes = fetch_all(requests(web), loopback(concurrency=4))
        for _ in range(20):
            body = next(outcomes).body
            assert body is not None
            body.close()
        assert read <= 20 + 2 * 4
        outcomes.close()


def test_closing_early_leaves_nothing_open():
    with HostileWeb({"/a.jpg": answer(BODY), "/slow.jpg": answer(BODY, after=60.0)}) as web:
        outcomes = fetch_all([Request(web.url("/a.jpg")), Request(web.url("/slow.jpg"))], loopback())
        body = next(outcomes).body
        assert body is not None
        body.close()
        outcomes.close()


def test_too_many_open_files_are_our_failure_and_not_the_host_s(monkeypatch: pytest.MonkeyPatch):
    def no_more(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with HostileWeb({"/a.jpg": answer(BODY)}) as web:
        monkeypatch.setattr("imgtext_assets.fetch.handle.socket.socket", no_more)
        with pytest.raises(OSError, match="Too many open files"):
            list(fetch_all([Request(web.url("/a.jpg"))], loopback()))
        monkeypatch.undo()


def test_a_full_disk_is_raised(monkeypatch: pytest.MonkeyPatch):
    class FullDisk:
        def __init__(self, *_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("imgtext_assets.fetch.transfer.SpooledTemporaryFile", FullDisk)
    with HostileWeb({"/a.jpg": answer(bytes(IN_MEMORY))}) as web, pytest.raises(OSError, match="No space left"):
        list(fetch_all([Request(web.url("/a.jpg"))], loopback()))
