"""Addresses: which can be asked for at all, and which are the same."""

import string

import polars as pl
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from imgtext_assets.fetch.addresses import BadURL, parse_url
from imgtext_assets.sources import is_web_address, url_key
from imgtext_assets.sources.urls import normalise


def key(url: str | None) -> str | None:
    return pl.select(url_key(pl.lit(url, pl.String))).item()


def is_web(url: str | None) -> bool:
    return pl.select(is_web_address(pl.lit(url, pl.String))).item()


def fetched(url: str) -> str | None:
    """What is asked for when `url` is fetched."""
    try:
        return parse_url(url).text
    except BadURL:
        return None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example/B.jpg", "http://a.example/B.jpg"),
        ("HTTPS://A.Example/B.jpg", "https://a.example/B.jpg"),
        (" http://a.example/b\n", "http://a.example/b"),
        ("http://a.example:80/b", "http://a.example/b"),
        ("https://a.example:443/b", "https://a.example/b"),
        ("http://a.example:443/b", "http://a.example:443/b"),
        ("http://a.example:/b", "http://a.example/b"),
        ("http://a.example:08080/b", "http://a.example:8080/b"),
        ("http://a.example./b", "http://a.example/b"),
        ("http://a.example/b#c", "http://a.example/b"),
        ("http://a.example/b?C=%2F#d?e", "http://a.example/b?C=%2F"),
        ("http://a.example/b?", "http://a.example/b?"),
        ("http://a.example?b", "http://a.example/?b"),
        ("http://a.example", "http://a.example/"),
        ("http://a.example/%7eb%2fc%e2", "http://a.example/~b%2Fc%E2"),
        ("http://a.example/100%/%7e%2f", "http://a.example/100%/%7e%2f"),
        ("http://a.example/%%37%45", "http://a.example/%%37%45"),
        ("http://a.example/a/./b/../c/..", "http://a.example/a/"),
        ("http://a.example/../../a//b", "http://a.example/a//b"),
        ("http://a.example/%2E%2e/a?b=/../c", "http://a.example/a?b=/../c"),
        ("http://a.example/.well-known/x..y/...", "http://a.example/.well-known/x..y/..."),
        ("http://[2001:DB8:0:0::1]:80/b", "http://[2001:db8::1]/b"),
        ("http://0x7f.1/b", "http://127.0.0.1/b"),
        ("http://Bücher.example/straße und [ort].jpg", "http://xn--bcher-kva.example/stra%C3%9Fe%20und%20%5Bort%5D.jpg"),
        ("http://xn--bcher-kva.example/%5bort%5d", "http://xn--bcher-kva.example/%5Bort%5D"),
        ("http://a.example/http://b.example:80/C#d", "http://a.example/http://b.example:80/C"),
        ("http://a.example/b\\c|d", "http://a.example/b%5Cc%7Cd"),
        (f"http://{'a' * 63}.example/", f"http://{'a' * 63}.example/"),
    ],
)  # fmt: skip
def test_keys_drop_what_makes_no_difference_and_nothing_else(url, expected):
    assert key(url) == expected
    assert is_web(url)


@pytest.mark.parametrize(
    "url",
    [
        None, "", "a.example/b.jpg", "//a.example/b", "http:/a.example/b", "http:///b", "http://", "http://:80/b",
        "http://user@/b", "http://./b", "http://.example/b", "http://a..example/b", "file:///etc/passwd",
        "ftp://a.example/b", "javascript:alert(1)", "data:image/png;base64,AAAA", "xhttp://a.example/b",
        "http://a b.example/c", "http://a.example\\@b.example/c", "http://a.example/b\nHost: c",
        "http://a.example/b\x00.jpg", "http://a.example:80x/b", "http://a.example:99999/b", "http://a.example:0/b",
        "http://[::1/b", "http://[1.2.3.4]/b", "http://%31.example/b", "http://256.1.1.1/", "http://1.2.3.4.5/",
        "http://08/", "http://0x/", "http://user@a.example/b", "http://user:pw@a.example/b", "http://@a.example/b",
        "http://\u2060/b", f"http://{'a' * 64}.example/", "http://" + ".".join(["a" * 49] * 6),
        "http://a.example/" + "b" * 8192,
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_has_no_key(url):
    assert not is_web(url)
    assert key(url) is None


def test_a_column_is_judged_value_by_value():
    urls = pl.Series(["http://a.example/b", None, "HTTP://A.example/b", "nowhere", "HTTP://A.example/b"])
    assert pl.select(url_key(pl.lit(urls))).to_series().to_list() == [
        "http://a.example/b", None, "http://a.example/b", None, "http://a.example/b",
    ]  # fmt: skip


# Addresses of all kinds, good and bad, that are made of the parts that matter to the rules.
hosts = st.one_of(
    st.from_regex(r"[a-zA-Z0-9_.-]{1,12}", fullmatch=True),
    st.sampled_from(["bücher.example", "日本。例", "[::1]", "[::ffff:1.2.3.4]", "a" * 64, "ａ.example", "-", "xn--a"]),
    st.from_regex(r"(0x)?[0-9a-f]{1,9}(\.(0x)?[0-9]{1,3}){0,4}", fullmatch=True),
)
marks = [*"/.?&=+%:@!$'()*,;~#[]|\"<\\^`{} aZ9-_", "ä", "\x85", "..", "/./", "/../"]
triples = ["%2F", "%2f", "%2E", "%41", "%7e", "%C3", "%c3"]
tails = st.lists(st.sampled_from([*marks, *triples]), max_size=12).map("".join)
ports = st.sampled_from(["", ":", ":80", ":443", ":0080", ":8080", ":0", ":65536", ":x"])
users = st.sampled_from(["", "", "", "u@", "u:p@", "@"])
schemes = st.sampled_from(["http", "https", "HTTP", "Https", "ftp"])
addresses = st.builds("{}://{}{}{}/{}".format, schemes, users, hosts, ports, tails) | st.text(max_size=40)
# And such as can nearly always be asked for.
fetchable_hosts = st.from_regex(r"[a-zA-Z][a-zA-Z0-9]{0,8}(\.[a-z]{2,5})?\.?", fullmatch=True) | st.sampled_from(
    ["bücher.example", "日本。例", "[::1]", "[::ffff:1.2.3.4]", "0x7f.1", "ａ.example"]
)
fetchable = st.builds(
    "{}://{}{}/{}".format,
    st.sampled_from(["http", "https", "HTTP", "Https"]),
    fetchable_hosts,
    st.sampled_from(["", ":", ":80", ":443", ":0080", ":8080"]),
    tails,
)


@given(addresses)
@example("http://0/")
@example("http://4294967295/%%3441")
def test_what_is_kept_can_be_fetched_and_asks_for_the_same(url):
    sent = fetched(url)
    assert (key(url) is not None) == (sent is not None)
    if sent is not None:
        assert key(sent) == key(url)


@given(addresses)
def test_a_key_is_its_own_key(url):
    once = key(url)
    assert key(once) == once


@given(addresses)
def test_the_fast_way_and_the_slow_way_agree(url):
    assert key(url) == normalise(url)
    assert (once := normalise(url)) is None or key(once) == once


@given(fetchable.filter(key))
def test_equal_spellings_have_one_key(url):
    scheme, _, rest = url.strip().partition("://")
    authority, slash, tail = rest.partition("/")
    spelled = [f"{scheme.swapcase()}://{authority.swapcase() if authority.isascii() else authority}{slash}{tail}"]
    spelled.append(f"{url.strip()}#fragment" if "#" not in url else url)
    if "%" not in tail:
        encoded = "".join(f"%{ord(c):02x}" if c in string.ascii_letters + string.digits + "-_~" else c for c in tail)
        spelled.append(f"{scheme}://{authority}{slash}{encoded}")
    assert {key(other) for other in spelled} == {key(url)}


@given(st.text("ab/%?&=;:@2Ff+.", max_size=8), st.text("ab/%?&=;:@2Ff+.", max_size=8))
def test_different_resources_stay_different(one, other):
    """Without encoded letters and dot segments, no two texts of these characters name one resource."""
    assume(one != other and "/." not in "/" + one + other and "%" not in one + other)
    assert key(f"http://a.example/{one}") != key(f"http://a.example/{other}")


@pytest.mark.parametrize("character", string.punctuation.translate(str.maketrans("", "", '-._~"<>\\^`{|}[]#%')))
def test_reserved_characters_are_never_decoded(character):
    assert key(f"http://a.example/b%{ord(character):02X}c") != key(f"http://a.example/b{character}c")
