"""`license_filtered`: the first rule that holds names the reason, and every row stays in the table."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.catalog import LicensePolicy
from imgtext_assets.rights import license_filter

CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
NO_REMOVALS = tables.REMOVALS.schema.to_frame().lazy()


def raw(*rows: dict) -> pl.LazyFrame:
    plain = {"id": "i", "url": "http://a/1", "url_key": "http://a/1", "license": CC0, "caption": None, "account": None}
    schema = dict.fromkeys(plain, pl.String)
    return tables.RAW_METADATA.conform(pl.LazyFrame([plain | row for row in rows], schema=schema))


def removal(kind: str, value: str, reason: str = "asked to", day: int = 1) -> dict:
    at = datetime(2026, 1, day, tzinfo=UTC)
    return {"kind": kind, "value": value, "reason": reason, "request": None, "removed_at": at}


def removals(*rows: dict) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=tables.REMOVALS.schema)


def verdicts(frame: pl.LazyFrame, policy: LicensePolicy | None = None, removed: pl.LazyFrame = NO_REMOVALS) -> list:
    judged = license_filter(frame, policy or LicensePolicy(), removed).collect()
    assert judged.schema == tables.LICENSE_FILTERED.schema
    return judged.select("reject_reason", "reject_detail").rows()


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        ({}, None, None),
        ({"license": "8"}, None, None),
        ({"license": None}, "license_unknown", "no licence is stated"),
        ({"license": "mine {}"}, "license_unknown", "the stated licence is none that we know: mine {}"),
        ({"license": "CC BY-NC 4.0"}, "license_not_allowed", "CC-BY-NC-4.0 is not among CC0-1.0, CC-PDM-1.0, "
         "US-government-work, no-known-copyright"),
        ({"caption": "Bird © Ann"}, "rights_claimed", "stated as CC0-1.0, but the caption says: Bird © Ann"),
        ({"caption": "Bird © Ann", "license": "0"}, "license_not_allowed", "all-rights-reserved is not among CC0-1.0, "
         "CC-PDM-1.0, US-government-work, no-known-copyright"),
    ],
)  # fmt: skip
def test_a_row_ends_by_the_first_rule_that_holds(row, reason, detail):
    assert verdicts(raw(row)) == [(reason, detail)]


def test_accounts_and_claims_are_judged_as_the_policy_says():
    rows = raw({"account": "a@N0"}, {"account": "A@N0"}, {"caption": "© Ann"})
    policy = LicensePolicy(exclude_accounts=["a@N0"], reject_stated_claims=False)
    assert verdicts(rows, policy) == [("account_excluded", "a@N0"), (None, None), (None, None)]


def test_what_is_removed_ends_here_by_id_or_address_whatever_else_holds():
    rows = raw({"id": "x", "license": "0"}, {"id": "y"}, {"id": "z", "url_key": "http://a/2"}, {"id": "http://a/1"})
    removed = removals(removal("id", "x"), removal("url", "http://a/2", "sued"), removal("sha256", "y"))
    assert verdicts(rows, removed=removed) == [("removed", "asked to"), (None, None), ("removed", "sued"), (None, None)]


def test_repeated_tombstones_repeat_no_row_and_the_first_one_speaks():
    removed = removals(
        removal("id", "x", "later", day=2), removal("id", "x", "first", day=1), removal("url", "http://a/1")
    )
    assert verdicts(raw({"id": "x"}), removed=removed) == [("removed", "first")]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.sampled_from([CC0, "1", "own"])), max_size=8))
def test_rows_in_are_rows_out_in_order(rows):
    frame = raw({"id": "none"}, *({"id": id_, "license": license_} for id_, license_ in rows))
    judged = license_filter(frame, LicensePolicy(), removals(removal("id", "a"))).collect()
    assert judged["id"].to_list() == ["none", *(id_ for id_, _ in rows)]
    kept = tables.goes_on(judged.lazy()).collect()
    assert "a" not in kept["id"].to_list()
    assert kept["license"].unique().to_list() == [CC0]
