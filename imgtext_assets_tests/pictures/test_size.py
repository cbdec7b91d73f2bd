"""The resolution policy: what is too small, what too elongated, and what is left to `verified`."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.catalog import ResolutionPolicy
from imgtext_assets.pictures.size import fails_declared_size, resolution_filter

POLICY = ResolutionPolicy(min_width=256, min_height=200, max_aspect_ratio=3.0)
SIDES = st.none() | st.integers(0, 100_000)


def judge(*sizes: tuple[int | None, int | None], policy: ResolutionPolicy = POLICY) -> pl.DataFrame:
    frame = pl.LazyFrame(sizes, schema={"width": pl.Int64, "height": pl.Int64}, orient="row")
    return resolution_filter(tables.DEDUPLICATED.conform(frame), policy).collect()


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [
        (256, 200, None),
        (255, 200, "too_small"),
        (256, 199, "too_small"),
        (600, 200, None),
        (601, 200, "bad_aspect_ratio"),
        (256, 768, None),
        (256, 769, "bad_aspect_ratio"),
        (1000, 10, "too_small"),
        (None, None, None),
        (None, 5000, None),
        (5000, None, None),
        (255, None, "too_small"),
        (None, 199, "too_small"),
    ],
)
def test_a_size_gets_the_first_rule_that_it_breaks(width, height, reason):
    assert judge((width, height))["reject_reason"].to_list() == [reason]


def test_the_detail_names_the_size_and_the_limit():
    details = judge((100, None), (3000, 900))["reject_detail"].to_list()
    assert details == [
        "100xunknown pixels; the policy's least is 256x200",
        "3000x900 pixels; the policy's largest long side / short side is 3",
    ]


def test_without_a_limit_any_shape_goes_on():
    policy = ResolutionPolicy(max_aspect_ratio=None)
    assert judge((100_000, 256), policy=policy)["reject_reason"].to_list() == [None]


@given(st.lists(st.tuples(SIDES, SIDES), max_size=20), st.floats(1, 10))
def test_rows_in_are_rows_out_and_the_short_answer_agrees_with_the_long_one(sizes, ratio):
    policy = ResolutionPolicy(max_aspect_ratio=ratio)
    judged = judge(*sizes, policy=policy)
    assert judged.schema == tables.RESOLUTION_FILTERED.schema
    assert judged.select("width", "height").rows() == sizes
    short = judged.select(fails_declared_size(policy)).to_series()
    assert short.to_list() == judged["reject_reason"].is_not_null().to_list()


@given(st.integers(1, 100_000), st.integers(1, 100_000), st.integers(1, 500))
def test_a_picture_and_the_same_turned_are_judged_alike_by_a_square_policy(width, height, least):
    policy = ResolutionPolicy(min_width=least, min_height=least)
    upright, turned = judge((width, height), (height, width), policy=policy)["reject_reason"].to_list()
    assert upright == turned
