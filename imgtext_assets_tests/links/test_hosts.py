"""What is learned of hosts: hazards with exact intervals, and which ways of asking they answer truthfully."""

import math
from datetime import date

import polars as pl
import pytest
from scipy.stats import chi2

from imgtext_assets import tables
from imgtext_assets.links.hosts import answers, poisson_interval
from imgtext_assets_tests.links.checks import checks, learned, rounds


def row(hosts: pl.DataFrame, host: str | None, source: str = "s") -> dict[str, object]:
    return hosts.filter(pl.col("source") == source, pl.col("host").eq_missing(pl.lit(host, pl.String))).row(
        0, named=True
    )


def test_a_hazard_is_deaths_over_the_time_that_links_were_there():
    dying = checks((0, "1", "alive"), *rounds([30, 60, 90], ["1"], "gone"), (0, "2", "alive"), (120, "2", "alive"))
    living = checks((0, "3", "alive"), (50, "3", "moved"), host="other")
    hosts = learned(dying, living).hosts
    assert hosts.schema == tables.LINK_HOSTS.schema
    h, other, whole = row(hosts, "h"), row(hosts, "other"), row(hosts, None)
    assert (h["links"], h["dead"], h["deaths"], h["link_days"]) == (2, 1, 1, 150.0)
    assert h["hazard"] == 1 / 150
    assert h["half_life"] == pytest.approx(150 * math.log(2))
    assert (other["hazard"], other["half_life"], other["hazard_lower"]) == (0.0, None, 0.0)
    assert (whole["links"], whole["deaths"], whole["link_days"], whole["state"]) == (3, 1, 200.0, None)
    assert hosts["host"].to_list() == [None, "h", "other"]


@pytest.mark.parametrize("deaths", [0, 1, 5, 1000])
def test_its_interval_is_the_exact_one_of_poisson(deaths):
    lower, upper = poisson_interval(pl.Series([deaths]))
    assert lower[0] == pytest.approx(chi2.ppf(0.025, 2 * deaths) / 2 if deaths else 0)
    assert upper[0] == pytest.approx(chi2.ppf(0.975, 2 * deaths + 2) / 2)


def test_without_any_time_there_is_no_hazard():
    only = row(learned(checks((0, "1", "alive"))).hosts, "h")
    assert (only["links"], only["link_days"], only["hazard"], only["hazard_upper"]) == (1, 0.0, None, None)


def test_links_of_several_sources_at_one_host_share_its_state():
    one, other = (checks(*rounds([0, 30], ["1"], "unreachable"), source=source) for source in "st")
    hosts = learned(one, other).hosts
    for source in "st":
        assert row(hosts, "h", source)["state"] == "outage"
        assert row(hosts, "h", source)["state_since"] == date(2026, 1, 1)


def told(**columns: object) -> tuple[int, ...]:
    """HEAD kept, lies; conditions kept, ignored: of one observation."""
    one = checks((0, "1", str(columns.pop("state", "alive"))))
    one = one.with_columns(pl.lit(value).cast(one.schema[name]).alias(name) for name, value in columns.items())
    found = answers(one.lazy()).collect().row(0, named=True)
    return tuple(found[name] for name in ("head_kept", "head_lies", "conditions_kept", "conditions_ignored"))


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        ({"asked_by": "head", "http_status": 200}, (1, 0, 0, 0)),
        ({"asked_by": "get", "head_status": 405}, (0, 1, 0, 0)),
        ({"asked_by": "get", "head_status": 200, "state": "gone"}, (0, 1, 0, 0)),
        ({"asked_by": "conditional", "outcome": "not_modified", "http_status": 304}, (0, 0, 1, 0)),
        ({"asked_by": "conditional", "outcome": "ok", "http_status": 200}, (0, 0, 0, 1)),
        ({"asked_by": "conditional", "outcome": "not_found", "state": "gone"}, (0, 0, 0, 0)),
        ({"asked_by": "get", "outcome": "ok"}, (0, 0, 0, 0)),
        ({"state": "opted_out"}, (0, 0, 0, 0)),
        ({"http_status": 200}, (0, 0, 0, 0)),  # of before it was recorded how a link was asked
    ],
)
def test_what_a_host_answers_truthfully_is_counted(observation, expected):
    assert told(**observation) == expected


def test_the_counts_of_all_shards_of_a_source_add_up():
    one, other = checks((0, "1", "alive")), checks((0, "2", "alive"))
    shards = [shard.with_columns(asked_by=pl.lit("head")) for shard in (one, other)]
    hosts = learned(*shards).hosts
    assert hosts["head_kept"].to_list() == [2, 2]
    assert hosts["head_lies"].to_list() == [0, 0]
