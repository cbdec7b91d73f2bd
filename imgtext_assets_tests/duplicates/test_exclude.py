"""Lists of pictures that no dataset may hold."""

import io

import numpy as np
import polars as pl
import pytest

from imgtext_assets.catalog import DuplicatePolicy
from imgtext_assets.duplicates import Excluded, deduplicate, find_clusters, parse_list
from imgtext_assets_tests.duplicates.test_clusters import fingerprints, original

SHA256 = "ab" * 32


def npy(hashes: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, hashes)
    return file.getvalue()


def parquet(**columns: list) -> bytes:
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()


def test_pictures_on_a_list_and_those_that_look_like_them_are_rejected_with_its_name():
    rows = fingerprints(
        original(SHA256, id="a"),
        {"id": "b", "phash": 0b1111},
        {"id": "c", "phash": 0b11111},
        {"id": "d", "phash": 0b11111, "width": 1, "height": 1},
        {"id": "e", "phash": 2, "low_information": True},
    )
    lists = [parse_list("evaluation", parquet(sha256=[SHA256.upper()], phash=[0]), "x.parquet")]
    judged = deduplicate(rows, find_clusters(rows, DuplicatePolicy(), lists=lists).lazy()).collect()
    assert judged.select("id", "reject_reason", "reject_detail").rows() == [
        ("a", "excluded", "on the list evaluation"),
        ("b", "excluded", "on the list evaluation, 4 of 64 bits from one of its pictures"),
        ("c", "near_duplicate", "0 of 64 bits from d (s-00000)"),
        ("d", None, None),
        ("e", None, None),
    ]


def test_what_is_excluded_stands_for_no_other_picture():
    rows = fingerprints(original(SHA256, id="a", pixels=9, phash=0b111), original("x", id="b", phash=0b1111000))
    lists = [Excluded("mine", pl.Series([SHA256]))]
    assert find_clusters(rows, DuplicatePolicy(), lists=lists).select("id", "rule").rows() == [("a", "excluded")]


def test_the_first_of_several_lists_has_the_row():
    rows = fingerprints(original(SHA256, id="a"))
    lists = [Excluded(name, pl.Series([SHA256])) for name in ("first", "second")]
    assert find_clusters(rows, DuplicatePolicy(), lists=lists)["cluster_id"].to_list() == ["excluded:first"]


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.npy", npy(np.array([7, 2**64 - 1], np.uint64))),
        ("a.parquet", parquet(phash=[7, -1])),
        ("a.parquet", parquet(phash=["0000000000000007", "FFFFFFFFFFFFFFFF", None])),
    ],
)
def test_hashes_are_numbers_or_hex_digits(path, data):
    assert parse_list("x", data, path).hashes.tolist() == [7, 2**64 - 1]


@pytest.mark.parametrize(
    ("path", "data", "what"),
    [
        ("a.npy", b"no", "a.npy: expected 64-bit pHashes or SHA-256s"),
        ("a.npy", npy(np.array(["text"])), "a.npy: expected 64-bit"),
        ("a.npy", npy(np.array([object()], dtype=object)), "a.npy: expected 64-bit"),
        ("a.parquet", b"PAR1 no PAR1", "a.parquet: expected 64-bit"),
        ("a.parquet", parquet(id=[1]), "expected a column sha256 or phash; it has id"),
        ("a.parquet", parquet(sha256=["abc"]), "'abc' is no SHA-256"),
        ("a.parquet", parquet(phash=["xyz"]), "a.parquet: expected 64-bit"),
        ("a.parquet", parquet(phash=["ff"]), "'ff' is no pHash of 16 hex digits"),
        ("a.parquet", parquet(phash=[0.5]), "phash holds Float64"),
        ("a.npy", npy(np.zeros((2, 8), np.uint8)), "shape .2, 8."),
        ("a.npy", npy(np.zeros(2, np.uint32)), "phash holds UInt32"),
        ("a.npy", b"PK\x03\x04 an archive", "a.npy: expected 64-bit"),
        ("a.npy", npy(np.zeros(1, np.uint64))[:-8], "a.npy: expected 64-bit"),
    ],
)
def test_a_file_that_is_no_list_is_named_with_what_was_expected(path, data, what):
    with pytest.raises(ValueError, match=what):
        parse_list("x", data, path)
