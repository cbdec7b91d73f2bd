"""Tombstones, orders in files, and the rule of purging: what is named is named for ever, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets import rights
from imgtext_assets.sources.urls import normalise
from imgtext_assets.tables import PURGES, REMOVALS
from imgtext_assets.text import key_kind

AT = datetime(2026, 11, 21, tzinfo=UTC)
SHA256 = "ab" * 32
COLUMNS = ("id", "source", "url_key", "creator", "account")


def stones(*named: tuple[str, str, str | None]) -> pl.LazyFrame:
    return rights.orders_frame([(*one, f"because of {one[1]}", None) for one in named], AT).lazy()


def row(**given: str | None) -> pl.LazyFrame:
    return pl.LazyFrame(
        [dict.fromkeys(COLUMNS) | {"id": "1", "source": "a"} | given], dict.fromkeys(COLUMNS, pl.String)
    )


def why(named: pl.LazyFrame, removals: pl.LazyFrame) -> str | None:
    return rights.with_removals(named, removals, rights.BY_ROW).collect()["removed_for"].item()


@pytest.mark.parametrize(
    ("stone", "given", "is_named"),
    [
        (("id", "1", None), {}, True),
        (("id", "1", "a"), {}, True),
        (("id", "1", "b"), {}, False),
        (("url", "1", None), {}, False),
        (("url", "http://x.example/1", None), {"url_key": "http://x.example/1"}, True),
        (("account", "ann", "a"), {"account": "ann"}, True),
        (("account", "Ann", "a"), {"account": "ann"}, False),
        (("creator", "ann  EXAMPLE ", None), {"creator": " Ann Example"}, True),
        (("creator", "\uff21nn", None), {"creator": "Ann"}, True),
        (("creator", "Ann", None), {"creator": "Anna"}, False),
        (("creator", "Ann", None), {"account": "Ann"}, False),
    ],
)
def test_a_tombstone_names_what_it_says_and_no_more(
    stone: tuple[str, str, str | None], given: dict[str, str], is_named: bool
) -> None:
    assert why(row(**given), stones(stone)) == (f"because of {stone[1]}" if is_named else None)


def test_nothing_is_named_by_what_is_not_there() -> None:
    assert why(row(id="1", creator=None, account=None), stones(("creator", "", None), ("account", "", None))) is None


NAMES = st.lists(
    st.tuples(st.sampled_from(["id", "creator", "account"]), st.sampled_from("xyz"), st.sampled_from(["a", "b", None])),
    max_size=9,
)


@given(NAMES, st.lists(st.tuples(*(st.sampled_from("xyz") for _ in range(3)), st.sampled_from("ab")), max_size=9))
def test_rows_in_are_rows_out_and_each_is_judged_by_itself(names, rows):
    frame = pl.DataFrame(rows, dict.fromkeys(("id", "creator", "account", "source"), pl.String), orient="row")
    frame = frame.with_columns(url_key=pl.lit(None, pl.String))
    judged = rights.with_removals(frame.lazy(), stones(*names), rights.BY_ROW).collect()
    assert judged.drop("removed_for").equals(frame)
    expected = [
        any(given[kind] == value and source in (None, given["source"]) for kind, value, source in names)
        for given in frame.iter_rows(named=True)
    ]
    assert judged["removed_for"].is_not_null().to_list() == expected


def test_names_that_are_written_are_not_written_again() -> None:
    orders = stones(("id", "1", "a")).collect()
    names = pl.DataFrame({"kind": ["id", "url"], "value": ["1", "u"], "source": ["a", None], "order": [0, 0]})
    first = rights.tombstones(orders, names, REMOVALS.schema.to_frame().lazy())
    assert first.select("kind", "value", "source").rows() == [("id", "1", "a"), ("url", "u", None)]
    assert set(first["reason"]) == {"because of 1"}
    assert rights.tombstones(orders, names, first.lazy()).is_empty()


# Files of orders.


def parsed(text: str) -> list[tuple[str, str, str | None, str, str | None]]:
    orders = rights.parse_takedowns(text, "june.csv", normalise, AT)
    assert orders.schema == REMOVALS.schema
    return orders.drop("removed_at").rows()


def test_a_file_of_orders_says_what_kind_each_key_is_or_leaves_it_to_its_form() -> None:
    text = (
        "\ufeffKey,kind,source,reason,request\n"
        f"{SHA256.upper()},,,,\n\n"
        "HTTP://A.example:80/x#y,,,asked to,T-1\n"
        "17,id,pd12m,,\n"
        '"Example, Ann",creator,,,\n'
        "0F0F0F0F0F0F0F0F,phash,,,\n"
    )
    said = "asked for in june.csv"
    assert parsed(text) == [
        ("sha256", SHA256, None, said, None),
        ("url", "http://a.example/x", None, "asked to", "T-1"),
        ("id", "17", "pd12m", said, None),
        ("creator", "Example, Ann", None, said, None),
        ("phash", "0f" * 8, None, said, None),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no takedown is in it; that removes nothing"),
        ("key\n", "no takedown is in it; that removes nothing"),
        ("\n\n", "no takedown is in it"),
        ("id\n1\n", "line 1: expected the columns key and"),
        ("key,key\n1,2\n", "line 1: expected the columns key and"),
        ("key;kind\n1;id\n", "line 1: expected the columns key and"),
        ("key,kind\n1,id\n,id\n", "line 3: the key is empty; that removes nothing"),
        ("key,kind\n1,person\n", "line 2: kind 'person': expected id, url, sha256, phash, creator, account"),
        ("key,kind\nabc,sha256\n", "line 2: 'abc' is no sha256: expected 64 hex digits"),
        ("key,kind\nxyz,phash\n", "line 2: 'xyz' is no phash: expected 16 hex digits"),
        ("key\nftp://a.example/x\n", "line 2: 'ftp://a.example/x' is no http(s) address"),
        ("key,source\nhttp://a.example/x,pd12m\n", "line 2: a source is for id, creator, account"),
        ("key,kind\n1\n", "line 2: 1 values for 2 columns"),
        ('key\n"1\n', "unexpected end of data"),
    ],
)
def test_a_file_with_one_wrong_line_is_not_carried_out_at_all(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^june\.csv") as mistake:
        parsed(text)
    assert said in str(mistake.value)


@given(st.text(max_size=60))
def test_whatever_a_file_holds_it_is_orders_or_a_value_error(text):
    try:
        found = parsed(text)
    except ValueError:
        return
    assert found
    assert all(value.strip() for _, value, *_ in found)


def test_a_key_is_what_it_looks_like() -> None:
    assert [key_kind(key) for key in (SHA256, "http://x", "17", "ab" * 31)] == ["sha256", "url", "id", "id"]


# Purging.

DAY = timedelta(days=1)


def step(state: str | None, days: int, *, held: bool = False, there: bool = True, grace: int = 30) -> str | None:
    """What becomes of one file that was last said to be `state` so many days ago."""
    removed = pl.DataFrame({"sha256": [SHA256], "reason": ["asked to"], "bytes": [9 if there else None]})
    before = [{"sha256": SHA256, "state": state, "bytes": 9, "reason": "asked to", "at": AT - days * DAY}]
    recorded = pl.DataFrame(before if state else [], PURGES.schema)
    steps = rights.next_steps(removed, recorded, pl.Series([SHA256] if held else [], dtype=pl.String), AT, grace)
    assert steps.schema == PURGES.schema
    assert steps["bytes"].to_list() in ([], [9])
    return steps["state"].item() if steps.height else None


@pytest.mark.parametrize(
    ("last", "days", "options", "expected"),
    [
        (None, 0, {}, "marked"),
        (None, 0, {"held": True}, None),
        (None, 0, {"there": False}, None),
        ("marked", 29, {}, None),
        ("marked", 30, {}, "deleted"),
        ("marked", 99, {"held": True}, "spared"),
        ("marked", 1, {"there": False}, "deleted"),
        ("spared", 99, {"held": True}, None),
        ("spared", 99, {}, "marked"),
        ("deleted", 99, {"there": False}, None),
        ("deleted", 99, {}, "marked"),
        (None, 0, {"grace": 0}, "marked"),
        ("marked", 0, {"grace": 0}, "deleted"),
    ],
)
def test_bytes_are_marked_first_and_deleted_when_nobody_has_needed_them_since(last, days, options, expected):
    assert step(last, days, **options) == expected


def test_the_last_word_counts() -> None:
    removed = pl.DataFrame({"sha256": [SHA256], "reason": ["asked to"], "bytes": [9]})
    words = [("marked", 90), ("spared", 60), ("marked", 3)]
    recorded = pl.DataFrame(
        [{"sha256": SHA256, "state": state, "at": AT - days * DAY} for state, days in words[::-1]], PURGES.schema
    )
    assert rights.next_steps(removed, recorded, pl.Series([], dtype=pl.String), AT, 30).is_empty()
