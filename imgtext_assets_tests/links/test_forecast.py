"""The forecast: links go on dying as those of their host did."""

import math
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.links import first_of_next_month, forecast, forecast_sentence
from imgtext_assets.links.budget import PRIOR_HAZARD
from imgtext_assets.links.forecast import FORECAST
from imgtext_assets_tests.links.checks import START, checks, learned, rounds

LINKS = [f"{number:02}" for number in range(8)]
FOUR_DIE = checks(
    *rounds([0], LINKS, "alive"), *rounds([30, 60, 90], LINKS[:4], "gone"), *rounds([120], LINKS[4:], "alive")
)
LAST = START.date() + timedelta(days=120)


def shares(*frames: pl.DataFrame, on: date) -> list[tuple[str | None, float, float]]:
    found = learned(*frames)
    return forecast(found.hosts, on).select("source", "alive_share", "forecast").rows()


def test_a_single_host_goes_on_as_it_did():
    of_source = (4 + 0.1) / (4 * 30 + 4 * 120 + 0.1 / PRIOR_HAZARD)
    hazard = (4 + 1) / (4 * 30 + 4 * 120 + 1 / of_source)
    (source, now, then), (every, *_) = shares(FOUR_DIE, on=LAST + timedelta(days=50))
    assert (source, every, now) == ("s", None, 0.5)
    assert then == pytest.approx(0.5 * math.exp(-50 * hazard))


def test_today_it_is_what_was_observed_whatever_the_day_before():
    for on in (LAST, LAST - timedelta(days=60)):
        assert {(now, then) for _, now, then in shares(FOUR_DIE, on=on)} == {(0.5, 0.5)}


def test_a_host_of_which_little_is_known_is_taken_for_an_ordinary_one():
    new = checks((120, "1", "alive"), host="new")
    found = learned(FOUR_DIE, new)
    hazard = (4 + 0.1) / (600 + 0.1 / PRIOR_HAZARD)
    later = LAST + timedelta(days=10)
    of_known = (4 + 1) / (600 + 1 / hazard)
    expected = (4 * math.exp(-10 * of_known) + math.exp(-10 * hazard)) / 9
    assert forecast(found.hosts, later)["forecast"][-1] == pytest.approx(expected)


@given(st.integers(1, 400))
def test_it_lies_within_its_interval_and_never_above_what_is_there_now(days):
    found = learned(FOUR_DIE, checks((0, "1", "alive"), (60, "1", "alive"), source="t"))
    for row in forecast(found.hosts, LAST + timedelta(days=days)).iter_rows(named=True):
        assert 0 <= row["lower"] <= row["forecast"] <= row["upper"] <= row["alive_upper"] <= 1
        assert row["forecast"] <= row["alive_share"]


def test_a_source_of_which_nobody_died_may_still_lose_some():
    found = learned(checks((0, "1", "alive"), (60, "1", "alive")))
    row = forecast(found.hosts, START.date() + timedelta(days=90)).row(-1, named=True)
    assert 0.5 < row["lower"] < row["forecast"] < row["upper"] <= 1


def test_where_nothing_was_observed_there_is_no_forecast():
    found = learned()
    table = forecast(found.hosts, LAST)
    assert table.is_empty()
    assert table.schema == FORECAST
    assert forecast_sentence(table, LAST) == "no link drawn evenly has been observed yet"


def test_the_sentence_gives_the_numbers_for_all():
    found = learned(FOUR_DIE)
    on = LAST + timedelta(days=50)
    said = forecast_sentence(forecast(found.hosts, on), on)
    assert said.startswith("50.0% of 8 links are there; on 2026-06-20 it will be 36.9% (")


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2026, 1, 1), date(2026, 2, 1)),
        (date(2026, 11, 30), date(2026, 12, 1)),
        (date(2026, 12, 9), date(2027, 1, 1)),
    ],
)
def test_the_next_release_is_on_the_first_of_a_month(today, first):
    assert first_of_next_month(today) == first
