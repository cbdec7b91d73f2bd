"""Decisions on accounts: a CSV file that people keep, and what became of each account's rows."""

from __future__ import annotations

import json
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.rights.accounts import (
    DECISIONS,
    VERDICTS,
    accounts,
    add_decision,
    parse_decisions,
    undecided,
    with_decisions,
)
from imgtext_assets.tables import ACCOUNTS

HEAD = "account,verdict,who,when,why"
TODAY = "2026-11-21"


def decisions(*lines: str, head: str = HEAD) -> pl.DataFrame:
    return parse_decisions("\n".join((head, *lines)), "decisions.csv")


def judged(source: str, account: str | None, made: pl.DataFrame) -> str | None:
    row = pl.LazyFrame({"source": [source], "account": [account]}, schema={"source": pl.String, "account": pl.String})
    return with_decisions(row, made).collect()["verdict"].item()


def test_a_decision_has_who_when_and_why():
    made = decisions(f'"Ann, Inc.",exclude,eve,{TODAY},"sells prints; says ""mine"""')
    assert made.schema == DECISIONS
    assert made.row(0, named=True) == {
        "line": 2, "source": None, "account": "Ann, Inc.", "verdict": "exclude", "who": "eve",
        "when": date(2026, 11, 21), "why": 'sells prints; says "mine"',
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: expected the columns account, verdict, who, when, why"),
        ("account,verdict\n", "line 1: expected the columns account, verdict, who, when, why; no who, when, why"),
        (f"{HEAD}\nann,banish,eve,{TODAY},x", "line 2: verdict 'banish': expected include or exclude"),
        (f"{HEAD}\nann,exclude,eve,21.11.2026,x", "line 2: when '21.11.2026': expected a date such as 2026-11-21"),
        (f"{HEAD}\n,exclude,eve,{TODAY},x", "line 2: no account"),
        (f"{HEAD}\nann,exclude,eve,{TODAY},sells, and more", "line 2: expected as many values"),
        (f"{HEAD}\nann,exclude,eve", "line 2: expected as many values"),
        (f'{HEAD}\n"ann,exclude,eve,{TODAY},x', "unexpected end of data"),
    ],
)
def test_a_mistake_names_the_file_the_line_and_what_was_expected(text, said):
    with pytest.raises(ValueError, match=r"^decisions\.csv, ") as mistake:
        parse_decisions(text, "decisions.csv")
    assert said in str(mistake.value)


def test_the_last_line_of_an_account_holds_in_its_source_or_in_all():
    made = decisions(
        f"ann,exclude,eve,{TODAY},x,", f"ann,include,eve,{TODAY},again,flickr", f"bob,exclude,eve,{TODAY},x,flickr",
        f"cat,include,eve,{TODAY},x,flickr", f"cat,exclude,eve,{TODAY},x,", head=f"{HEAD},source",
    )  # fmt: skip
    assert [judged(s, a, made) for s, a in (("flickr", "ann"), ("other", "ann"))] == ["include", "exclude"]
    assert [judged(s, a, made) for s, a in (("flickr", "bob"), ("other", "bob"))] == ["exclude", None]
    assert [judged(s, a, made) for s, a in (("flickr", "cat"), ("other", "cat"))] == ["exclude", "exclude"]
    assert [judged("flickr", a, made) for a in ("Ann", "nobody", None)] == [None, None, None]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(VERDICTS)), max_size=6))
def test_rows_are_never_repeated_by_decisions(lines):
    made = decisions(*(f"{account},{verdict},eve,{TODAY},x" for account, verdict in lines))
    rows = pl.LazyFrame({"source": ["s"] * 3, "account": ["a", "b", "a"], "n": [1, 2, 3]})
    seen = with_decisions(rows, made).collect()
    assert seen["n"].to_list() == [1, 2, 3]
    last = dict(lines)
    assert seen["verdict"].to_list() == [last.get("a"), last.get("b"), last.get("a")]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=20).filter(
    lambda text: text == text.strip()
)


@given(TEXT, st.sampled_from(VERDICTS), TEXT)
def test_what_is_added_is_read_back_whatever_it_holds(account, verdict, why):
    decision = {"account": account, "verdict": verdict, "who": "eve", "when": TODAY, "why": why}
    text = add_decision(add_decision("", decision | {"account": "first"}), decision)
    assert parse_decisions(text, "f").select("account", "verdict", "why").rows()[-1] == (account, verdict, why)


def test_a_line_is_added_in_the_order_of_the_files_own_columns():
    text = f"why,when,who,verdict,account\nx,{TODAY},eve,include,ann"
    longer = add_decision(text, {"account": "bob", "verdict": "exclude", "who": "e", "when": TODAY, "why": "y"})
    assert longer == f"{text}\ny,{TODAY},e,exclude,bob\n"


def test_a_decision_for_one_source_is_not_written_where_the_file_cannot_say_so():
    decision = {"account": "b", "verdict": "exclude", "who": "e", "when": TODAY, "why": "y", "source": "flickr"}
    with pytest.raises(ValueError, match="no column source"):
        add_decision(f"{HEAD}\n", decision)


def stage(*rows: tuple[str | None, str | None]) -> pl.LazyFrame:
    """A stage's table of (account, reject_reason); ids are the places."""
    return pl.LazyFrame(
        [("s", "s-00000", str(n), account, reason, f"http://a/{n}", None) for n, (account, reason) in enumerate(rows)],
        dict.fromkeys(("source", "shard", "id", "account", "reject_reason", "url", "landing_url"), pl.String),
        orient="row",
    )


def test_each_account_has_its_rows_what_was_kept_and_why_the_others_were_not():
    raw = stage(("a", None), ("a", None), ("a", "bad_url"), ("b", None), (None, None), ("a", None), ("a", None))
    licensed = stage(
        ("a", "rights_claimed"), ("a", "rights_claimed"), ("a", None), ("b", None), (None, "license_unknown")
    )
    verified = stage((None, None), (None, None), ("a", "gone"), ("b", None), (None, None), ("a", "removed"))
    made = decisions(f"b,include,eve,{TODAY},fine")
    table = accounts([raw, licensed, verified], made).collect()
    assert table.schema == ACCOUNTS.schema
    first, second = table.to_dicts()
    assert (first["account"], first["rows"], first["kept"], first["kept_share"]) == ("a", 5, 1, 0.2)
    assert json.loads(first["rejected"]) == {"rights_claimed": 2, "bad_url": 1, "removed": 1}
    assert next(iter(json.loads(first["rejected"]))) == "rights_claimed"
    assert first["samples"] == [f"http://a/{n}" for n in (0, 1, 2, 5, 6)]
    assert (second["account"], second["kept"], second["verdict"], second["why"]) == ("b", 1, "include", "fine")
    assert undecided(table, 10)["account"].to_list() == ["a"]


def test_a_row_that_a_later_stage_still_has_counts_where_it_ended_first():
    raw, licensed = stage(("a", None), ("a", None)), stage(("a", "account_excluded"), ("a", "account_excluded"))
    downloaded = stage(("a", "not_found"), ("a", None))  # of before the decision
    (account,) = accounts([raw, licensed, downloaded], DECISIONS.to_frame()).collect().to_dicts()
    assert (account["kept"], json.loads(account["rejected"])) == (0, {"account_excluded": 2})


@given(st.permutations(range(8)))
def test_accounts_do_not_depend_on_the_order_of_rows(order):
    rows = [
        ("a", None),
        ("b", "bad_url"),
        ("a", "bad_url"),
        ("b", None),
        ("a", None),
        ("c", None),
        ("b", None),
        ("a", None),
    ]
    raw = stage(*rows).collect()
    expected = accounts([raw.lazy()], DECISIONS.to_frame()).collect()
    assert accounts([raw[list(order)].lazy()], DECISIONS.to_frame()).collect().equals(expected)
