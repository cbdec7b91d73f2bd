"""Which addresses rank behind others of their picture, and which are in doubt: read from a lake's tables alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.replacing import Behind, in_doubt, remember, rows_behind, version
from imgtext_assets.lake import Lake
from imgtext_assets.tables import BY_NAME, DUPLICATE_CLUSTERS, FINGERPRINTS, PASSED_OVER, RESOLUTION_FILTERED, VERIFIED

SHARD = "some-00000"
DIED = datetime(2027, 5, 1, tzinfo=UTC)
SOURCES: Any = [{"name": "some", "paths": "*.parquet"}]


def catalog(**settings: Any) -> Catalog:
    return Catalog.model_validate({"sources": SOURCES, **settings})


def row(name: str, **columns: Any) -> dict[str, Any]:
    url = f"http://{name}.example/a.jpg"
    return {"id": name, "source": "some", "shard": SHARD, "url": url, "url_key": url} | columns


def key(name: str) -> str:
    return row(name)["url_key"]


def put(lake: Lake, table: str, *rows: dict[str, Any], shard: str | None = SHARD) -> None:
    write = lake.tables.append if table == "fetches" else lake.tables.write
    frame = pl.LazyFrame(rows) if rows else BY_NAME[table].schema.to_frame().lazy()
    write(table, BY_NAME[table].conform(frame), shard)


def keep(lake: Lake, keeper: str, *others: str) -> None:
    """The clusters: one picture at three addresses, of which one is kept."""
    kept = {"keeper_id": keeper, "keeper_shard": SHARD}
    put(lake, DUPLICATE_CLUSTERS.name, *(row(name, **kept) for name in (keeper, *others)), shard=None)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Of three addresses the first is dead, and the second has taken its place."""
    lake = Lake(str(tmp_path))
    put(lake, FINGERPRINTS.name, *(row(name) for name in ("dead", "second", "third", "alone")))
    put(lake, "dead_links", row("dead", host="dead.example", state="gone", dead_since=DIED), shard=None)
    keep(lake, "second", "dead", "third")
    return lake


def failed(lake: Lake, settings: Catalog | None = None) -> list[str]:
    behind = rows_behind(settings or catalog(), lake)
    assert behind.dead.to_list() == [key("dead")]
    return behind.failed["url_key"].to_list()


@pytest.mark.parametrize(
    ("stage", "reason", "passed_over"),
    [
        ("resolution_filtered", "too_small", True),
        ("downloaded", "not_found", True),
        ("downloaded", "timeout", False),
        ("verified", "damaged", True),
        ("verified", "replaced", True),
        ("verified", "md5_mismatch", True),
        ("verified", None, False),
        ("verified", "rights_claimed", False),
        ("verified", "opted_out", False),
        ("verified", "removed", False),
    ],
)
def test_what_ends_for_good_in_a_dead_links_place_is_passed_over(
    lake: Lake, stage: str, reason: str | None, passed_over: bool
) -> None:
    """But not where somebody said no: then another copy of the picture is none to be had either."""
    put(lake, stage, row("second", reject_reason=reason), row("alone", reject_reason="damaged"))
    assert failed(lake) == ([key("second")] if passed_over else [])


def test_what_was_passed_over_stays_so_when_its_row_is_a_repeat_again(lake: Lake) -> None:
    """Else the two would be tried in turns."""
    put(lake, VERIFIED.name, row("second", reject_reason="damaged"))
    behind = rows_behind(catalog(), lake)
    remember(lake, behind)
    keep(lake, "third", "dead", "second")
    put(lake, VERIFIED.name, row("third"))
    assert failed(lake) == [key("second")]
    assert version(lake, rows_behind(catalog(), lake)) == version(lake, behind)  # at rest
    put(lake, VERIFIED.name, row("third", reject_reason="too_small"))
    assert failed(lake) == [key("second"), key("third")]
    assert version(lake, rows_behind(catalog(), lake)) != version(lake, behind)


def test_by_another_policy_of_its_stage_it_is_tried_again(lake: Lake) -> None:
    put(lake, RESOLUTION_FILTERED.name, row("second", reject_reason="too_small"))
    remember(lake, rows_behind(catalog(), lake))
    keep(lake, "third", "dead", "second")
    put(lake, RESOLUTION_FILTERED.name, row("third"))
    assert failed(lake) == [key("second")]
    assert failed(lake, catalog(policy={"drift": {"max_distance": 8}})) == [key("second")]  # not that stage's
    assert failed(lake, catalog(policy={"resolution": {"min_width": 10}})) == []


def test_a_table_without_the_stages_names_is_read_as_if_nothing_had_failed(lake: Lake) -> None:
    lake.tables.write(PASSED_OVER.name, pl.DataFrame({"url_key": [key("second")]}))
    assert failed(lake) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"policy": {"links": {"dead": "drop"}}},
        {"policy": {"links": {"dead": "keep"}}},
        {"release": {"public_url": "https://pictures.example/{sha256}"}},
    ],
)
def test_where_nothing_is_replaced_nothing_ranks_behind(lake: Lake, settings: dict[str, Any]) -> None:
    put(lake, VERIFIED.name, row("second", reject_reason="damaged"))
    behind = rows_behind(catalog(**settings), lake)
    assert behind.keys.is_empty()
    assert version(lake, behind) == version(lake, Behind()) == ""


BEFORE, AFTER = DIED - timedelta(days=400), DIED + timedelta(hours=1)


def doubted(lake: Lake, settings: Catalog | None = None) -> set[str]:
    rows = pl.DataFrame([row(name) for name in ("dead", "second", "third", "alone")])
    return set(in_doubt(settings or catalog(), lake, SHARD, rows))


def test_in_doubt_is_what_is_wanted_only_now_and_was_last_asked_before_the_latest_death(lake: Lake) -> None:
    put(lake, "fetches", *(row(name, fetched_at=BEFORE, outcome="ok", passing=False) for name in ("dead", "second")))
    put(lake, "fetches", row("third", fetched_at=AFTER, outcome="ok", passing=False))
    assert doubted(lake) == {key("second")}
    put(lake, "downloaded", row("third"), row("second", reject_reason="timeout"))
    assert doubted(lake) == {key("second")}
    put(lake, "downloaded", row("third"), row("second"))
    assert doubted(lake) == set()


def test_what_was_asked_again_since_is_in_no_doubt(lake: Lake) -> None:
    for when in (BEFORE, AFTER):
        put(lake, "fetches", row("second", fetched_at=when, outcome="ok", passing=False))
    assert doubted(lake) == set()


def test_nothing_is_in_doubt_where_no_link_died_or_the_bytes_are_ours(lake: Lake) -> None:
    put(lake, "fetches", row("second", fetched_at=BEFORE, outcome="ok", passing=False))
    assert doubted(lake) == {key("second")}
    assert doubted(lake, catalog(release={"public_url": "https://pictures.example/{sha256}"})) == set()
    put(lake, "dead_links", shard=None)
    assert doubted(lake) == set()
