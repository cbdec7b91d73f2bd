"""The address guard: what may be asked for, and what may be dialled."""

import contextlib
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.catalog import FetchSettings
from imgtext_assets.fetch import Request, fetch_all
from imgtext_assets.fetch.addresses import BadURL, Guard, follow, is_public, parse_url, unwrap
from imgtext_assets_tests.fetch.conftest import loopback
from imgtext_assets_tests.web import HostileWeb

PRIVATE = [
    *(
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.255",
    ),
    *("168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.192", "192.0.2.1"),
    *("192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:10.0.0.1"),
    *("100.127.255.255", "64:ff9b::169.254.169.254", "64:ff9b:1:ffff::a9fe:a9fe", "fd20:ce::254", "::a9fe:a9fe"),
    *(
        "2002:a9fe:a9fe::",
        "feff::1",
        "ff0e::1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
    ),
    *("2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "3ffe::1", "3fff::1", "4000::1", "5f00::1"),
    *("fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"),
]
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "198.20.0.1", "223.255.255.255"),
    *("64:ff9b::8.8.8.8", "::ffff:8.8.8.8", "2606:4700::1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_no_ordinary_host_are_refused(address: str):
    assert not is_public(ipaddress.ip_address(address))
    assert Guard(FetchSettings()).objection(address, 80)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass_on_allowed_ports_only(address: str):
    guard = Guard(FetchSettings())
    assert guard.objection(address, 443) is None
    assert "port 22" in str(guard.objection(address, 22))


@given(st.ip_addresses(v=4))
def test_an_embedded_ipv4_address_is_judged_as_itself(ip: ipaddress.IPv4Address):
    for prefix in ("::", "::ffff:", "::ffff:0:", "64:ff9b::"):
        embedded = ipaddress.ip_address(f"{prefix}{ip}")
        assert unwrap(embedded) == ip
        assert is_public(embedded) == is_public(ip)


@given(st.ip_addresses())
def test_nothing_passes_that_the_standard_library_calls_private(ip: ipaddress.IPv4Address | ipaddress.IPv6Address):
    if is_public(ip):
        assert unwrap(ip).is_global


def test_an_allowed_network_may_be_dialled_on_any_port_and_in_any_guise():
    guard = Guard(FetchSettings(allow_networks=["127.0.0.0/8"]))
    assert guard.objection("127.0.0.1", 8377) is None
    assert guard.objection("::ffff:127.0.0.1", 8377) is None
    assert guard.objection("10.0.0.1", 80)
    assert guard.objection("::1", 80)


def test_a_scoped_address_is_judged_without_its_scope():
    assert Guard(FetchSettings()).objection("fe80::1%eth0", 80)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("http://example.org", "http://example.org/"),
        ("HTTP://EXAMPLE.org:80/A?B#c", "http://example.org/A?B"),
        ("https://example.org:443/", "https://example.org/"),
        ("https://example.org:8443/", "https://example.org:8443/"),
        ("https://example.org?q", "https://example.org/?q"),
        ("  http://example.org/a b.jpg\n", "http://example.org/a%20b.jpg"),
        ("http://example.org/é/%C3%A9?ü=1", "http://example.org/%C3%A9/%C3%A9?%C3%BC=1"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://例え。jp/", "http://xn--r8jz45g.jp/"),
        ("http://example.org./", "http://example.org/"),
        ("http://a_b.example/", "http://a_b.example/"),
        ("http://example.org/a\\b", "http://example.org/a%5Cb"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://0177.0.0.01/", "http://127.0.0.1/"),
        ("http://127.0.0.1./", "http://127.0.0.1/"),
        ("http://①②⑦.0.0.1/", "http://127.0.0.1/"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
        ("http://127.1/", "http://127.0.0.1/"),
        ("http://017700000001/", "http://127.0.0.1/"),
        ("http://0xA9FEA9FE/latest", "http://169.254.169.254/latest"),
        ("http://0/", "http://0.0.0.0/"),
        ("http://[::FFFF:A9FE:A9FE]/", "http://[::ffff:a9fe:a9fe]/"),
        ("http://LOCALHOST./", "http://localhost/"),
        ("http://[2606:4700:0:0::1]:8080/", "http://[2606:4700::1]:8080/"),
        ("http://a.example/x/../b.jpg", "http://a.example/b.jpg"),
        ("http://a.example/x/%2e%2E/b.jpg", "http://a.example/b.jpg"),
        ("http://a.example/../../b/./c/..?x=/../y", "http://a.example/b/?x=/../y"),
        ("http://a.example/x//../b/.", "http://a.example/x/b/"),
        ("http://a.example/.../b..", "http://a.example/.../b.."),
    ],
)
def test_an_address_is_normalised(given: str, sent: str):
    assert parse_url(given).text == sent
    assert parse_url(sent).text == sent


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org/a.jpg",
        "//example.org/a.jpg",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org/",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "http:/example.org/",
        "http:///a",
        "http://:80/",
        "http://user@example.org/",
        "http://user:secret@example.org/",
        "http://example.org@127.0.0.1/",
        "http://example.org\\@127.0.0.1/",
        "http://exa mple.org/",
        "http://exa%6dple.org/",
        "http://example.org:99999/",
        "http://example.org:0/",
        "http://example.org:8o/",
        "http://[::1/",
        "http://[::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://4294967296/",
        "http://127.0.0.256/",
        "http://0x100000000/",
        "http://127.0.0.08/",
        "http://127.0.0.1%2f.example.org/",
        "http://127.0.0.1:80:80/",
        "http://example.org../",
        "http://[v1.x]/",
        "http://1.2.3.4.5/",
        "http://999.1.1.1/",
        "http://-.example..org/",
        f"http://{'a' * 64}.example/",
        "http://xn--\u00fc.example/",
        "http://example.org/a\r\nHost: evil.example",
        "http://example.org/\x00",
        "http://example.org/\ud800",
        "http://example.org/" + "a" * 9000,
    ],
)
def test_what_is_no_plain_http_address_is_never_asked_for(text: str):
    with pytest.raises(BadURL):
        parse_url(text)


@given(st.text() | st.text().map("http://example.org/{}".format) | st.from_regex(r"https?://[\S ]+", fullmatch=True))
def test_parsing_ends_in_an_ascii_address_that_parses_to_itself_or_in_bad_url(text: str):
    try:
        url = parse_url(text)
    except BadURL:
        return
    assert url.text.isascii()
    assert url.text.isprintable()
    assert " " not in url.text
    if len(url.text) <= 8192:
        assert parse_url(url.text) == url


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/b", "http://example.org/b"),
        ("b", "http://example.org/x/b"),
        ("?c", "http://example.org/x/a?c"),
        ("//other.example/b", "http://other.example/b"),
        ("https://other.example/b c", "https://other.example/b%20c"),
        ("/\u00c3\u00a9", "http://example.org/%C3%A9"),  # UTF-8 as received
        ("/\u00e9", "http://example.org/%E9"),  # Latin-1 as received
    ],
)
def test_a_redirect_is_relative_to_where_it_came_from(location: str, leads_to: str):
    assert follow(parse_url("http://example.org/x/a"), location).text == leads_to


@given(st.text(st.characters(max_codepoint=255)))
def test_any_location_is_an_address_or_bad_url(location: str):
    with contextlib.suppress(BadURL):
        assert follow(parse_url("http://example.org/x/a"), location).text.isascii()


@pytest.mark.parametrize("path", ["/x/../b", "/x/%2e%2E/b", "/x//../b", "/..//b", "/x/.?y=/../z", "/x/...", "/%zz"])
def test_what_is_parsed_is_what_is_sent(path: str):
    """libcurl tidies paths, too: what consent was judged by must be what is asked for."""
    with HostileWeb({}) as web:
        (outcome,) = fetch_all([Request(web.url(path))], loopback())
        assert outcome.final_url == web.url(web.requests[0].path)


def test_the_origin_is_scheme_host_and_port():
    assert parse_url("HTTP://A.example:80/b/c?d").origin == "http://a.example"
    assert parse_url("https://[::1]:8443").origin == "https://[::1]:8443"
