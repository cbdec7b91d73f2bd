"""The figures of clusters: each is what a loop over the table's rows would count."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgtext_assets.duplicates import figures
from imgtext_assets.tables import DUPLICATE_CLUSTERS, FINGERPRINTS

Row = dict[str, Any]


def row(shard: str, row_id: str, keeper: tuple[str, str] | None, rule: str | None, **more: Any) -> Row:
    kept_in, kept = keeper or (None, None)
    told = {"cluster_id": kept or f"{rule}:x", "keeper_id": kept, "keeper_shard": kept_in, "rule": rule}
    return {"shard": shard, "id": row_id, "source": shard.rpartition("-")[0], **told, **more}


ONE, TWO = ("a-00000", "1"), ("b_c-00001", "1")  # the same id in two sources: two keepers, two clusters
ROWS = [
    row(*ONE, ONE, None),
    row("a-00000", "2", ONE, "near_duplicate", distance=4, distance256=30),
    row("a-00001", "3", ONE, "near_duplicate", distance=4, distance256=50),
    row("b_c-00000", "4", ONE, "near_duplicate", distance=2),
    row("b_c-00000", "5", ONE, "same_bytes"),
    row("b_c-00000", "6", ONE, "mirrored", distance=6, distance256=9),
    row(*TWO, TWO, None),
    row("b_c-00001", "7", TWO, "same_url"),
    row("a-00000", "8", None, "placeholder"),
    row("a-00000", "9", None, "excluded"),
    row("d-00000", "1", ("d-00000", "1"), None, mirror_of="1 (a-00000)"),
]


def clusters(*rows: Row) -> pl.LazyFrame:
    schema = DUPLICATE_CLUSTERS.schema
    return pl.DataFrame([{name: given.get(name) for name in schema} for given in rows], schema=schema).lazy()


def fingerprints(*rows: Row) -> pl.LazyFrame:
    """A row each, whose file is named by shard and id, unless it says another name."""
    files = [
        {"fingerprint_sha256": f"{given['shard']}/{given['id']}", "fingerprint_of": "original", "fingerprint_by": "P"}
        | {name: value for name, value in given.items() if name in FINGERPRINTS.schema}
        for given in rows
    ]
    names = ["id", "source", "shard", "fingerprint_sha256", "fingerprint_of", "fingerprint_by"]
    frame = pl.DataFrame(files, {name: FINGERPRINTS.schema[name] for name in names})
    return FINGERPRINTS.conform(frame.lazy())


TABLE = clusters(*ROWS)
PRINTS = fingerprints(*ROWS)


def test_rows_and_clusters_by_rule() -> None:
    assert figures.by_rule(TABLE) == {
        "excluded": (1, 1),
        "mirrored": (1, 1),
        "near_duplicate": (3, 1),
        "placeholder": (1, 1),
        "same_bytes": (1, 1),
        "same_url": (1, 1),
    }


def test_flat_pictures_are_counted() -> None:
    said = PRINTS.with_columns(low_information=pl.Series([True, False, None] * 3 + [True, None]))
    assert figures.low_information(said) == 4
    assert figures.low_information(PRINTS) == 0


def test_pairs_by_distance_tell_both_hashes() -> None:
    assert figures.pairs_by_distance(TABLE).rows() == [
        ("mirrored", 6, 1, 9, 9.0, 9),
        ("near_duplicate", 2, 1, None, None, None),
        ("near_duplicate", 4, 2, 30, 40.0, 50),
    ]


def test_sizes_are_counted_by_doubling_and_by_keeper_and_shard() -> None:
    assert figures.cluster_sizes(TABLE).rows() == [(2, 2, 1, 2), (5, 8, 1, 6)]


@pytest.mark.parametrize(
    ("size", "least", "most"), [(2, 2, 2), (3, 3, 4), (4, 3, 4), (5, 5, 8), (9, 9, 16), (16, 9, 16)]
)
def test_a_size_is_in_its_range(size: int, least: int, most: int) -> None:
    rows = [row("a-0", str(n), ("a-0", "0"), "same_url" if n else None) for n in range(size)]
    assert figures.cluster_sizes(clusters(*rows)).rows() == [(least, most, 1, size)]


def test_a_mirror_image_that_is_kept_is_counted_by_itself_and_is_no_cluster() -> None:
    assert figures.mirror_images(TABLE) == 1
    assert "d-00000" not in figures.largest_clusters(TABLE, 10)["keeper_shard"]


def test_shares_by_source_do_not_count_what_is_told_apart() -> None:
    assert figures.by_source(PRINTS, TABLE).rows() == [
        ("a", 5, 2, 0.4, "excluded 1, near_duplicate 2, placeholder 1"),
        ("b_c", 5, 4, 0.8, "mirrored 1, near_duplicate 1, same_bytes 1, same_url 1"),
        ("d", 1, 0, 0.0, ""),
    ]


def test_shares_by_pair_of_sources() -> None:
    assert figures.by_source_pair(PRINTS, TABLE).rows() == [
        ("b_c", "a", 3, 0.6),
        ("a", "a", 2, 0.4),
        ("b_c", "b_c", 1, 0.2),
    ]


def test_the_largest_come_first_and_say_how_they_were_told() -> None:
    said = "mirrored 1 up to 6 of 64 bits and 9 of 256; near_duplicate 3 up to 4 of 64 bits and 50 of 256; same_bytes 1"
    largest = ("1", "1", "a-00000", 6, said)
    assert figures.largest_clusters(TABLE, 10).rows() == [largest, ("1", "1", "b_c-00001", 2, "same_url 1")]
    assert figures.largest_clusters(TABLE, 1).rows() == figures.largest_clusters(TABLE, 10, over=2).rows() == [largest]
    assert figures.largest_clusters(TABLE, 10, over=6).is_empty()


def test_files_are_the_keepers_and_then_the_farthest_each_once() -> None:
    largest = figures.largest_clusters(TABLE, 10)
    first, second = figures.example_files(PRINTS, TABLE, largest, 4)
    assert first == ["a-00000/1", "b_c-00000/6", "a-00001/3", "a-00000/2"]
    assert second == ["b_c-00001/1", "b_c-00001/7"]
    same = fingerprints(*(given | {"fingerprint_sha256": "x"} for given in ROWS))
    assert figures.example_files(same, TABLE, largest, 4) == [["x"], ["x"]]
    assert figures.example_files(fingerprints(), TABLE, largest, 4) == [[], []]
    assert figures.example_files(PRINTS, TABLE, largest.clear(), 4) == []


def test_of_a_huge_cluster_a_few_rows_are_looked_at() -> None:
    many = [row("a-0", f"{n:05d}", ("a-0", "00000"), "near_duplicate" if n else None, distance=0) for n in range(5_000)]
    table = clusters(*many)
    (files,) = figures.example_files(fingerprints(*many), table, figures.largest_clusters(table, 3), 3)
    assert files == ["a-0/00000", "a-0/00001", "a-0/00002"]


def test_what_took_the_hashes() -> None:
    rows = [
        {"shard": "a-0", "id": "1", "source": "a"},
        {"shard": "a-1", "id": "1", "source": "a"},
        {"shard": "a-1", "id": "2", "source": "a", "fingerprint_by": "Q"},
        {"shard": "a-1", "id": "3", "source": "a", "fingerprint_by": None},
        {"shard": "a-1", "id": "4", "source": "a", "fingerprint_by": None, "fingerprint_of": None},
    ]
    found = figures.hashed_by(fingerprints(*rows))
    assert found.rows() == [("P", 2, ["a-0", "a-1"]), (None, 1, ["a-1"]), ("Q", 1, ["a-1"])]


def test_nothing_repeats() -> None:
    none, prints = clusters(), fingerprints(*ROWS)
    assert figures.by_rule(none) == {}
    for counted in (figures.pairs_by_distance(none), figures.cluster_sizes(none), figures.largest_clusters(none, 3)):
        assert counted.is_empty()
    assert figures.by_source(prints, none)["repeats"].to_list() == [0, 0, 0]
    assert figures.by_source_pair(prints, none).is_empty()


KEEPERS = [("a-0", "k"), ("b-0", "k"), ("b-1", "l")]
REPEATED = st.tuples(
    st.sampled_from(KEEPERS),
    st.sampled_from(["a-0", "a-1", "b-0"]),
    st.sampled_from(["same_id", "near_duplicate", "mirrored"]),
    st.none() | st.integers(0, 8),
)


def _largest_first(cluster: tuple[Any, ...]) -> tuple[Any, ...]:
    name, _, shard, size = cluster
    return -size, shard, name


@settings(deadline=None)
@given(st.lists(REPEATED, max_size=30))
def test_the_figures_are_those_of_a_loop(repeated: list[tuple[tuple[str, str], str, str, int | None]]) -> None:
    rows = [
        given for keeper in KEEPERS for given in (row(*keeper, keeper, None), row("c-0", "s", keeper, "same_bytes"))
    ]
    rows += [row(shard, f"r{n}", keeper, rule, distance=d) for n, (keeper, shard, rule, d) in enumerate(repeated)]
    table, prints = clusters(*rows), fingerprints(*rows)

    members = Counter((given["cluster_id"], given["keeper_shard"]) for given in rows)
    assert figures.cluster_sizes(table).select(pl.col("clusters", "rows").sum()).row(0) == (3, len(rows))
    by_size = sorted(((name, name, *place, size) for (name, *place), size in members.items()), key=_largest_first)
    assert [entry[:4] for entry in figures.largest_clusters(table, 3).rows()] == by_size
    assert [entry[3] for entry in figures.largest_clusters(table, 2).rows()] == [m[3] for m in by_size[:2]]
    pairs = Counter((rule, d) for _, _, rule, d in repeated if d is not None)
    assert {(rule, d): count for rule, d, count, *_ in figures.pairs_by_distance(table).rows()} == pairs

    by_pair = Counter(("c", kept_in[0]) for kept_in, _ in KEEPERS)
    for (kept_in, _), shard, _, _ in repeated:
        by_pair[shard[0], kept_in[0]] += 1
    found = {(source, keeper): count for source, keeper, count, _ in figures.by_source_pair(prints, table).rows()}
    assert found == by_pair
