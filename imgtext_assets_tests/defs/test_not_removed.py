"""What a release leaves out though every stage let it pass: a tombstone may be younger than the stages' last run."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from imgtext_assets.catalog import Policy
from imgtext_assets.defs.removals import not_removed
from imgtext_assets.lake import Lake
from imgtext_assets.tables import REMOVALS
from imgtext_assets_tests.publish.rows import tombstone, verified


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("id", "000002"),
        ("url", "https://pictures.example/2.jpg"),
        ("sha256", f"{2:064x}"),
        ("creator", "Bob  Example"),
        ("phash", f"{2**64 - 2:016x}"),
    ],
)
def test_a_tombstone_keeps_its_row_in(tmp_path: Path, kind: str, value: str) -> None:
    lake = Lake(str(tmp_path))
    lake.tables.append(REMOVALS.name, pl.concat([tombstone(kind, value), tombstone("id", value[::-1])]))
    looks = pl.Series([2**32 - 1, 2**64 - 2, 2**16 - 1], dtype=pl.UInt64)
    rows = verified([1, 2, 3], creator=["ann", "bob example", None], phash=looks, low_information=False)
    assert not_removed(rows, lake, Policy()).collect()["id"].to_list() == ["000001", "000003"]
