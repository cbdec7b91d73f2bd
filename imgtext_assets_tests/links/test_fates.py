"""When links are dead, host by host: outages mark the host, and a host that is lost takes its links with it."""

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from imgtext_assets import tables
from imgtext_assets.links import FINAL, THERE
from imgtext_assets.links.outages import host_days, host_states
from imgtext_assets.settings import LinkSettings
from imgtext_assets_tests.links.checks import SETTINGS, START, Observation, checks, learned, rounds

LINKS = [f"{number:02}" for number in range(20)]
DAY = START.date()


def dead(*frames: pl.DataFrame, settings: LinkSettings = SETTINGS) -> list[str]:
    return learned(*frames, settings=settings).dead["id"].to_list()


def states(*observations: Observation, host: str = "h") -> list[tuple[int, bool, str]]:
    """Of each day on which the host was asked: day, outage, state."""
    found = host_states(host_days(checks(*observations, host=host).lazy()).collect(), SETTINGS)
    return [
        ((day - DAY).days, outage, state) for day, outage, state in found.select("checked_on", "outage", "state").rows()
    ]


def test_a_dead_link_is_listed_with_what_killed_it():
    gone = [(0, "alive"), (30, "gone"), (50, "throttled"), (60, "placeholder"), (90, "replaced"), (120, "gone")]
    table = learned(checks(*((day, "1", state) for day, state in gone), (0, "2", "alive"))).dead
    assert table.schema == tables.DEAD_LINKS.schema
    assert table.row(0, named=True) == {
        "id": "1",
        "source": "s",
        "shard": "s-00000",
        "url": "https://h/1",
        "host": "h",
        "state": "gone",
        "observations": 4,
        "gone_since": START + timedelta(days=30),
        "dead_since": START + timedelta(days=90),
        "told": True,
    }
    assert table.height == 1


def test_a_link_that_is_there_again_is_no_longer_dead():
    gone = rounds([0, 30, 60], ["1"], "gone")
    assert dead(checks(*gone)) == ["1"]
    assert dead(checks(*gone, (90, "1", "alive"))) == []
    assert dead(checks(*gone, (90, "1", "alive"), (120, "1", "gone"))) == []


def test_another_address_of_the_same_row_is_another_link():
    old = checks(*rounds([0, 30], ["1"], "gone"))
    new = checks(*rounds([60, 90], ["1"], "gone"), host="elsewhere")
    assert dead(pl.concat([old, new])) == []


@pytest.mark.parametrize("state", [*FINAL, "unreachable", "blocked"])
def test_when_nearly_all_that_was_there_fails_on_one_day_the_host_failed(state):
    alive = rounds([0], LINKS, "alive")
    night = [*rounds([30], LINKS[:18], state), *rounds([30], LINKS[18:], "alive")]
    assert states(*alive, *night) == [(0, False, "up"), (30, True, "outage")]
    most = [*rounds([30], LINKS[:17], state), *rounds([30], LINKS[17:], "alive")]
    assert states(*alive, *most) == [(0, False, "up"), (30, False, "up")]
    few = rounds([30], LINKS[:9], state)
    assert [outage for _, outage, _ in states(*alive, *few)] == [False, False]


def test_links_that_were_never_there_before_can_show_an_outage_too():
    assert states(*rounds([0], LINKS, "gone")) == [(0, True, "outage")]


def test_what_failed_before_does_not_make_an_outage():
    """Suspects are asked again and again, and are gone: that is no news of the host."""
    alive, gone = rounds([0], LINKS * 3, "alive"), rounds([30, 60, 90], LINKS[:12], "gone")
    many = [f"x{number}" for number in range(12)]
    others = rounds([0, 30], many, "alive")
    history = [*alive, *others, *gone]
    assert not any(outage for _, outage, _ in states(*history))
    assert dead(checks(*history)) == LINKS[:12]


def test_throttled_and_refused_links_tell_nothing_of_a_host():
    alive = rounds([0], LINKS, "alive")
    said = [*rounds([30], LINKS[:15], "throttled"), *rounds([30], LINKS[15:], "opted_out")]
    assert states(*alive, *said) == [(0, False, "up"), (30, False, "up")]


def test_what_fails_in_an_outage_counts_against_no_link():
    """A ban that reads as `gone`, month after month, and then it is over."""
    ban = [*rounds([0], LINKS, "alive"), *rounds([20, 40, 60], LINKS, "gone")]
    assert [outage for _, outage, _ in states(*ban)] == [False, True, True, True]
    assert dead(checks(*ban)) == []
    over = [*ban, *rounds([80], LINKS[1:], "alive"), (80, "00", "gone")]
    assert dead(checks(*over)) == []
    assert dead(checks(*over, *rounds([90, 100], ["00"], "gone"), *rounds([90, 100], LINKS[1:], "alive"))) == ["00"]


def test_a_host_is_lost_after_enough_days_of_nothing_and_its_links_with_it():
    alive, out = rounds([0], LINKS, "alive"), rounds([30, 50, 89], LINKS, "unreachable")
    assert states(*alive, *out)[-1] == (89, True, "outage")
    assert dead(checks(*alive, *out)) == []
    lost = [*alive, *out, *rounds([90], LINKS[:1], "unreachable")]
    assert states(*lost)[-1] == (90, False, "lost")
    found = learned(checks(*lost))
    assert found.dead["id"].to_list() == LINKS
    assert set(found.dead.select("state", "gone_since", "dead_since").rows()) == {
        ("host_lost", START + timedelta(days=30), START + timedelta(days=90))
    }
    newest = found.decay.filter(pl.col("checked_on") == pl.col("checked_on").max())
    assert newest.select("links", "alive", "dead", "unknown").rows() == [(20, 0, 20, 0)]


def test_a_lost_host_may_come_back():
    lost = [*rounds([0], LINKS, "alive"), *rounds([30, 60, 100], LINKS, "unreachable")]
    back = [*lost, *rounds([130], LINKS[:1], "alive")]
    assert len(dead(checks(*lost))) == 20
    assert dead(checks(*back)) == []
    assert states(*back)[-1] == (130, False, "up")


def test_a_small_host_is_lost_too():
    """One of thousands with a single link, whose name no longer resolves."""
    assert dead(checks((0, "1", "alive"), *rounds([30, 60, 90], ["1"], "unreachable"))) == ["1"]
    assert dead(checks((0, "1", "alive"), *rounds([30, 31, 32, 89], ["1"], "unreachable"))) == []
    assert dead(checks((0, "1", "alive"), *rounds([30, 90], ["1"], "unreachable"))) == []


@pytest.mark.parametrize("answer", ["alive", "gone", "blocked"])
def test_a_host_that_answers_anything_is_not_lost(answer):
    out = rounds([30, 45, 60, 90], ["1"], "unreachable")
    assert dead(checks((0, "1", "alive"), *out, (61, "2", answer))) == []


@pytest.mark.parametrize("answer", ["throttled", "opted_out"])
def test_a_host_that_says_no_more_than_that_it_is_busy_is_not_lost(answer):
    """One timeout among any number of 429s."""
    many = [(day, link, answer) for day in (30, 60, 95) for link in LINKS]
    out = rounds([30, 60, 95], ["slow"], "unreachable")
    assert dead(checks((0, "slow", "alive"), *rounds([0], LINKS, "alive"), *out, *many)) == []
    assert dead(checks((0, "slow", "alive"), *out, *rounds([45], LINKS, answer))) == []


def unreachable(outcome: str, asked_by: str | None = "get", links: Iterable[str] = ("1",)) -> pl.DataFrame:
    out = checks(*rounds([30, 60, 95], links, "unreachable"))
    return out.with_columns(outcome=pl.lit(outcome), asked_by=pl.lit(asked_by, pl.String))


@pytest.mark.parametrize("outcome", ["timeout", "dns", "server_error"])
def test_no_sign_of_life_loses_a_host(outcome):
    assert dead(unreachable(outcome)) == ["1"]


@pytest.mark.parametrize("outcome", ["parked", "blocked_address", "too_large", "redirect_loop", "truncated"])
@pytest.mark.parametrize("links", [["1"], LINKS])
def test_what_we_did_not_ask_or_would_not_read_loses_no_host(outcome, links):
    assert dead(checks(*rounds([0], links, "alive")), unreachable(outcome, links=links)) == []


def test_a_robots_txt_that_answers_5xx_is_an_answer():
    assert dead(unreachable("server_error", asked_by=None)) == []
    assert dead(unreachable("dns", asked_by=None)) == ["1"]


def test_links_of_a_lost_host_that_were_parked_after_others_failed_are_dead_too():
    assert dead(unreachable("dns", links=["1"]), unreachable("parked", links=["2"])) == ["1", "2"]


def test_a_link_that_did_not_fail_often_enough_itself_is_not_dead_though_its_host_is_lost():
    out = rounds([30, 60, 95], ["1"], "unreachable")
    late = [(60.0, "2", "unreachable"), (95.0, "2", "unreachable")]
    found = learned(checks(*rounds([0], ["1", "2", "3"], "alive"), *out, *late))
    assert found.dead.select("id", "state", "observations").rows() == [("1", "host_lost", 3)]
    newest = found.decay.filter(pl.col("checked_on") == pl.col("checked_on").max())
    assert newest.select("alive", "dead", "unknown").rows() == [(1, 1, 1)]
    found = learned(checks(*out, *late, (100, "2", "unreachable")))
    assert found.dead.select("id", "dead_since").rows() == [
        ("1", START + timedelta(days=95)),
        ("2", START + timedelta(days=100)),
    ]


def test_a_ban_is_no_loss():
    assert dead(checks(*rounds([0], LINKS, "alive"), *rounds([30, 60, 90, 120], LINKS, "blocked"))) == []


def test_the_hosts_day_is_judged_by_all_shards():
    halves = [
        pl.concat([checks(*rounds([0], half, "alive")), checks(*rounds([30, 50, 70], half, "gone"))])
        for half in (LINKS[:9], LINKS[9:])
    ]
    assert dead(*halves) == []
    assert len(dead(halves[0])) == 9  # fewer than an outage takes


HISTORY = st.lists(
    st.tuples(
        st.integers(0, 12).map(lambda month: month * 10.0),
        st.sampled_from(["1", "2", "3"]),
        st.sampled_from([*THERE, *FINAL, *FINAL, "unreachable", "unreachable", "blocked", "throttled", "opted_out"]),
    ),
    min_size=1,
    max_size=30,
    unique_by=lambda observation: observation[:2],
)
SMALL = LinkSettings(dead_after=2, dead_days=10, outage_links=2, outage_share=0.6, lost_days=20)


def slow_outages(history: list[Observation], settings: LinkSettings) -> set[date]:
    """The rule as it is said, one link and day at a time."""
    outages: set[float] = set()
    for today in sorted({day for day, *_ in history}):
        counted = []
        for link in {link for _, link, _ in history}:
            past = sorted((day, state) for day, k, state in history if k == link and day <= today)
            if not past or past[-1][0] != today or past[-1][1] in ("throttled", "opted_out"):
                continue
            telling = [
                state in THERE for day, state in past[:-1] if state in THERE or (state in FINAL and day not in outages)
            ]
            if not telling or telling[-1]:
                counted.append(past[-1][1] not in THERE)
        if len(counted) >= settings.outage_links and sum(counted) >= settings.outage_share * len(counted):
            outages.add(today)
    return {(START + timedelta(days=day)).date() for day in outages}


@given(HISTORY)
def test_outages_equal_the_rule_applied_to_one_link_at_a_time(history):
    days = host_days(checks(*history).lazy()).collect()
    found = host_states(days, SMALL).filter("outage")["checked_on"]
    assert set(found) == slow_outages(history, SMALL)


@given(HISTORY, st.randoms())
def test_the_order_of_observations_and_of_shards_changes_nothing(history, random):
    shuffled = random.sample(history, len(history))
    by_link = checks(*shuffled).partition_by("id")
    one, other = learned(checks(*history), settings=SMALL), learned(*by_link, settings=SMALL)
    for name, frame in vars(one).items():
        assert_frame_equal(frame, vars(other)[name])


@given(HISTORY)
def test_the_tables_agree_on_who_is_dead(history):
    found = learned(checks(*history), settings=SMALL)
    newest = found.decay.filter(pl.col("checked_on") == pl.col("checked_on").max())
    assert newest["dead"].sum() == found.dead.height == found.hosts.filter(pl.col("host").is_null())["dead"].sum()
    assert newest["links"].sum() == found.hosts.filter(pl.col("host").is_null())["links"].sum()
