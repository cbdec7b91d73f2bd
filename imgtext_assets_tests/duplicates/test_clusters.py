"""Clusters: who repeats whom, who is kept, and that neither depends on the order of anything."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.catalog import DuplicatePolicy
from imgtext_assets.duplicates import deduplicate, find_clusters

POLICY = DuplicatePolicy(radius=4, confirm=None, mirrored="ignore")
PLAIN: dict[str, Any] = {
    "id": "i", "source": "s", "shard": "s-00000", "url_key": None, "width": None, "height": None, "license_id": None,
    "phash": None, "phash256": None, "low_information": False, "fingerprint_sha256": None, "fingerprint_of": None,
    "fingerprint_pixels": None,
}  # fmt: skip


def plain(radius: int) -> DuplicatePolicy:
    return DuplicatePolicy(radius=radius, confirm=None, mirrored="ignore")


def fingerprints(*rows: dict) -> pl.LazyFrame:
    schema = {name: tables.FINGERPRINTS.schema[name] for name in PLAIN}
    return tables.FINGERPRINTS.conform(pl.LazyFrame([PLAIN | row for row in rows], schema=schema))


def clusters(*rows: dict, policy: DuplicatePolicy = POLICY) -> list[tuple]:
    """(id, keeper_id, rule, distance) of every row that is in a cluster."""
    found = find_clusters(fingerprints(*rows), policy)
    assert found.schema == tables.DUPLICATE_CLUSTERS.schema
    assert found["cluster_id"].equals(found["keeper_id"].alias("cluster_id"))
    return found.select("id", "keeper_id", "rule", "distance").rows()


def original(sha256: str, pixels: int = 1, **more) -> dict:
    return {"fingerprint_sha256": sha256, "fingerprint_of": "original", "fingerprint_pixels": pixels} | more


def test_one_address_is_one_picture():
    rows = [
        {"id": "a", "url_key": "http://x/1"},
        {"id": "b", "url_key": "http://x/1"},
        {"id": "c", "url_key": "http://x/2"},
    ]
    assert clusters(*rows) == [("a", "a", None, None), ("b", "a", "same_url", None)]


def test_an_id_is_there_once_in_a_source_and_another_source_may_have_it_too():
    """A release knows its rows by source and id."""
    shards = [{"id": "a", "shard": f"s-0000{n}", "url_key": f"u{n}"} for n in range(2)]
    assert clusters(*shards) == [("a", "a", None, None), ("a", "a", "same_id", None)]
    assert clusters(shards[0], shards[1] | {"source": "t"}) == []


def test_rows_without_address_or_fingerprint_repeat_nothing():
    assert clusters({"id": "a"}, {"id": "b"}) == []
    assert clusters() == []


def test_the_same_bytes_are_one_picture_but_only_of_whole_pictures():
    assert clusters(original("x", id="a"), original("x", id="b")) == [
        ("a", "a", None, None),
        ("b", "a", "same_bytes", None),
    ]
    preview = {"fingerprint_sha256": "x", "fingerprint_of": "preview"}
    assert clusters({"id": "a"} | preview, {"id": "b"} | preview) == []


def test_near_hashes_are_one_picture_up_to_the_radius():
    assert clusters({"id": "a", "phash": 0}, {"id": "b", "phash": 0b1111}) == [
        ("a", "a", None, None),
        ("b", "a", "near_duplicate", 4),
    ]
    assert clusters({"id": "a", "phash": 0}, {"id": "b", "phash": 0b11111}) == []
    assert len(clusters({"id": "a", "phash": 0}, {"id": "b", "phash": 2**63}, policy=plain(1))) == 2
    assert clusters({"id": "a", "phash": 0}, {"id": "b", "phash": 2**63}, policy=plain(0)) == []
    assert len(clusters({"id": "a", "phash": 7}, {"id": "b", "phash": 7}, policy=plain(0))) == 2


def test_a_second_hash_confirms_the_first_and_where_there_is_none_they_have_to_be_nearer():
    def fine(bits: int) -> bytes:
        return ((1 << bits) - 1).to_bytes(32, "big")

    first = {"id": "a", "phash": 0, "phash256": fine(0)}
    confirmed = DuplicatePolicy(radius=6, confirm=60, mirrored="ignore")
    assert clusters(first, {"id": "b", "phash": 0b111111, "phash256": fine(60)}, policy=confirmed)[1][1] == "a"
    assert clusters(first, {"id": "b", "phash": 0b111111, "phash256": fine(61)}, policy=confirmed) == []
    assert clusters(first, {"id": "b", "phash": 0, "phash256": fine(61)}, policy=confirmed) == []
    assert clusters(first, {"id": "b", "phash": 0b111111}, policy=confirmed) == []
    assert clusters(first, {"id": "b", "phash": 0b1111}, policy=confirmed)[1][1] == "a"
    found = find_clusters(fingerprints(first, {"id": "b", "phash": 3, "phash256": fine(9)}), confirmed)
    assert found.select("distance", "distance256").rows() == [(None, None), (2, 9)]


def test_without_confirmation_the_64_bits_alone_count_however_many_share_them():
    rows = [{"id": f"{n:05d}", "phash": 5, "phash256": n.to_bytes(32, "little")} for n in range(3_000)]
    assert {row[1] for row in clusters(*rows)} == {"00000"}
    assert DuplicatePolicy.model_validate({"confirm": None}).radius == 4
    assert DuplicatePolicy.model_validate({"confirm": None, "radius": 5}).radius == 5


def test_a_mirror_image_is_reported_and_rejected_where_the_policy_says_so():
    pair = [{"id": "a", "phash": 0}, {"id": "b", "phash": 0x5555_5555_5555_5555 ^ 0b11}]
    plain_, report, reject = (
        find_clusters(fingerprints(*pair), DuplicatePolicy(mirrored=word)).select(
            "id", "keeper_id", "rule", "mirror_of"
        )
        for word in ("ignore", "report", "reject")
    )
    assert plain_.rows() == []
    assert report.rows() == [("b", "b", None, "a (s-00000)")]
    assert reject.rows() == [("a", "a", None, None), ("b", "a", "mirrored", "a (s-00000)")]


def test_of_equal_pictures_the_published_one_is_kept_then_the_one_whose_licence_asks_less():
    rows = fingerprints(
        {"id": "a", "phash": 1, "license_id": "CC-BY-4.0"},
        {"id": "b", "phash": 1, "license_id": "CC0-1.0"},
        {"id": "c", "phash": 1, "license_id": "CC-BY-4.0"},
        {"id": "d", "phash": 1},
    )
    demands = {"CC0-1.0": 0, "CC-BY-4.0": 1}
    assert set(find_clusters(rows, POLICY, demands=demands)["keeper_id"]) == {"b"}
    published = pl.LazyFrame({"source": ["s", "s", "t"], "id": ["c", "d", "a"], "since": [1, 0, 0]})
    assert set(find_clusters(rows, POLICY, demands=demands, published=published)["keeper_id"]) == {"d"}
    larger = fingerprints({"id": "a", "phash": 1, "width": 9, "height": 9}, {"id": "d", "phash": 1})
    assert set(find_clusters(larger, POLICY, demands=demands, published=published)["keeper_id"]) == {"a"}


def test_flat_pictures_repeat_only_by_their_bytes():
    flat = {"phash": 2**63, "low_information": True}
    assert clusters({"id": "a"} | flat, {"id": "b"} | flat) == []
    assert clusters({"id": "a"} | flat, {"id": "b", "phash": 2**63}) == []
    assert clusters(original("x", id="a") | flat, original("x", id="b") | flat)[1] == ("b", "a", "same_bytes", None)


def test_the_larger_picture_is_kept_then_the_lower_id_then_the_lower_shard():
    small, large = {"width": 10, "height": 10}, {"width": 20, "height": 10}
    assert clusters({"id": "a", "phash": 1} | small, {"id": "b", "phash": 1} | large)[0][:2] == ("a", "b")
    assert clusters({"id": "a", "phash": 1}, {"id": "b", "phash": 1} | small)[0][:2] == ("a", "b")
    assert clusters({"id": "b", "phash": 1} | large, {"id": "a", "phash": 1} | large)[1][:2] == ("b", "a")
    twice = find_clusters(fingerprints({"phash": 1, "shard": "s-00001"}, {"phash": 1, "shard": "s-00000"}), POLICY)
    assert twice.select("shard", "keeper_shard", "rule").rows() == [
        ("s-00000", "s-00000", None),
        ("s-00001", "s-00000", "same_id"),
    ]


def test_a_measured_size_counts_before_a_declared_one():
    boastful = original("x", pixels=100, id="a", width=9999, height=9999, phash=1)
    assert clusters(boastful, original("y", pixels=200, id="b", phash=1))[0][:2] == ("a", "b")
    preview = {"fingerprint_sha256": "z", "fingerprint_of": "preview", "fingerprint_pixels": 10_000}
    assert clusters({"id": "a", "phash": 1} | preview, original("y", pixels=200, id="b", phash=1))[0][:2] == ("a", "b")


def test_a_row_whose_picture_was_never_had_yields_to_one_whose_was():
    rows = [{"id": "a", "url_key": "u", "width": 90, "height": 90}, {"id": "b", "url_key": "u", "phash": 1}]
    assert clusters(*rows)[0][:2] == ("a", "b")


def test_a_chain_is_not_one_cluster():
    """b is near a, and c near b; but c is not near a, so c is kept."""
    assert clusters({"id": "a", "phash": 0}, {"id": "b", "phash": 0xF}, {"id": "c", "phash": 0xFF}) == [
        ("a", "a", None, None),
        ("b", "a", "near_duplicate", 4),
    ]


def test_the_earlier_rule_names_the_keeper():
    rows = [
        {"id": "a", "phash": 0},
        {"id": "b", "url_key": "u", "phash": 0xFF},
        {"id": "c", "url_key": "u", "phash": 1},
    ]
    assert clusters(*rows) == [("b", "b", None, None), ("c", "b", "same_url", None)]


@pytest.mark.parametrize("fine", [None, bytes(32)], ids=["64 bits", "256 bits too"])
def test_a_million_copies_of_a_picture_are_one_cluster(fine):
    """Half a trillion pairs, of which a list would need terabytes."""
    numbered = pl.select(id=pl.int_range(1_000_000).cast(pl.String).str.zfill(7)).lazy()
    rows = numbered.with_columns(
        source=pl.lit("s"), shard=pl.lit("s-00000"), phash=pl.lit(5, pl.UInt64), phash256=pl.lit(fine, pl.Binary)
    )
    found = find_clusters(tables.FINGERPRINTS.conform(rows), DuplicatePolicy())
    assert found.height == 1_000_000
    assert found.select("keeper_id", "rule", "distance")[1:].unique().rows() == [("0000000", "near_duplicate", 0)]


HASHES = st.none() | st.sets(st.integers(0, 11), max_size=6).map(lambda bits: sum(1 << bit for bit in bits))
ROWS = st.fixed_dictionaries(
    {
        "id": st.sampled_from("abcdefgh"),
        "shard": st.sampled_from(["s-00000", "s-00001", "s-00002"]),
        "url_key": st.none() | st.sampled_from(["u", "v", "w"]),
        "width": st.none() | st.integers(1, 3),
        "height": st.none() | st.integers(1, 3),
        "phash": HASHES,
        "low_information": st.none() | st.booleans(),
        "fingerprint_sha256": st.none() | st.sampled_from(["x", "y"]),
        "fingerprint_of": st.sampled_from(["preview", "original"]),
        "fingerprint_pixels": st.none() | st.integers(1, 9),
    }
)
LISTS = st.lists(ROWS, max_size=14, unique_by=lambda row: (row["id"], row["shard"]))


def rank(row: dict) -> tuple:
    had = row["fingerprint_sha256"] is not None or row["phash"] is not None
    measured = row["fingerprint_pixels"] if row["fingerprint_of"] == "original" else None
    declared = row["width"] * row["height"] if row["width"] and row["height"] else 0
    return (not had, -(measured or declared), row["id"], row["shard"])


def sameness(one: dict, other: dict) -> tuple[str, int | None] | None:
    """The definition, word for word: the first rule by which two rows are the same, and their distance."""
    if one["id"] == other["id"]:
        return "same_id", None
    if one["url_key"] is not None and one["url_key"] == other["url_key"]:
        return "same_url", None
    whole = one["fingerprint_of"] == other["fingerprint_of"] == "original"
    if whole and one["fingerprint_sha256"] is not None and one["fingerprint_sha256"] == other["fingerprint_sha256"]:
        return "same_bytes", None
    if None in (one["phash"], other["phash"]) or one["low_information"] or other["low_information"]:
        return None
    distance = (one["phash"] ^ other["phash"]).bit_count()
    return ("near_duplicate", distance) if distance <= POLICY.radius else None


def by_definition(rows: list[dict]) -> list[tuple]:
    rules = ["same_id", "same_url", "same_bytes", "near_duplicate"]
    keepers: list[dict] = []
    found = []
    for row in sorted(rows, key=rank):
        same = [(rules.index(how[0]), n, how) for n, keeper in enumerate(keepers) if (how := sameness(row, keeper))]
        if same:
            _, n, (rule, distance) = min(same)
            found.append((row["shard"], row["id"], keepers[n]["shard"], keepers[n]["id"], rule, distance))
        else:
            keepers.append(row)
    stars = {(found_row[2], found_row[3]) for found_row in found}
    return sorted([*found, *((shard, id_, shard, id_, None, None) for shard, id_ in stars)], key=lambda row: row[:2])


@given(LISTS)
def test_clusters_are_those_of_the_definition(rows):
    found = find_clusters(fingerprints(*rows), POLICY)
    assert found.select("shard", "id", "keeper_shard", "keeper_id", "rule", "distance").rows() == by_definition(rows)


@given(LISTS, st.randoms())
def test_the_order_of_rows_makes_no_difference(rows, random):
    found = find_clusters(fingerprints(*rows), POLICY)
    random.shuffle(rows)
    assert find_clusters(fingerprints(*rows), POLICY).equals(found)


@given(LISTS)
def test_what_is_kept_holds_no_repeats_and_every_shard_keeps_its_rows(rows):
    found = find_clusters(fingerprints(*rows), POLICY).lazy()
    judged = deduplicate(fingerprints(*rows), found).collect()
    assert judged.schema == tables.DEDUPLICATED.schema
    assert judged.select("id", "shard").rows() == [(row["id"], row["shard"]) for row in rows]
    kept = tables.goes_on(judged.lazy()).collect().rows(named=True)
    assert not [(a, b) for n, a in enumerate(kept) for b in kept[:n] if sameness(a, b)]
    assert set(judged["reject_reason"].drop_nulls()) <= set(tables.REASONS["deduplicated"])


def test_a_verdict_names_the_keeper_and_the_distance():
    rows = fingerprints(
        {"id": "a", "url_key": "u", "phash": 0, "width": 9, "height": 9},
        {"id": "b", "phash": 1},
        {"id": "c", "url_key": "u"},
        {"id": "d"},
    )
    judged = deduplicate(rows, find_clusters(rows, POLICY).lazy()).collect()
    assert judged.select("id", "reject_reason", "reject_detail", "keeper_id").rows() == [
        ("a", None, None, "a"),
        ("b", "near_duplicate", "1 of 64 bits from a (s-00000)", "a"),
        ("c", "same_url", "same address as a (s-00000)", "a"),
        ("d", None, None, None),
    ]


def kept(*rows: dict, behind: list[str] | None) -> set[str]:
    """Ids of the keepers, where these url_keys rank behind others."""
    keys = None if behind is None else pl.Series("url_key", behind, pl.String)
    found = find_clusters(fingerprints(*rows), POLICY, behind=keys)
    return set(found.filter(pl.col("rule").is_null())["id"])


def test_a_row_whose_link_is_dead_ranks_behind_all_others_of_its_cluster():
    large = original("x", pixels=900, id="large", url_key="http://x/1")
    small = original("x", pixels=100, id="small", url_key="http://x/2")
    assert kept(large, small, behind=None) == kept(large, small, behind=[]) == {"large"}
    assert kept(large, small, behind=["http://x/1"]) == {"small"}
    assert kept(large, small, behind=["http://x/1", "http://x/2"]) == {"large"}  # nobody is left: the usual rank
    unknown = {"id": "unknown", "url_key": None, "fingerprint_sha256": "x", "fingerprint_of": "original"}
    assert kept(large, unknown, behind=["http://x/1"]) == {"unknown"}


def test_a_dead_link_that_repeats_nothing_stands_as_before():
    rows = [original("x", id="a", url_key="u1"), original("y", id="b", url_key="u2")]
    assert kept(*rows, behind=["u1"]) == set()
