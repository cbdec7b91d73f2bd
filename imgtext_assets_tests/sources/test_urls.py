"""Addresses: which are web addresses at all, and which are the same."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.sources import is_web_address, url_key


def key(url: str | None) -> str | None:
    return pl.select(url_key(pl.lit(url, pl.String))).item()


def is_web(url: str | None) -> bool:
    return pl.select(is_web_address(pl.lit(url, pl.String))).item()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example/B.jpg", "http://a.example/B.jpg"),
        ("HTTPS://A.Example/B.jpg", "https://a.example/B.jpg"),
        ("http://a.example:80/b", "http://a.example/b"),
        ("https://a.example:443/b", "https://a.example/b"),
        ("http://a.example:443/b", "http://a.example:443/b"),
        ("https://a.example:80/b", "https://a.example:80/b"),
        ("http://a.example:/b", "http://a.example/b"),
        ("http://a.example:8080/b", "http://a.example:8080/b"),
        ("http://a.example/b#c", "http://a.example/b"),
        ("http://a.example/b?C=%2F#d?e", "http://a.example/b?C=%2F"),
        ("http://a.example?b", "http://a.example?b"),
        ("http://a.example", "http://a.example"),
        ("http://a.example/%7Eb", "http://a.example/%7Eb"),
        ("http://User:PW@A.example/b", "http://User:PW@a.example/b"),
        ("http://[2001:DB8::1]:80/b", "http://[2001:db8::1]/b"),
        ("http://münchen.example/straße und ort.jpg", "http://münchen.example/straße und ort.jpg"),
        ("http://a.example/http://b.example:80/C#d", "http://a.example/http://b.example:80/C"),
    ],
)
def test_keys_drop_what_makes_no_difference_and_nothing_else(url, expected):
    assert key(url) == expected
    assert is_web(url)


@pytest.mark.parametrize(
    "url",
    [
        None, "", "a.example/b.jpg", "//a.example/b", "http:/a.example/b", "http:///b", "http://", "http://:80/b",
        "http://user@/b", "http://./b", "http://.example/b", "file:///etc/passwd", "ftp://a.example/b",
        "javascript:alert(1)", "data:image/png;base64,AAAA", "xhttp://a.example/b", "http://a b.example/c",
        "http://a.example\\@b.example/c", "http://a.example/b\nHost: c", "http://a.example/b\x00.jpg",
        "http://a.example:80x/b", "http://a.example:999999/b", "http://[::1/b", "http://%31.example/b", "\thttp://a/",
    ],
)  # fmt: skip
def test_what_is_no_web_address_has_no_key(url):
    assert not is_web(url)
    assert key(url) is None


@given(st.text(max_size=60) | st.from_regex(r"(?i)https?://[a-z.:@/?#0-9]{0,40}", fullmatch=True))
def test_a_key_is_its_own_key(text):
    once = key(text)
    assert (once is not None) == is_web(text)
    assert key(once) == once
