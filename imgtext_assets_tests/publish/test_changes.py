"""What changed from one release to the next, and why rows left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from imgtext_assets import tables
from imgtext_assets.publish import Known, changes, hidden, release_rows, served
from imgtext_assets.publish.changes import count_changes, count_reasons
from imgtext_assets_tests.publish.rows import tombstone, verified

AT = datetime(2026, 1, 1, tzinfo=UTC)


def released(*numbers: int, source: str = "a", **values: Any) -> pl.LazyFrame:
    return served(release_rows(verified(numbers, source, **values)), None)


def rejected(stage: str, number: int, reason: str, source: str = "a", **values: Any) -> pl.LazyFrame:
    """One row that a stage rejected."""
    row = {"source": source, "id": f"{number:06d}", "reject_reason": reason} | values
    return tables.BY_NAME[stage].conform(pl.LazyFrame([row]))


def known(*ended: tuple[str, pl.LazyFrame], listed: pl.LazyFrame | None = None, **more: Any) -> Known:
    """What the lake knows: rows by the stage that rejected them; all rows up to 9 of source a are listed."""
    order = [table.name for table in tables.STAGES]
    by_stage = dict(sorted(ended, key=lambda one: order.index(one[0])))
    everything = released(*range(10)).select("source", "id")
    return Known(rejected=by_stage, listed=everything if listed is None else listed, **more)


def dead(*numbers: int) -> pl.LazyFrame:
    return tables.DEAD_LINKS.conform(pl.LazyFrame({"source": "a", "id": [f"{n:06d}" for n in numbers]}))


def fates(changed: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Of the rows that left: id, change, stage, reason, and the id of what replaced them."""
    left = changed.filter(pl.col("change").is_in(["removed", "replaced"]))
    return left.select("id", "change", "stage", "reason", "replaced_by_id").rows()


def test_in_the_first_release_all_is_added() -> None:
    assert changes(None, released(1, 2))["change"].to_list() == ["added", "added"]


def test_nothing_changed_is_no_changes() -> None:
    rows = released(1, 2)
    assert changes(rows, rows).is_empty()
    assert changes(rows, rows).schema == tables.CHANGES.schema


def test_added_removed_and_changed_rows_are_listed_with_their_latest_address() -> None:
    after = pl.concat([released(2), released(3, 4, width=[641, 640])])
    assert changes(released(1, 2, 3), after).select("source", "id", "url", "change").rows() == [
        ("a", "000001", "https://pictures.example/1.jpg", "removed"),
        ("a", "000003", "https://pictures.example/3.jpg", "changed"),
        ("a", "000004", "https://pictures.example/4.jpg", "added"),
    ]


def test_a_value_that_appears_or_vanishes_is_a_change() -> None:
    full, bare = (released(1, caption=caption) for caption in ("text", None))
    assert changes(full, bare)["change"].to_list() == changes(bare, full)["change"].to_list() == ["changed"]


def test_a_release_of_before_there_were_some_columns_is_compared_by_what_it_has() -> None:
    old = released(1, 2).drop("sha256", "source_url")
    assert changes(old, released(1, 2)).is_empty()
    found = changes(old, released(1), known(removals=tombstone("url", "https://pictures.example/2.jpg")))
    assert fates(found) == [("000002", "removed", None, "removed", None)]


def test_a_row_that_a_stage_rejects_left_by_its_word() -> None:
    ended = known(("verified", rejected("verified", 2, "damaged")))
    assert fates(changes(released(1, 2), released(1), ended)) == [("000002", "removed", "verified", "damaged", None)]


def test_of_an_id_in_several_shards_the_row_that_got_furthest_is_meant() -> None:
    """The source lists it in two shards: one repeats the other, which is damaged."""
    repeat = rejected("deduplicated", 2, "same_id", keeper_id="000002", keeper_shard="a-00000")
    ended = known(("deduplicated", repeat), ("verified", rejected("verified", 2, "damaged")))
    assert fates(changes(released(2), released(), ended)) == [("000002", "removed", "verified", "damaged", None)]


def test_a_row_that_no_list_has_any_more_vanished() -> None:
    found = changes(released(1, 12), released(1), known())
    assert fates(found) == [("000012", "removed", None, "vanished", None)]


def test_a_row_that_left_for_no_reason_that_is_known_is_not_explained_away() -> None:
    found = changes(released(1, 2), released(1), known())
    assert fates(found) == [("000002", "removed", None, None, None)]
    assert count_reasons(found) == {"removed": {"unknown": 1}, "replaced": {}}


def test_a_row_whose_link_is_dead_is_replaced_by_the_keeper_that_came_in() -> None:
    repeat = rejected("deduplicated", 2, "near_duplicate", keeper_id="000007", keeper_shard="a-b-00001")
    ended = known(("deduplicated", repeat), dead=dead(2))
    came = pl.concat([released(1), released(7, source="a-b")])
    found = changes(released(1, 2), came, ended)
    assert fates(found) == [("000002", "replaced", None, "dead_link", "000007")]
    assert found.filter(change="replaced")["replaced_by_source"].item() == "a-b"


def test_a_row_that_repeats_a_better_one_is_replaced_by_it() -> None:
    repeat = rejected("deduplicated", 2, "same_bytes", keeper_id="000007", keeper_shard="a-00001")
    found = changes(released(2), released(7), known(("deduplicated", repeat)))
    assert fates(found) == [("000002", "replaced", "deduplicated", "same_bytes", "000007")]


def test_a_keeper_that_was_there_before_takes_no_place() -> None:
    """Of two rows that the policy now takes for the same, one is lost, and none came."""
    repeat = rejected("deduplicated", 2, "near_duplicate", keeper_id="000001", keeper_shard="a-00000")
    found = changes(released(1, 2), released(1), known(("deduplicated", repeat)))
    assert fates(found) == [("000002", "removed", "deduplicated", "near_duplicate", None)]


def test_a_dead_link_without_another_address_is_removed() -> None:
    found = changes(released(1, 2), released(1), known(dead=dead(2)))
    assert fates(found) == [("000002", "removed", None, "dead_link", None)]


def test_a_dead_link_of_a_row_that_ended_otherwise_is_not_why_it_left() -> None:
    ended = known(("license_filtered", rejected("license_filtered", 2, "license_not_allowed")), dead=dead(2))
    found = changes(released(1, 2), released(1), ended)
    assert fates(found) == [("000002", "removed", "license_filtered", "license_not_allowed", None)]


def test_a_takedown_comes_before_all_other_reasons() -> None:
    for removals in (tombstone("id", "000002"), tombstone("sha256", f"{2:064x}")):
        ended = known(("verified", rejected("verified", 2, "damaged")), dead=dead(2), removals=removals)
        assert fates(changes(released(2), released(), ended)) == [("000002", "removed", None, "removed", None)]
    by_stage = known(("license_filtered", rejected("license_filtered", 2, "removed")))  # by its creator, perhaps
    assert fates(changes(released(2), released(), by_stage)) == [("000002", "removed", None, "removed", None)]


def test_a_tombstone_of_one_source_names_no_row_of_another() -> None:
    removals = tombstone("id", "000002").with_columns(source=pl.lit("b"))
    before = pl.concat([released(2), released(2, source="b")])
    found = changes(before, released(), known(removals=removals))
    assert found.select("source", "reason").rows() == [("a", None), ("b", "removed")]


def test_the_same_bytes_at_another_address_take_the_place_of_a_row_that_left() -> None:
    """A takedown of the row alone, or a list that gives another id to what it had."""
    after = released(7, 8, source="b", sha256=[f"{2:064x}", f"{8:064x}"])
    found = changes(released(2, 12), after, known(removals=tombstone("id", "000002")))
    assert fates(found) == [
        ("000002", "replaced", None, "removed", "000007"),
        ("000012", "removed", None, "vanished", None),
    ]


def test_hidden_changes_count_takedowns_and_name_none() -> None:
    after = released(1, 7, sha256=[f"{1:064x}", f"{3:064x}"])
    removals = pl.concat([tombstone("id", "000003"), tombstone("id", "000005")])
    clear = changes(released(1, 3, 5, 12), after, known(removals=removals))
    told = hidden(clear)
    assert told.schema == tables.CHANGES.schema
    assert count_changes(told) == count_changes(clear) == {"added": 1, "removed": 2, "replaced": 1, "changed": 0}
    assert count_reasons(told) == count_reasons(clear)
    names = told.filter(reason="removed").select("id", "url", "stage", "replaced_by_source", "replaced_by_id")
    assert names.rows() == [(None,) * 5] * 2
    assert [row for row in told.rows() if row[1]] == [row for row in clear.rows() if row[5] != "removed"]
    assert told["id"].is_null().to_list() == sorted(told["id"].is_null(), reverse=True)


RELEASES = st.dictionaries(st.integers(0, 20), st.integers(0, 2))


@given(RELEASES, RELEASES, st.dictionaries(st.integers(0, 20), st.integers(0, 20)), st.sets(st.integers(0, 20)))
def test_the_release_before_with_its_changes_is_the_release_after(
    old: dict[int, int], new: dict[int, int], keepers: dict[int, int], gone: set[int]
) -> None:
    """Whatever is said of the rows that left, each release's counts reconcile with the one before."""
    before, after = (released(*rows, width=pl.Series(list(rows.values()), dtype=pl.Int64)) for rows in (old, new))
    repeats = [
        rejected("deduplicated", row, "same_url", keeper_id=f"{keeper:06d}", keeper_shard="a-00000")
        for row, keeper in keepers.items()
        if row not in new
    ]
    ended = [("deduplicated", pl.concat(repeats))] if repeats else []
    knows = known(*ended, dead=dead(*gone), removals=tombstone("id", "000003"))
    found = changes(before, after, knows)
    counts = count_changes(found)
    assert len(old) + counts["added"] - counts["removed"] - counts["replaced"] == len(new)
    assert sum(counts.values()) == found.height
    unchanged = before.collect().join(found, on="id", how="anti")
    fresh = after.collect().join(found.filter(pl.col("change").is_in(["added", "changed"])), on="id", how="semi")
    assert_frame_equal(pl.concat([unchanged, fresh]).sort("id"), after.collect())
    left = found.filter(pl.col("change").is_in(["removed", "replaced"]))
    assert set(left["id"]) == {f"{n:06d}" for n in old.keys() - new.keys()}
    came = {f"{n:06d}" for n in new.keys() - old.keys()}
    assert set(left["replaced_by_id"].drop_nulls()) <= came
    assert (left["change"] == "replaced").to_list() == left["replaced_by_id"].is_not_null().to_list()
    assert_frame_equal(
        found, changes(before, after.reverse(), known(*ended, dead=dead(*gone), removals=tombstone("id", "000003")))
    )
