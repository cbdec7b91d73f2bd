"""Drift: what other bytes than the declared ones are called, and what each policy makes of them."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgtext_assets.catalog import DriftPolicy
from imgtext_assets.pictures.drift import drift, drift_mark, drift_rules
from imgtext_assets.tables import REASONS, reject

MOST = 10
PHASH = 0x0F0F_0F0F_F0F0_F0F0  # half of the bits, as every median splits them
DECLARED = {"sha256": "a" * 64, "md5": "0" * 32, "phash": f"{PHASH:016x}"}
OTHER = {"sha256": "b" * 64, "md5": "1" * 32}
SCHEMA = {
    **dict.fromkeys(("md5", "declared_sha256", "declared_phash", "measured_md5", "sha256"), pl.String()),
    "phash": pl.UInt64(),
    "low_information": pl.Boolean(),
}


def off_by(bits: int) -> int:
    """A hash that differs from PHASH in so many bits, an even number, and has half of its own set."""
    ones = [bit for bit in range(64) if PHASH >> bit & 1][: bits // 2]
    zeros = [bit for bit in range(64) if not PHASH >> bit & 1][: bits // 2]
    return PHASH ^ sum(1 << bit for bit in ones + zeros)


def row(**given: Any) -> dict[str, Any]:
    """Nothing declared; the bytes are those of DECLARED."""
    measured = {"measured_md5": DECLARED["md5"], "sha256": DECLARED["sha256"], "phash": PHASH}
    return dict.fromkeys(SCHEMA) | measured | given


def classes(*rows: dict[str, Any], most: int = MOST) -> list[str | None]:
    return pl.DataFrame(rows, schema=SCHEMA).select(drift(most)).to_series().to_list()


# (declared sha256, declared md5, distance of the declared pHash): each "same", "other" or None; the class.
CASES = [
    (None, None, None, None),
    ("same", None, None, "identical"),
    ("same", None, 40, "identical"),
    (None, "same", None, "identical"),
    (None, "same", 40, "identical"),
    ("same", "other", 40, "identical"),  # the stronger digest decides
    ("other", "same", None, "unknown"),
    ("other", "same", 0, "re_encoded"),
    ("other", None, 0, "re_encoded"),
    ("other", None, MOST, "re_encoded"),
    ("other", None, MOST + 2, "replaced"),
    (None, "other", 2, "re_encoded"),
    (None, "other", 32, "replaced"),
    (None, "other", None, "unknown"),
    ("other", "other", None, "unknown"),
    (None, None, 0, None),  # nothing was declared of the bytes
    (None, None, MOST, None),
    (None, None, MOST + 2, "replaced"),
]


def case(sha256: str | None, md5: str | None, distance: int | None, upper: bool = False) -> dict[str, Any]:
    named = {"same": DECLARED, "other": OTHER}
    declared = {
        "declared_sha256": named[sha256]["sha256"] if sha256 else None,
        "md5": named[md5]["md5"] if md5 else None,
        "declared_phash": f"{off_by(distance):016x}" if distance is not None else None,
    }
    return row(**{name: value.upper() if upper and value else value for name, value in declared.items()})


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize(("sha256", "md5", "distance", "expected"), CASES)
def test_the_class_of_drift(sha256, md5, distance, expected, upper):
    assert classes(case(sha256, md5, distance, upper)) == [expected]


def test_the_hash_is_read_as_64_bits_whatever_its_first_bit():
    assert classes(case("other", None, 0) | {"declared_phash": "FFFFFFFF00000000", "phash": 0xFFFFFFFF << 32}) == [
        "re_encoded"
    ]


@pytest.mark.parametrize(
    "silent",
    [
        {"low_information": True},
        {"phash": None},
        {"phash": 2**63},  # a flat picture: only its mean stands out
        {"declared_phash": "8000000000000000"},
        {"declared_phash": "not a hash"},
    ],
)
@pytest.mark.parametrize("distance", [0, 40])
def test_a_hash_that_says_nothing_decides_nothing(silent, distance):
    assert classes(case("other", None, distance) | silent, case(None, None, distance) | silent) == ["unknown", None]
    assert classes(case("same", None, distance) | silent) == ["identical"]


def test_what_was_not_measured_is_not_compared():
    assert classes(case(None, "other", None) | {"measured_md5": None}) == [None]


# By class: the policy's part, and by its value the reason and whether a mark is set.
VERDICTS = [
    ("re_encoded", "accept", None, False),
    ("re_encoded", "review", None, True),
    ("re_encoded", "reject", "re_encoded", False),
    ("unknown", "accept", None, False),
    ("unknown", "review", None, True),
    ("unknown", "reject", "sha256_mismatch", False),
]


def judge(given: dict[str, Any], policy: DriftPolicy) -> dict[str, Any]:
    frame = pl.LazyFrame([given], schema=SCHEMA).with_columns(drift=drift(policy.max_distance))
    return reject(frame, drift_rules(policy)).with_columns(mark=drift_mark(policy)).collect().row(0, named=True)


@pytest.mark.parametrize(("kind", "verdict", "reason", "marked"), VERDICTS)
def test_what_each_policy_makes_of_each_class(kind, verdict, reason, marked):
    given = case("other", None, 2 if kind == "re_encoded" else None)
    judged = judge(given, DriftPolicy.model_validate({kind: verdict}))
    assert (judged["drift"], judged["reject_reason"], judged["mark"] is not None) == (kind, reason, marked)
    assert reason is None or reason in REASONS["verified"]
    said = judged["reject_detail"] or judged["mark"]
    assert said is None or f"declared {OTHER['sha256']}, measured {DECLARED['sha256']}" in said


@pytest.mark.parametrize("verdict", ["accept", "review", "reject"])
def test_another_picture_is_always_rejected_and_identical_bytes_never(verdict):
    policy = DriftPolicy(re_encoded=verdict, unknown=verdict)
    replaced = judge(case("other", None, 32), policy)
    assert (replaced["reject_reason"], replaced["mark"]) == ("replaced", None)
    assert "differs in 32 of 64 bits; the policy's most is 10" in replaced["reject_detail"]
    identical = judge(case("same", None, 32), policy)
    assert (identical["reject_reason"], identical["mark"]) == (None, None)


@pytest.mark.parametrize(
    ("sha256", "md5", "reason"),
    [("other", None, "sha256_mismatch"), ("other", "other", "sha256_mismatch"), (None, "other", "md5_mismatch")],
)
def test_a_mismatch_names_the_digest_that_decided(sha256, md5, reason):
    judged = judge(case(sha256, md5, None), DriftPolicy())
    kind = "sha256" if sha256 else "md5"
    assert judged["reject_reason"] == reason
    assert judged["reject_detail"] == f"declared {OTHER[kind]}, measured {DECLARED[kind]}"


def test_the_policy_says_how_far_is_another_picture():
    given = case("other", None, 12)
    assert [judge(given, DriftPolicy(max_distance=most))["drift"] for most in (10, 12)] == ["replaced", "re_encoded"]


KINDS = st.none() | st.sampled_from(["same", "other"])
ROWS = st.lists(st.builds(case, KINDS, KINDS, st.none() | st.integers(0, 32).map(lambda half: 2 * half)), max_size=8)


@settings(deadline=None)
@given(ROWS, st.randoms())
def test_a_row_has_its_class_in_whatever_order_the_rows_are(rows, random):
    expected = [classes(given)[0] for given in rows]
    order = list(range(len(rows)))
    random.shuffle(order)
    assert classes(*(rows[n] for n in order)) == [expected[n] for n in order]
