"""Survival by age: the same numbers as lifelines, and which observations make them."""

import warnings

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.links.survival import LIVES, link_survival
from imgtext_assets_tests.links.checks import checks, fetched, learned, rounds

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it imports warns of its own age
    from lifelines import KaplanMeierFitter

Life = tuple[int, bool]
LIFE = st.tuples(st.integers(0, 60), st.booleans())


def of_lives(*lives: Life, source: str = "s", host: str = "h") -> pl.DataFrame:
    rows = [(source, host, age, int(died), int(not died), float(age)) for age, died in lives]
    return pl.DataFrame(rows, LIVES, orient="row")


def estimate(*frames: pl.DataFrame, source: str | None = None, host: str | None = None) -> pl.DataFrame:
    table = link_survival(pl.concat(frames).lazy()).collect()
    named = [pl.col(name).eq_missing(pl.lit(value, pl.String)) for name, value in (("source", source), ("host", host))]
    return table.filter(named)


def by_lifelines(lives: list[Life]) -> dict[str, np.ndarray]:
    fitter = KaplanMeierFitter().fit([age for age, _ in lives], [died for _, died in lives])
    ages, events = sorted({age for age, _ in lives}), fitter.event_table
    bands = fitter.confidence_interval_survival_function_.loc[ages]
    return {
        "age": np.array(ages),
        "at_risk": events["at_risk"].loc[ages].to_numpy(),
        "deaths": events["observed"].loc[ages].to_numpy(),
        "censored": events["censored"].loc[ages].to_numpy(),
        "survival": fitter.survival_function_.loc[ages].to_numpy()[:, 0],
        "lower": bands.to_numpy()[:, 0],
        "upper": bands.to_numpy()[:, 1],
    }


@given(st.lists(LIFE, min_size=1, max_size=80))
def test_it_gives_the_numbers_of_lifelines(lives):
    ours = estimate(of_lives(*lives))
    for name, expected in by_lifelines(lives).items():
        np.testing.assert_allclose(ours[name].to_numpy(), expected, rtol=1e-9, atol=1e-12, err_msg=name)


@given(st.lists(LIFE, min_size=1, max_size=30), st.lists(LIFE, min_size=1, max_size=30), st.lists(LIFE, max_size=30))
def test_sources_and_hosts_have_curves_of_their_own_and_one_together(one, other, elsewhere):
    frames = [of_lives(*one), of_lives(*other, host="g"), of_lives(*elsewhere, source="t")]
    for lives, source, host in [
        ([*one, *other, *elsewhere], None, None),
        ([*one, *other], "s", None),
        (one, "s", "h"),
        (other, "s", "g"),
    ]:
        ours = estimate(*frames, source=source, host=host)
        np.testing.assert_allclose(ours["survival"].to_numpy(), by_lifelines(lives)["survival"], rtol=1e-9)


def test_the_textbook_example():
    """Kaplan-Meier of the 6-MP group of the leukaemia trial of Freireich et al. (Blood 21, 1963), as printed in Cox and
    Oakes, Analysis of Survival Data (1984), table 1.1."""
    died, lost = [6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    table = estimate(of_lives(*((age, True) for age in died), *((age, False) for age in lost)))
    steps = table.filter(pl.col("deaths") > 0).select("age", pl.col("survival").round(3))
    assert steps.rows() == [(6, 0.857), (7, 0.807), (10, 0.753), (13, 0.69), (16, 0.627), (22, 0.538), (23, 0.448)]


def ends(*frames: pl.DataFrame, of: pl.DataFrame | None = None) -> list[tuple[int, int, int]]:
    """Age, deaths, censored of all links that make the estimate."""
    survival = learned(*frames, of=[] if of is None else [of]).survival
    whole = survival.filter(pl.col("source").is_null())
    return whole.select("age", "deaths", "censored").rows()


GONE = ((30, "1", "gone"), (60, "1", "gone"), (90, "1", "gone"))


def test_a_link_dies_when_it_was_first_seen_gone_at_its_age_since_the_picture_was_fetched():
    observed = checks((0, "1", "alive"), *GONE)
    assert ends(observed) == [(30, 1, 0)]
    assert ends(observed, of=fetched({"1": -100})) == [(130, 1, 0)]


def test_a_picture_fetched_again_later_is_as_old_as_its_first_observation():
    assert ends(checks((0, "1", "alive"), (30, "1", "alive")), of=fetched({"1": 20})) == [(30, 0, 1)]


@pytest.mark.parametrize(
    "after",
    [
        (),
        GONE[:2],
        ((30, "1", "throttled"), (60, "1", "unreachable")),
        (*GONE[:2], (70, "1", "opted_out")),
    ],
)
def test_what_is_not_dead_is_censored_when_it_was_last_there(after):
    assert ends(checks((0, "1", "alive"), (20, "1", "changed"), *after)) == [(20, 0, 1)]


def test_a_link_that_came_back_has_not_died():
    assert ends(checks((0, "1", "alive"), *GONE, (120, "1", "alive"))) == [(120, 0, 1)]


def test_only_what_is_drawn_evenly_makes_the_estimate():
    """A host that is asked more often since its links die must not count for more."""
    drawn = checks((0, "1", "alive"), uniform=True)
    chosen = checks((10, "1", "alive"), *GONE, (40, "2", "alive"), uniform=False)
    assert ends(pl.concat([drawn, chosen])) == [(0, 0, 1)]
    seen_dead = checks((100, "1", "gone"), uniform=True)
    assert ends(pl.concat([drawn, chosen, seen_dead])) == [(30, 1, 0)]


def test_an_outage_kills_nobody_and_a_lost_host_takes_its_links_with_it_from_when_it_went_mute():
    links = [str(number) for number in range(12)]
    alive = rounds([0], links, "alive")
    out = rounds([30, 60], links, "unreachable")
    assert ends(checks(*alive, *out)) == [(0, 0, 12)]
    assert ends(checks(*alive, *out, *rounds([95], links, "unreachable"))) == [(30, 12, 0)]


def test_of_nothing_there_is_no_curve():
    survival = learned().survival
    assert survival.is_empty()
    assert survival.schema == tables.LINK_SURVIVAL.schema
