"""What follows of a dead link: another address of the same picture takes its place, or the row is dropped, or kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import polars as pl
import pytest
import time_machine

from imgtext_assets.defs.build import build_defs
from imgtext_assets.demo.pages import Page
from imgtext_assets.links.budget import DEAD_AGAIN
from imgtext_assets.tables import goes_on
from imgtext_assets_tests.defs.world import World, path_of
from imgtext_assets_tests.years.web import picture

pytestmark = pytest.mark.slow
ROUNDS = (40, 50, 60)
ANOTHER_PICTURE = picture(np.random.default_rng(1))
LATER = 60 + DEAD_AGAIN.days + 1  # dead links are asked again so rarely


@dataclass
class Rotting:
    """A world whose clock is ours, and the rows of two addresses of one picture in it: the one is kept."""

    world: World
    kept: dict[str, Any]
    other: dict[str, Any]

    def after(self, days: float, do: Callable[[], Any]) -> Any:
        """Do something so many days from now."""
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True):
            return do()

    def change(self, *rows: dict[str, Any], page: Page | None) -> None:
        """From now on these rows' addresses answer with the page; null: 404."""
        pages = dict(self.world.web.pages)
        for path in (path_of(row["url"]) for row in rows):
            pages.pop(path, None)
            pages |= {path: page} if page else {}
        self.world.web.pages = pages

    def recheck(self, *days: float) -> None:
        """A round of rechecks of the kept row's shard on each of these days."""
        for day in days:
            assert self.after(day, lambda: self.world.pipeline.recheck([self.kept["shard"]])) == []

    def build(self, day: float) -> None:
        assert self.after(day, self.world.build) == []

    def release(self, day: float) -> set[str]:
        """Cut a release, and tell its rows."""
        assert self.after(day, self.world.pipeline.release).ok
        releases = self.world.project.lake.releases
        return set(releases.scan(releases.versions()[-1]).collect()["id"])

    def asked(self, day: float, row: dict[str, Any]) -> list[int]:
        """Build, and tell what the row's address answered meanwhile."""
        before = len(self.world.web.requests)
        self.build(day)
        return [seen.status for seen in self.world.web.requests[before:] if seen.path == path_of(row["url"])]

    def dead(self) -> set[str]:
        return set(self.world.table("dead_links")["id"])


def two_addresses(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """The kept row of a cluster of two that is verified, and the other, which has another address of its own."""
    clusters = world.table("duplicate_clusters").filter(pl.col("keeper_id").is_not_null())
    rows = world.table("fingerprints").select("shard", "id", "url", "url_key", "fingerprint_of")
    verified = goes_on(world.project.scan("verified")).select("shard", "id", verified=pl.lit(True)).collect()
    known = clusters.join(rows, on=["shard", "id"]).join(verified, on=["shard", "id"], how="left")
    answers = [path for path, page in world.web.pages.items() if page.status == 200 and not page.redirect]
    in_order = known.sort("keeper_shard", "keeper_id")
    for cluster in in_order.partition_by("keeper_shard", "keeper_id", maintain_order=True):
        kept, others = cluster.filter(pl.col("rule").is_null()), cluster.filter(pl.col("rule").is_not_null())
        if kept["verified"].to_list() != [True] or others.height != 1 or cluster["url_key"].n_unique() != 2:
            continue
        if others["rule"].item() in ("same_bytes", "near_duplicate") and path_of(others["url"].item()) in answers:
            return kept.row(0, named=True), others.row(0, named=True)
    raise AssertionError("the sample has no picture with two addresses")


def asks_for_clusters(world: World) -> bool:
    """Whether the sensor wants all rows compared anew."""
    repository = build_defs(world.catalog).get_repository_def()
    given = {"catalog": world.catalog, "lake": world.project.lake}
    context = dg.SensorEvaluationContext(
        instance_ref=world.instance.get_ref(),
        last_tick_completion_time=None,
        last_run_key=None,
        cursor=None,
        repository_name=None,
        instance=world.instance,
        repository_def=repository,
        resources={name: dg.ResourceDefinition.hardcoded_resource(value) for name, value in given.items()},
    )
    with context:
        return bool(repository.get_sensor_def("dead_link_sensor").evaluate_tick(context).run_requests)


@pytest.fixture
def rotting(built: World, tmp_path: Path) -> Iterator[Rotting]:
    pages = built.web.pages
    world = built.branch(tmp_path)
    yield Rotting(world, *two_addresses(world))
    built.web.pages = pages


def test_another_address_of_the_same_picture_takes_the_place_of_a_dead_link(rotting: Rotting) -> None:
    kept, other = rotting.kept, rotting.other
    rotting.change(kept, page=None)
    rotting.recheck(*ROUNDS[:2])
    assert rotting.dead() == set()
    rotting.build(51)
    assert kept["id"] in rotting.release(51)  # no dead link without its observations
    rotting.recheck(ROUNDS[2])
    assert rotting.dead() == {kept["id"]}
    early = rotting.release(60)  # it does not wait for a build: the place is empty until one has filled it
    assert not {kept["id"], other["id"]} & set(early)
    assert asks_for_clusters(rotting.world)
    assert rotting.asked(61, other) == [304]  # it is there, and its picture, had before, is not sent again
    assert not asks_for_clusters(rotting.world)
    rows = rotting.release(61)
    assert other["id"] in rows
    assert kept["id"] not in rows
    runs = rotting.world.runs()
    rotting.build(62)
    assert rotting.world.runs() == runs  # at rest


def test_a_replacement_that_leads_elsewhere_is_passed_over_and_comes_to_rest(rotting: Rotting) -> None:
    """Its picture is in the store, but its address gives another one. Nobody is left, and the two do not take turns."""
    kept, other = rotting.kept, rotting.other
    rotting.change(kept, page=None)
    rotting.change(other, page=Page(ANOTHER_PICTURE))
    rotting.recheck(*ROUNDS)
    rotting.build(61)
    assert rotting.world.table("passed_over")["url_key"].to_list() == [other["url_key"]]
    assert not {kept["id"], other["id"]} & rotting.release(61)
    runs = rotting.world.runs()
    assert rotting.asked(62, other) == []
    assert rotting.world.runs() == runs


def test_a_replacement_whose_host_is_busy_waits_and_is_not_fetched_again(rotting: Rotting) -> None:
    kept, other = rotting.kept, rotting.other
    page = rotting.world.web.pages[path_of(other["url"])]
    rotting.change(kept, page=None)
    rotting.recheck(*ROUNDS)
    rotting.change(other, page=Page(status=503))
    assert set(rotting.asked(61, other)) == {503}
    assert rotting.world.table("passed_over").is_empty()
    assert other["id"] not in rotting.release(61)
    rotting.change(other, page=page)
    assert rotting.asked(62, other) == [304]
    assert other["id"] in rotting.release(62)


def test_without_another_address_the_row_is_dropped_until_its_link_is_there_again(rotting: Rotting) -> None:
    alone = goes_on(rotting.world.project.scan("verified")).filter(pl.col("cluster_id").is_null()).first().collect()
    row = alone.row(0, named=True)
    page = rotting.world.web.pages[path_of(row["url"])]
    rotting.kept = row
    rotting.change(row, page=None)
    rotting.recheck(*ROUNDS)
    assert rotting.dead() == {row["id"]}
    runs = rotting.world.runs()
    rotting.build(61)
    assert rotting.world.runs() == runs  # nothing can take its place, so nothing has to be compared anew
    without = rotting.release(61)
    assert row["id"] not in without
    rotting.change(row, page=page)
    rotting.recheck(LATER)
    assert rotting.dead() == set()
    assert rotting.release(LATER + 1) == without | {row["id"]}


def test_the_policy_may_drop_or_keep_instead_and_rehosted_rows_stay(rotting: Rotting) -> None:
    rotting.change(rotting.kept, page=None)
    rotting.recheck(*ROUNDS)
    assert rotting.dead() == {rotting.kept["id"]}
    policies: list[tuple[dict[str, Any], bool]] = [
        ({"policy": {"links": {"dead": "drop"}}}, False),
        ({"policy": {"links": {"dead": "keep"}}}, True),
        ({"release": {"public_url": "https://pictures.example/{sha256}"}}, True),
    ]
    for settings, stays in policies:
        rotting.world = rotting.world.settings(**settings)
        rotting.build(61)
        rows = rotting.release(61)
        assert rotting.other["id"] not in rows
        assert (rotting.kept["id"] in rows) == stays


def test_what_rechecks_show_is_in_the_ui_and_on_a_page(rotting: Rotting) -> None:
    rotting.recheck(40)
    lake = Path(rotting.world.catalog.lake)
    page = (lake / "reports/link-decay.html").read_text(encoding="utf-8")
    assert "100.0% of" in page
    defs = build_defs(rotting.world.catalog)
    for spec in defs.resolve_all_asset_specs():
        if spec.group_name == "links" and spec.key.path != ["link_checks"]:
            event = rotting.world.instance.get_latest_materialization_event(spec.key)
            assert event is not None, spec.key
            assert event.asset_materialization is not None
            assert event.asset_materialization.tags is not None
            assert event.asset_materialization.tags["dagster/data_version"]
    assert rotting.world.table("link_survival").filter(pl.col("source").is_null())["survival"].to_list()[-1] == 1
