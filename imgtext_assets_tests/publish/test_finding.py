"""Rows by a name, with keys, without, and with keys that lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest

from imgtext_assets.lake import Lake
from imgtext_assets.publish.finding import find
from imgtext_assets.sources import url_key
from imgtext_assets.tables import BY_NAME, KEYS

URL, SHA256 = "https://pictures.example/1.jpg", "ab" * 32
ROWS = {
    "raw_metadata": [("1", URL), ("2", URL), ("3", None), (SHA256, "https://pictures.example/4.jpg"), (URL, None)],
    "fingerprints": [("1", SHA256), ("2", "cd" * 32)],
    "downloaded": [("2", SHA256)],
}
Find = Callable[[str], list[str]]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake, order = Lake(str(tmp_path)), [row_id for row_id, _ in ROWS["raw_metadata"]]
    for name, rows in ROWS.items():
        facts = [(row_id, value, order.index(row_id), "a-00000") for row_id, value in rows]
        schema = ["id", KEYS[name][-1], "source_row", "shard"]
        frame = BY_NAME[name].conform(pl.LazyFrame(facts, schema, orient="row"))
        lake.tables.write(name, frame, "a-00000")
        lake.row_keys.write(name, frame, KEYS[name], "a-00000")
    return lake


def found(lake: Lake, key: str) -> list[str]:
    def scan(name: str, shards: Sequence[str] | None) -> pl.LazyFrame:
        return lake.tables.scan(name, BY_NAME[name].schema, shards)

    return find(scan, lake.row_keys.places, key, url_key)["id"].to_list()


NAMES = [
    ("3", ["3"]),
    (URL, ["1", "2", URL]),
    ("HTTPS://Pictures.Example:443/1.jpg#x", ["1", "2"]),
    (SHA256, ["1", "2", SHA256]),
    (SHA256.upper(), ["1", "2"]),
    ("nobody", []),
    ("http://", []),
    ("", []),
    ("\udc80", []),
]


@pytest.mark.parametrize(("key", "ids"), NAMES)
def test_rows_are_found_by_any_name(lake: Lake, key: str, ids: list[str]) -> None:
    assert found(lake, key) == ids


@pytest.mark.parametrize(("key", "ids"), NAMES)
def test_and_without_keys(lake: Lake, key: str, ids: list[str]) -> None:
    for name in KEYS:
        lake.row_keys.forget(name, "a-00000")
    assert found(lake, key) == ids


def test_keys_that_lie_find_nothing_wrong(lake: Lake) -> None:
    """Of another table they may be, or two values may have one hash: the values decide."""
    other = pl.DataFrame({"id": ["x", "nobody"]})
    lake.row_keys.write("raw_metadata", other, ["id"], "a-00000")
    assert found(lake, "nobody") == []
