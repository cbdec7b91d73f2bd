"""Removed bytes are deleted in two steps, and never while a row has them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from imgtext_assets import rights
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.assets.removals import purge_figures
from imgtext_assets.defs.purging import bytes_of_removed_rows, purge, purge_plan
from imgtext_assets.lake import Lake
from imgtext_assets.settings import ReleaseSettings
from imgtext_assets.tables import BY_NAME, FETCHES, PURGES, REMOVALS, STAGES

BODY, OTHER = b"a picture", b"another one"
SHA256, KEPT = (hashlib.sha256(body).hexdigest() for body in (BODY, OTHER))
START = datetime(2026, 11, 21, tzinfo=UTC)


class Keeper:
    """Somebody who keeps a lake with two pictures, of which one was removed, and purges it day by day."""

    alike: str | None = None
    """Bytes that no tombstone names, and that may go all the same."""

    def __init__(self, root: str, **settings: Any) -> None:
        self.lake = Lake(root)
        self.catalog = Catalog.model_validate({"sources": [{"name": "a", "paths": "x"}], **settings})
        for sha256, body in ((SHA256, BODY), (KEPT, OTHER)):
            self.lake.blobs.put(sha256, body)
        order = [(*rights.order("sha256", SHA256, lambda _: None), "asked to", None)]
        self.lake.tables.append(REMOVALS.name, rights.orders_frame(order, START))

    def has_row(self, stage: str, reason: str | None = None, row_id: str = "1", **columns: str) -> None:
        table = BY_NAME[stage]
        row = {"id": row_id, "shard": f"a-{row_id}", "source": "a", "reject_reason": reason, **columns}
        self.lake.tables.write(stage, table.conform(pl.LazyFrame([row])), f"a-{row_id}")

    def purge(self, day: int, *, killed: bool = False) -> list[str]:
        """One run, so many days after the start: what it did. Where it is killed, nothing is noted."""
        steps = purge_plan(self.lake, self.catalog, START + timedelta(days=day))
        purge(self.lake, steps)
        if not killed:
            self.lake.tables.append(PURGES.name, steps)
        assert set(steps["sha256"]) <= {SHA256, self.alike}
        return steps["state"].to_list()

    def stored(self) -> set[str]:
        return self.lake.blobs.present([SHA256, KEPT])


def test_bytes_are_marked_and_deleted_after_the_days_of_grace(lake_root: str) -> None:
    keeper = Keeper(lake_root)
    assert keeper.purge(0) == ["marked"]
    assert keeper.purge(29) == []
    assert keeper.stored() == {SHA256, KEPT}
    assert keeper.purge(30) == ["deleted"]
    assert keeper.stored() == {KEPT}
    assert keeper.purge(60) == []


@pytest.mark.parametrize(
    ("stage", "column"),
    [("fingerprints", "fingerprint_sha256"), ("downloaded", "sha256"), ("verified", "sha256")],
)
def test_bytes_that_a_row_has_stay_until_a_build_has_judged_it(tmp_path: Path, stage: str, column: str) -> None:
    keeper = Keeper(str(tmp_path))
    keeper.has_row(stage, **{column: SHA256})
    assert keeper.purge(0) == []
    later = STAGES[[table.name for table in STAGES].index(stage) :][-1].name
    keeper.has_row(later, "removed", **({"sha256": SHA256} if later != stage or column == "sha256" else {}))
    assert keeper.purge(1) == ["marked"]
    keeper.has_row(stage, row_id="2", **{column: SHA256})
    assert keeper.purge(31) == ["spared"]
    assert keeper.stored() == {SHA256, KEPT}
    keeper.has_row("verified", "removed", row_id="2", sha256=SHA256)
    assert keeper.purge(32) == ["marked"]
    assert keeper.purge(62) == ["deleted"]


def test_rows_of_a_source_that_was_taken_out_of_the_catalog_hold_nothing(tmp_path: Path) -> None:
    keeper = Keeper(str(tmp_path))
    keeper.has_row("verified", source="b", sha256=SHA256)
    keeper.has_row("fingerprints", row_id="2", source="b", fingerprint_sha256=SHA256)
    assert keeper.purge(0) == ["marked"]


@pytest.mark.parametrize(
    ("stage", "column"),
    [("deduplicated", "fingerprint_sha256"), ("downloaded", "fingerprint_sha256"), ("verified", "sha256")],
)
def test_bytes_of_a_row_that_was_removed_for_its_look_go_too(tmp_path: Path, stage: str, column: str) -> None:
    keeper = Keeper(str(tmp_path))
    keeper.alike = KEPT
    keeper.has_row("fingerprints", fingerprint_sha256=KEPT)
    keeper.has_row("fingerprints", row_id="2", fingerprint_sha256=KEPT)
    keeper.has_row(stage, "removed", **{column: KEPT})
    assert keeper.purge(0) == ["marked"]  # the other ones, that a tombstone names
    keeper.has_row("deduplicated", "near_duplicate", row_id="2", fingerprint_sha256=KEPT)
    assert keeper.purge(1) == []  # a row that is not removed may want them yet
    keeper.has_row("deduplicated", "removed", row_id="2", fingerprint_sha256=KEPT)
    assert keeper.purge(2) == ["marked"]
    assert keeper.purge(32) == ["deleted", "deleted"]
    assert keeper.stored() == set()


def test_bytes_of_a_row_that_ended_early_are_found_by_its_addresses(tmp_path: Path) -> None:
    """As by `--only-this`: no tombstone names the bytes, and no table but the journal has them."""
    keeper = Keeper(str(tmp_path))
    keeper.alike = KEPT
    shared, own = "http://a.example/no-thumb.png", "http://a.example/1.jpg"
    answers = [{"url_key": shared, "sha256": SHA256}, {"url_key": own, "sha256": KEPT}]
    fetches = [{"url": answer["url_key"], "outcome": "ok", "fetched_at": START, **answer} for answer in answers]
    keeper.lake.tables.append("fetches", FETCHES.conform(pl.LazyFrame(fetches)).collect(), "a-1")
    for row_id in ("1", "2"):
        keeper.has_row("raw_metadata", row_id=row_id, url_key=f"http://a.example/{row_id}.jpg", preview_url=shared)

    def found() -> set[str]:
        return set(bytes_of_removed_rows(keeper.lake, keeper.catalog).collect()["sha256"])

    assert found() == set()
    keeper.has_row("license_filtered", "removed", url_key=own, preview_url=shared)
    assert found() == {KEPT}
    keeper.has_row("license_filtered", "removed", row_id="2", url_key="http://a.example/2.jpg", preview_url=shared)
    assert found() == {KEPT, SHA256}


def test_a_purge_that_was_killed_is_made_up_for(tmp_path: Path) -> None:
    keeper = Keeper(str(tmp_path))
    assert keeper.purge(0, killed=True) == ["marked"]
    assert keeper.purge(1) == ["marked"]
    assert keeper.purge(31, killed=True) == ["deleted"]
    assert keeper.stored() == {KEPT}
    assert keeper.purge(32) == ["deleted"]
    assert keeper.purge(33) == []


def test_bytes_that_came_back_are_purged_again(tmp_path: Path) -> None:
    keeper = Keeper(str(tmp_path), policy={"removals": {"grace_days": 0}})
    assert [keeper.purge(0), keeper.purge(0)] == [["marked"], ["deleted"]]
    keeper.lake.blobs.put(SHA256, BODY)
    assert [keeper.purge(1), keeper.purge(1)] == [["marked"], ["deleted"]]


def test_served_bytes_stay_until_a_release_without_them(tmp_path: Path) -> None:
    served = ReleaseSettings(public_url="https://pictures.example/{sha256}").model_dump()
    keeper, bare = Keeper(str(tmp_path / "a"), release=served), Keeper(str(tmp_path / "b"))
    for one in (keeper, bare):
        _publish(one.lake, tmp_path / "staged", "2026.11.0", SHA256)
    assert keeper.purge(0) == []
    assert bare.purge(0) == ["marked"]
    _publish(keeper.lake, tmp_path / "staged", "2026.12.0", KEPT)
    assert keeper.purge(30) == ["marked"]


def test_what_was_done_is_counted(tmp_path: Path) -> None:
    keeper = Keeper(str(tmp_path))
    steps = purge_plan(keeper.lake, keeper.catalog, START)
    figures = purge_figures(steps)
    assert (figures["marked_files"], figures["marked_bytes"], figures["deleted_files"]) == (1, len(BODY), 0)
    assert figures["summary"] == f"1 marked ({len(BODY)} bytes)"
    assert purge_figures(steps.clear())["summary"] == "nothing to purge"
    assert keeper.stored() == {SHA256, KEPT}


def _publish(lake: Lake, folder: Path, version: str, sha256: str) -> None:
    (folder / "metadata").mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"sha256": [sha256]}).write_parquet(folder / "metadata" / "0.parquet")
    (folder / "manifest.json").write_text('{"files": {"metadata/0.parquet": {}}}')
    lake.releases.publish(folder, version)
