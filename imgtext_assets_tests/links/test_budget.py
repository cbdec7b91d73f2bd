"""Which links a round asks, in which order, and why it leaves out the others."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.links import Round, history, plan
from imgtext_assets.links.budget import DEAD_AGAIN, PRIOR_HAZARD, hazard
from imgtext_assets.settings import LinkSettings

NOW = datetime(2027, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def frame(table: tables.Table, rows: list[dict[str, Any]]) -> pl.LazyFrame:
    return table.conform(pl.LazyFrame(rows)) if rows else table.schema.to_frame(eager=False)


def link(number: int, host: str = "a.example", **values: Any) -> dict[str, Any]:
    had = {"source": "s", "shard": "s-00000", "sha256": "a" * 64, "bytes": 1000, "fetched_at": NOW - 60 * DAY}
    return {"id": f"{number:05d}", "url": f"https://{host}/{number}.jpg"} | had | values


def check(of: dict[str, Any], state: str, days: float, **values: Any) -> dict[str, Any]:
    """An observation so many days ago."""
    return {name: of[name] for name in ("id", "source", "shard", "url")} | {
        "host": "a.example",
        "state": state,
        "checked_at": NOW - days * DAY,
        **values,
    }


def dead(of: dict[str, Any], days: float, *, told: bool | None = True) -> dict[str, Any]:
    names = {name: of[name] for name in ("id", "source", "shard", "url")}
    return names | {"dead_since": NOW - days * DAY, "state": "gone", "observations": 3, "told": told}


def planned(
    rows: list[dict[str, Any]],
    *,
    checks: list[dict[str, Any]] | None = None,
    hosts: list[dict[str, Any]] | None = None,
    buried: list[dict[str, Any]] | None = None,
    everything: bool = False,
    **given: Any,
) -> pl.DataFrame:
    defaults: dict[str, Any] = {"sample": 0.0}
    return plan(
        frame(tables.VERIFIED, rows),
        history(frame(tables.LINK_CHECKS, checks or [])),
        frame(tables.LINK_HOSTS, hosts or []),
        frame(tables.DEAD_LINKS, buried or []),
        Round(LinkSettings(**defaults | given), NOW, everything),
    ).collect()


def asked(plan: pl.DataFrame) -> list[str]:
    return plan.filter(pl.col("skipped").is_null())["id"].to_list()


def skipped(plan: pl.DataFrame) -> dict[str, str]:
    return dict(plan.drop_nulls("skipped").select("id", "skipped").iter_rows())


def test_the_first_round_asks_every_link_and_is_as_even_as_can_be():
    seen = planned([link(n) for n in range(5)])
    assert skipped(seen) == {}
    assert set(seen["why"]) == {"due"}
    assert seen["uniform"].all()


def test_a_link_that_was_seen_of_late_is_not_due():
    rows = [link(n) for n in range(3)]
    seen = planned(rows, checks=[check(rows[0], "alive", 6.9), check(rows[1], "gone", 6.9), check(rows[2], "alive", 7)])
    assert skipped(seen) == {"00000": "not_due", "00001": "not_due"}
    assert not seen["uniform"].any(), "a round that leaves some out is not even"


def test_everything_is_asked_on_demand():
    rows = [link(n) for n in range(2)]
    seen = planned(rows, checks=[check(rows[0], "alive", 1)], buried=[dead(rows[1], 1)], everything=True)
    assert skipped(seen) == {}


def test_suspects_go_before_what_is_due_and_the_dead_come_last():
    rows = [link(n) for n in range(4)]
    checks = [check(row, "alive", 100) for row in rows]
    checks += [check(rows[2], "gone", 10), check(rows[3], "gone", 200), check(rows[0], "throttled", 10)]
    seen = planned(rows, checks=checks[:3] + checks[4:], buried=[dead(rows[3], 190)])
    assert dict(seen.select("id", "why").iter_rows())["00002"] == "suspect"
    assert [why for why in seen["why"] if why != "due"] == ["suspect", "dead"]
    assert seen["why"][0] == "suspect"
    assert seen["why"][-1] == "dead"


def test_a_link_that_came_back_is_no_suspect():
    row = link(0)
    seen = planned([row], checks=[check(row, "gone", 30), check(row, "alive", 20), check(row, "unreachable", 10)])
    assert seen["why"].to_list() == ["due"]


@pytest.mark.parametrize("state", ["gone", "placeholder", "replaced"])
def test_what_was_last_seen_finally_not_there_is_suspect_whatever_told_nothing_since(state: str):
    row = link(0)
    seen = planned([row], checks=[check(row, "alive", 40), check(row, state, 30), check(row, "throttled", 10)])
    assert seen["why"].to_list() == ["suspect"]


def test_the_dead_are_asked_again_after_half_a_year_and_do_not_make_a_round_uneven():
    rows = [link(0), link(1), link(2)]
    half_a_year = DEAD_AGAIN / DAY
    checks = [check(rows[0], "gone", half_a_year - 1), check(rows[1], "gone", half_a_year)]
    seen = planned(rows, checks=checks, buried=[dead(row, 400) for row in rows[:2]])
    assert skipped(seen) == {"00000": "dead"}
    assert seen["uniform"].all()


@pytest.mark.parametrize("told", [False, None])
def test_a_dead_link_of_whose_death_the_estimates_do_not_know_is_asked_by_the_next_round_that_has_the_budget(told):
    """Else an even round would show them that the others live on, and not that this one died."""
    rows = [link(0), link(1)]
    checks, buried = [check(rows[0], "gone", 30)], [dead(rows[0], 40, told=told)]
    assert asked(planned(rows, checks=checks, buried=buried, seconds=9)) == ["00001", "00000"]
    short = planned(rows, checks=checks, buried=buried, requests=1)
    assert skipped(short) == {"00000": "requests"}
    assert not short["uniform"].any()


def test_a_dead_link_that_was_seen_there_since_is_not_dead():
    row = link(0)
    seen = planned([row], checks=[check(row, "alive", 20)], buried=[dead(row, 30)])
    assert seen["why"].to_list() == ["due"]


def test_of_what_is_due_the_likeliest_to_have_changed_goes_first():
    rows = [link(0, "calm.example"), link(1, "new.example"), link(2, "dying.example"), link(3, "calm.example")]
    rows[3]["fetched_at"] = NOW - 3000 * DAY
    hosts = [
        {"source": "s", "host": "calm.example", "deaths": 0, "link_days": 1e6},
        {"source": "s", "host": "dying.example", "deaths": 500, "link_days": 1e4},
        {"source": "other", "host": "new.example", "deaths": 500, "link_days": 1e4},
        {"source": "s", "host": None, "deaths": 500, "link_days": 1e4},
    ]
    assert asked(planned(rows, hosts=hosts, seconds=9)) == ["00002", "00001", "00003", "00000"]


@given(st.integers(0, 10**6), st.floats(0, 1e9))
def test_the_hazard_of_a_host_lies_between_the_ordinary_and_what_was_seen(deaths: int, days: float):
    host = pl.DataFrame({"deaths": [deaths], "link_days": [days]})
    rate = host.select(hazard()).item()
    assert rate > 0
    if days:
        seen = deaths / days
        assert min(seen, PRIOR_HAZARD) * 0.999 <= rate <= max(seen, PRIOR_HAZARD) * 1.001
    else:
        assert rate == pytest.approx(PRIOR_HAZARD * (deaths + 1))


# The sample.


def test_the_sample_is_asked_whatever_is_due_and_is_the_same_in_every_round():
    rows = [link(n) for n in range(3000)]
    yesterday = [check(row, "gone", 1) for row in rows]
    first = planned(rows, sample=0.1)
    again = planned(rows, checks=yesterday, buried=[dead(row, 1) for row in rows], sample=0.1)
    drawn = set(first.filter(why="sample")["id"])
    assert set(asked(again)) == drawn
    assert 200 < len(drawn) < 400
    assert set(first["why"][: len(drawn)]) == {"sample"}, "first of all"


def test_the_sample_does_not_depend_on_what_else_there_is_or_in_which_order():
    rows = [link(n) for n in range(500)]
    drawn = set(planned(rows, sample=0.2).filter(why="sample")["id"])
    random.Random(1).shuffle(rows)
    some = rows[:200]
    assert set(planned(some, sample=0.2).filter(why="sample")["id"]) == drawn & {row["id"] for row in some}


def test_a_sample_is_nested_in_a_larger_one():
    rows = [link(n) for n in range(500)]
    small, large = (set(planned(rows, sample=share).filter(why="sample")["id"]) for share in (0.1, 0.3))
    assert small < large
    assert not planned(rows, sample=0.0).filter(why="sample").height
    assert planned(rows, sample=1.0).filter(why="sample").height == 500


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=60),
    st.integers(1, 40) | st.none(),
    st.integers(1, 20) | st.none(),
    st.sampled_from([0.0, 0.3, 1.0]),
)
def test_no_plan_goes_beyond_its_budget_or_leaves_out_what_would_fit(
    hosts: list[str], requests: int | None, per_host: int | None, share: float
):
    rows = [link(n, f"{host}.example") for n, host in enumerate(hosts)]
    seen = planned(rows, requests=requests, requests_per_host=per_host, sample=share)
    assert sorted(seen["id"]) == sorted(row["id"] for row in rows)
    wanted = seen.filter(pl.col("skipped").is_null())
    of_each = Counter(wanted["host"])
    assert all(count <= (per_host or 60) for count in of_each.values())
    assert wanted.height == min(
        requests or 60, sum(min(count, per_host or 60) for count in Counter(row["url"][8] for row in rows).values())
    )
    uniform = seen.filter("uniform")
    assert set(uniform["id"]) <= set(wanted["id"]), "an even draw is asked whole"
    assert seen["uniform"].all() or set(uniform["why"]) <= {"sample"}


def test_a_round_with_limits_is_even_in_its_sample_alone_as_nobody_knows_before_how_far_they_go():
    rows = [link(n) for n in range(200)]
    limited: list[dict[str, Any]] = [
        {"requests": 1000},
        {"bytes": 10**12},
        {"seconds": 10**6},
        {"requests_per_host": 1000},
    ]
    for limits in limited:
        seen = planned(rows, sample=0.2, **limits)
        assert skipped(seen) == {}
        assert set(seen.filter("uniform")["why"]) == {"sample"}


def test_a_round_without_limits_asks_in_the_order_of_the_draw_so_that_it_is_even_where_it_is_killed():
    """Suspects and links of dying hosts do not go first there: what a killed round saw would be darker than all is."""
    rows = [link(n, "calm.example" if n % 2 else "dying.example") for n in range(300)]
    hosts = [{"source": "s", "host": "dying.example", "deaths": 500, "link_days": 1e4}]
    checks = [check(rows[n], "gone", 30) for n in range(0, 300, 7)]
    order = planned(rows, hosts=hosts, checks=checks)["id"].to_list()
    for share in (0.1, 0.3, 0.6):
        drawn = set(planned(rows, sample=share).filter(why="sample")["id"])
        assert drawn == set(order[: len(drawn)])


def test_a_round_goes_on_where_one_was_killed_today():
    rows = [link(n) for n in range(300)]
    order = planned(rows, sample=0.2)["id"].to_list()
    seen, sample = order[:100], planned(rows, sample=0.2).filter(why="sample")["id"].to_list()
    today = [check(row, "alive", 0.4) for row in rows if row["id"] in seen]
    assert sorted(asked(planned(rows, checks=today, sample=0.2))) == sorted(order[100:])
    yesterday = [check(row, "alive", 0.6) for row in rows if row["id"] in seen]
    assert sorted(asked(planned(rows, checks=yesterday, sample=0.2))) == sorted([*sample, *order[100:]])
    assert len(asked(planned(rows, checks=today, sample=0.2, min_days=0))) == 300, "unless all are due each time"


# The sample and the others.


def test_where_the_sample_would_take_all_it_has_half_and_they_take_turns():
    rows = [link(n, f"{'ab'[n % 2]}.example") for n in range(100)]
    first = planned(rows, sample=1.0, requests=40).filter(why="sample")["id"].to_list()
    doubted = [row for row in rows if row["id"] not in first][:6]
    gone = [check(row, "gone", 30) for row in doubted]
    seen = planned(rows, checks=gone, sample=1.0, requests=20).filter(pl.col("skipped").is_null())
    assert seen["why"].to_list() == ["sample", "suspect"] * 6 + ["sample", "due"] * 4
    assert seen.filter(why="sample")["id"].to_list() == first[:10], "it is still the front of the draw"
    of_hosts = planned(rows, checks=gone, sample=1.0, requests_per_host=10).filter(pl.col("skipped").is_null())
    for host in ("a.example", "b.example"):
        assert of_hosts.filter(host=host, why="sample").height <= 5
        assert of_hosts.filter(host=host).height == 10


def test_where_the_others_fit_beside_it_the_sample_is_whole():
    rows = [link(n) for n in range(100)]
    of_late = [check(row, "alive", 1) for row in rows[:85]]
    drawn = set(planned(rows, sample=0.2).filter(why="sample")["id"])
    seen = planned(rows, checks=of_late, sample=0.2, requests=40)
    assert set(seen.filter(why="sample")["id"]) == drawn
    assert set(asked(seen)) == drawn | {row["id"] for row in rows[85:]}


def test_a_link_outside_the_sample_is_asked_sooner_or_later_however_small_the_budget():
    rows = {row["id"]: row for row in (link(n, fetched_at=NOW - 500 * DAY) for n in range(60))}
    checks: list[dict[str, Any]] = []
    for month in range(12):
        of_round = planned([*rows.values()], checks=checks, sample=1.0, requests=10)
        checks += [check(rows[number], "alive", 400 - 30 * month) for number in asked(of_round)]
    assert {seen["id"] for seen in checks} == rows.keys()


def test_a_sample_that_the_budget_cannot_have_is_smaller_and_still_even_over_all_hosts():
    """One host holds most links and may be asked ten times: the other's share of the sample shrinks as much."""
    rows = [link(n, "large.example" if n % 10 else "small.example") for n in range(2000)]
    seen = planned(rows, sample=1.0, requests_per_host=10)
    drawn = Counter(seen.filter(why="sample")["host"])
    assert drawn["large.example"] == 5
    assert drawn["small.example"] <= 4
    assert skipped(seen)
    assert set(skipped(seen).values()) == {"requests_per_host"}
    assert Counter(seen.filter(pl.col("skipped").is_null())["host"]) == {"large.example": 10, "small.example": 10}


def test_a_host_beyond_its_share_leaves_room_for_others():
    rows = [link(n, "a.example" if n < 8 else "b.example") for n in range(10)]
    seen = planned(rows, requests=4, requests_per_host=2)
    assert Counter(seen.filter(pl.col("skipped").is_null())["host"]) == {"a.example": 2, "b.example": 2}
    assert Counter(skipped(seen).values()) == {"requests_per_host": 6}
    assert Counter(skipped(planned(rows, requests=3, requests_per_host=2)).values()) == {
        "requests_per_host": 6,
        "requests": 1,
    }


# What is known of a link.


def test_validators_are_those_that_came_with_the_newest_bytes_if_these_are_ours():
    rows = [link(n, etag='"old"', last_modified="old") for n in range(4)]
    ours, others = {"sha256": "a" * 64}, {"sha256": "b" * 64}
    checks = [
        check(rows[0], "alive", 30, etag='"newer"', **ours),
        check(rows[0], "alive", 20, etag='"newest"', **ours),
        check(rows[0], "alive", 10, etag='"of a 304"'),
        check(rows[1], "changed", 20, etag='"theirs"', **others),
        check(rows[2], "alive", 20, **ours),
    ]
    seen = planned(rows, checks=checks).sort("id").select("etag", "last_modified").rows()
    assert seen == [('"newest"', None), ('"old"', "old"), ('"old"', "old"), ('"old"', "old")]


def test_an_address_that_rows_share_is_asked_once():
    rows = [link(0), link(0) | {"id": "another"}]
    assert planned(rows)["url"].to_list() == ["https://a.example/0.jpg"]


def test_nothing_verified_is_nothing_to_ask():
    assert planned([]).is_empty()
    assert planned([], requests=1, requests_per_host=1, sample=0.5).is_empty()
