"""What takedowns removed of releases, by salted hashes."""

from __future__ import annotations

import hashlib

import polars as pl

from imgtext_assets import tables
from imgtext_assets.publish import Known, all_hashes, release_rows, served, withdrawn
from imgtext_assets.sources import url_key
from imgtext_assets_tests.publish.rows import tombstone, verified

SALT = "5a17"


def released(*numbers: int, source: str = "a") -> pl.LazyFrame:
    rows = verified(numbers, source).with_columns(pl.format("HTTPS://{}", pl.col("url").str.slice(8)).alias("url"))
    return served(release_rows(rows), None)


def digest(kind: str, value: str) -> str:
    return hashlib.sha256(f"{SALT}\n{kind}\n{value}".encode()).hexdigest()


def hashes(rows: pl.LazyFrame, known: Known) -> set[tuple[str, str]]:
    frame = all_hashes([], [withdrawn(rows, known, url_key)], SALT)
    assert frame.schema == tables.REMOVED_HASHES.schema
    assert set(frame["salt"]) <= {SALT}
    return set(frame.select("kind", "hash").rows())


def test_rows_are_named_by_id_and_by_what_their_tombstones_name() -> None:
    removals = [tombstone("id", "000002"), tombstone("url", "https://pictures.example/2.jpg")]
    assert hashes(released(1, 2, 3), Known(removals=pl.concat(removals))) == {
        ("id", digest("id", "a/000002")),
        ("url", digest("url", "https://pictures.example/2.jpg")),
    }
    assert hashes(released(1, 2), Known(removals=tombstone("sha256", f"{1:064x}"))) == {
        ("id", digest("id", "a/000001")),
        ("sha256", digest("sha256", f"{1:064x}")),
    }


def test_a_row_that_was_removed_by_its_creator_is_named_by_its_id_alone() -> None:
    """Its bytes may be at another address that stays."""
    row = {"source": "a", "id": "000002", "reject_reason": "removed"}
    refused = tables.LICENSE_FILTERED.conform(pl.LazyFrame([row]))
    found = hashes(released(1, 2), Known(rejected={"license_filtered": refused}))
    assert found == {("id", digest("id", "a/000002"))}


def test_a_tombstone_of_one_source_names_its_rows_only() -> None:
    both = pl.concat([released(2), released(2, source="b")])
    stones = pl.concat([tombstone("id", "000002").with_columns(source=pl.lit("b"))] * 2)
    assert hashes(both, Known(removals=stones)) == {("id", digest("id", "b/000002"))}


def test_a_tombstone_of_what_was_never_released_is_not_published() -> None:
    assert hashes(released(1), Known(removals=tombstone("id", "000009"))) == set()


def test_hashes_add_up_from_release_to_release_each_once() -> None:
    known = Known(removals=pl.concat([tombstone("id", "000002"), tombstone("id", "000001")]))
    first = all_hashes([], [withdrawn(released(2), known, url_key)], SALT)
    second = all_hashes(
        [first.lazy()], [withdrawn(rows, known, url_key) for rows in (released(1), released(1, 2))], SALT
    )
    assert first.height == 1
    assert second.select("kind", "hash").rows() == sorted(
        [("id", digest("id", "a/000001")), ("id", digest("id", "a/000002"))]
    )


def test_without_removals_there_are_no_hashes() -> None:
    assert all_hashes([], [withdrawn(released(1), Known(), url_key)], SALT).is_empty()
    assert all_hashes([], [], SALT).schema == tables.REMOVED_HASHES.schema
