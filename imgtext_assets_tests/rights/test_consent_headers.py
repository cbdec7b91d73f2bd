"""What a response's headers say: X-Robots-Tag with its scopes, TDMRep, and what is recorded of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.catalog import ConsentPolicy
from imgtext_assets.rights.consent.headers import RECORDED, opts_out, recorded, refused_by_headers

AGENTS = ["GPTBot", "img2dataset", "Google-Extended"]
POLICY = ConsentPolicy(agents=AGENTS)


@pytest.mark.parametrize(
    ("values", "directive"),
    [
        # Unscoped: for all.
        (["noai"], "noai"),
        (["noimageai"], "noimageai"),
        (["noimageindex"], "noimageindex"),
        (["noml"], "noml"),
        (["noindex, NoAI"], "noai"),
        (["noindex", "noarchive,noimageai"], "noimageai"),
        (["  noai  "], "noai"),
        (["noai noimageai"], "noai"),
        (["noindex noimageai"], "noimageai"),
        (["noindex;noai"], "noai"),
        # For all, by name.
        (["*: noai"], "*: noai"),
        # For us, by our name and by the names that we answer for.
        (["imgtext-assets: noai"], "imgtext-assets: noai"),
        (["ImgText-Assets : NOAI"], "ImgText-Assets: noai"),
        (["gptbot: noimageai"], "gptbot: noimageai"),
        (["img2dataset: noai"], "img2dataset: noai"),
        (["Google-Extended: noindex, noai"], "Google-Extended: noai"),
        (["GPTBot/1.1: noai"], "GPTBot: noai"),
        (["imgtext-assets/0.1: noindex noai"], "imgtext-assets: noai"),
        (["otherbot/1.0: noai"], None),
        # A scope ends at the next one.
        (["otherbot: noindex, imgtext-assets: noai"], "imgtext-assets: noai"),
        (["otherbot: noai, GPTBot: noindex"], None),
        (["GPTBot: noindex, otherbot: noai"], None),
        # For others.
        (["otherbot: noai"], None),
        (["otherbot: noindex, noai"], None),
        (["googlebot: noimageindex"], None),
        (["imgtext: noai"], None),
        (["imgtext-assets2: noai"], None),
        # Of several lines each stands for itself.
        (["otherbot: noindex", "noai"], "noai"),
        # What has a value is no scope.
        (["unavailable_after: Wed, 03 Dec 2025 13:09:53 GMT, noai"], "noai"),
        (["max-snippet: 20, noai"], "noai"),
        # Other words.
        (["noindex, nofollow, nosnippet"], None),
        (["noaiming"], None),
        (["no ai"], None),
        (["none"], "none"),
        (["otherbot: none"], None),
        (["all"], None),
        ([""], None),
        ([": noai"], None),
        ([], None),
    ],
)
def test_a_directive_counts_where_it_speaks_to_us(values: list[str], directive: str | None):
    assert opts_out(values, AGENTS) == directive


def test_whom_we_answer_for_is_the_policy_s():
    assert opts_out(["GPTBot: noai"], []) is None


@pytest.mark.parametrize(
    ("headers", "evidence"),
    [
        ({"x-robots-tag": ["noindex", "noai"]}, "X-Robots-Tag: noai"),
        ({"tdm-reservation": ["1"]}, "tdm-reservation: 1"),
        ({"tdm-reservation": [" 1 "], "tdm-policy": ["https://a.example/policy"]}, "tdm-reservation: 1"),
        ({"tdm-reservation": ["0", "1"]}, "tdm-reservation: 1"),
        ({"tdm-reservation": ["0"]}, None),
        ({"tdm-reservation": ["2"]}, None),
        ({"tdm-reservation": ["true"]}, None),
        ({"tdm-reservation": ["11"]}, None),
        ({"tdm-reservation": [""]}, None),
        ({"tdm-policy": ["https://a.example/policy"]}, None),
        # Drafts are recorded, and refuse nothing.
        ({"content-usage": ["train-ai=n"], "content-signal": ["ai-train=no"]}, None),
        ({}, None),
    ],
)
def test_headers_refuse_with_their_evidence(headers: dict[str, list[str]], evidence: str | None):
    assert refused_by_headers(headers, POLICY) == evidence


def test_a_policy_may_hear_only_one_of_the_signals():
    both = {"x-robots-tag": ["noai"], "tdm-reservation": ["1"]}
    assert refused_by_headers(both, ConsentPolicy(x_robots_tag=False)) == "tdm-reservation: 1"
    assert refused_by_headers(both, ConsentPolicy(x_robots_tag=False, tdm_reservation=False)) is None


def test_all_that_speaks_of_consent_is_recorded_and_nothing_else():
    said = {name: [f"of {name}"] for name in RECORDED}
    assert recorded({**said, "set-cookie": ["secret"], "content-type": ["image/png"]}) == said
    assert {"content-usage", "content-signal", "tdm-policy"} <= set(RECORDED)


def test_of_a_flood_of_headers_little_is_recorded():
    kept = recorded({"x-robots-tag": ["x" * 60_000] * 1_000})
    assert len(json.dumps(kept)) < 20_000


@given(st.lists(st.text()), st.lists(st.text()))
def test_any_headers_are_survived(tags: list[str], reservations: list[str]):
    headers = {"x-robots-tag": tags, "tdm-reservation": reservations}
    refused_by_headers(headers, POLICY)
    json.dumps(recorded(headers))
