"""What an order comes to: all rows that go by its tombstones are counted, and those that it does not mean stay."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from imgtext_assets import rights
from imgtext_assets.defs.takedowns import Takedown, carry_out, plan
from imgtext_assets.lake import Lake
from imgtext_assets.policies import RemovalPolicy
from imgtext_assets.sources.urls import normalise
from imgtext_assets.tables import BY_NAME

AT = datetime(2026, 11, 21, tzinfo=UTC)
LOOK, OTHER_LOOK = 0x0F1E2D3C4B5A6978, 0xA5A5C3C3A5A53C3C
SHA256 = "ab" * 32
NO_THUMB = "http://a.example/no-thumb.png"


class Shelf:
    """Somebody who keeps a lake of one shard, whose rows are what a test says of them."""

    def __init__(self, folder: Path, rows: list[dict[str, Any]], **policy: Any) -> None:
        self.lake, self.policy = Lake(str(folder)), RemovalPolicy(**policy)
        facts = {"source": "a", "shard": "a-00000"}
        rows = [facts | {"url_key": f"http://a.example/{row['id']}.jpg"} | row for row in rows]
        # What a preview looks like is not measured of its picture.
        measured = [row | {"phash": None} if row.get("fingerprint_of") == "preview" else row for row in rows]
        for name in ("raw_metadata", "fingerprints", "downloaded", "verified"):
            table = pl.LazyFrame(measured if name == "verified" else rows, infer_schema_length=None)
            self.lake.tables.write(name, BY_NAME[name].conform(table), "a-00000")

    def plan(self, *orders: tuple[str, str], only_this: bool = False) -> Takedown:
        named = [(*rights.order(kind, key, normalise), f"because of {key}", None) for kind, key in orders]
        return plan(self.lake, rights.orders_frame(named, AT), self.policy, only_this=only_this)

    def remove(self, *orders: tuple[str, str]) -> None:
        carry_out(self.lake, self.plan(*orders))


def ids(rows: pl.DataFrame) -> list[str]:
    return rows["id"].to_list()


def numbered(count: int, **columns: Any) -> list[dict[str, Any]]:
    return [{"id": str(n), **columns} for n in range(count)]


# Which rows go.


@pytest.mark.parametrize("only_this", [False, True])
def test_a_preview_that_other_rows_have_names_none_of_them(tmp_path: Path, only_this: bool) -> None:
    shared = {"preview_url": NO_THUMB, "fingerprint_of": "preview", "fingerprint_sha256": SHA256, "phash": LOOK}
    shelf = Shelf(tmp_path, numbered(5, **shared))
    takedown = shelf.plan(("id", "0"), only_this=only_this)
    assert ids(takedown.rows) == ["0"]
    assert {(kind, value) for kind, value, *_ in takedown.stones.iter_rows()} == {
        ("id", "0"),
        ("url", "http://a.example/0.jpg"),
    }


def test_a_preview_of_the_same_bytes_elsewhere_names_no_other_row_either(tmp_path: Path) -> None:
    rows = numbered(5, fingerprint_of="preview", fingerprint_sha256=SHA256, phash=LOOK)
    shelf = Shelf(tmp_path, [row | {"preview_url": f"{NO_THUMB}?{row['id']}"} for row in rows])
    takedown = shelf.plan(("id", "0"))
    assert ids(takedown.rows) == ["0"]
    assert set(takedown.stones["kind"]) == {"id", "url"}


def test_a_preview_goes_with_all_rows_that_have_it(tmp_path: Path) -> None:
    rows = numbered(2, preview_url=NO_THUMB, fingerprint_of="preview", fingerprint_sha256=SHA256, phash=LOOK)
    takedown = Shelf(tmp_path, rows).plan(("id", "0"), ("id", "1"))
    assert takedown.stones.filter(value=NO_THUMB).height == 1
    assert set(takedown.stones["kind"]) == {"id", "url", "sha256", "phash"}


def test_only_this_leaves_copies_of_the_same_bytes(tmp_path: Path) -> None:
    rows = numbered(2, sha256=SHA256, fingerprint_sha256=SHA256, fingerprint_of="original", phash=LOOK)
    shelf = Shelf(tmp_path, rows)
    assert ids(shelf.plan(("id", "0")).rows) == ["0", "1"]
    alone = shelf.plan(("id", "0"), only_this=True)
    assert ids(alone.rows) == ["0"]
    assert set(alone.stones["kind"]) == {"id", "url"}
    assert ids(shelf.plan(("sha256", SHA256), only_this=True).rows) == ["0", "1"]


def test_rows_found_by_look_or_by_a_redirect_are_those_of_the_order_that_found_them(tmp_path: Path) -> None:
    rows = [{"id": "0", "phash": OTHER_LOOK ^ 0b11}, {"id": "1", "phash": LOOK ^ 0b1111}]
    rows += [{"id": "2", "final_url": "http://b.example/x"}, {"id": "3", "phash": LOOK ^ 0b11111}]
    orders = [("phash", f"{LOOK:016x}"), ("phash", f"{OTHER_LOOK:016x}"), ("url", "http://b.example/x")]
    takedown = Shelf(tmp_path, rows, near_duplicates=False).plan(*orders)
    assert ids(takedown.rows) == ["0", "1", "2"]
    by_id = dict(takedown.stones.filter(kind="id").select("value", "reason").iter_rows())
    assert by_id == {
        "0": f"because of {OTHER_LOOK:016x}",
        "1": f"because of {LOOK:016x}",
        "2": "because of http://b.example/x",
    }


# How many.


def test_rows_that_only_look_like_it_count(tmp_path: Path) -> None:
    """No cluster has them, so they are not meant, and still its look refuses them."""
    rows = [{"id": "0", "phash": LOOK}, *({"id": f"{n}", "phash": LOOK ^ (1 << n)} for n in range(1, 5))]
    policy = {"at_most_rows": 4, "at_most_share": 0.1}
    takedown = Shelf(tmp_path / "a", rows, **policy).plan(("id", "0"))
    assert ids(takedown.rows) == ["0", "1", "2", "3", "4"]
    assert str(takedown.too_many(RemovalPolicy(**policy))).startswith("names 5 of 5 rows")
    lenient = Shelf(tmp_path / "b", rows, **policy, near_duplicates=False).plan(("id", "0"))
    assert ids(lenient.rows) == ["0"]
    assert lenient.too_many(RemovalPolicy(**policy)) is None


def test_rows_that_are_removed_already_do_not_count(tmp_path: Path) -> None:
    """A list that grows is sent whole each time."""
    shelf = Shelf(tmp_path, numbered(9), at_most_rows=2, at_most_share=0.0)
    shelf.remove(("id", "0"), ("id", "1"))
    takedown = shelf.plan(*(("id", str(n)) for n in range(4)))
    assert (ids(takedown.rows), ids(takedown.fresh)) == (["0", "1", "2", "3"], ["2", "3"])
    assert takedown.too_many(shelf.policy) is None
    assert "names 3 of 9 rows" in str(shelf.plan(*(("id", str(n)) for n in range(5))).too_many(shelf.policy))


# What names nothing.


def test_orders_that_name_no_row_are_said(tmp_path: Path) -> None:
    rows = [{"id": "0", "phash": LOOK, "creator": "Ann", "sha256": SHA256}]
    shelf = Shelf(tmp_path, rows)
    told = [("id", "0"), ("creator", "ann"), ("sha256", SHA256), ("phash", f"{LOOK ^ 1:016x}")]
    assert shelf.plan(*told, ("url", "http://a.example/0.jpg")).unheard_of() is None
    said = shelf.plan(*told, ("id", "x.example/a.jpg"), ("phash", f"{OTHER_LOOK:016x}")).unheard_of()
    assert said == (
        "2 of 6 orders name no row that is known now, such as the id x.example/a.jpg; an address needs its https://"
    )
    assert "https" not in str(shelf.plan(("creator", "Bob")).unheard_of())
