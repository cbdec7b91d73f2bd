"""What a robots.txt says to us, by our name and by those that we answer for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.rights.consent.robots import MAX_BYTES, MAX_RULES, Robots

AGENTS = ["GPTBot", "CCBot", "Google-Extended", "img2dataset"]
URL = "http://a.example/photos/1.jpg"
ALL, US, GPT = "disallows all robots", "disallows imgtext-assets", "disallows GPTBot"


def verdict(text: str | bytes, url: str = URL) -> str | None:
    return Robots(text.encode() if isinstance(text, str) else text, AGENTS).refusal(url)


def group(*agents: str, rule: str = "Disallow: /") -> str:
    return "".join(f"User-agent: {agent}\n" for agent in agents) + rule + "\n\n"


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("", None),
        (group("*", rule="Disallow:"), None),
        (group("*"), ALL),
        (group("imgtext-assets"), US),
        (group("ImgText-Assets"), "disallows ImgText-Assets"),
        (group("GPTBot"), GPT),
        (group("gptbot"), "disallows gptbot"),
        (group("otherbot", "GPTBot"), GPT),
        (group("img2dataset"), "disallows img2dataset"),
        (group("Google-Extended"), "disallows Google-Extended"),
        # Of others, whatever their names begin or end with.
        (group("otherbot"), None),
        (group("Google"), None),
        (group("GPTBot2", "MyGPTBot", "GPT"), None),
        (group("imgtext", "assets"), None),
        # A group that names us decides alone (RFC 9309 2.2.1).
        (group("*") + group("imgtext-assets", rule="Allow: /"), None),
        (group("GPTBot") + group("imgtext-assets", rule="Allow: /"), None),
        (group("*", rule="Allow: /") + group("imgtext-assets"), US),
        # An agent's own group adds to what holds for all; it allows nothing that all are denied.
        (group("*") + group("GPTBot", rule="Allow: /"), ALL),
        (group("*", rule="Allow: /") + group("GPTBot"), GPT),
        (group("*", rule="Disallow: /admin/") + group("CCBot", rule="Disallow: /photos/"), "disallows CCBot"),
        # Groups of one name are one group (2.2.1).
        (group("GPTBot", rule="Disallow: /x") + group("GPTBot"), GPT),
        # Spellings in the wild.
        (group("GPTBot/1.0"), GPT),
        (group("GPTBot (by OpenAI)"), GPT),
        (group("GPTBot*"), GPT),
        (group("Foo, CCBot"), "disallows CCBot"),
        (group("Foo, CCBots"), None),
        (group("GPTBot # of OpenAI"), GPT),
        ("user agent GPTBot\ndisallow /", GPT),
        ("  USER-AGENT :  GPTBot  \r\nDISALLOW : /\r\n", GPT),
        ("User-agent: GPTBot\rDisallow: /\r", GPT),
        # Rules without a group are nobody's.
        ("Disallow: /\n", None),
    ],
)
def test_which_groups_are_meant_for_us(text: str, evidence: str | None):
    assert verdict(text) == evidence


@pytest.mark.parametrize(
    ("rule", "path", "allowed"),
    [
        ("Disallow: /photos/", "/photos/1.jpg", False),
        ("Disallow: /photos/", "/photo", True),
        ("Disallow: /Photos/", "/photos/1.jpg", True),
        ("Disallow: /*.jpg$", "/photos/1.jpg", False),
        ("Disallow: /*.jpg$", "/photos/1.jpg?size=b", True),
        ("Disallow: /*?size=", "/photos/1.jpg?size=b", False),
        ("Disallow: /\nAllow: /photos/", "/photos/1.jpg", True),
        ("Allow: /\nDisallow: /photos/", "/photos/1.jpg", False),
        ("Allow: /photos\nDisallow: /photos", "/photos/1.jpg", True),
        ("Disallow: /%66oo", "/foo", False),
        ("Disallow: /ü", "/%C3%BC", False),
        ("Disallow: *a*a*a*a*a*a*b", "/" + "a" * 8000, True),
    ],
)
def test_paths_are_matched_as_rfc_9309_says(rule: str, path: str, allowed: bool):
    assert (verdict(group("*", rule=rule), f"http://a.example{path}") is None) is allowed


def test_a_byte_order_mark_hides_no_rule():
    assert verdict(b"\xef\xbb\xbf" + group("*").encode()) == ALL


def test_broken_bytes_hide_no_other_line():
    assert verdict(b"\xff\xfe\x00\x80\nDisallow: \xff\n" + group("*").encode() + b"\x00\xff") == ALL


def test_no_more_than_the_limit_is_obeyed_and_no_rule_is_cut_in_two():
    filler = "# " + "x" * 97 + "\n"
    fits = filler * (MAX_BYTES // 100 - 2)
    assert verdict(fits + group("*")) == ALL
    assert verdict(filler * (MAX_BYTES // 100 + 1) + group("*")) is None
    start = "User-agent: *\n#"
    cut = start + "x" * (MAX_BYTES - len(start) - len("\nDisallow: /")) + "\nDisallow: /admin/\n"
    assert cut[:MAX_BYTES].endswith("Disallow: /")
    assert verdict(cut) is None


def rules(count: int) -> str:
    return "".join(f"Disallow: /{n}\n" for n in range(count))


@pytest.mark.parametrize("between", ["", "Sitemap: /x\n", "# and\n\n", "oops\n"])
def test_a_rule_set_that_names_share_is_judged_once(between: str):
    """So that all agents together may have as many rules as one of them."""
    names = [f"User-agent: {name}\n" for name in [*AGENTS, "*"]]
    assert verdict(between.join(names) + rules(MAX_RULES - 1)) is None


def test_a_file_with_more_rules_for_us_than_can_be_judged_is_closed():
    assert verdict(group("GPTBot", rule=rules(MAX_RULES + 1))) == "more than 10,000 rules"
    assert verdict(group("GPTBot", rule=rules(MAX_RULES // 2)) + group("CCBot", rule=rules(MAX_RULES // 2))) is None
    assert verdict(group("GPTBot", rule=rules(MAX_RULES // 2)) + group("CCBot", rule=rules(MAX_RULES))) is not None
    assert verdict(group("otherbot", rule=rules(MAX_RULES + 1))) is None


@given(st.binary(max_size=500), st.sampled_from(["/", "/a?b", "/%ff", "/[", "//x", "/a%"]))
def test_any_bytes_are_survived(body: bytes, path: str):
    for prefix in (b"", b"User-agent: *\nDisallow: "):
        Robots(prefix + body, AGENTS).refusal(f"http://a.example{path}")


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_what_comes_before_a_group_takes_nothing_from_it(text: str):
    assert verdict(f"{text}\n\nUser-agent: GPTBot\nDisallow: /\n") is not None
