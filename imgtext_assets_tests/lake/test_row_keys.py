"""The keys of rows: every row is found by each of its names, whatever became of the keys."""

from __future__ import annotations

import os
import time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.lake import Lake
from imgtext_assets.lake.row_keys import Place, key_of

SHARDS = ("a-00000", "a-00001")


def rows(shard: str, count: int = 3) -> pl.DataFrame:
    return pl.DataFrame(
        {"id": [f"{shard}/{n}" for n in range(count)], "url_key": [f"http://{n}" for n in range(count)]}
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(str(tmp_path / "lake"))
    for shard in SHARDS:
        put(lake, rows(shard), shard)
    return lake


def put(lake: Lake, frame: pl.DataFrame, shard: str) -> None:
    lake.tables.write("raw", frame, shard)
    lake.row_keys.write("raw", frame, frame.columns, shard)


def test_a_name_leads_to_its_shard_and_row(lake: Lake) -> None:
    assert lake.row_keys.places("raw", ["a-00001/2"]) == [Place("a-00001", 2, 1)]
    assert lake.row_keys.places("raw", ["http://1"]) == [Place("a-00000", 1, 1), Place("a-00001", 1, 1)]


def test_several_rows_of_a_shard_are_one_place_from_the_first_to_the_last(lake: Lake) -> None:
    assert lake.row_keys.places("raw", ["a-00000/0", "a-00000/2"]) == [Place("a-00000", 0, 3)]


def test_a_name_that_nothing_has_leads_nowhere(lake: Lake) -> None:
    assert lake.row_keys.places("raw", ["nobody", "\udc80"]) == []
    assert lake.row_keys.places("no_table", ["nobody"]) == []


def test_a_shard_without_keys_is_a_place_as_a_whole(lake: Lake) -> None:
    lake.row_keys.forget("raw", "a-00000")
    lake.row_keys.forget("raw", "a-00000")  # twice is no harm
    assert lake.row_keys.places("raw", ["a-00001/2"]) == [Place("a-00000"), Place("a-00001", 2, 1)]
    assert lake.row_keys.behind("raw") == ["a-00000"]


def test_keys_that_are_older_than_their_table_do_not_count(lake: Lake) -> None:
    table = Path(lake.root, lake.tables.path("raw", "a-00001"))
    later = time.time() + 60
    os.utime(table, (later, later))
    assert lake.row_keys.behind("raw") == ["a-00001"]
    assert lake.row_keys.places("raw", ["a-00001/2"]) == [Place("a-00001")]


def test_keys_of_a_shard_whose_table_is_gone_do_not_count(lake: Lake) -> None:
    lake.tables.delete("raw", "a-00001")
    assert lake.row_keys.places("raw", ["a-00001/2"]) == []


def test_nulls_have_no_keys_and_a_shard_without_rows_has_some(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    put(lake, pl.DataFrame({"id": ["1", "2"], "url_key": [None, "http://a"]}), "a-00000")
    put(lake, rows("a-00001", 0).cast(pl.String), "a-00001")
    assert lake.row_keys.behind("raw") == []
    assert lake.row_keys.places("raw", ["http://a", "None", ""]) == [Place("a-00000", 1, 1)]


def test_they_are_the_same_on_s3(s3_root: str) -> None:
    lake = Lake(s3_root + "/some/prefix")
    for shard in SHARDS:
        put(lake, rows(shard), shard)
    lake.row_keys.forget("raw", "a-00000")
    assert lake.row_keys.places("raw", ["a-00001/2"]) == [Place("a-00000"), Place("a-00001", 2, 1)]


def test_a_key_is_the_published_hash() -> None:
    """BLAKE2b of 8 bytes (RFC 7693), from Python's own hashlib as `b2sum -l 64` prints it; lakes keep them."""
    assert key_of("abc").to_bytes(8, "little").hex() == "d8bb14d833d59559"


@given(st.lists(st.text(), unique=True, min_size=1, max_size=50))
def test_every_row_is_found_by_its_name(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    put(lake, pl.DataFrame({"id": names}), "a-00000")
    for row, name in enumerate(names):
        assert lake.row_keys.places("raw", [name]) == [Place("a-00000", row, 1)]
