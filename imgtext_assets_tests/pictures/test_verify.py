"""Verifying: what each file and each row is told, and in which order."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgtext_assets import rights, tables
from imgtext_assets.catalog import DriftPolicy, Policy
from imgtext_assets.pictures import INSPECTIONS, verify_table

POLICY = Policy()
RULES = [
    rights.REMOVED_RULE,
    (pl.col("claim").str.contains("©"), "rights_claimed", pl.format("{}: {}", "license_id", "claim")),
    (pl.col("data_mining").is_not_null(), "opted_out", pl.col("data_mining")),
    (pl.col("title") == "soft 404", "placeholder", pl.lit("many links")),
]
REVIEW = pl.coalesce("file_license", "review")
NO_REMOVALS = tables.REMOVALS.schema.to_frame().lazy()
PHASH = 0x0F0F_0F0F_F0F0_F0F0
SEEN = {"sha256": "a" * 64, "width": 640, "height": 480, "mime_type": "image/jpeg", "phash": PHASH}
UNUSABLE = {"width": None, "height": None, "mime_type": None, "phash": None}
FAR = f"{~PHASH & 2**64 - 1:016x}"


def verify(row: dict | None = None, seen: dict | None = None, removals=NO_REMOVALS, policy: Policy = POLICY) -> dict:
    had = {"sha256": "a" * 64, "measured_md5": "0" * 32}
    declared = {"id": "1", "width": 1, "height": 2, "mime_type": "image/png"} | had | (row or {})
    frame = tables.DOWNLOADED.conform(pl.LazyFrame([declared]))
    inspections = pl.DataFrame([SEEN | (seen or {})], schema=INSPECTIONS)
    frame = rights.with_removals(frame, removals, rights.BY_BYTES)
    table = verify_table(frame, inspections, policy, RULES, REVIEW).collect()
    assert table.schema == tables.VERIFIED.schema
    (verdict,) = table.to_dicts()
    assert verdict["reject_reason"] is None or verdict["reject_reason"] in tables.REASONS["verified"]
    return verdict


def tombstone(kind: str, value: str) -> pl.LazyFrame:
    row = {"kind": kind, "value": value, "reason": "asked for", "removed_at": datetime(2026, 1, 1, tzinfo=UTC)}
    return tables.REMOVALS.conform(pl.LazyFrame([row, row]))


def test_measured_values_replace_declared_ones_which_are_kept_aside():
    row = verify()
    assert row["reject_reason"] is None
    assert (row["width"], row["height"], row["mime_type"]) == (640, 480, "image/jpeg")
    assert (row["declared_width"], row["declared_height"], row["declared_mime_type"]) == (1, 2, "image/png")
    assert row["measured_md5"] == "0" * 32


@pytest.mark.parametrize("word", ["decode_limit", "not_image", "damaged"])
def test_an_unusable_picture_ends_with_its_own_reason(word):
    row = verify(seen=UNUSABLE | {"reason": word, "detail": "why"})
    assert (row["reject_reason"], row["reject_detail"]) == (word, "why")


def test_a_row_whose_bytes_nobody_looked_at_is_never_verified():
    assert verify(row={"sha256": "b" * 64})["reject_reason"] == "damaged"


def test_the_hash_is_that_of_the_whole_picture_and_frames_are_counted():
    row = verify(row={"phash": 7}, seen={"phash": PHASH, "frames": 1})
    assert (row["phash"], row["frames"]) == (PHASH, 1)
    assert verify(row={"phash": 7}, seen=UNUSABLE | {"reason": "damaged", "detail": "cut"})["phash"] is None


@pytest.mark.parametrize(("md5", "reason"), [(None, None), ("0" * 32, None), ("F" * 32, "md5_mismatch")])
def test_the_declared_md5_must_be_the_measured_one(md5, reason):
    assert verify(row={"md5": md5})["reject_reason"] == reason


def test_md5_is_compared_in_either_case():
    assert verify(row={"md5": "AB" * 16, "measured_md5": "ab" * 16})["reject_reason"] is None


@pytest.mark.parametrize(("size", "reason"), [((255, 480), "too_small"), ((2000, 400), "bad_aspect_ratio")])
def test_the_measured_size_is_what_counts(size, reason):
    row = verify(row={"width": 5000, "height": 5000}, seen={"width": size[0], "height": size[1]})
    assert row["reject_reason"] == reason


@pytest.mark.parametrize(
    ("declared", "reason"), [(None, None), ("a" * 64, None), ("A" * 64, None), ("b" * 64, "sha256_mismatch")]
)
def test_the_declared_sha256_must_be_that_of_the_bytes(declared, reason):
    row = verify(row={"declared_sha256": declared})
    assert row["reject_reason"] == reason
    assert reason is None or row["reject_detail"] == f"declared {declared}, measured {'a' * 64}"


def test_what_the_file_says_is_judged_by_the_rules_that_were_given():
    row = verify(row={"license_id": "CC0-1.0"}, seen={"claim": "© Jo"})
    assert (row["reject_reason"], row["reject_detail"]) == ("rights_claimed", "CC0-1.0: © Jo")
    row = verify(seen={"data_mining": "DMI-PROHIBITED"})
    assert (row["reject_reason"], row["reject_detail"]) == ("opted_out", "DMI-PROHIBITED")
    assert verify(seen={"claim": "Jo"})["reject_reason"] is None


def test_the_review_mark_is_kept_or_set_anew():
    assert verify()["review"] is None
    assert verify(row={"review": "a caption"})["review"] == "a caption"
    assert verify(row={"review": "a caption"}, seen={"file_license": "CC-BY"})["review"] == "CC-BY"


OTHER_BYTES = {"declared_sha256": "b" * 64}
NEAR, NONE = {"declared_phash": f"{PHASH:016x}"}, {}


@pytest.mark.parametrize(
    ("declared", "policy", "drift", "reason", "review"),
    [
        (NONE, {}, "unknown", "sha256_mismatch", None),
        (NONE, {"unknown": "accept"}, "unknown", None, None),
        (NONE, {"unknown": "review"}, "unknown", None, f"other bytes: declared {'b' * 64}, measured {'a' * 64}"),
        (NEAR, {}, "re_encoded", None, None),
        (NEAR, {"re_encoded": "reject"}, "re_encoded", "re_encoded", None),
        ({"declared_phash": FAR}, {"re_encoded": "accept", "unknown": "accept"}, "replaced", "replaced", None),
    ],
)
def test_other_bytes_than_declared_meet_the_policy(declared, policy, drift, reason, review):
    row = verify(row=OTHER_BYTES | declared, policy=Policy(drift=DriftPolicy.model_validate(policy)))
    assert (row["drift"], row["reject_reason"], row["review"]) == (drift, reason, review)


def test_a_hash_with_low_information_does_not_tell_another_picture():
    declared = OTHER_BYTES | {"declared_phash": FAR}
    assert verify(row=declared | {"low_information": True})["reject_reason"] == "sha256_mismatch"


@pytest.mark.parametrize("fingerprints", [None, False, True])
@pytest.mark.parametrize("measured", [None, False, True])
def test_whether_a_hash_says_nothing_is_as_measured_else_as_the_fingerprint_had_it(fingerprints, measured):
    declared = OTHER_BYTES | {"declared_phash": FAR, "low_information": fingerprints}
    row = verify(row=declared, seen={"low_information": measured})
    expected = measured if measured is not None else fingerprints
    assert row["low_information"] is expected
    assert row["drift"] == ("unknown" if expected else "replaced")


@pytest.mark.parametrize(
    ("frames", "verdict", "reason", "review"),
    [
        (1, "reject", None, None),
        (None, "reject", None, None),
        (2, "accept", None, None),
        (2, "review", None, "the file holds 2 pictures"),
        (2, "reject", "animated", None),
    ],
)
def test_animated_pictures_meet_the_policy(frames, verdict, reason, review):
    row = verify(seen={"frames": frames}, policy=Policy(animated=verdict))
    assert (row["frames"], row["reject_reason"], row["review"]) == (frames, reason, review)
    assert reason is None or row["reject_detail"] == "the file holds 2 pictures"


def test_marks_are_joined_to_what_is_to_be_reviewed_already():
    policy = Policy(animated="review", drift=DriftPolicy(re_encoded="review"))
    row = verify(row={"review": "a caption"} | OTHER_BYTES | NEAR, seen={"frames": 9}, policy=policy)
    assert row["review"].split("; ") == [
        "a caption",
        f"other bytes of the same picture: declared {'b' * 64}, measured {'a' * 64}, "
        "0 of 64 bits from the declared pHash",
        "the file holds 9 pictures",
    ]


WRONG: list[tuple[str, dict, dict]] = [
    ("removed", {}, {}),
    ("opted_out", {}, {"data_mining": "no"}),
    ("damaged", {}, UNUSABLE | {"reason": "damaged", "detail": "cut"}),
    ("placeholder", {"title": "soft 404"}, {}),
    ("replaced", {"declared_phash": FAR}, {}),
    ("sha256_mismatch", {"declared_sha256": "b" * 64}, {}),
    ("md5_mismatch", {"md5": "1" * 32}, {}),
    ("animated", {}, {"frames": 2}),
    ("too_small", {}, {"width": 10}),
    ("rights_claimed", {}, {"claim": "© Jo"}),
]
STRICT = Policy(animated="reject", drift=DriftPolicy(re_encoded="reject"))


@pytest.mark.parametrize("first", range(1, len(WRONG)))
def test_of_several_reasons_the_worst_is_given(first):
    row = {name: value for _, declared, _ in reversed(WRONG[first:]) for name, value in declared.items()}
    seen = {name: value for _, _, found in reversed(WRONG[first:]) for name, value in found.items()}
    assert verify(row=row, seen=seen, policy=STRICT)["reject_reason"] == WRONG[first][0]
    removals = tombstone("sha256", "a" * 64)
    assert verify(row=row, seen=seen, policy=STRICT, removals=removals)["reject_reason"] == "removed"


def test_removed_bytes_are_refused_before_all_else():
    row = verify(seen={"reason": "damaged", "detail": "cut"}, removals=tombstone("sha256", "a" * 64))
    assert (row["reject_reason"], row["reject_detail"]) == ("removed", "asked for")


def test_a_tombstone_for_something_else_does_nothing():
    assert verify(removals=tombstone("url", "a" * 64))["reject_reason"] is None


def test_rows_in_are_rows_out_in_their_order():
    hashes = ["a" * 64, "b" * 64, "a" * 64, None]
    frame = tables.DOWNLOADED.conform(pl.LazyFrame({"id": ["4", "1", "3", "2"], "sha256": hashes}))
    inspections = pl.DataFrame([SEEN], schema=INSPECTIONS)
    table = verify_table(frame, inspections, POLICY, RULES[1:], REVIEW).collect()
    assert table["id"].to_list() == ["4", "1", "3", "2"]
    assert table["reject_reason"].is_null().to_list() == [True, False, True, False]


KINDS = st.sampled_from(["identical", "re_encoded", "replaced", "unknown", "unseen"])
DECLARED = {
    "identical": {"declared_sha256": "a" * 64},
    "re_encoded": OTHER_BYTES | NEAR,
    "replaced": OTHER_BYTES | {"declared_phash": FAR},
    "unknown": OTHER_BYTES,
    "unseen": {"sha256": "c" * 64},
}


@settings(deadline=None)
@given(st.lists(KINDS, min_size=1, max_size=9))
def test_every_row_comes_out_in_its_place_with_its_own_verdict(kinds):
    rows = [{"id": str(n), "sha256": "a" * 64} | DECLARED[kind] for n, kind in enumerate(kinds)]
    frame = tables.DOWNLOADED.conform(pl.LazyFrame(rows, schema=dict.fromkeys({k for row in rows for k in row}, str)))
    inspections = pl.DataFrame([SEEN], schema=INSPECTIONS)
    table = verify_table(frame, inspections, POLICY, RULES[1:], REVIEW).collect()
    assert table["id"].to_list() == [row["id"] for row in rows]
    ends = {"replaced": "replaced", "unknown": "sha256_mismatch", "unseen": "damaged"}
    assert table["reject_reason"].to_list() == [ends.get(kind) for kind in kinds]
    assert table["drift"].to_list() == [kind if kind != "unseen" else None for kind in kinds]
