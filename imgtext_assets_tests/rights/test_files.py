"""What files say of their rights, held against the stated licence."""

import polars as pl
import pytest

from imgtext_assets import tables
from imgtext_assets.catalog import ConsentPolicy, LicensePolicy
from imgtext_assets.rights.files import file_review, file_rules

DMI = "http://ns.useplus.org/ldf/vocab/DMI-"
CONSENT, NO_CONSENT = ConsentPolicy(), ConsentPolicy(data_mining=False)
CC_BY, CC_BY_NC = (f"https://creativecommons.org/licenses/{code}/4.0/" for code in ("by", "by-nc"))
COLUMNS = ("license_id", "claim", "file_license", "data_mining", "review")


def judged(stated_claims: str = "reject", consent: ConsentPolicy = CONSENT, **row: str | None) -> dict:
    policy = LicensePolicy.model_validate({"stated_claims": stated_claims})
    given = {"license_id": "CC0-1.0"} | row
    frame = pl.LazyFrame({name: [given.get(name)] for name in COLUMNS}, schema=dict.fromkeys(COLUMNS, pl.String()))
    table = tables.reject(frame, file_rules(policy, consent)).with_columns(review=file_review(policy)).collect()
    (verdict,) = table.select("reject_reason", "reject_detail", "review").to_dicts()
    return verdict


def rejected(reason: str | None, detail: str | None = None, review: str | None = None) -> dict:
    return {"reject_reason": reason, "reject_detail": detail, "review": review}


@pytest.mark.parametrize(
    ("license_id", "claim", "contradicted"),
    [
        ("CC0-1.0", "copyright: © Ann", True),
        ("CC0-1.0", "copyright: Ann Smith", True),
        ("CC0-1.0", "marked as: copyrighted", True),
        ("CC0-1.0", "instructions: For editorial use only", True),
        ("CC0-1.0", "usage terms: All rights reserved", True),
        ("CC0-1.0", "copyright: public domain; artist: Ann", False),
        ("CC0-1.0", "copyright: CC0; artist: Ann; marked as: public domain", False),
        ("CC0-1.0", "copyright: Ann; marked as: public domain", True),
        ("CC0-1.0", "artist: Ann Smith", False),
        ("CC0-1.0", "artist: © Ann Smith", True),
        ("CC0-1.0", "copyright: -", False),
        ("CC0-1.0", None, False),
        ("CC-BY-4.0", "copyright: © Ann", False),
        ("CC-BY-4.0", "copyright: © Ann. All rights reserved", True),
        ("CC-BY-4.0", "usage terms: No AI training", True),
    ],
)
def test_a_claim_is_held_against_the_stated_licence(license_id, claim, contradicted):
    detail = f"stated as {license_id}, but the file says: {claim}"
    expected = rejected("rights_claimed", detail) if contradicted else rejected(None)
    assert judged(license_id=license_id, claim=claim) == expected


@pytest.mark.parametrize(
    ("license_id", "file_license", "contradicted"),
    [
        ("CC0-1.0", CC_BY, True),
        ("CC-BY-4.0", CC_BY_NC, True),
        ("CC-BY-4.0", CC_BY, False),
        ("CC-BY-NC-4.0", CC_BY, False),
        ("CC-BY-4.0", "https://creativecommons.org/publicdomain/zero/1.0/", False),
        ("CC0-1.0", "CC BY-NC", True),
        ("CC0-1.0", "This work is licensed under CC BY-NC 4.0. See https://ann.example for more", True),
        ("CC0-1.0", "This work is licensed under a Creative Commons Attribution-NonCommercial 4.0 License", True),
        (
            "CC-BY-4.0",
            "This photo is licensed under a Creative Commons Attribution-NonCommercial 4.0 International License",
            True,
        ),
        ("CC-BY-NC-4.0", "CC BY-NC", False),
        ("CC0-1.0", "Licensed under CC BY 4.0", True),
        ("CC0-1.0", "https://ann.example/terms.html", False),
        ("CC0-1.0", None, False),
    ],
)
def test_the_files_own_licence_counts_where_it_demands_more(license_id, file_license, contradicted):
    detail = f"stated as {license_id}, but the file says: license: {file_license}"
    expected = rejected("rights_claimed", detail) if contradicted else rejected(None)
    assert judged(license_id=license_id, file_license=file_license) == expected


def test_the_policy_may_want_claims_reviewed():
    mark = "stated as CC0-1.0, but the file says: copyright: © Ann"
    assert judged("review", claim="copyright: © Ann") == rejected(None, review=mark)
    assert judged("review", claim="copyright: © Ann", review="a caption") == rejected(None, review=f"a caption; {mark}")
    assert judged("review", review="a caption") == rejected(None, review="a caption")
    assert judged("review") == rejected(None)


def test_the_policy_may_ignore_claims():
    assert judged("ignore", claim="copyright: © Ann", file_license=CC_BY) == rejected(None)


@pytest.mark.parametrize("stated_claims", ["reject", "ignore"])
def test_a_review_mark_of_before_is_kept(stated_claims):
    assert judged(stated_claims, review="a caption")["review"] == "a caption"


def test_what_the_file_says_is_cut():
    detail = judged(claim="© " + "x" * 1_000)["reject_detail"]
    assert detail == "stated as CC0-1.0, but the file says: © " + "x" * 198


@pytest.mark.parametrize(
    ("value", "prohibited"),
    [
        (f"{DMI}PROHIBITED", True),
        (f"{DMI}PROHIBITED-AIMLTRAINING", True),
        (f"{DMI}PROHIBITED-GENAIMLTRAINING", True),
        (f"{DMI}PROHIBITED-EXCEPTSEARCHENGINEINDEXING", True),
        (f"{DMI}PROHIBITED-SEECONSTRAINT", True),
        (f"{DMI}PROHIBITED-SEEEMBEDDEDRIGHTSEXPR", True),
        (f"{DMI}PROHIBITED-SEELINKEDRIGHTSEXPR", True),
        ("DMI-PROHIBITED", True),
        (f"{DMI}prohibited".lower(), True),
        (f"{DMI}ALLOWED; {DMI}PROHIBITED", True),
        ("plus:DMI-PROHIBITED-AIMLTRAINING", True),
        ("ldf:DMI-PROHIBITED", True),
        ("http://ns.useplus.org/ldf/vocab/#DMI-PROHIBITED", True),
        (f"{DMI}ALLOWED", False),
        (f"{DMI}UNSPECIFIED", False),
        ("NODMI-PROHIBITED", False),
        ("", False),
        (None, False),
    ],
)
def test_a_file_that_prohibits_data_mining_has_opted_out(value, prohibited):
    expected = rejected("opted_out", f"the file says: plus:DataMining is {value}") if prohibited else rejected(None)
    assert judged(data_mining=value) == expected
    assert judged("ignore", data_mining=value) == expected
    assert judged(consent=NO_CONSENT, data_mining=value) == rejected(None)
