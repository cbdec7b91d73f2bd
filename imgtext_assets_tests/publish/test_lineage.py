"""The rows that a takedown means, by any of their names."""

from __future__ import annotations

import polars as pl
import pytest

from imgtext_assets.publish.lineage import find_rows, with_repeats
from imgtext_assets.sources import url_key
from imgtext_assets.text import key_kind
from imgtext_assets_tests.publish.lake import SHA256, URL, Lake, small_lake


@pytest.fixture
def lake() -> Lake:
    return small_lake()


@pytest.mark.parametrize(
    ("key", "kind"),
    [(SHA256, "sha256"), (SHA256.upper(), "sha256"), (URL, "url"), ("1", "id"), (SHA256[:-1], "id")],
)
def test_what_a_key_is(key: str, kind: str) -> None:
    assert key_kind(key) == kind


@pytest.mark.parametrize(
    ("key", "ids"),
    [
        ("1", ["1"]),
        (URL, ["1"]),
        ("HTTPS://Pictures.Example:443/1.jpg#x", ["1"]),
        (SHA256.upper(), ["1", "2"]),
        ("nobody", []),
        ("https://pictures.example/none.jpg", []),
    ],
)
def test_rows_are_found_by_any_name(lake: Lake, key: str, ids: list[str]) -> None:
    assert find_rows(lake.scan, key, url_key).rows() == [("a-00000", row_id) for row_id in ids]


def test_what_repeats_a_row_goes_with_it(lake: Lake) -> None:
    for row_id in ("1", "2"):
        asked = find_rows(lake.scan, row_id, url_key)
        assert with_repeats(lake.scan, asked)["id"].to_list() == ["1", "2"]
    assert with_repeats(lake.scan, find_rows(lake.scan, "3", url_key))["id"].to_list() == ["3"]


def test_what_is_said_of_a_row_is_said_of_its_repeats(lake: Lake) -> None:
    asked = find_rows(lake.scan, "2", url_key).with_columns(order=pl.lit(7))
    assert with_repeats(lake.scan, asked)["order"].to_list() == [7, 7]
