"""Opt-out lists: what a file says, and which rows it names."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.rights.consent import OPT_OUTS, OptOuts, listed, listed_bytes, parse_opt_outs
from imgtext_assets.sources.urls import normalise, url_key

SHA = "ab" * 32


def entries(text: str) -> list[tuple[str, str]]:
    return parse_opt_outs(text, "list.txt", url_key).select("kind", "value").rows()


def named(opt_outs: pl.DataFrame, *urls: str | None) -> list[str | None]:
    rows = pl.LazyFrame({"url": urls}, schema={"url": pl.String}).with_columns(url_key=url_key(pl.col("url")))
    return listed(rows, opt_outs).collect()["opted_out_by"].to_list()


def names(text: str, *urls: str | None) -> list[str | None]:
    return named(parse_opt_outs(text, "list.txt", url_key), *urls)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("example.org", [("domain", "example.org")]),
        ("  Example.ORG.  \r\n", [("domain", "example.org")]),
        ("*.example.org\n.example.org\nexample.org", [("domain", "example.org")]),
        ("https://Example.org", [("domain", "example.org")]),
        ("http://example.org:8080/#top", [("domain", "example.org")]),
        ("http://example.org/?all", [("url", "http://example.org/?all")]),
        ("http://museum/", [("url", "http://museum/")]),
        ("kind,value\nurl,http://example.org", [("domain", "example.org")]),
        ("127.0.0.1", [("domain", "127.0.0.1")]),
        ("HTTPS://A.example:443/B.jpg#c", [("url", "https://a.example/B.jpg")]),
        (SHA.upper(), [("sha256", SHA)]),
        ("\ufeff# by mail\n\n  # more\nexample.org", [("domain", "example.org")]),
        ("http://a.example/b.jpg#not-a-comment", [("url", "http://a.example/b.jpg")]),
        ("http://a.example/b,c.jpg", [("url", "http://a.example/b,c.jpg")]),
        (f"kind,value\ndomain,example.org\nsha256,{SHA}", [("domain", "example.org"), ("sha256", SHA)]),
        ('Kind, Value\n# by mail\nURL , "http://a.example/b,c.jpg"', [("url", "http://a.example/b,c.jpg")]),
    ],
)
def test_a_line_is_an_address_a_domain_or_a_hash(text: str, expected: list[tuple[str, str]]):
    assert entries(text) == expected


def test_entries_are_a_frame_of_opt_outs():
    frame = parse_opt_outs(f"example.org\n{SHA}\n", "list.txt", url_key)
    assert frame.schema == OPT_OUTS == parse_opt_outs("", "empty.txt", url_key).schema
    assert frame["list"].unique().to_list() == ["list.txt"]


@pytest.mark.parametrize(
    "line",
    [
        "noai",
        "ftp://a.example/b.jpg",
        "http:///b.jpg",
        "example.org/photos",
        "example.org:8080",
        "ann@example.org",
        "two words.org",
        "a..org",
        "kind,value",
        "http://a.example/*",
        "https://*.a.example/b.jpg",
        "*",
    ],
)
def test_a_line_that_nobody_understands_is_an_error_that_names_it(line: str):
    with pytest.raises(ValueError, match=r"list\.txt, line 3: ") as error:
        entries(f"# by mail\nexample.org\n{line}\nexample.com")
    assert repr(line) in str(error.value)


@pytest.mark.parametrize(
    "line", ["domain,http://a.example/", "sha256,abc", "mail,ann@example.org", "domain", "domain,"]
)
def test_where_a_file_names_kinds_an_entry_must_be_of_its_kind(line: str):
    with pytest.raises(ValueError, match=r"list\.txt, line 2: "):
        entries(f"kind,value\n{line}")


def test_a_hash_of_another_length_is_no_hash():
    with pytest.raises(ValueError, match="line 1"):
        entries("ab" * 16)


def test_an_address_names_its_spellings_and_nothing_below_it():
    assert names(
        "http://a.example/b.jpg",
        "http://A.example:80/b.jpg#top",
        "http://a.example/b.jpg/c",
        "http://a.example/b.jpg?size=b",
        "https://a.example/b.jpg",
        None,
    ) == ["list.txt lists http://a.example/b.jpg", None, None, "list.txt lists http://a.example/b.jpg", None]


LABEL = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,4})?", fullmatch=True)
TOP = st.from_regex(r"[a-z]{2,6}", fullmatch=True)
DOMAIN = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(LABEL, min_size=1, max_size=3), TOP)


@given(DOMAIN, st.lists(LABEL, max_size=3))
def test_a_domain_covers_itself_and_its_subdomains(domain: str, below: list[str]):
    host = ".".join([*below, domain])
    for url in (f"http://{host}/a.jpg", f"HTTPS://{host.upper()}:8443"):
        assert names(domain, url) == [f"list.txt lists {domain}"]


@given(DOMAIN, LABEL, LABEL)
def test_a_domain_covers_no_look_alike(domain: str, before: str, after: str):
    hosts = [f"{before}{domain}", f"{before}-{domain}", f"{domain}{after}", f"{domain}.{after}x", f"{before}.{after}x"]
    others = [host for host in hosts if host != domain and not host.endswith(f".{domain}")]
    urls = [f"http://{host}/{domain}?{domain}" for host in others]
    assert names(domain, *urls) == [None] * len(urls)


def test_not_example_org():
    assert names(
        "example.org", "http://notexample.org/", "http://example.org.evil.example/", "http://example.com/"
    ) == [
        None,
        None,
        None,
    ]


def test_an_address_comes_before_a_domain_and_a_longer_domain_before_a_shorter():
    text = "example.org\na.b.example.org\nhttp://b.example.org/1.jpg"
    assert names(text, "http://b.example.org/1.jpg", "http://x.a.b.example.org/", "http://b.example.org/2.jpg") == [
        "list.txt lists http://b.example.org/1.jpg",
        "list.txt lists a.b.example.org",
        "list.txt lists example.org",
    ]


def test_of_two_lists_that_name_a_row_the_first_is_evidence_and_no_row_is_doubled():
    both = pl.concat([parse_opt_outs("example.org", name, url_key) for name in ("one.txt", "two.txt")])
    assert named(both, "http://example.org/") == ["one.txt lists example.org"]


def test_without_lists_nobody_has_opted_out():
    assert named(OPT_OUTS.to_frame(), "http://example.org/") == [None]


@given(st.lists(st.one_of(DOMAIN, DOMAIN.map("http://{}/a.jpg".format)), max_size=5), DOMAIN)
def test_one_address_is_named_as_a_frame_of_them_is(entries: list[str], other: str):
    opt_outs = parse_opt_outs("\n".join(entries), "list.txt", url_key)
    hosts = [entry.removeprefix("http://").removesuffix("/a.jpg") for entry in entries]
    urls = [f"https://{host}/{name}" for host in [*hosts, f"x.{other}", other] for name in ("a.jpg", "b.jpg")]
    assert [OptOuts(opt_outs, normalise).evidence(url) for url in urls] == named(opt_outs, *urls)


def test_what_is_no_address_is_on_no_list():
    assert OptOuts(parse_opt_outs("example.org", "l", url_key), normalise).evidence("mailto:ann@example.org") is None


def test_rows_keep_their_order_and_columns():
    urls = [f"http://{'abc'[n % 3]}.example/{n}" for n in range(300)]
    rows = pl.LazyFrame({"url_key": urls, "n": range(300)})
    out = listed(rows, parse_opt_outs("b.example\nhttp://a.example/0", "l", url_key)).collect()
    assert out.columns == ["url_key", "n", "opted_out_by"]
    assert out["n"].to_list() == list(range(300))
    assert out["opted_out_by"].is_not_null().sum() == 101


def test_bytes_are_named_by_their_hash():
    rows = pl.LazyFrame({"sha256": [SHA, "cd" * 32, None]})
    out = listed_bytes(rows, parse_opt_outs(f"example.org\n{SHA}", "list.txt", url_key)).collect()
    assert out["opted_out_by"].to_list() == [f"list.txt lists {SHA}", None, None]
    assert out.columns == ["sha256", "opted_out_by"]
