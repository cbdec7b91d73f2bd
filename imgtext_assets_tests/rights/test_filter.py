"""`license_filtered`: the first rule that holds names the reason, and every row stays in the table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.catalog import LicensePolicy
from imgtext_assets.rights import DECISIONS, OPT_OUTS, judged_otherwise, license_filter, parse_decisions
from imgtext_assets.rights.consent import parse_opt_outs
from imgtext_assets.sources import url_key

CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
PLAIN = {
    "id": "i", "source": "s", "url": "http://a.example/1", "url_key": "http://a.example/1", "license": CC0,
    "license_from": "row", "caption": None, "title": None, "description": None, "account": None, "creator": None,
}  # fmt: skip


def raw(*rows: dict[str, Any]) -> pl.LazyFrame:
    return tables.RAW_METADATA.conform(
        pl.LazyFrame([PLAIN | row for row in rows], schema=dict.fromkeys(PLAIN, pl.String))
    )


def removal(kind: str, value: str, reason: str = "asked to", day: int = 1) -> dict[str, Any]:
    at = datetime(2026, 1, day, tzinfo=UTC)
    return {"kind": kind, "value": value, "reason": reason, "request": None, "removed_at": at}


def orders(*removals: dict[str, Any], decisions: str = "", opt_outs: str = "") -> dict[str, Any]:
    """What people ordered, as the filter takes it."""
    head = "account,verdict,who,when,why\n"
    return {
        "removals": pl.LazyFrame(removals, schema=tables.REMOVALS.schema),
        "decisions": parse_decisions(head + decisions, "decisions.csv"),
        "opt_outs": parse_opt_outs(opt_outs, "list.txt", url_key),
    }


def judge(
    frame: pl.LazyFrame, policy: LicensePolicy | None = None, scheme: str | None = None, **given: Any
) -> pl.DataFrame:
    captions = given.pop("captions", ())
    asked = given or orders()
    judged = license_filter(
        frame, policy=policy or LicensePolicy(), scheme=scheme, captions=captions, **asked
    ).collect()
    assert judged.schema == tables.LICENSE_FILTERED.schema
    return judged


def verdicts(*args: Any, **given: Any) -> list[tuple[str | None, str | None]]:
    return judge(*args, **given).select("reject_reason", "reject_detail").rows()


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        ({}, None, None),
        ({"license": None}, "license_unknown", "no licence is stated"),
        ({"license": "mine {}"}, "license_unknown", "the stated licence is none that we know: mine {}"),
        ({"license": "8"}, "license_unknown", "the stated licence is none that we know: 8"),
        ({"license": "CC BY-NC 4.0"}, "license_not_allowed", "CC-BY-NC-4.0 is not among public-domain"),
        ({"caption": "Bird © Ann"}, "rights_claimed", "stated as CC0-1.0, but the caption says: Bird © Ann"),
        ({"title": "Ann's. All rights reserved"}, "rights_claimed",
         "stated as CC0-1.0, but the title says: Ann's. All rights reserved"),
        ({"description": "無断転載禁止"}, "rights_claimed",
         "stated as CC0-1.0, but the description says: 無断転載禁止"),
        ({"caption": "© Ann", "license": "all rights reserved"}, "license_not_allowed",
         "all-rights-reserved is not among public-domain"),
    ],
)  # fmt: skip
def test_a_row_ends_by_the_first_rule_that_holds(row, reason, detail):
    assert verdicts(raw(row)) == [(reason, detail)]


def test_the_evidence_says_who_stated_the_licence_and_how_it_was_recognised():
    rows = raw({}, {"license": "9", "license_from": "catalog"}, {"license": "unheard of"})
    judged = judge(rows, scheme="flickr")
    assert judged["license_id"].to_list() == ["CC0-1.0", "CC0-1.0", None]
    first, second, third = judged["license_evidence"]
    assert first.startswith("the row's licence: ")
    assert "creativecommons.org/publicdomain/zero/1.0" in first
    assert second.startswith("the catalog's licence: ")
    assert "9" in second
    assert third is None


def test_a_flickr_number_is_a_licence_only_where_the_catalog_says_so():
    rows = raw({"license": "8"})
    assert judge(rows)["license_id"].to_list() == [None]
    assert judge(rows, scheme="flickr")["license_id"].to_list() == ["US-government-work"]


def test_a_licence_that_asks_for_credit_gets_its_line():
    rows = raw({"license": CC_BY, "title": "Harbour", "creator": "Ann Roe"}, {"title": "Harbour", "creator": "Ann Roe"})
    credit, none = judge(rows, LicensePolicy(allow=["open-commercial"]))["attribution"]
    assert "Harbour" in credit
    assert "Ann Roe" in credit
    assert "CC BY 4.0" in credit
    assert none is None


def test_copyright_contradicts_the_public_domain_and_not_a_licence_that_somebody_gives():
    rows = raw(
        *(
            {"license": license_, "caption": caption}
            for license_ in (CC0, CC_BY)
            for caption in ("© Ann", "All rights reserved")
        )
    )
    reasons = [reason for reason, _ in verdicts(rows, LicensePolicy(allow=["open-commercial"]))]
    assert reasons == ["rights_claimed", "rights_claimed", None, "rights_claimed"]


def test_a_contradiction_is_rejected_marked_or_ignored_as_the_policy_says():
    rows = raw({"caption": "Bird © Ann"}, {"caption": "Bird"})
    said = "stated as CC0-1.0, but the caption says: Bird © Ann"
    for policy, reason, review in (("reject", "rights_claimed", None), ("review", None, said), ("ignore", None, None)):
        judged = judge(rows, LicensePolicy.model_validate({"stated_claims": policy}))
        assert judged["reject_reason"].to_list() == [reason, None]
        assert judged["review"].to_list() == [review, None]


def test_a_licence_that_there_is_not_is_a_mistake_of_the_policy():
    with pytest.raises(ValueError, match=r"CC0-1\.0"):
        judge(raw({}), LicensePolicy(allow=["CC0-1"]))


def test_people_come_first_removals_then_opt_outs_then_decisions_on_accounts():
    given = orders(
        removal("id", "x"),
        decisions='ann,exclude,eve,2026-11-21,"sells, prints"\n',
        opt_outs="shop.example\n",
    )
    bad = {"license": "mine", "account": "ann"}
    at_shop = {"url": "http://www.shop.example/1", "url_key": "http://www.shop.example/1"}
    rows = raw({"id": "x", **bad, **at_shop}, {**bad, **at_shop}, bad, {"license": "mine"}, {"account": "Ann"})
    reasons = verdicts(rows, **given)
    assert [reason for reason, _ in reasons] == ["removed", "opted_out", "account_excluded", "license_unknown", None]
    assert "shop.example" in str(reasons[1][1])
    assert reasons[2][1] == "ann; sells, prints; eve; 2026-11-21"


def test_captions_are_judged_last():
    short = (pl.col("caption").str.len_chars() < 5, "caption_too_short", pl.col("caption"))
    rows = raw({"caption": "Bird"}, {"caption": "Bird", "license": None}, {"caption": "A bird"})
    judged = verdicts(rows, captions=[short], **orders())
    assert judged == [("caption_too_short", "Bird"), ("license_unknown", "no licence is stated"), (None, None)]


def test_what_is_removed_ends_here_by_id_or_address_whatever_else_holds():
    rows = raw(
        {"id": "x", "license": "0"}, {"id": "y"}, {"id": "z", "url_key": "http://a/2"}, {"id": "http://a.example/1"}
    )
    given = orders(removal("id", "x"), removal("url", "http://a/2", "sued"), removal("sha256", "y"))
    assert verdicts(rows, **given) == [("removed", "asked to"), (None, None), ("removed", "sued"), (None, None)]


def test_repeated_tombstones_repeat_no_row_and_the_first_one_speaks():
    given = orders(removal("id", "x", "later", day=2), removal("id", "x", "first", day=1), removal("url", PLAIN["url"]))
    assert verdicts(raw({"id": "x"}), **given) == [("removed", "first")]


ORDERED = st.fixed_dictionaries(
    {
        "removed": st.sets(st.sampled_from("abc")),
        "excluded": st.sets(st.sampled_from("abc")),
        "opted_out": st.sets(st.sampled_from("abc")),
    }
)


def ordered(sets: dict[str, set[str]]) -> dict[str, Any]:
    return orders(
        *(removal("id", name) for name in sorted(sets["removed"])),
        decisions="".join(f"{name},exclude,eve,2026-11-21,x\n" for name in sorted(sets["excluded"])),
        opt_outs="".join(f"{name}.example\n" for name in sorted(sets["opted_out"])),
    )


@settings(deadline=None)
@given(ORDERED, ORDERED)
def test_exactly_the_rows_are_judged_otherwise_whose_verdict_changes(before, after):
    """The law behind `imgtext build`: the shards that it judges anew are those that come out otherwise."""
    rows = raw(
        *(
            {"id": n, "account": n, "url_key": f"http://{n}.example/", "license": lic}
            for n in "abc"
            for lic in (CC0, "own")
        )
    )
    first, second = judge(rows, **ordered(before)), judge(rows, **ordered(after))
    found = judged_otherwise(first.lazy(), **ordered(after)).collect().select("id", "license")
    differ = (
        pl.DataFrame({"now": second["reject_reason"], "then": first["reject_reason"]})
        .select(pl.col("now").ne_missing(pl.col("then")))
        .to_series()
    )
    assert found.sort("id", "license").equals(first.filter(differ).select("id", "license").sort("id", "license"))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.sampled_from([CC0, "1", "own"])), max_size=8))
def test_rows_in_are_rows_out_in_order(rows):
    frame = raw({"id": "none"}, *({"id": id_, "license": license_} for id_, license_ in rows))
    judged = judge(frame, **orders(removal("id", "a")))
    assert judged["id"].to_list() == ["none", *(id_ for id_, _ in rows)]
    kept = tables.goes_on(judged.lazy()).collect()
    assert "a" not in kept["id"].to_list()
    assert kept["license"].unique().to_list() == [CC0]


def test_nobody_ordered_anything():
    assert (
        judged_otherwise(judge(raw({})).lazy(), orders()["removals"], DECISIONS.to_frame(), OPT_OUTS.to_frame())
        .collect()
        .is_empty()
    )
