"""Which rows go out, at which addresses, and what a release is called."""

from datetime import date

import polars as pl
import pytest

from imgtext_assets import tables
from imgtext_assets.publish import next_version, release_rows, served
from imgtext_assets_tests.publish.rows import FETCHED_AT, verified


def test_rows_have_pd12ms_columns_with_measured_and_canonical_values():
    rows = release_rows(verified([1])).collect()
    assert rows.schema == tables.RELEASE.schema
    assert rows["hash"].item() == f"{1:032x}"
    assert rows["license"].item() == "https://creativecommons.org/publicdomain/zero/1.0/"


def test_rows_tell_a_consumer_where_they_are_from():
    row = release_rows(verified([7])).collect().row(0, named=True)
    assert (row["source_file"], row["source_row"], row["shard"]) == ("a.parquet", 7, "a-00000")
    assert (row["retrieved_at"], row["creator"]) == (FETCHED_AT, "ann example")
    assert row["landing_url"] == "https://pictures.example/page/7"


@pytest.mark.parametrize(
    ("file", "public"),
    [
        ("lists/a.parquet", "lists/a.parquet"),
        ("/home/somebody/lists/a.parquet", "a.parquet"),
        ("s3://bucket/lists/a.parquet", "s3://bucket/lists/a.parquet"),
        ("hf://datasets/org/set@main/a.parquet", "hf://datasets/org/set@main/a.parquet"),
        ("https://who:secret@lists.example/a.parquet?X-Amz-Signature=1f#x", "https://lists.example/a.parquet"),
    ],
)
def test_the_name_of_a_list_tells_no_folder_of_ours_and_no_secret(file, public):
    assert release_rows(verified([1], source_file=file)).collect()["source_file"].item() == public


@pytest.mark.parametrize(("phash", "digits"), [(0, "0" * 16), (2**64 - 2, "f" * 15 + "e"), (None, None)])
def test_hashes_of_looks_are_hex_digits_as_imagehash_writes_them(phash, digits):
    rows = release_rows(verified([1, 2], phash=pl.Series([phash, 1], dtype=pl.UInt64))).collect()
    assert rows["phash"].to_list() == [digits, f"{1:016x}"]


def test_rows_are_sorted_by_source_and_id_whatever_their_order():
    shuffled = pl.concat([verified([3, 1], source="b"), verified([2, 1])])
    rows = release_rows(shuffled).collect()
    assert rows.select("source", "id").rows() == [("a", "000001"), ("a", "000002"), ("b", "000001"), ("b", "000003")]


def test_rejected_rows_stay_in():
    assert release_rows(verified([1, 2], reject_reason=[None, "damaged"])).collect()["id"].to_list() == ["000001"]


def test_a_row_whose_link_is_dead_stays_in_where_that_is_asked():
    dead = tables.DEAD_LINKS.conform(pl.LazyFrame([{"url": "https://pictures.example/2.jpg"}] * 2))
    rows = verified([1, 2, 3])
    assert release_rows(rows, dead).collect()["id"].to_list() == ["000001", "000003"]
    assert release_rows(rows).collect().height == 3


def test_addresses_are_the_sources_unless_we_serve_the_bytes():
    rows = release_rows(verified([1]))
    theirs, ours = (served(rows, pattern).collect() for pattern in (None, "https://x.example/{sha256}/{a}?v={sha256}"))
    address, sha256 = "https://pictures.example/1.jpg", f"{1:064x}"
    assert theirs.select("url", "source_url").row(0) == (address, address)
    assert ours.select("url", "source_url").row(0) == (f"https://x.example/{sha256}/{{a}}?v={sha256}", address)
    assert ours.schema == tables.RELEASE.schema


def test_an_address_is_one_that_clients_can_ask_for_and_the_sources_spelling_stays():
    theirs = verified([1], url="HTTPS://Pictures.example/ä b.jpg", url_key="https://pictures.example/%C3%A4%20b.jpg")
    row = served(release_rows(theirs), None).collect().row(0, named=True)
    assert row["url"] == "https://pictures.example/%C3%A4%20b.jpg"
    assert row["source_url"] == "HTTPS://Pictures.example/ä b.jpg"


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
