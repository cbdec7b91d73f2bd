"""Licences: every known way to state one is recognised, and nothing that only looks like one."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.catalog import LicensePolicy
from imgtext_assets.rights import BY_ID, LICENSES, find_license, license_url, recognise

CC = "creativecommons.org"
STATED = {
    "CC0-1.0": [
        f"http://{CC}/publicdomain/zero/1.0/", f"https://{CC}/publicdomain/zero/1.0", f"HTTPS://WWW.{CC.upper()}"
        "/publicdomain/zero/1.0/", f"https://www.{CC}/publicdomain/zero/1.0/deed.en",
        f"http://{CC}/publicdomain/zero/1.0/deed.pt_BR", f"https://{CC}/publicdomain/zero/1.0/legalcode",
        f"https://{CC}/publicdomain/zero/1.0/legalcode.zh-hans", f"https://{CC}/publicdomain/zero/1.0/?ref=chooser-v1",
        f"  https://{CC}/publicdomain/zero/1.0/deed.de#a\n", "9", "CC0", "cc0 1.0", "CC0-1.0", "cc_zero",
        "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "Creative  Commons Zero",
    ],
    "CC-PDM-1.0": [
        f"http://{CC}/publicdomain/mark/1.0/", f"https://www.{CC}/publicdomain/mark/1.0/deed.fr", "10",
        "Public Domain Mark 1.0", "PDM", "cc-pdm-1.0",
    ],
    "no-known-copyright": [
        "https://www.flickr.com/commons/usage/", "http://flickr.com/commons/usage", "7",
        "No known copyright restrictions",
    ],
    "US-government-work": [
        "http://www.usa.gov/copyright.shtml", "https://www.usa.gov/government-works", "8",
        "United States Government Work", "U.S. government work", "us-government-work",
    ],
    "CC-BY-4.0": [f"https://{CC}/licenses/by/4.0/", "CC BY 4.0", "cc-by-4.0", "Attribution 4.0 International"],
    "CC-BY-SA-3.0": [f"http://{CC}/licenses/by-sa/3.0/deed.it", "CC BY-SA 3.0"],
    "CC-BY-NC-ND-1.0": [f"http://{CC}/licenses/by-nd-nc/1.0/", f"http://{CC}/licenses/by-nc-nd/1.0/"],
    "CC-BY-NC-SA-2.0": ["1"], "CC-BY-NC-2.0": ["2"], "CC-BY-NC-ND-2.0": ["3"], "CC-BY-2.0": ["4"],
    "CC-BY-SA-2.0": ["5"], "CC-BY-ND-2.0": ["6"], "all-rights-reserved": ["0", "All Rights Reserved"],
}  # fmt: skip
LOOK_ALIKES = [
    "", " ", "?", "public", "CC", "11", "07", "-9", "9.0", "CC0 2.0", "cc by", "not CC0", "CC0 and CC BY 4.0", "ＣＣ0",
    "СС0", "Public Domain Mar\u212a", "CC0\u200b",
    "https://example.com/zero/1.0/", "https://example.com/publicdomain/zero/1.0/",
    f"https://{CC}.evil.example/publicdomain/zero/1.0/", f"https://evil{CC}/publicdomain/zero/1.0/",
    f"https://{CC}@evil.example/publicdomain/zero/1.0/", f"https://evil.example/{CC}/publicdomain/zero/1.0/",
    f"https://evil.example/?https://{CC}/publicdomain/zero/1.0/", f"https://{CC}:8080/publicdomain/zero/1.0/",
    f"https://{CC}/publicdomain/zero/1.0.evil.example/", f"https://{CC}/publicdomain/zero/1.0/evil",
    f"https://{CC}/publicdomain/zero/1.0//", f"https://{CC}/publicdomain/zero/1.0/../../mark/1.0/",
    f"https://{CC}/publicdomain/zero/2.0/", f"https://{CC}/publicdomain/zero/", f"https://{CC}//publicdomain/zero/1.0/",
    f"https://{CC}/PublicDomain/Zero/1.0/", f"https://{CC}/licenses/zero/1.0/", f"https://{CC}/licenses/by/5.0/",
    f"https://{CC}/publicdomain/zero/1.0/deed.en/more", f"https://{CC}/publicdomain/zero/1.0/xdeed.en",
    f"ftp://{CC}/publicdomain/zero/1.0/", f"{CC}\\publicdomain\\zero\\1.0", f"https://{CC}/", f"https://{CC}",
    "https://www.flickr.com/commons/", "https://www.flickr.com/commons/usage.evil/", "https://www.usa.gov/",
    "https://www.usa.gov/deed.en", "https://www.usa.gov/government-works/deed.en",
]  # fmt: skip


@pytest.mark.parametrize(("expected", "stated"), [(key, text) for key, texts in STATED.items() for text in texts])
def test_every_way_to_state_a_licence_is_recognised(expected, stated):
    found = find_license(stated)
    assert found is not None
    assert found.id == expected


@pytest.mark.parametrize("stated", LOOK_ALIKES)
def test_a_look_alike_is_unknown(stated):
    assert find_license(stated) is None


def test_the_table_agrees_with_itself():
    assert len(BY_ID) == len(LICENSES)
    for known in LICENSES:
        for stated in (known.id, known.url, *known.urls, *known.spellings, known.flickr):
            assert stated is None or find_license(str(stated)) is known, stated
    assert set(LicensePolicy().allow) <= set(BY_ID)


def test_columns_are_recognised_whole():
    stated = pl.LazyFrame({"license": ["CC0", None, "own", "CC0", f"https://{CC}/licenses/by-nc/4.0/", "0"]})
    found = stated.select(id=recognise(pl.col("license"))).with_columns(url=license_url(pl.col("id"))).collect()
    assert found.rows() == [
        ("CC0-1.0", f"https://{CC}/publicdomain/zero/1.0/"),
        (None, None),
        (None, None),
        ("CC0-1.0", f"https://{CC}/publicdomain/zero/1.0/"),
        ("CC-BY-NC-4.0", f"https://{CC}/licenses/by-nc/4.0/"),
        ("all-rights-reserved", None),
    ]
    assert stated.head(0).select(recognise(pl.col("license"))).collect().schema == {"license": pl.String}


# Pieces of real statements, hostile hosts and separators, put together in any order.
HOSTS = ["http://", "https://", "//", "www.", CC, "evil.example", "@", ":80", "\\"]
PATHS = ["publicdomain/", "zero/", "mark/", "licenses/", "by/", "1.0/", "4.0/", "1.0", "deed.en"]
OTHER = ["/", ".", "..", "?", "#", " ", "CC0"]
pieces = st.lists(st.sampled_from(HOSTS + PATHS + OTHER), max_size=9).map("".join)


@given(pieces | st.text(max_size=30))
def test_an_address_is_only_recognised_at_the_licensors_own_host_and_path(text):
    found = find_license(text)
    if found is None or "//" not in text:
        return
    scheme, _, rest = text.strip().partition("://")
    host, _, path = rest.partition("/")
    assert scheme in ("http", "https")
    assert host.removeprefix("www.") == CC
    own_path = str(found.url).removeprefix(f"https://{CC}/").rstrip("/")
    assert path.partition("?")[0].partition("#")[0] in (own_path, own_path + "/", own_path + "/deed.en")
