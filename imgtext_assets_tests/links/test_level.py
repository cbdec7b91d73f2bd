"""The level: how many links are there, of all, by those drawn evenly; whatever a budget had to leave out."""

import math
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from imgtext_assets.links import PICTURES, Round, forecast, forecast_sentence, history, learn, plan
from imgtext_assets.links.budget import PRIOR_HAZARD
from imgtext_assets.links.learning import Learned
from imgtext_assets.settings import LinkSettings
from imgtext_assets.tables import DEAD_LINKS, LINK_CHECKS, LINK_HOSTS, VERIFIED
from imgtext_assets_tests.links.checks import SETTINGS, START, checks, fetched, learned, rounds

SOON = date(2026, 2, 1)


def rate(lost: int, days: float) -> float:
    """What is taken for the rate of a source's only host: it leans on its source's, which leans on links in general."""
    of_source = (lost + 0.1) / (days + 0.1 / PRIOR_HAZARD)
    return (lost + 1) / (days + 1 / of_source)


def level(found: Learned, on: date = SOON) -> dict[str, Any]:
    """Of all sources."""
    return forecast(found.hosts, on).row(-1, named=True)


def host(found: Learned, name: str) -> dict[str, Any]:
    return found.hosts.filter(host=name).row(0, named=True)


@pytest.mark.parametrize(
    "states", [["alive"], ["gone"], ["alive", "moved", "changed", "gone", "replaced", "placeholder"]], ids=len
)
def test_where_all_links_are_asked_it_is_the_share_that_was_there(states):
    now = level(learned(checks(*((30, str(number), state) for number, state in enumerate(states)))))
    there = sum(state in ("alive", "moved", "changed") for state in states)
    assert (now["links"], now["drawn"]) == (len(states), len(states))
    assert now["alive_share"] == now["alive_lower"] == now["alive_upper"] == there / len(states)


def test_each_drawn_link_stands_for_as_many_as_its_shard_has_for_one_drawn():
    whole = checks(*rounds([0], "1234", "alive"))
    drawn = checks((0, "5", "alive"), (0, "6", "gone"), uniform=True)
    others = checks(*rounds([0], "7", "gone"), uniform=False)
    held = {str(number): 0.0 for number in range(5, 15)}  # 5 to 14: three of them observed, two drawn
    shards = {"whole": whole, "drawn": pl.concat([drawn, others])}
    pictures = {"whole": fetched({}), "drawn": fetched(held)}
    found = learn(list(shards), lambda key: shards[key].lazy(), lambda key: pictures[key].lazy(), SETTINGS)
    of_host = host(found, "h")
    assert (of_host["links"], of_host["drawn"], of_host["stands_for"], of_host["there"]) == (7, 6, 14.0, 9.0)
    assert of_host["spread"] == 2 * 5 * (5 - 1)
    now = level(found)
    assert (now["links"], now["drawn"], now["alive_share"]) == (14, 6, 9 / 14)
    assert now["alive_lower"] < 9 / 14 < now["alive_upper"]
    assert "of 14 links are there, by 6 drawn evenly; on" in forecast_sentence(forecast(found.hosts, SOON), SOON)


def test_its_band_is_wilsons():
    """5 of 10 drawn of very many: 23.7% to 76.3% (Brown, Cai & DasGupta, Statistical Science 16, 2001)."""
    drawn = checks(*rounds([0], "12345", "alive"), *rounds([0], "67890", "gone"), uniform=True)
    found = learn(
        ["s"], lambda _: drawn.lazy(), lambda _: fetched({f"x{n}": 0.0 for n in range(10**5)}).lazy(), SETTINGS
    )
    now = level(found, START.date())
    assert (round(now["alive_lower"], 3), round(now["alive_upper"], 3)) == (0.237, 0.763)


def test_a_link_gone_is_not_there_before_it_is_dead_and_counts_in_the_rate():
    gone = learned(checks(*rounds([0], "12", "alive"), (30, "1", "alive"), (30, "2", "gone")))
    assert (host(gone, "h")["suspects"], host(gone, "h")["deaths"], host(gone, "h")["there"]) == (1, 0, 1.0)
    then = level(gone, START.date() + timedelta(days=60))["forecast"]
    assert then == pytest.approx(0.5 * math.exp(-30 * rate(1, 30)))


def test_a_loss_in_the_first_minutes_says_little_of_the_days_to_come():
    links = [f"{number:02}" for number in range(40)]
    hasty = learned(checks(*rounds([0], links, "alive"), (0.001, "00", "gone"), *rounds([0.001], links[1:], "alive")))
    now = level(hasty, START.date() + timedelta(days=10))
    assert now["alive_share"] == 39 / 40
    assert now["forecast"] > 0.9
    assert now["lower"] < now["forecast"] < now["upper"]


def test_what_was_seen_for_long_says_all():
    for lost, days in ((0, 3e6), (1_000, 3e6)):
        assert rate(lost, days) == pytest.approx(lost / days, abs=1e-6)


@pytest.mark.parametrize("state", ["throttled", "blocked", "unreachable", "opted_out"])
def test_what_tells_nothing_leaves_a_link_where_it_was(state):
    told_nothing = level(learned(checks((0, "1", "alive"), (30, "1", state))))["alive_share"]
    assert told_nothing == pytest.approx(math.exp(-30 * rate(0, 0)))
    assert level(learned(checks((0, "1", "alive"), (15, "1", "gone"), (30, "1", state))))["alive_share"] == 0


def test_a_link_that_was_never_seen_there_was_so_when_its_picture_was_had():
    found = learned(checks((30, "1", "throttled")), of=[fetched({"1": 10})])
    assert host(found, "h")["unseen_days"] == pytest.approx(20)


def test_a_link_that_is_not_answered_as_often_as_a_death_takes_is_not_there():
    well, silent = rounds([0, 7, 15], "1", "alive"), rounds([0, 7, 15], "2", "unreachable")
    assert level(learned(checks(*well, *silent)))["alive_share"] == 0.5


def test_of_a_lost_host_no_link_is_there_also_of_those_that_nobody_asked_for():
    links = [f"{number:02}" for number in range(12)]
    found = learned(checks(*rounds([0], [*links, "x"], "alive"), *rounds([30, 60, 95], links, "unreachable")))
    assert (host(found, "h")["dead"], host(found, "h")["there"]) == (12, 0)


def test_those_not_looked_at_since_are_fewer_by_the_rate_of_their_host():
    dying = checks(*rounds([0], "12", "alive"), *rounds([30, 60, 90], "1", "gone"), *rounds([30, 60, 90], "2", "alive"))
    earlier = checks(*rounds([0], "34", "alive"), *rounds([60], "34", "alive"))
    found = learned(dying, earlier)
    still = 2 * math.exp(-30 * rate(1, 30 + 90 + 60 + 60))
    of_host = host(found, "h")
    assert of_host["there"] == pytest.approx(1 + still)
    assert of_host["unseen_days"] == pytest.approx(30 * still / (1 + still))
    assert of_host["as_of"] == date(2026, 4, 1)


def test_links_that_nobody_drew_tell_no_level():
    found = learned(checks((0, "1", "alive"), uniform=False))
    assert forecast(found.hosts, SOON).is_empty()
    assert host(found, "h")["links"] == 1


MONTHS = 8
LINKS = 1000


@cache
def two_hosts(full: int, requests: int | None) -> list[dict[str, Any]]:
    """Month by month the level, and what is true: of two hosts of which one loses 10% a month, the other none.

    The first `full` rounds ask every link, the others as many as `requests`, a fifth of the links being followed.
    """
    ends = 30 * np.random.default_rng(7).exponential(10, LINKS)
    ends[1::2] = np.inf
    fates = pl.LazyFrame({"id": [str(number) for number in range(LINKS)], "end": ends})
    url = pl.format(
        "https://{}.example/{}",
        pl.when(pl.col("id").cast(int) % 2 == 0).then(pl.lit("bad")).otherwise(pl.lit("good")),
        "id",
    )
    rows = fates.select("id", url=url, source=pl.lit("s"), shard=pl.lit("s-0"), fetched_at=pl.lit(START))
    verified = VERIFIED.conform(rows).collect().lazy()
    seen, hosts, dead = (table.schema.to_frame().lazy() for table in (LINK_CHECKS, LINK_HOSTS, DEAD_LINKS))
    months: list[dict[str, Any]] = []
    for day in range(30, 30 * MONTHS + 1, 30):
        settings = LinkSettings(requests=requests if day > 30 * full else None, sample=0.2, outage_share=1)
        planned = plan(verified, history(seen), hosts, dead, Round(settings, START + timedelta(days=day)))
        states = pl.when(pl.col("end") < day).then(pl.lit("gone")).otherwise(pl.lit("alive"))
        asked = planned.filter(pl.col("skipped").is_null()).join(fates, on="id")
        answers = asked.with_columns(state=states, checked_at=pl.lit(START + timedelta(days=day)))
        seen = pl.concat([seen, LINK_CHECKS.conform(answers)]).collect().lazy()
        pictures = verified.with_columns(held=True).select(PICTURES.names())
        found = learn(["s-0"], lambda _, seen=seen: seen, lambda _, rows=pictures: rows, settings)
        hosts, dead = found.hosts.lazy(), found.dead.lazy()
        latest = found.decay.filter(checked_on=START.date() + timedelta(days=day)).sum()
        months.append(
            level(found, START.date() + timedelta(days=day + 30))
            | {"true": float((ends >= day).mean()), "true_then": float((ends >= day + 30).mean())}
            | {"observed": latest.select(pl.col("alive") / pl.col("links")).item()}
        )
    return months


@pytest.mark.parametrize("full", [0, 1], ids=["budgeted from the first", "after a round of all"])
def test_within_a_budget_what_is_true_lies_in_the_band(full):
    months = two_hosts(full, requests=300)
    assert sum(now["alive_lower"] <= now["true"] <= now["alive_upper"] for now in months) >= MONTHS - 1
    assert sum(now["lower"] <= now["true_then"] <= now["upper"] for now in months) >= MONTHS - 1
    assert all(now["alive_upper"] - now["alive_lower"] < 0.15 for now in months)


def test_after_a_round_of_all_what_is_observed_within_a_budget_is_not_true():
    """What the level is for: nobody asks again for most of those that died."""
    last = two_hosts(1, requests=300)[-1]
    assert last["observed"] > last["alive_upper"]


def test_without_a_budget_it_is_what_is_true():
    for now in two_hosts(MONTHS, requests=None):
        assert now["true"] == now["observed"] == now["alive_share"] == now["alive_lower"] == now["alive_upper"]
