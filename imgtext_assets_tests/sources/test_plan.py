"""Shard plans: every row of every file that is there in exactly one shard, and keys that never change their meaning."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.catalog import Source
from imgtext_assets.sources import plan_shards

SOURCE = Source(name="birds", format="table", paths=["*.parquet"])
NOTHING = tables.SHARDS.schema.to_frame()
LISTING = {"source_file": pl.String, "rows": pl.Int64, "file_version": pl.String, "problem": pl.String}
# One listing: files by name with their rows, or None where the file cannot be read.
listings = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.none() | st.integers(0, 25), max_size=4)


def listing(files: dict[str, int | None]) -> pl.DataFrame:
    rows = [
        {"source_file": name, "rows": rows, "file_version": f"v{rows}", "problem": None if rows is not None else "torn"}
        for name, rows in files.items()
    ]
    return pl.DataFrame(rows, schema=LISTING)


def replan(*history: dict[str, int | None], shard_rows: int = 10) -> pl.DataFrame:
    known = NOTHING
    for files in history:
        known = plan_shards(known, listing(files), SOURCE, shard_rows)
    return known


def brief(plan: pl.DataFrame) -> list[tuple]:
    return plan.select("shard", "source_file", "first_row", "rows", "state").rows()


def test_files_are_cut_in_the_order_of_their_names():
    assert brief(replan({"b": 5, "a": 21})) == [
        ("birds-00000", "a", 0, 10, "present"),
        ("birds-00001", "a", 10, 10, "present"),
        ("birds-00002", "a", 20, 1, "present"),
        ("birds-00003", "b", 0, 5, "present"),
    ]


def test_a_file_that_grew_fills_its_last_shard_and_then_gets_new_ones():
    assert brief(replan({"a": 5, "b": 5}, {"a": 25, "b": 5})) == [
        ("birds-00000", "a", 0, 10, "present"),
        ("birds-00001", "b", 0, 5, "present"),
        ("birds-00002", "a", 10, 10, "present"),
        ("birds-00003", "a", 20, 5, "present"),
    ]


def test_a_file_that_shrank_keeps_empty_shards_and_fills_them_again():
    assert [row[3] for row in brief(replan({"a": 25}, {"a": 12}))] == [10, 2, 0]
    assert brief(replan({"a": 25}, {"a": 0}, {"a": 25})) == brief(replan({"a": 25}))


def test_a_file_that_vanished_is_reported_and_may_come_back():
    plan = replan({"a": 5, "b": 5}, {"b": 5})
    assert brief(plan)[0] == ("birds-00000", "a", 0, 5, "vanished")
    assert plan["problem"].to_list() == ["the file is no longer listed", None]
    assert replan({"a": 5, "b": 5}, {"b": 5}, {"a": 5, "b": 5}).equals(replan({"a": 5, "b": 5}))


def test_an_unreadable_file_stops_only_its_own_shards():
    plan = replan({"a": 15, "b": 5}, {"a": None, "b": 5, "c": None})
    assert brief(plan) == [
        ("birds-00000", "a", 0, 10, "unreadable"),
        ("birds-00001", "a", 10, 5, "unreadable"),
        ("birds-00002", "b", 0, 5, "present"),
        ("birds-00003", "c", 0, 0, "unreadable"),
    ]
    assert plan["problem"].to_list() == ["torn", "torn", None, "torn"]


def test_another_shard_size_only_shapes_shards_to_come():
    before = replan({"a": 25})
    after = plan_shards(before, listing({"a": 40}), SOURCE, shard_rows=4)
    assert [row[2:4] for row in brief(after)] == [(0, 10), (10, 10), (20, 5), (25, 4), (29, 4), (33, 4), (37, 3)]


def test_other_sources_are_left_alone_and_left_out():
    other = plan_shards(NOTHING, listing({"x": 30}), SOURCE.model_copy(update={"name": "stars"}), 10)
    assert brief(plan_shards(other, listing({"a": 1}), SOURCE, 10)) == [("birds-00000", "a", 0, 1, "present")]


def test_numbers_go_on_beyond_five_digits():
    known = replan({"a": 1}).with_columns(shard=pl.lit("birds-99999"))
    assert plan_shards(known, listing({"a": 1, "b": 1}), SOURCE, 10)["shard"].to_list() == [
        "birds-99999",
        "birds-100000",
    ]


def test_a_file_that_is_listed_twice_is_the_callers_mistake():
    twice = pl.concat([listing({"a": 1}), listing({"a": 1})])
    with pytest.raises(ValueError, match="twice"):
        plan_shards(NOTHING, twice, SOURCE, 10)


@given(st.lists(st.tuples(listings, st.integers(1, 12)), min_size=1, max_size=5))
def test_whatever_happens_to_the_files_rows_are_covered_once_and_keys_are_stable(history):
    known = NOTHING
    for files, shard_rows in history:
        plan = plan_shards(known, listing(files), SOURCE, shard_rows)
        assert plan.schema == tables.SHARDS.schema

        place = ["shard", "source_file", "first_row"]
        assert plan.select(place).rows()[: known.height] == known.select(place).rows()
        assert plan["shard"].to_list() == [f"birds-{number:05d}" for number in range(plan.height)]

        for file, rows in files.items():
            shards = plan.filter(source_file=file)
            if rows is None:
                assert shards["state"].unique().to_list() == ["unreadable"]
                continue
            covered = [
                n for first, count in shards.select("first_row", "rows").rows() for n in range(first, first + count)
            ]
            assert sorted(covered) == list(range(rows))
        vanished = plan.filter(~pl.col("source_file").is_in(list(files)))
        assert vanished["state"].unique().to_list() in ([], ["vanished"])
        assert plan_shards(plan, listing(files), SOURCE, shard_rows).equals(plan)
        known = plan
