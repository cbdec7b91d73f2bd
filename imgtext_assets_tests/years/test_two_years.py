"""Twenty-four months of refresh, decay, removal and release, and what must be true of each of its releases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from imgtext_assets.lake.blobs import blob_path
from imgtext_assets_tests.years.maintainer import BEGIN, MONTHS, Maintainer, employed, live
from imgtext_assets_tests.years.web import TEMPERS, rotting_web

SEED = 7
FINAL = ("gone", "placeholder", "replaced")
pytestmark = [pytest.mark.slow, pytest.mark.years, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def maintainer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maintainer]:
    """Two years later."""
    with rotting_web(SEED) as web, employed(tmp_path_factory.mktemp("years"), web) as maintainer:
        assert len(list(live(maintainer))) == MONTHS
        yield maintainer


def changes(maintainer: Maintainer, version: str) -> pl.DataFrame:
    """What a release says has changed."""
    return pl.read_parquet(f"{maintainer.lake.releases.url(version)}/changes.parquet")


def test_the_two_years_had_something_of_everything(maintainer: Maintainer) -> None:
    """Else what follows would say nothing."""
    said = pl.concat([changes(maintainer, month.version) for month in maintainer.months])
    assert {"added", "removed", "replaced"} <= set(said["change"])
    assert {"dead_link", "removed"} <= set(said["reason"].drop_nulls())
    assert len(maintainer.takedowns) >= 6
    assert {takedown.kind for takedown in maintainer.takedowns} == {"id", "sha256", "url", "creator"}
    checks = maintainer.project.scan("link_checks").collect()
    assert {"alive", "gone", "placeholder", "replaced", "unreachable"} <= set(checks["state"])


def test_what_was_taken_down_is_in_no_later_release(maintainer: Maintainer) -> None:
    """Though sources list the same pictures again, under other ids and at other addresses."""
    listed_again = {link.sha256 for link in maintainer.web.links.values() if link.creator == "somebody else"}
    assert listed_again
    for takedown in maintainer.takedowns:
        for month in maintainer.months:
            if month.month >= takedown.month:
                assert not set(maintainer.released(month.version)["sha256"]) & takedown.removed


def test_the_bytes_of_what_was_taken_down_are_gone_after_the_days_of_grace(maintainer: Maintainer) -> None:
    grace = maintainer.catalog.policy.removals.grace_days // 30 + 1
    early = [takedown for takedown in maintainer.takedowns if takedown.month + grace + 1 < MONTHS]
    left = [sha256 for one in early for sha256 in one.removed if Path(maintainer.lake.root, blob_path(sha256)).exists()]
    assert early
    assert left == []


def test_no_link_is_dead_without_its_observations(maintainer: Maintainer) -> None:
    """Counted here by a plain loop over what rechecks wrote down. A lost host's links are dead with it."""
    settings = maintainer.catalog.links
    checks = maintainer.project.scan("link_checks").sort("checked_at").collect()
    dead = maintainer.project.scan("dead_links").collect()
    assert dead.height
    for link in dead.iter_rows(named=True):
        seen = checks.filter(source=link["source"], id=link["id"])
        if link["state"] == "host_lost":
            assert link["host"] == "127.0.0.5"
            continue
        since = seen.filter(pl.col("state").is_in(["alive", "moved", "changed"]))["checked_at"].max() or BEGIN
        final = seen.filter(pl.col("state").is_in(FINAL), pl.col("checked_at") > since)["checked_at"]
        assert len(final) >= settings.dead_after
        assert final[-1] - final[0] >= timedelta(days=settings.dead_days)


def test_only_links_that_died_are_dropped_as_dead(maintainer: Maintainer) -> None:
    """By the web's own word; nights of 503, and links that were away for a month, cost nothing."""
    web = maintainer.web
    dropped = [
        (month.month, row["id"])
        for month in maintainer.months
        for row in changes(maintainer, month.version).iter_rows(named=True)
        if row["reason"] == "dead_link"
    ]
    assert dropped
    for month, name in dropped:
        link = web.links[name]
        leaves = TEMPERS[link.host].leaves
        assert (link.died is not None and link.died < month) or (leaves is not None and leaves < month)


def test_links_that_died_long_ago_are_in_no_release(maintainer: Maintainer) -> None:
    """As soon as they were asked often enough since."""
    often = maintainer.catalog.links.dead_after + 1  # one of the rounds may be a night of 503
    asked = maintainer.project.scan("link_checks").select("id", "checked_at").collect()
    for month in maintainer.months:
        for name in maintainer.released(month.version)["id"]:
            died = maintainer.web.links[name].died
            if died is not None and died <= month.month:
                since = pl.col("checked_at").is_between(BEGIN + timedelta(days=30.4375 * died), month.released_at)
                assert asked.filter(since, id=name).height < often


def test_each_releases_counts_reconcile_with_the_one_before(maintainer: Maintainer) -> None:
    before: set[tuple[str, str]] = set()
    for month in maintainer.months:
        now = set(maintainer.released(month.version).select("source", "id").iter_rows())
        counts = month.changes
        assert len(before) + counts["added"] - counts["removed"] - counts["replaced"] == len(now) == month.rows
        assert counts["added"] == len(now - before)
        assert counts["removed"] + counts["replaced"] == len(before - now)
        before = now


def test_a_picture_that_has_another_address_lives_on_there(maintainer: Maintainer) -> None:
    said = pl.concat(
        [changes(maintainer, month.version).with_columns(version=pl.lit(month.version)) for month in maintainer.months]
    )
    replaced = said.filter(change="replaced")
    assert replaced.height
    for row in replaced.iter_rows(named=True):
        links = maintainer.web.links
        assert links[row["id"]].sha256 == links[row["replaced_by_id"]].sha256
        now = maintainer.released(row["version"]).filter(source=row["replaced_by_source"], id=row["replaced_by_id"])
        assert now.height == 1


def test_what_takes_a_dead_links_place_is_alive_then(maintainer: Maintainer) -> None:
    """By the web's own word, though most of these pictures were had years ago and their addresses not asked since."""
    late = 0
    for month in maintainer.months:
        for row in (
            changes(maintainer, month.version).filter(change="replaced", reason="dead_link").iter_rows(named=True)
        ):
            link = maintainer.web.links[row["replaced_by_id"]]
            assert link.died is None or link.died > month.month
            late += month.month - link.born > 2
    assert late


def test_the_hazards_that_rechecks_teach_are_those_of_the_web(maintainer: Maintainer) -> None:
    """The hosts that are always well: the true hazard lies within the 95% interval of the estimate.

    It takes so many rounds until a link counts as dead, so the deaths of the last ones are not counted yet.
    """
    hosts = maintainer.project.scan("link_hosts").filter(source="archive").collect()
    counted = (MONTHS + 1 - maintainer.catalog.links.dead_after) / MONTHS
    for number in (0, 1):
        host = hosts.filter(host=f"127.0.0.{number + 2}").row(0, named=True)
        assert host["hazard_lower"] <= counted * TEMPERS[number].dies / 30.4375 <= host["hazard_upper"]


def test_a_release_once_cut_never_changes(maintainer: Maintainer) -> None:
    releases = maintainer.lake.releases
    assert releases.versions() == [month.version for month in maintainer.months]
    for month in maintainer.months:
        assert releases.manifest(month.version)["rows"] == month.rows
