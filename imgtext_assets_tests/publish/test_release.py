"""Which rows go out, what changed, and what a release is called."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from imgtext_assets import tables
from imgtext_assets.publish import changes, next_version, release_rows
from imgtext_assets_tests.publish.rows import NO_REMOVALS, tombstone, verified


def test_rows_have_pd12ms_columns_with_measured_and_canonical_values():
    rows = release_rows(verified([1]), NO_REMOVALS).collect()
    assert rows.schema == tables.RELEASE.schema
    assert rows["hash"].item() == f"{1:032x}"
    assert rows["license"].item() == "https://creativecommons.org/publicdomain/zero/1.0/"


def test_rows_are_sorted_by_source_and_id_whatever_their_order():
    shuffled = pl.concat([verified([3, 1], source="b"), verified([2, 1])])
    rows = release_rows(shuffled, NO_REMOVALS).collect()
    assert rows.select("source", "id").rows() == [("a", "000001"), ("a", "000002"), ("b", "000001"), ("b", "000003")]


def test_rejected_rows_stay_in():
    assert release_rows(verified([1, 2], reject_reason=[None, "damaged"]), NO_REMOVALS).collect()["id"].to_list() == [
        "000001"
    ]


@pytest.mark.parametrize(
    ("kind", "value"), [("id", "000002"), ("url", "https://pictures.example/2.jpg"), ("sha256", f"{2:064x}")]
)
def test_a_tombstone_keeps_its_row_in(kind, value):
    removals = pl.concat([tombstone(kind, value), tombstone("id", value[::-1])])
    assert release_rows(verified([1, 2, 3]), removals).collect()["id"].to_list() == ["000001", "000003"]


def test_in_the_first_release_all_is_added():
    after = release_rows(verified([1, 2]), NO_REMOVALS)
    assert changes(None, after)["change"].to_list() == ["added", "added"]


def test_nothing_changed_is_no_changes():
    rows = release_rows(verified([1, 2]), NO_REMOVALS)
    assert changes(rows, rows).is_empty()


def test_added_removed_and_changed_rows_are_listed_with_their_latest_address():
    before = release_rows(verified([1, 2, 3]), NO_REMOVALS)
    after = release_rows(pl.concat([verified([2]), verified([3, 4], width=[641, 640])]), NO_REMOVALS)
    assert changes(before, after).rows() == [
        ("a", "000001", "https://pictures.example/1.jpg", "removed"),
        ("a", "000003", "https://pictures.example/3.jpg", "changed"),
        ("a", "000004", "https://pictures.example/4.jpg", "added"),
    ]


def test_a_value_that_appears_or_vanishes_is_a_change():
    full, bare = (release_rows(verified([1], caption=caption), NO_REMOVALS) for caption in ("text", None))
    assert changes(full, bare)["change"].to_list() == changes(bare, full)["change"].to_list() == ["changed"]


def test_a_column_that_the_release_before_lacked_is_not_compared():
    rows = release_rows(verified([1]), NO_REMOVALS)
    assert changes(rows.drop("sha256"), rows).is_empty()


RELEASES = st.dictionaries(st.integers(0, 20), st.integers(0, 2))


@given(RELEASES, RELEASES)
def test_the_release_before_with_its_changes_is_the_release_after(old, new):
    before, after = (
        release_rows(verified(widths.keys(), width=pl.Series(list(widths.values()), dtype=pl.Int64)), NO_REMOVALS)
        for widths in (old, new)
    )
    changed = changes(before, after)
    unchanged = before.collect().join(changed, on="id", how="anti")
    fresh = after.collect().join(changed.filter(pl.col("change") != "removed"), on="id", how="semi")
    assert_frame_equal(pl.concat([unchanged, fresh]).sort("id"), after.collect())
    assert set(changed.filter(change="removed")["id"]) == {f"{n:06d}" for n in old.keys() - new.keys()}


@pytest.mark.parametrize(
    ("existing", "version"),
    [
        ([], "2026.11.0"),
        (["2026.11.0"], "2026.11.1"),
        (["2026.11.9", "2026.11.10", "2026.11.2"], "2026.11.11"),
        (["2026.10.7", "2025.11.3", "2026.1.1"], "2026.11.0"),
        (["draft", "2026.11.x", "2026.11.3.tmp", "2026.11.٣"], "2026.11.0"),
    ],
)
def test_versions_are_the_month_and_a_counter(existing, version):
    assert next_version(existing, date(2026, 11, 21)) == version
