"""Licences: every known way to state one is recognised, and nothing that only looks like one."""

import string

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imgtext_assets.catalog import LicensePolicy
from imgtext_assets.rights.licenses import (
    BY_ID,
    GROUPS,
    LICENSES,
    allowed_ids,
    find_license,
    is_public_domain,
    license_url,
    recognise,
    stricter,
)
from imgtext_assets_tests.rights.statements import CC, FLICKR, STATED, UNKNOWN


def found_id(stated: str, scheme: str | None = None) -> str | None:
    match = find_license(stated, scheme)
    return match.license.id if match else None


@pytest.mark.parametrize(("expected", "stated"), [(key, text) for key, texts in STATED.items() for text in texts])
def test_every_way_to_state_a_licence_is_recognised(expected, stated):
    assert found_id(stated) == expected


@pytest.mark.parametrize("stated", UNKNOWN)
def test_what_the_table_has_not_is_unknown(stated):
    assert find_license(stated) is None


@pytest.mark.parametrize(("number", "expected"), FLICKR.items())
def test_a_bare_number_is_flickrs_only_where_the_catalog_says_so(number, expected):
    assert found_id(number, "flickr") == expected
    assert find_license(number) is None


@pytest.mark.parametrize("stated", ["17", "07", "-1", "4.0", "+4", "٤", "1e0", "4 5"])
def test_what_is_no_number_of_flickrs_is_unknown(stated):
    assert find_license(stated, "flickr") is None


def test_with_a_scheme_other_statements_count_as_well():
    assert found_id(" CC BY 4.0 ", "flickr") == "CC-BY-4.0"


def test_a_scheme_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="flickr"):
        find_license("4", "wikimedia")


@pytest.mark.parametrize(
    ("stated", "scheme", "pattern"),
    [
        ("http://www.creativecommons.org/publicdomain/zero/1.0/deed.en", None, f"address {CC}/publicdomain/zero/1.0"),
        ("CC0 1.0  Universal", None, 'phrase "cc0 1.0 universal"'),
        ("9", "flickr", "Flickr's number 9"),
        ("{{PD-USGov-NASA|x=y}}", None, "Wikimedia template PD-USGov-NASA"),
        ("CC0 (CC Zero)", None, 'phrase "cc0" and phrase "cc zero"'),
    ],
)
def test_a_match_says_by_which_pattern(stated, scheme, pattern):
    match = find_license(stated, scheme)
    assert match is not None
    assert match.pattern == pattern


# The table.


def test_the_table_agrees_with_itself():
    assert len(BY_ID) == len(LICENSES)
    for known in LICENSES:
        for stated in (known.id, known.title, known.url, *known.urls, *known.spellings):
            assert stated is None or found_id(stated) == known.id, stated
        for template in known.templates:
            assert found_id(f"{{{{{template}}}}}") == known.id, template
        if known.flickr is not None:
            assert found_id(str(known.flickr), "flickr") == known.id
    assert sorted(known.flickr for known in LICENSES if known.flickr is not None) == list(range(17))


def test_ids_are_spdx_s_where_there_are_any():
    spdx = pytest.importorskip("packaging.licenses", reason="knows SPDX's ids")
    listed = 0
    for known in LICENSES:
        try:
            canonical = spdx.canonicalize_license_expression(known.id)
        except spdx.InvalidLicenseExpression:
            continue
        assert known.id == canonical
        listed += 1
    assert listed >= 60


def test_all_creative_commons_licences_and_ports_are_there():
    six = [known for known in LICENSES if known.id.startswith("CC-BY")]
    versions = {version: sum(known.version == version for known in six) for version in {x.version for x in six}}
    # Times six licences: three ports and the licence for all, and so on; 2.1 exists only as ports.
    assert {version: count / 6 for version, count in versions.items()} == {
        "1.0": 4, "2.0": 19, "2.1": 4, "2.5": 29, "3.0": 44, "4.0": 1,
    }  # fmt: skip


def test_a_licence_demands_what_its_code_says():
    for known in LICENSES:
        if known.id.startswith("CC-BY"):
            parts = known.id.split("-")[1:]
            said = (known.attribution, known.share_alike, known.non_commercial, known.no_derivatives)
            assert said == tuple(part in parts for part in ("BY", "SA", "NC", "ND"))


def test_sites_that_call_themselves_free_are_no_public_domain():
    for name in ("Unsplash", "Pexels", "Pixabay", "StockSnap", "Burst", "royalty-free"):
        assert not BY_ID[name].public_domain
        assert not any(name in group for group in GROUPS.values())


# Groups.


def test_groups_hold_each_other():
    assert GROUPS["public-domain"] < GROUPS["open-commercial"] < GROUPS["non-commercial"]
    assert GROUPS["public-domain"] == {
        "CC0-1.0", "CC-PDM-1.0", "CC-PDDC", "PDDL-1.0", "PD", "PD-US", "US-government-work", "no-known-copyright",
        "NoC-US", "NKC",
    }  # fmt: skip
    assert {"CC-BY-4.0", "CC-BY-SA-2.0-DE", "OGL-UK-3.0", "LAL-1.3"} < GROUPS["open-commercial"]
    assert {"CC-BY-NC-4.0", "CC-BY-NC-SA-2.0", "NoC-NC"} < GROUPS["non-commercial"] - GROUPS["open-commercial"]
    for forbidden in ("CC-BY-ND-4.0", "CC-BY-NC-ND-2.0", "InC", "CNE", "all-rights-reserved", "CC-SAMPLING+-1.0"):
        assert forbidden not in GROUPS["non-commercial"]


def test_a_policy_names_ids_and_groups():
    assert allowed_ids([]) == frozenset()
    assert allowed_ids(["CC-BY-4.0", "public-domain"]) == GROUPS["public-domain"] | {"CC-BY-4.0"}
    assert allowed_ids(LicensePolicy().allow) == GROUPS["public-domain"]
    assert not set(GROUPS) & set(BY_ID)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("publicdomain", "public-domain"), ("cc-by-4.0", "CC-BY-4.0"), ("CC0", "CC0-1.0"), ("", "public-domain")],
)
def test_a_name_that_there_is_not_is_refused_with_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=nearest) as caught:
        allowed_ids(["CC0-1.0", name])
    assert repr(name) in str(caught.value)


# Columns.


def test_columns_are_recognised_whole():
    stated = pl.LazyFrame({"license": ["CC0", None, "own", "CC0", f"https://{CC}/licenses/by-nc/4.0/", "0"]})
    found = stated.select(recognise(pl.col("license"), "flickr").alias("seen")).unnest("seen").collect()
    assert found["license_id"].to_list() == ["CC0-1.0", None, None, "CC0-1.0", "CC-BY-NC-4.0", "all-rights-reserved"]
    assert found["pattern"].to_list()[-1] == "Flickr's number 0"
    assert found["pattern"].is_null().to_list() == found["license_id"].is_null().to_list()
    urls = found.select(license_url(pl.col("license_id"))).to_series().to_list()
    assert urls[0] == f"https://{CC}/publicdomain/zero/1.0/"
    assert urls[-1] is None


@pytest.mark.parametrize("texts", [[], [None, None], ["?", None, "?"]])
def test_a_column_without_licences_is_all_null(texts):
    stated = pl.DataFrame({"license": pl.Series(texts, dtype=pl.String)})
    found = stated.select(recognise(pl.col("license")).alias("seen")).unnest("seen")
    assert found.schema == {"license_id": pl.String, "pattern": pl.String}
    assert found.rows() == [(None, None)] * len(texts)


def test_a_whole_file_streams_as_it_is_read_at_once(tmp_path):
    texts = [*(text for texts in STATED.values() for text in texts), *UNKNOWN, None] * 20
    pl.DataFrame({"license": texts}).write_parquet(tmp_path / "a.parquet", row_group_size=500)
    query = pl.scan_parquet(tmp_path / "a.parquet").select(recognise(pl.col("license")).struct.field("license_id"))
    assert query.collect(engine="streaming").to_series().to_list() == query.collect().to_series().to_list()


def test_public_domain_is_said_of_known_licences_only():
    ids = pl.Series(["CC0-1.0", "PD", "US-government-work", "CC-BY-4.0", "Unsplash", "InC", "nonsense", None])
    said = pl.select(is_public_domain(pl.lit(ids))).to_series().to_list()
    assert said == [True, True, True, False, False, False, None, None]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("CC-BY-4.0", "CC0-1.0", True),
        ("CC0-1.0", "CC-BY-4.0", False),
        ("CC-BY-NC-4.0", "CC-BY-SA-4.0", True),
        ("CC-BY-SA-4.0", "CC-BY-NC-4.0", True),
        ("CC-BY-SA-4.0", "CC-BY-SA-2.0-DE", False),
        ("PD", "CC0-1.0", False),
        ("InC", "all-rights-reserved", False),
        ("Unsplash", "CC0-1.0", True),
        ("CC-BY-4.0", "nonsense", None),
        (None, "CC-BY-4.0", None),
    ],
)
def test_stricter_is_to_demand_something_more(first, second, expected):
    frame = pl.DataFrame({"a": [first], "b": [second]}, schema={"a": pl.String, "b": pl.String})
    assert frame.select(stricter(pl.col("a"), pl.col("b"))).item() is expected


def test_reserved_rights_are_stricter_than_anything_that_permits():
    ids = pl.Series([known.id for known in LICENSES if not known.reserved])
    reserved = pl.lit("all-rights-reserved")
    assert pl.select(stricter(reserved, pl.lit(ids))).to_series().all()
    assert not pl.select(stricter(pl.lit(ids), reserved)).to_series().any()


# Laws.

ADDRESS = st.sampled_from([(url, known.id) for known in LICENSES for url in (known.url, *known.urls) if url])
PHRASE = st.sampled_from([(text, known.id) for known in LICENSES for text in (known.id, *known.spellings)])


@given(ADDRESS, st.data())
def test_spellings_of_an_address_agree(address, data):
    url, expected = address
    rest = url.partition("://")[2]
    if f"{CC}/licenses/" in rest or f"{CC}/publicdomain/" in rest:
        rest += data.draw(
            st.sampled_from(["", "deed.en", "deed.zh_TW", "legalcode", "legalcode.pt-br", "legalcode.txt"])
        )
    if not rest.endswith("/"):
        rest += data.draw(st.sampled_from(["", "/"]))
    elif data.draw(st.booleans()):
        rest = rest[:-1]
    start = data.draw(st.sampled_from(["http://", "https://", "HTTPS://", "//", "", "http://www.", "www."]))
    end = data.draw(st.sampled_from(["", "?lang=de", "#top", "?a=b#c", "?"]))
    case = data.draw(st.sampled_from([str, str.upper, str.lower]))
    space = data.draw(st.text(" \t\n", max_size=3))
    assert found_id(space + start + case(rest.removeprefix("www.")) + end + space) == expected


@given(PHRASE, st.data())
def test_spellings_of_a_phrase_agree(phrase, data):
    text, expected = phrase
    case = data.draw(st.sampled_from([str, str.upper, str.lower, str.title]))
    separator = data.draw(st.sampled_from([" ", "-", "_", "  ", " - ", "\n"]))
    changed = case(separator.join(text.split(" ")))
    if changed.lower() == separator.join(text.split(" ")).lower():  # not so where upper case is longer, such as of ß
        assert found_id(changed) == expected
        assert found_id(changed + ".") == expected


NO_DIFFERENCE = {"license", "licence", "cc"}  # "CC BY 4.0 License" is CC BY 4.0
WORD = st.text(string.ascii_letters + "?!,;'\"&*$", min_size=1, max_size=12)


@given(PHRASE, WORD.filter(lambda word: word.lower() not in NO_DIFFERENCE), st.booleans())
@example(("CC0", "CC0-1.0"), "not", True)
@example(("CC BY 4.0", "CC-BY-4.0"), "DE", False)
def test_a_word_more_makes_a_statement_another_one(phrase, word, before):
    text, expected = phrase
    assert found_id(f"{word} {text}" if before else f"{text} {word}") != expected


HOSTILE = st.sampled_from(
    ["evil", ".", "/", "@", ":8080", "%2F", "%00", "\\", "\u200b", "\u0430", "..", " ", "//", "-"]
)


@given(ADDRESS, HOSTILE, st.data())
def test_an_address_with_something_in_its_host_or_path_is_not_its_licence(address, hostile, data):
    url, expected = address
    place = data.draw(st.integers(url.index("//") + 2, len(url) - 2))
    assert found_id(url[:place] + hostile + url[place:]) != expected


# Pieces of real statements, hostile hosts and separators, put together in any order.
HOSTS = ["http://", "https://", "//", "www.", CC, "evil.example", "@", ":80", "\\"]
PATHS = ["publicdomain/", "zero/", "mark/", "licenses/", "by/", "1.0/", "4.0/", "1.0", "deed.en"]
OTHER = ["/", ".", "..", "?", "#", " ", "CC0", "(", ")"]
pieces = st.lists(st.sampled_from(HOSTS + PATHS + OTHER), max_size=9).map("".join)


@given(pieces | st.text(max_size=30))
def test_an_address_is_only_recognised_at_the_licensors_own_host_and_path(text):
    found = find_license(text)
    if found is None or "//" not in text or not found.pattern.startswith("address") or " and " in found.pattern:
        return
    scheme, _, rest = text.strip().partition("//")
    host, _, path = rest.partition("/")
    assert scheme in ("http:", "https:", "")
    assert host.removeprefix("www.").removesuffix(":80") == CC
    own_path = str(found.license.url).removeprefix(f"https://{CC}/").rstrip("/")
    assert path.partition("?")[0].partition("#")[0].rstrip("/") in (own_path, own_path + "/deed.en")


@given(st.text(max_size=60))
def test_any_text_is_recognised_or_not_without_an_exception(text):
    find_license(text, "flickr")


def test_a_long_statement_is_unknown():
    assert find_license("CC0" + " " * 2_000) is not None  # white space around it does not count
    assert find_license("CC0 " * 2_000) is None
    assert find_license(f"https://{CC}/licenses/by/4.0/?" + "a" * 2_000) is None
