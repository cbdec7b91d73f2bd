"""Verifying: what each file and each row is told, and in which order."""

import hashlib
from datetime import UTC, datetime

import polars as pl
import pytest
from PIL import Image

from imgtext_assets import tables
from imgtext_assets.catalog import ResolutionPolicy
from imgtext_assets.pictures import INSPECTIONS, inspect, verify_table
from imgtext_assets_tests.pictures.files import SETTINGS, encode, photograph

RESOLUTION = ResolutionPolicy()
RULES = [
    (pl.col("claim").str.contains("©"), "rights_claimed", pl.format("{}: {}", "license_id", "claim")),
    (pl.col("data_mining").is_not_null(), "opted_out", pl.col("data_mining")),
]
REVIEW = pl.coalesce("file_license", "review")
NO_REMOVALS = tables.REMOVALS.schema.to_frame().lazy()
SEEN = {"sha256": "a" * 64, "width": 640, "height": 480, "mime_type": "image/jpeg", "md5": "0" * 32}
UNUSABLE = {"width": None, "height": None, "mime_type": None}


def verify(row: dict | None = None, seen: dict | None = None, removals=NO_REMOVALS) -> dict:
    declared = {"id": "1", "sha256": "a" * 64, "width": 1, "height": 2, "mime_type": "image/png"} | (row or {})
    frame = tables.DOWNLOADED.conform(pl.LazyFrame([declared]))
    inspections = pl.DataFrame([SEEN | (seen or {})], schema=INSPECTIONS)
    table = verify_table(frame, inspections, RESOLUTION, removals, RULES, REVIEW).collect()
    assert table.schema == tables.VERIFIED.schema
    (verdict,) = table.to_dicts()
    assert verdict["reject_reason"] is None or verdict["reject_reason"] in tables.REASONS["verified"]
    return verdict


def tombstone(kind: str, value: str) -> pl.LazyFrame:
    row = {"kind": kind, "value": value, "reason": "asked for", "removed_at": datetime(2026, 1, 1, tzinfo=UTC)}
    return tables.REMOVALS.conform(pl.LazyFrame([row, row]))


def test_a_picture_is_measured_as_it_is_seen():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8298] = "(c) Jo"
    data = encode(photograph().resize((300, 200)), exif=exif)
    seen = inspect(data, SETTINGS)
    assert (seen.width, seen.height, seen.mime_type) == (200, 300, "image/jpeg")
    assert (seen.md5, seen.claim, seen.reason) == (hashlib.md5(data).hexdigest(), "copyright: (c) Jo", None)
    assert (seen.file_license, seen.data_mining) == (None, None)


@pytest.mark.parametrize(
    ("kind", "mime_type"),
    [
        ("JPEG", "image/jpeg"),
        ("MPO", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/avif"),
    ],
)
def test_the_media_type_is_told_by_content(kind, mime_type):
    picture = photograph()
    options = {"save_all": True, "append_images": [picture]} if kind == "MPO" else {}
    assert inspect(encode(picture, kind, **options), SETTINGS).mime_type == mime_type


def test_what_is_no_picture_still_has_its_md5():
    seen = inspect(b"<html>", SETTINGS)
    assert (seen.reason, seen.width, seen.md5) == ("not_image", None, hashlib.md5(b"<html>").hexdigest())
    assert "b'<html>'" in (seen.detail or "")


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


@pytest.mark.parametrize(("md5", "reason"), [(None, None), ("0" * 32, None), ("F" * 32, "md5_mismatch")])
def test_the_declared_md5_must_be_the_measured_one(md5, reason):
    assert verify(row={"md5": md5})["reject_reason"] == reason


def test_md5_is_compared_in_either_case():
    assert verify(row={"md5": "AB" * 16}, seen={"md5": "ab" * 16})["reject_reason"] is None


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


WRONG = [
    ("removed", {}, {}),
    ("opted_out", {}, {"data_mining": "no"}),
    ("damaged", {}, UNUSABLE | {"reason": "damaged", "detail": "cut"}),
    ("md5_mismatch", {"md5": "1" * 32}, {}),
    ("sha256_mismatch", {"declared_sha256": "b" * 64}, {}),
    ("too_small", {}, {"width": 10}),
    ("rights_claimed", {}, {"claim": "© Jo"}),
]


@pytest.mark.parametrize("first", range(1, len(WRONG)))
def test_of_several_reasons_the_worst_is_given(first):
    row = {name: value for _, declared, _ in reversed(WRONG[first:]) for name, value in declared.items()}
    seen = {name: value for _, _, found in reversed(WRONG[first:]) for name, value in found.items()}
    assert verify(row=row, seen=seen)["reject_reason"] == WRONG[first][0]
    assert verify(row=row, seen=seen, removals=tombstone("sha256", "a" * 64))["reject_reason"] == "removed"


def test_removed_bytes_are_refused_before_all_else():
    row = verify(seen={"reason": "damaged", "detail": "cut"}, removals=tombstone("sha256", "a" * 64))
    assert (row["reject_reason"], row["reject_detail"]) == ("removed", "asked for")


def test_a_tombstone_for_something_else_does_nothing():
    assert verify(removals=tombstone("url", "a" * 64))["reject_reason"] is None


def test_rows_in_are_rows_out_in_their_order():
    hashes = ["a" * 64, "b" * 64, "a" * 64, None]
    frame = tables.DOWNLOADED.conform(pl.LazyFrame({"id": ["4", "1", "3", "2"], "sha256": hashes}))
    inspections = pl.DataFrame([SEEN], schema=INSPECTIONS)
    table = verify_table(frame, inspections, RESOLUTION, NO_REMOVALS, RULES, REVIEW).collect()
    assert table["id"].to_list() == ["4", "1", "3", "2"]
    assert table["reject_reason"].is_null().to_list() == [True, False, True, False]
