"""What a tdmrep.json reserves."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.rights.consent.tdmrep import Tdmrep


def verdict(content: object, path: str = "/photos/1.jpg") -> str | None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Tdmrep(body).refusal(f"http://a.example{path}")


def rule(location: object = "/", reservation: object = 1, **more: object) -> dict[str, object]:
    return {"location": location, "tdm-reservation": reservation, **more}


@pytest.mark.parametrize(
    ("location", "path", "matches"),
    [
        ("/", "/photos/1.jpg", True),
        ("/photos/", "/photos/1.jpg", True),
        ("/photos/", "/photo/1.jpg", False),
        ("/Photos/", "/photos/1.jpg", False),
        ("/photos/1.jpg$", "/photos/1.jpg", True),
        ("/photos/1.jpg$", "/photos/1.jpg2", False),
        ("/*/1.jpg", "/photos/1.jpg", True),
        ("*.jpg$", "/photos/1.jpg", True),
        ("/directory-b/images/*.jpg", "/directory-b/images/deep/2.jpg", True),
        ("/path/foo-%24", "/path/foo-$", True),
        ("/%70hotos/", "/photos/1.jpg", True),
        ("/a#b", "/a", False),
        ("/ü/", "/%C3%BC/1.jpg", True),
        ("/*?size=", "/1.jpg?size=b", True),
    ],
)
def test_locations_are_matched_as_in_robots_txt(location: str, path: str, matches: bool):
    assert (verdict([rule(location)], path) is not None) is matches


def test_the_first_rule_that_matches_counts():
    """TDMRep: "The most specific match is the first in sequence"."""
    free_first = [rule("/photos/", 0), rule("/", 1)]
    assert verdict(free_first) is None
    assert verdict(free_first, "/other") == "reserves /"
    assert verdict(free_first[::-1]) == "reserves /"


def test_the_policy_is_part_of_the_evidence():
    assert verdict([rule("/photos/", **{"tdm-policy": "https://a.example/p.json"})]) == (
        "reserves /photos/, policy https://a.example/p.json"
    )


@pytest.mark.parametrize(
    ("content", "reserved"),
    [
        ([rule(reservation=1)], True),
        ([rule(reservation=0)], False),
        ([], False),
        # Errors of the protocol count as unset, and end the search as any match does.
        ([rule(reservation=2)], False),
        ([rule(reservation=None)], False),
        ([rule(reservation="yes")], False),
        ([rule(reservation=[1])], False),
        ([rule(reservation=2), rule(reservation=1)], False),
        ([{"location": "/"}], False),
        # What is no rule is passed over.
        ([{"tdm-reservation": 1}], False),
        ([rule(location=""), rule(location=7), rule(location=None), "/", 1, None, []], False),
        ([rule(location="/x\nDisallow: /")], False),
        (["nonsense", rule()], True),
        # Not by the rules, and yet plain.
        (rule(), True),
        ([rule(reservation="1")], True),
        ([rule(reservation=True)], True),
        (b"\xef\xbb\xbf" + json.dumps([rule()]).encode(), True),
        # No JSON, or none that can be read.
        (b"", False),
        (b"<html>404</html>", False),
        (b"\xff\xfe\x00", False),
        (b"null", False),
        (b'"text"', False),
        (b"1" * 100_000, False),
        (b"[" * 200_000, False),
        (b'{"a":' * 200_000, False),
    ],
)
def test_what_a_file_reserves(content: object, reserved: bool):
    assert (verdict(content) is not None) is reserved


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["location", "tdm-reservation", "x"]), inner),
    )
)
def test_any_json_is_survived(content: object):
    verdict(content)
    verdict([{"location": content, "tdm-reservation": content, "tdm-policy": content}])


@given(st.binary())
def test_any_bytes_are_survived(body: bytes):
    verdict(body)


def test_a_file_with_more_rules_than_can_be_judged_reserves_all():
    assert verdict([rule(f"/{n}") for n in range(1_000)]) is None
    assert verdict([rule(f"/{n}") for n in range(1_001)]) == "more than 1,000 rules"
