"""The credit line: title, author, source and licence, as the licence asks, of texts that may be hostile."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgtext_assets.rights.attribution import LONGEST_NAME, LONGEST_TITLE, attribution
from imgtext_assets.rights.licenses import BY_ID, LICENSES

TEXTS = ("title", "caption", "creator", "creator_url", "landing_url", "url", "license_id")
BY = "CC BY 4.0 <https://creativecommons.org/licenses/by/4.0/>"
URL = "https://a.example/1.jpg"


def line(**values: str | None) -> str | None:
    row = dict.fromkeys(TEXTS) | {"url": URL, "license_id": "CC-BY-4.0"} | values
    return pl.DataFrame([row], schema=dict.fromkeys(TEXTS, pl.String())).select(attribution()).item()


def test_all_four_parts_stand_beside_their_links():
    assert line(
        title="Furggelen afterglow",
        caption="Alps",
        creator="Lukas Schlagenhauf",
        creator_url="https://www.flickr.com/photos/lschlagenhauf/",
        landing_url="https://www.flickr.com/photos/35142635@N05/11504240554/",
        license_id="CC-BY-ND-2.0",
    ) == (
        '"Furggelen afterglow" <https://www.flickr.com/photos/35142635@N05/11504240554/> by Lukas Schlagenhauf '
        "<https://www.flickr.com/photos/lschlagenhauf/>, CC BY-ND 2.0 <https://creativecommons.org/licenses/by-nd/2.0/>"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, f"Picture <{URL}>, {BY}"),
        ({"caption": "A bird"}, f'"A bird" <{URL}>, {BY}'),
        ({"title": " ", "caption": "A bird"}, f'"A bird" <{URL}>, {BY}'),
        ({"creator": "Ann"}, f"Picture <{URL}> by Ann, {BY}"),
        ({"creator_url": "https://a.example/ann"}, f"Picture <{URL}>, {BY}"),
        ({"landing_url": "https://a.example/1"}, f"Picture <https://a.example/1>, {BY}"),
        ({"url": None}, f"Picture, {BY}"),
        ({"license_id": "Commons-attribution"}, f"Picture <{URL}>, Attribution only"),
    ],
)
def test_what_is_missing_is_left_out(given, expected):
    assert line(**given) == expected


@pytest.mark.parametrize(
    "license_id", ["CC0-1.0", "PD", "US-government-work", "Unsplash", "InC", "CC-SA-1.0", "?", None]
)
def test_licences_that_do_not_ask_get_no_line(license_id):
    assert line(title="A bird", creator="Ann", license_id=license_id) is None


def test_every_licence_that_asks_gets_one():
    asking = [known.id for known in LICENSES if known.attribution]
    assert len(asking) > 500
    assert all(f", {BY_ID[license_id].title}" in str(line(license_id=license_id)) for license_id in asking)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\tb \u2028 c\u00a0d", "a b c d"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("a\u200bb\x00c\x1b[31md", "abc[31md"),
        ('<a href="https://evil.example" onclick="x()">Ann</a>', "Ann"),
        ("<!-- x --><b>Ann", "Ann"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("x" * 70_000, "x" * (LONGEST_NAME - 1) + "…"),
        ("é" * LONGEST_NAME, "é" * LONGEST_NAME),
        ("日本の鳥", "日本の鳥"),
    ],
)
def test_texts_are_one_short_plain_line(text, expected):
    assert line(creator=text) == f"Picture <{URL}> by {expected}, {BY}"


def test_a_title_cannot_end_its_own_quotation():
    assert line(title='Sky" by Somebody Else, CC0') == f'"Sky\' by Somebody Else, CC0" <{URL}>, {BY}'


def test_long_titles_are_cut():
    assert line(title="y" * 500) == f'"{"y" * (LONGEST_TITLE - 1)}…" <{URL}>, {BY}'


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "ftp://a.example/", "//a.example/1", "a.example", "https://user:pw@a.example/",
        "https://a.example/> by Mallory <https://b.example/", "https://a.example/a b", "https://a.example/\u202e",
        'https://a.example/"', "https:///1", "https://a.example/" + "a" * 3_000, "https://a.example\\@b.example/",
        "https://a.example/\n", "",
    ],
)  # fmt: skip
def test_an_address_is_shown_whole_and_safe_or_not_at_all(address):
    assert line(landing_url=address, creator="Ann", creator_url=address) == f"Picture <{URL}> by Ann, {BY}"


ROW = st.fixed_dictionaries(dict.fromkeys(TEXTS[:-1], st.none() | st.text(max_size=200)))


@settings(deadline=None)
@given(st.lists(ROW, max_size=30))
def test_no_text_breaks_out_of_the_line(rows):
    given = pl.DataFrame(rows, schema=dict.fromkeys(TEXTS[:-1], pl.String())).with_columns(
        license_id=pl.lit("CC-BY-4.0")
    )
    for row, said in zip(rows, given.select(attribution()).to_series(), strict=True):
        assert said.endswith(f", {BY}")
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Zl", "Zp") for c in said)
        assert "  " not in said
        assert said.count('"') in (0, 2) or '"' in row["creator"]
