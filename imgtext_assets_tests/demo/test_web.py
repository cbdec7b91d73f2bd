"""The sample's web speaks HTTP as picture hosts do. Asked with the standard library's client."""

import http.client
import threading
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

import pytest

from imgtext_assets.demo import DemoWeb, Page
from imgtext_assets.demo.web import LAST_MODIFIED

PICTURE = bytes(range(256)) * 400


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@pytest.fixture
def web() -> Iterator[DemoWeb]:
    with DemoWeb({"/cat.jpg": Page(PICTURE)}) as web:
        yield web


def ask(web: DemoWeb, path: str, method: str = "GET", **headers: str) -> Reply:
    connection = http.client.HTTPConnection(web.base_url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, quote(path), headers={name.replace("_", "-"): v for name, v in headers.items()})
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def test_a_page_is_served_with_validators(web: DemoWeb) -> None:
    reply = ask(web, "/cat.jpg")
    assert (reply.status, reply.body) == (200, PICTURE)
    assert reply.headers["Content-Type"] == "image/jpeg"
    assert reply.headers["Last-Modified"] == LAST_MODIFIED
    assert reply.headers["ETag"].startswith('"')


def test_a_path_without_a_page_is_404(web: DemoWeb) -> None:
    assert ask(web, "/dog.jpg").status == 404


def test_head_has_the_headers_and_no_body(web: DemoWeb) -> None:
    reply = ask(web, "/cat.jpg", "HEAD")
    assert (reply.status, reply.body, reply.headers["Content-Length"]) == (200, b"", str(len(PICTURE)))


def test_conditional_requests_are_answered_304(web: DemoWeb) -> None:
    tag = ask(web, "/cat.jpg").headers["ETag"]
    for condition in ({"If_None_Match": tag}, {"If_None_Match": f'"x", W/{tag}'}, {"If_Modified_Since": LAST_MODIFIED}):
        reply = ask(web, "/cat.jpg", **condition)
        assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", tag)


def test_conditions_that_do_not_hold_get_the_page(web: DemoWeb) -> None:
    old = "Mon, 01 Jan 2024 00:00:00 GMT"
    for condition in ({"If_None_Match": '"other"'}, {"If_Modified_Since": old}, {"If_Modified_Since": "no date"}):
        assert ask(web, "/cat.jpg", **condition).status == 200
    assert ask(web, "/cat.jpg", If_None_Match='"other"', If_Modified_Since=LAST_MODIFIED).status == 200


@pytest.mark.parametrize(
    ("asked", "part"),
    [("bytes=0-9", slice(0, 10)), ("bytes=102390-", slice(102390, None)), ("bytes=-7", slice(-7, None))],
)
def test_one_range_is_served(web: DemoWeb, asked: str, part: slice) -> None:
    reply = ask(web, "/cat.jpg", Range=asked)
    start, end, _ = part.indices(len(PICTURE))
    assert (reply.status, reply.body) == (206, PICTURE[part])
    assert reply.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(PICTURE)}"


def test_a_range_beyond_the_end_is_416(web: DemoWeb) -> None:
    assert ask(web, "/cat.jpg", Range=f"bytes={len(PICTURE)}-").status == 416


def test_a_redirect_names_its_target_in_ascii(web: DemoWeb) -> None:
    web.pages["/old.jpg"] = Page(redirect="/schön.jpg")
    reply = ask(web, "/old.jpg")
    assert (reply.status, reply.headers["Location"]) == (302, "/sch%C3%B6n.jpg")


def test_paths_are_matched_decoded_and_without_their_query(web: DemoWeb) -> None:
    web.pages["/im Grünen/写真.jpg"] = Page(b"x")
    assert ask(web, "/im Grünen/写真.jpg").body == b"x"
    connection = http.client.HTTPConnection(web.base_url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/cat.jpg?size=large")
    assert connection.getresponse().read() == PICTURE
    connection.close()


def test_a_flaky_page_fails_as_often_as_it_says(web: DemoWeb) -> None:
    web.pages["/flaky.jpg"] = Page(b"x", flaky=(503, 500, 429), retry_after=1)
    replies = [ask(web, "/flaky.jpg") for _ in range(4)]
    assert [(reply.status, reply.headers.get("Retry-After")) for reply in replies] == [
        (503, "1"),
        (500, None),
        (429, "1"),
        (200, None),
    ]


def test_a_promised_length_that_is_not_kept_ends_early(web: DemoWeb) -> None:
    web.pages["/short.jpg"] = Page(b"half", promise=8)
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(web, "/short.jpg")
    assert caught.value.partial == b"half"


def test_a_body_may_be_a_file(web: DemoWeb, tmp_path) -> None:
    (tmp_path / "cat").write_bytes(b"meow")
    web.pages["/file.jpg"] = Page(tmp_path / "cat")
    assert ask(web, "/file.jpg").body == b"meow"


def test_pages_may_change_while_it_runs(web: DemoWeb) -> None:
    tag = ask(web, "/cat.jpg").headers["ETag"]
    web.pages["/cat.jpg"] = Page(b"another cat")
    assert ask(web, "/cat.jpg", If_None_Match=tag).body == b"another cat"
    web.pages = {}
    assert ask(web, "/cat.jpg").status == 404


def test_many_requests_share_a_connection(web: DemoWeb) -> None:
    connection = http.client.HTTPConnection(web.base_url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/cat.jpg")
    connection.getresponse().read()
    first = connection.sock
    connection.request("GET", "/dog.jpg")
    connection.getresponse().read()
    assert connection.sock is first
    connection.close()


def test_it_writes_down_what_was_asked(web: DemoWeb) -> None:
    ask(web, "/cat.jpg", "HEAD", User_Agent="me/1")
    ask(web, "/dog.jpg")
    head, get = web.requests
    assert (head.path, head.method, head.status, head.headers["user-agent"]) == ("/cat.jpg", "HEAD", 200, "me/1")
    assert (get.path, get.method, get.status) == ("/dog.jpg", "GET", 404)
    assert head.at <= get.at


def test_it_counts_the_requests_at_once(web: DemoWeb) -> None:
    ask(web, "/cat.jpg")
    assert web.most_at_once == 1
    web.pages["/slow.jpg"] = Page(b"x", delay=0.3)
    threads = [threading.Thread(target=ask, args=(web, "/slow.jpg")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert web.most_at_once == 4


def test_stopping_closes_open_connections_and_frees_the_port() -> None:
    web = DemoWeb({}).start()
    host, port = web.base_url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request("GET", "/")
    connection.getresponse().read()
    web.stop()
    with pytest.raises(RuntimeError, match="not started"):
        _ = web.base_url
    assert connection.sock.recv(1) == b""
    connection.close()
    with DemoWeb({}, port=int(port)) as again:
        assert again.base_url.endswith(f":{port}")


def test_a_client_that_hangs_up_harms_nobody(web: DemoWeb) -> None:
    web.pages["/large.jpg"] = Page(bytes(20_000_000))
    connection = http.client.HTTPConnection(web.base_url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/large.jpg")
    connection.getresponse().close()
    connection.close()
    assert ask(web, "/cat.jpg").status == 200
