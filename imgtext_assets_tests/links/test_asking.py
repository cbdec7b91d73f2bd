"""How each link is asked, and which answers are believed."""

from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import Any

import polars as pl
import pytest

from imgtext_assets.links import believed, request_for, ways
from imgtext_assets.links.asking import (
    CONDITION_IGNORED,
    CONDITION_KEPT,
    HEAD_KEPT,
    HEAD_LIES,
    HEADS_TESTED,
    LEARNED_FROM,
)
from imgtext_assets.reasons import REASONS, REFUSALS
from imgtext_assets.tables import LINK_CHECKS, LINK_HOSTS

URL = "https://a.example/1.jpg"
LINK = {
    "url": URL,
    "host": "a.example",
    "why": "due",
    "sha256": "a" * 64,
    "bytes": 1000,
    "content_type": "image/jpeg",
    "etag": None,
    "last_modified": None,
}
SCHEMA = {"bytes": pl.Int64, "etag": pl.String, "last_modified": pl.String}
STAMP = "Tue, 20 Oct 2026 07:28:00 GMT"


def learned(host: str | None = "a.example", **counts: int) -> dict[str, Any]:
    return {"source": "s", "host": host, **counts}


def asked(link: dict[str, Any], *hosts: dict[str, Any]) -> tuple[str, bool]:
    known = LINK_HOSTS.conform(pl.LazyFrame(list(hosts)) if hosts else LINK_HOSTS.schema.to_frame(eager=False))
    (row,) = ways(pl.LazyFrame([LINK | link], schema_overrides=SCHEMA), known).collect().to_dicts()
    assert set(row) == {*LINK, "asked_by", "head_too"}
    return row["asked_by"], row["head_too"]


@pytest.mark.parametrize(
    ("link", "way"),
    [
        ({"etag": '"1"'}, "conditional"),
        ({"last_modified": STAMP}, "conditional"),
        ({}, "head"),
        ({"bytes": None}, "range"),
    ],
)
def test_the_cheapest_way_that_may_be_believed_is_taken(link: dict[str, Any], way: str):
    assert asked(link) == (way, False)


def test_a_link_of_the_sample_is_read_whole_and_where_head_would_do_that_is_put_to_the_test():
    assert asked({"why": "sample"}) == ("get", True)
    assert asked({"why": "sample", "etag": '"1"'}) == ("get", False)
    assert asked({"why": "sample"}, learned(head_lies=9)) == ("get", False)


def test_of_a_host_some_heads_are_tested_in_a_round():
    rows = [LINK | {"url": f"{URL}?{n}", "why": "sample", "host": f"{n % 2}.example"} for n in range(100)]
    known = LINK_HOSTS.schema.to_frame(eager=False)
    tested = ways(pl.LazyFrame(rows, schema_overrides=SCHEMA), known).collect().filter("head_too")
    assert Counter(tested["host"]) == {"0.example": HEADS_TESTED, "1.example": HEADS_TESTED}


def test_a_host_whose_head_lies_is_asked_for_the_beginning():
    assert asked({}, learned(head_lies=LEARNED_FROM)) == ("range", False)
    assert asked({}, learned(head_lies=LEARNED_FROM - 1)) == ("head", False)
    assert asked({}, learned(head_lies=LEARNED_FROM, head_kept=1000)) == ("head", False)
    assert asked({}, learned(head_lies=100, head_kept=1000)) == ("range", False)


def test_a_host_that_ignores_conditions_is_asked_by_head():
    link = {"etag": '"1"'}
    assert asked(link, learned(conditions_ignored=LEARNED_FROM)) == ("head", False)
    assert asked(link, learned(conditions_ignored=LEARNED_FROM, head_lies=9)) == ("range", False)
    assert asked(link, learned(conditions_ignored=2, conditions_kept=2)) == ("conditional", False)


def test_what_all_sources_learned_of_a_host_counts_and_of_others_nothing():
    hosts = [learned(head_lies=2), learned(head_lies=1) | {"source": "t"}]
    assert asked({}, *hosts) == ("range", False)
    assert asked({}, learned("b.example", head_lies=99), learned(None, head_lies=99)) == ("head", False)


def test_each_way_asks_for_what_it_needs():
    row = LINK | {"etag": '"1"', "last_modified": STAMP}
    asked = {"url": URL, "picture": True}
    assert request_for(row, "get", 9) == asked
    assert request_for(row, "conditional", 9) == asked | {"etag": '"1"', "last_modified": STAMP}
    assert request_for(row, "head", 9) == asked | {"method": "HEAD"}
    assert request_for(row, "range", 9) == asked | {"first_bytes": 9}


@dataclass
class Said:
    reason: str | None = None
    http_status: int | None = 200
    total: int | None = 1000
    content_type: str | None = "image/jpeg"
    sha256: str | None = None


def test_a_head_is_believed_that_says_the_same_size_and_an_image():
    assert believed("head", LINK, Said())
    assert believed("head", LINK, Said(content_type="Image/PNG; q=1"))
    own = LINK | {"content_type": "application/octet-stream"}
    assert believed("head", own, Said(content_type="application/octet-stream"))


@pytest.mark.parametrize(
    "said",
    [
        Said(total=999),
        Said(total=None),
        Said(content_type=None),
        Said(content_type="text/html"),
        *(Said(reason, status) for reason, status in [("not_found", 404), ("gone", 410), ("forbidden", 405)]),
        Said("timeout", None),
        Said("server_error", 501),
    ],
)
def test_another_head_is_not(said: Said):
    assert not believed("head", LINK, said)


def test_what_a_get_says_stands():
    failures = [Said(reason) for reason in REASONS["downloaded"]]
    for way, said in product(("get", "conditional"), [Said(), Said(total=None, content_type=None), *failures]):
        assert believed(way, LINK, said)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("way", ["head", "range"])
@pytest.mark.parametrize("reason", sorted(REFUSALS | {"throttled", "parked", "budget_spent", "placeholder", "dns"}))
def test_a_host_that_refuses_or_is_not_well_is_not_asked_at_once_again(way: Any, reason: str):
    assert believed(way, LINK, Said(reason, None))


def test_the_beginning_is_believed_where_the_whole_has_the_same_size():
    assert believed("range", LINK, Said(content_type=None))
    assert not believed("range", LINK, Said(total=1001))
    assert not believed("range", LINK, Said(total=None))


def test_the_beginning_tells_that_nothing_is_there_but_not_what_else_is():
    assert believed("range", LINK, Said("not_found", 404))
    assert believed("range", LINK, Said("gone", 410))
    assert not believed("range", LINK, Said("not_image"))
    assert not believed("range", LINK, Said("forbidden", 416))
    assert not believed("range", LINK, Said("truncated", 206))


def test_a_beginning_that_is_all_is_judged_by_its_hash():
    assert believed("range", LINK, Said(sha256="a" * 64))
    assert not believed("range", LINK, Said(sha256="b" * 64))


def test_these_answers_to_head_are_asked_about_again_and_no_others():
    said = REASONS["downloaded"].keys() - {"changed"}  # which is told by comparing, not by an answer
    doubted = {reason for reason in said if not believed("head", LINK, Said(reason))}
    not_there = {"not_found", "gone", "forbidden", "not_image", "too_large"}
    assert doubted == not_there | {"bad_response", "reset", "server_error", "timeout", "truncated"}


# What observations teach.


def teaches(what: pl.Expr, **observation: Any) -> bool:
    frame = LINK_CHECKS.conform(pl.LazyFrame([observation]))
    return frame.select(what).collect().item()


@pytest.mark.parametrize(
    ("head_status", "state", "lies"),
    [
        (404, "alive", True),
        (405, "moved", True),
        (403, "changed", True),
        (404, "gone", False),
        (403, "blocked", False),
        (404, "throttled", False),
        (200, "gone", True),
        (200, "placeholder", True),
        (200, "alive", True),  # it said no size: it was of no use
        (200, "changed", False),  # it said another size, and rightly so
        (200, "unreachable", False),
        (None, "alive", False),
    ],
)
def test_a_head_lies_where_a_get_says_otherwise(head_status: int | None, state: str, lies: bool):
    assert teaches(HEAD_LIES, asked_by="get", head_status=head_status, state=state) is lies


def test_a_head_is_kept_where_it_was_enough():
    assert teaches(HEAD_KEPT, asked_by="head", state="alive")
    assert not teaches(HEAD_KEPT, asked_by="get", state="alive")
    assert teaches(HEAD_KEPT, asked_by=None, state="opted_out") is False


@pytest.mark.parametrize(
    ("outcome", "state", "kept", "ignored"),
    [
        ("not_modified", "alive", True, False),
        ("not_modified", "moved", True, False),
        ("ok", "changed", True, False),
        ("ok", "replaced", True, False),
        ("ok", "alive", False, True),
        ("not_found", "gone", False, False),
        ("timeout", "unreachable", False, False),
    ],
)
def test_a_condition_is_kept_or_ignored(outcome: str, state: str, kept: bool, ignored: bool):
    seen = {"asked_by": "conditional", "outcome": outcome, "state": state}
    assert (teaches(CONDITION_KEPT, **seen), teaches(CONDITION_IGNORED, **seen)) == (kept, ignored)
    seen["asked_by"] = "get"
    assert (teaches(CONDITION_KEPT, **seen), teaches(CONDITION_IGNORED, **seen)) == (False, False)
