"""Decay: when a link is dead, and how links add up by day."""

from collections import Counter
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.links import FINAL, STATES, THERE, share_svg
from imgtext_assets.settings import LinkSettings
from imgtext_assets_tests.links.checks import SETTINGS, START, checks, learned

ALL_STATES = sorted({*STATES.values(), *THERE, *FINAL})


def decay(*frames: pl.DataFrame, settings: LinkSettings = SETTINGS) -> pl.DataFrame:
    return learned(pl.concat(frames), settings=settings).decay


def last_fate(*history: tuple[float, str]) -> str:
    row = decay(checks(*((day, "1", state) for day, state in history))).row(-1, named=True)
    assert row["links"] == 1
    return next(fate for fate in ("alive", "changed", "dead", "unknown") if row[fate])


@pytest.mark.parametrize(
    ("history", "fate"),
    [
        ([(0, "alive")], "alive"),
        ([(0, "moved")], "alive"),
        ([(0, "changed")], "changed"),
        ([(0, "gone")], "unknown"),
        ([(0, "gone"), (7, "gone"), (14, "gone")], "dead"),
        ([(0, "gone"), (7, "gone"), (13.9, "gone")], "unknown"),
        ([(0, "gone"), (20, "gone")], "unknown"),
        ([(0, "gone"), (0.1, "gone"), (0.2, "gone"), (14, "gone")], "dead"),
        ([(0, "gone"), (7, "gone"), (10, "alive"), (14, "gone")], "unknown"),
        ([(0, "gone"), (7, "gone"), (14, "gone"), (20, "alive")], "alive"),
        ([(0, "gone"), (7, "throttled"), (10, "gone"), (14, "gone")], "dead"),
        ([(0, "gone"), (7, "gone"), (14, "gone"), (15, "unreachable")], "dead"),
        ([(0, "gone"), (7, "gone"), (8, "gone"), (15, "unreachable")], "unknown"),
        ([(0, "alive"), (1, "blocked"), (20, "blocked"), (40, "blocked"), (60, "blocked")], "unknown"),
        ([(0, "alive"), (1, "throttled")], "unknown"),
        ([(0, "alive"), (1, "opted_out")], "unknown"),
        ([(0, "gone"), (7, "placeholder"), (14, "replaced")], "dead"),
        ([(0, "replaced"), (7, "replaced"), (14, "changed")], "changed"),
    ],
)
def test_a_link_is_dead_only_by_enough_final_observations_over_enough_days(history, fate):
    assert last_fate(*history) == fate


def test_each_day_counts_every_link_seen_so_far_by_its_latest_observation():
    table = decay(
        checks((0, "1", "alive"), (0, "2", "alive"), (30, "1", "changed"), (60, "2", "throttled"), (60, "3", "alive")),
        checks((30, "9", "moved"), host="other"),
    )
    assert table.schema == tables.LINK_DECAY.schema
    days = [date(2026, 1, 1), date(2026, 1, 31), date(2026, 3, 2)]
    assert table.select(pl.exclude("source")).rows() == [
        ("h", days[0], 2, 2, 0, 0, 0),
        ("h", days[1], 2, 1, 1, 0, 0),
        ("h", days[2], 3, 1, 1, 0, 1),
        ("other", days[1], 1, 1, 0, 0, 0),
        ("other", days[2], 1, 1, 0, 0, 0),
    ]


def test_of_several_observations_on_a_day_the_last_counts():
    assert last_fate((0, "throttled"), (0.4, "alive")) == "alive"
    assert last_fate((0.4, "throttled"), (0, "alive")) == "unknown"


def test_nothing_observed_is_an_empty_table():
    assert decay(tables.LINK_CHECKS.schema.to_frame()).is_empty()


def slow_decay(history: list[tuple[float, str, str, str]], settings: LinkSettings) -> set[tuple]:
    """The same rules one link at a time."""
    counts = set()
    days = sorted({(START + timedelta(days=day)).date() for day, *_ in history})
    for host in {host for _, host, *_ in history}:
        for today in days:
            fates: Counter[str] = Counter()
            for link in {link for _, h, link, _ in history if h == host}:
                past = sorted(
                    (START + timedelta(days=day), state)
                    for day, h, k, state in history
                    if (h, k) == (host, link) and (START + timedelta(days=day)).date() <= today
                )
                if past:
                    fates[slow_fate(past, settings)] += 1
            if fates:
                counts.add((host, today, *(fates[fate] for fate in ("alive", "changed", "dead", "unknown"))))
    return counts


def slow_fate(past: list[tuple[datetime, str]], settings: LinkSettings) -> str:
    gone: list[datetime] = []
    for at, state in past:
        if state in THERE:
            gone = []
        elif state in FINAL:
            gone.append(at)
    if len(gone) >= settings.dead_after and gone[-1] - gone[0] >= timedelta(days=settings.dead_days):
        return "dead"
    return {"alive": "alive", "moved": "alive", "changed": "changed"}.get(past[-1][1], "unknown")


HISTORIES = st.lists(
    st.tuples(
        st.integers(0, 240).map(lambda hours: hours / 8),
        st.sampled_from(["h", "g"]),
        st.sampled_from("123"),
        st.sampled_from(["gone", "gone", "gone", *ALL_STATES]),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda observation: observation[:3],
)


@given(HISTORIES, st.integers(1, 4), st.integers(0, 20))
def test_it_equals_the_rules_applied_to_one_link_at_a_time(history, dead_after, dead_days):
    settings = LinkSettings(dead_after=dead_after, dead_days=dead_days)
    frames = [checks((day, link, state), host=host) for day, host, link, state in history]
    table = decay(*frames, settings=settings)  # fewer links than an outage needs
    fates = ["alive", "changed", "dead", "unknown"]
    assert set(table.select("host", "checked_on", *fates).rows()) == slow_decay(history, settings)
    assert (table["links"] == table.select(pl.sum_horizontal(fates)).to_series()).all()
    assert table.equals(decay(*reversed(frames), settings=settings))
    assert table.equals(learned(*frames_by_link(frames), settings=settings).decay)


def frames_by_link(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """The same as shards, each of one link id."""
    return pl.concat(frames).partition_by("id")


def test_the_drawing_is_svg_names_the_sources_and_is_always_the_same():
    table = decay(
        checks((0, "1", "alive"), (30, "1", "gone")),
        checks((0, "2", "alive"), (30, "2", "alive"), source="other"),
    )
    drawing = share_svg(table)
    assert drawing == share_svg(table)
    assert drawing.lstrip().startswith("<?xml")
    assert ">other<" in drawing
    assert "dc:date" not in drawing


def test_nothing_observed_still_draws():
    assert "<svg" in share_svg(tables.LINK_DECAY.schema.to_frame())
