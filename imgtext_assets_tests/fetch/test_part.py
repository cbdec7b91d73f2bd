"""Only the beginning of a file is asked for, and what a HEAD says of its size."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.fetch import Request
from imgtext_assets.fetch.fields import beginning, length
from imgtext_assets_tests.fetch.conftest import Fetch
from imgtext_assets_tests.web import HostileWeb, Manner, Seen, answer
from imgtext_assets_tests.web.hostile import Words

BODY = b"\xff\xd8" + bytes(range(256)) * 800
FIRST = 1000


def part(said: str, body: bytes = BODY[:FIRST], promise: int | None = None) -> Manner:
    """A 206 with that Content-Range."""

    def manner(_: Seen) -> list[Words]:
        length = len(body) if promise is None else promise
        return [f"HTTP/1.1 206 Part\r\nContent-Range: {said}\r\nContent-Length: {length}\r\n\r\n".encode() + body]

    return manner


def beginning_of(fetch: Fetch, manner: Manner, *, picture: bool = True, first_bytes: int = FIRST, **more):
    with HostileWeb({"/a.jpg": manner}) as web:
        (outcome,) = fetch([Request(web.url("/a.jpg"), first_bytes=first_bytes, picture=picture, **more)])
        (seen,) = web.requests
    assert seen.headers["range"] == f"bytes=0-{first_bytes - 1}"
    return outcome


def test_the_beginning_comes_with_the_size_of_the_whole(fetch: Fetch):
    outcome = beginning_of(fetch, part(f"bytes 0-{FIRST - 1}/{len(BODY)}"))
    assert (outcome.reason, outcome.http_status) == (None, 206)
    assert (outcome.bytes, outcome.total) == (FIRST, len(BODY))
    assert outcome.body is not None
    assert outcome.body.read() == BODY[:FIRST]
    assert (outcome.sha256, outcome.md5) == (None, None), "the hash of a part would be taken for that of the file"


def test_of_a_host_that_sends_all_no_more_than_the_beginning_is_read(fetch: Fetch):
    outcome = beginning_of(fetch, answer(BODY))
    assert (outcome.reason, outcome.http_status) == (None, 200)
    assert (outcome.bytes, outcome.total, outcome.sha256) == (FIRST, len(BODY), None)


@pytest.mark.parametrize("size", [1, FIRST - 1, FIRST])
def test_a_file_that_is_no_larger_is_had_whole(fetch: Fetch, size: int):
    body = BODY[:size]
    for manner in (answer(body), part(f"bytes 0-{size - 1}/{size}", body)):
        outcome = beginning_of(fetch, manner)
        assert (outcome.bytes, outcome.total, outcome.sha256) == (size, size, hashlib.sha256(body).hexdigest())


def test_the_connection_is_kept_after_a_part(fetch: Fetch):
    with HostileWeb({"/a.jpg": part(f"bytes 0-{FIRST - 1}/{len(BODY)}")}) as web:
        fetch([Request(web.url(f"/a.jpg?{n}"), first_bytes=FIRST) for n in range(5)], concurrency=1)
        assert web.dialled == 1


def test_a_host_that_says_no_size_leaves_it_open(fetch: Fetch):
    outcome = beginning_of(fetch, part(f"bytes 0-{FIRST - 1}/*"))
    assert (outcome.reason, outcome.bytes, outcome.total, outcome.sha256) == (None, FIRST, None, None)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "bytes 1-1000/2000",
        "bytes 0-1000/2000",
        "bytes 0-999/900",
        "bytes 0-999",
        "bytes */2000",
        "items 0-999/2000",
        "bytes 0-999/99999999999999999999999",
        "bytes -1-999/2000",
    ],
)
def test_another_part_than_was_asked_for_is_no_picture_and_not_the_host_s_illness(fetch: Fetch, said: str):
    outcome = beginning_of(fetch, part(said))
    assert (outcome.reason, outcome.body, outcome.attempts) == ("truncated", None, 1)


def test_a_part_that_ends_early_is_truncated(fetch: Fetch):
    def closes(_: Seen) -> list[Words]:
        said = f"HTTP/1.1 206 Part\r\nContent-Range: bytes 0-{FIRST - 1}/{len(BODY)}\r\nConnection: close\r\n\r\n"
        return [said.encode() + BODY[:10], "cut"]

    with HostileWeb({"/a.jpg": closes}) as web:
        (outcome,) = fetch([Request(web.url("/a.jpg"), first_bytes=FIRST)], attempts=1)
    assert outcome.reason == "truncated"


def test_more_than_the_part_is_not_read(fetch: Fetch):
    outcome = beginning_of(fetch, part(f"bytes 0-{FIRST - 1}/{len(BODY)}", BODY))
    assert (outcome.reason, outcome.bytes, outcome.sha256) == (None, FIRST, None)


@pytest.mark.parametrize("first_bytes", [16, FIRST])
def test_a_page_is_told_by_its_beginning(fetch: Fetch, first_bytes: int):
    page = b"<!DOCTYPE html><title>not here</title>" + b" " * 5000
    assert beginning_of(fetch, answer(page), first_bytes=first_bytes).reason == "not_image"


def test_a_part_that_nobody_asked_for_is_no_picture(fetch: Fetch):
    with HostileWeb({"/a.jpg": part(f"bytes 0-{FIRST - 1}/{len(BODY)}")}) as web:
        outcomes = fetch([web.url("/a.jpg"), Request(web.url("/a.jpg?2"), method="HEAD", first_bytes=FIRST)])
    assert [outcome.reason for outcome in outcomes] == ["truncated", "truncated"]


def test_a_large_file_s_beginning_may_be_had(fetch: Fetch):
    with HostileWeb({"/a.jpg": answer(BODY)}) as web:
        (outcome,) = fetch([Request(web.url("/a.jpg"), first_bytes=FIRST)], max_bytes=10_000)
    assert (outcome.reason, outcome.bytes) == (None, FIRST)


def test_a_head_tells_the_size(fetch: Fetch):
    with HostileWeb({"/a.jpg": answer(BODY), "/b.jpg": lambda _: [b"HTTP/1.1 200 OK\r\n\r\n"]}) as web:
        outcomes = fetch([Request(web.url(path), method="HEAD") for path in ("/a.jpg", "/b.jpg")])
    assert [(outcome.reason, outcome.total, outcome.bytes) for outcome in outcomes] == [
        (None, len(BODY), None),
        (None, None, None),
    ]


def test_a_host_that_knows_no_head_is_not_ill(fetch: Fetch):
    manners = {"/a.jpg": answer(status="501 Not Implemented")}
    with HostileWeb(manners) as web:
        asked = [Request(web.url(f"/a.jpg?{n}"), method="HEAD") for n in range(9)]
        outcomes = fetch(asked, park_after=2, park_seconds=60)
    assert {outcome.reason for outcome in outcomes} == {"server_error"}


@given(st.text(max_size=40) | st.from_regex(r"bytes 0-[0-9]{1,5}/[0-9*]{1,5}", fullmatch=True), st.integers(1, 10**5))
def test_whatever_a_host_says_a_part_is_one_that_fits(said: str, at_most: int):
    part = beginning(said, at_most)
    if part is not None:
        sent, total = part
        assert 0 < sent <= at_most
        assert total is None or sent <= total


@pytest.mark.parametrize(("said", "size"), [("0", 0), ("12", 12), ("", None), ("-1", None), ("1e3", None), ("²", None)])
def test_a_length_is_a_number(said: str, size: int | None):
    assert length(said) == size
