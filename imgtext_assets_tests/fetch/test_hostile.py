"""Every malice that we know of ends in its own outcome, in bounded time and memory, and harms no other request."""

import contextlib
import gzip
import os
import resource
import socket
from collections.abc import Iterator

import pytest

from imgtext_assets.catalog import ConsentPolicy, FetchSettings
from imgtext_assets.fetch import Request, fetch_all
from imgtext_assets.rights.consent import Consent
from imgtext_assets_tests.fetch.conftest import Fetch
from imgtext_assets_tests.web import CUT, RESET, HostileWeb, Seen, answer
from imgtext_assets_tests.web.hostile import Manner, Words

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FOREVER = 3600.0


def says(*words: Words) -> Manner:
    return lambda _: words


def drips(seen: Seen) -> Iterator[Words]:
    yield HEAD
    while True:
        yield b"."
        yield 0.02


def never_ends(seen: Seen) -> Iterator[Words]:
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    while True:
        yield bytes(65536)


def never_ends_its_headers(seen: Seen) -> Iterator[Words]:
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"X-Bomb: " + b"x" * 1000 + b"\r\n"


def is_never_ready(seen: Seen) -> Iterator[Words]:
    while True:
        yield b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


def goes_on(seen: Seen) -> Iterator[Words]:
    number = int(seen.path.partition("?")[2] or 0) + 1
    return iter(answer(status="302 Found", headers={"Location": f"{seen.path.partition('?')[0]}?{number}"})(seen))


def leads_to(location: str) -> Manner:
    return answer(status="302 Found", headers={"Location": location})


MALICE: dict[str, tuple[Manner, str]] = {
    "hangs": (says(FOREVER), "timeout"),
    "hangs in its headers": (says(b"HTTP/1.1 200 OK\r\nConte", FOREVER), "timeout"),
    "hangs in its body": (says(HEAD + b"abc", FOREVER), "timeout"),
    "drips": (drips, "timeout"),
    "hangs up at once": (says(CUT), "reset"),
    "hangs up in its headers": (says(b"HTTP/1.1 200 OK\r\nConte", CUT), "reset"),
    "resets": (says(RESET), "reset"),
    "resets in its body": (says(HEAD + b"abc", RESET), "reset"),
    "promises more than it sends": (says(HEAD + b"abc", CUT), "truncated"),
    "ends within a chunk": (says(CHUNKED + b"ff\r\nabc", CUT), "truncated"),
    "lies about a chunk": (says(CHUNKED + b"zz\r\nabc\r\n", CUT), "bad_response"),
    "promises a negative length": (says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc", CUT), "bad_response"),
    "promises two lengths": (
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", CUT),
        "bad_response",
    ),
    "promises too much": (says(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n", FOREVER), "too_large"),
    "promises beyond numbers": (says(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"), "too_large"),
    "never ends": (never_ends, "too_large"),
    "never ends its headers": (never_ends_its_headers, "too_large"),
    "is never ready": (is_never_ready, "too_large"),
    "speaks no HTTP": (says(b"SSH-2.0-OpenSSH_9.9\r\n", CUT), "bad_response"),
    "speaks HTTP/0.9": (says(b"<html>hello</html>", CUT), "bad_response"),
    "sends NUL in a header": (says(b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n"), "bad_response"),
    "redirects to itself": (leads_to("?"), "redirect_loop"),
    "redirects on and on": (goes_on, "redirect_loop"),
    "redirects nowhere": (answer(status="302 Found"), "redirect_loop"),
    "redirects to a file": (leads_to("file:///etc/passwd"), "blocked_address"),
    "redirects to gopher": (leads_to("gopher://127.0.0.1:70/_x"), "blocked_address"),
    "redirects to loopback of another network": (leads_to("http://[::1]:80/"), "blocked_address"),
    "redirects to a private address": (leads_to("http://10.0.0.1/"), "blocked_address"),
    "redirects to a cloud's metadata": (leads_to("http://169.254.169.254/latest/meta-data/"), "blocked_address"),
    "redirects to metadata in decimal": (leads_to("http://2852039166/"), "blocked_address"),
    "redirects to metadata in octal": (leads_to("http://0251.0376.0251.0376/"), "blocked_address"),
    "redirects to mapped metadata": (leads_to("http://[::ffff:a9fe:a9fe]/"), "blocked_address"),
    "redirects to NAT64 metadata": (leads_to("http://[64:ff9b::a9fe:a9fe]/"), "blocked_address"),
    "redirects to a refused port": (leads_to("http://8.8.8.8:25/"), "blocked_address"),
    "redirects with a password": (leads_to("http://user:secret@127.0.0.1/"), "blocked_address"),
    "redirects to brackets": (leads_to("http://[oops/"), "blocked_address"),
    "opts out and hangs": (says(b"HTTP/1.1 200 OK\r\nX-Robots-Tag: noai\r\n\r\n", FOREVER), "opted_out"),
    "is gone without end": (says(b"HTTP/1.1 404 No\r\n\r\n", *[bytes(65536)] * 100, FOREVER), "not_found"),
    "is forbidden and hangs": (says(b"HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\n", FOREVER), "forbidden"),
}


def test_every_malice_meets_its_outcome_and_harms_no_neighbour(fetch: Fetch):
    """All at once, so that the slow ones wait together and any harm to a neighbour would show."""
    paths = {name: f"/{name.replace(' ', '-').replace('/', '')}" for name in MALICE}
    manners = {paths[name]: manner for name, (manner, _) in MALICE.items()} | {"/honest": answer(b"picture")}
    with HostileWeb(manners) as web:
        outcomes = fetch(
            [*(web.url(path) for path in paths.values()), *(web.url(f"/honest?{n}") for n in range(20))],
            consent=Consent(ConsentPolicy()),
            concurrency=64,
            max_bytes=1_000_000,
            total_seconds=1,
            attempts=1,
            park_after=1000,
        )
    came = {name: outcome.reason for name, outcome in zip(MALICE, outcomes, strict=False)}
    assert came == {name: reason for name, (_, reason) in MALICE.items()}
    assert [outcome.reason for outcome in outcomes[len(MALICE) :]] == [None] * 20
    assert all(outcome.body is None for outcome in outcomes[: len(MALICE)])


def test_a_slow_body_is_given_up_long_before_its_time_is(fetch: Fetch, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("imgtext_assets.fetch.handle.LOW_SPEED_SECONDS", 1)
    with HostileWeb({"/drips": drips}) as web:
        (outcome,) = fetch([web.url("/drips")], total_seconds=600, attempts=1)
    assert (outcome.reason, outcome.passing) == ("timeout", True)
    assert "slow" in str(outcome.detail)


def test_the_total_time_counts_over_all_redirects(fetch: Fetch):
    def slowly(seen: Seen) -> Iterator[Words]:
        yield 0.2
        yield from goes_on(seen)

    with HostileWeb({"/slowly": slowly}) as web:
        (outcome,) = fetch([web.url("/slowly")], total_seconds=0.7, attempts=1, max_redirects=100)
    assert outcome.reason == "timeout"
    assert 1 < len(web.requests) <= 4


def test_a_circle_of_redirects_is_left_where_it_closes(fetch: Fetch):
    with HostileWeb({"/a": leads_to("/b"), "/b": leads_to("/a")}) as web:
        (outcome,) = fetch([web.url("/a")])
    assert outcome.reason == "redirect_loop"
    assert [seen.path for seen in web.requests] == ["/a", "/b"]


def test_little_is_read_of_an_error_s_body(fetch: Fetch):
    sent = 0

    def sorry_without_end(seen: Seen) -> Iterator[Words]:
        nonlocal sent
        yield b"HTTP/1.1 404 Not Found\r\n\r\n"
        while True:
            sent += 1
            yield bytes(2**20)

    with HostileWeb({"/a": sorry_without_end}) as web:
        (outcome,) = fetch([web.url("/a")])
    assert outcome.reason == "not_found"
    assert sent < 50  # the rest is what the sockets' buffers hold


def test_a_bomb_is_not_unpacked(fetch: Fetch):
    bomb = gzip.compress(bytes(10_000_000))
    with HostileWeb({"/bomb": answer(bomb, headers={"Content-Encoding": "gzip"})}) as web:
        (outcome,) = fetch([web.url("/bomb")], max_bytes=1_000_000)
    assert (outcome.reason, outcome.bytes) == (None, len(bomb))


def test_headers_too_long_for_a_table_are_left_out(fetch: Fetch):
    with HostileWeb({"/a": answer(b"x", headers={"ETag": f'"{"x" * 9000}"', "Content-Type": "x" * 9000})}) as web:
        (outcome,) = fetch([web.url("/a")])
    assert (outcome.reason, outcome.etag, outcome.content_type) == (None, None, None)


LOOPBACK = [
    *(
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "0x7f.1",
        "0x7F000001",
        "2130706433",
        "017700000001",
    ),
    *("0", "0.0.0.0", "127。0。0。1", "①②⑦.0.0.1", "localhost", "LOCALHOST.", "[::1]", "[::]", "[0:0::0:1]"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]"),
    *("[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fec0::1]", "[ff02::1]"),
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_is_refused_by_any_name_unless_it_is_allowed(host: str):
    """The check is on the address that is dialled, so a name that resolves to it (or did so a moment ago) is no way."""
    with HostileWeb({"/a": answer(b"secret")}) as web:
        (outcome,) = fetch_all([Request(web.url("/a", host=host))], FetchSettings(allow_ports=[web.port]))
    assert (outcome.reason, outcome.passing, outcome.attempts) == ("blocked_address", False, 1)
    assert not web.requests


def test_an_open_connection_is_no_way_past_the_guard(fetch: Fetch):
    """Hosts that share an address share no connection: each is judged by its own dial."""
    with HostileWeb({"/a": answer(b"x"), "/hop": leads_to("http://[::1]/")}) as web:
        outcomes = fetch([web.url("/a"), web.url("/hop"), web.url("/a?2")], concurrency=1)
    assert [outcome.reason for outcome in outcomes] == [None, "blocked_address", None]


def test_a_name_that_has_no_address_and_a_port_that_nobody_serves(fetch: Fetch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    nameless, unserved = fetch(["http://no-such-host.invalid/", f"http://127.0.0.1:{port}/"])
    assert (nameless.reason, nameless.passing, nameless.attempts) == ("dns", True, 1)
    assert (unserved.reason, unserved.passing, unserved.attempts) == ("refused", True, 2)


@contextlib.contextmanager
def many_files_open(count: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(count):
            stack.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        yield


def test_more_sockets_than_select_can_count(fetch: Fetch):
    """select(2) ends at descriptor 1,024; a process with many files open gets higher ones for its sockets."""
    with HostileWeb({"/a": answer(b"x")}) as web, many_files_open(1100):
        (outcome,) = fetch([web.url("/a")])
    assert outcome.reason is None
