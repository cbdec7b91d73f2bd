"""Placeholders: what a host gives for many unlike links, told from pictures that are there many times by right."""

import math
from collections import defaultdict
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.catalog import DuplicatePolicy
from imgtext_assets.duplicates import PLACEHOLDER_RULE, deduplicate, find_clusters, placeholders, with_placeholders
from imgtext_assets.publish.lineage import with_repeats

LEAST = 3
POLICY = DuplicatePolicy(radius=4)
NAMES = (
    "id", "source", "shard", "url_key", "preview_url", "caption", "md5", "declared_sha256", "phash", "low_information",
    "fingerprint_sha256", "fingerprint_of", "width", "height",
)  # fmt: skip
SCHEMA = {name: tables.FINGERPRINTS.schema[name] for name in NAMES}


def fingerprints(rows: list[dict[str, Any]]) -> pl.LazyFrame:
    full = [dict.fromkeys(NAMES) | {"source": "s", "shard": "s-00000"} | row for row in rows]
    return tables.FINGERPRINTS.conform(pl.LazyFrame(full, schema=SCHEMA))


def links(count: int = LEAST, **given: Any) -> list[dict[str, Any]]:
    """Links of one host with captions of their own, that all lead to one file; a value may be a function of n."""
    plain: dict[str, Any] = {
        "id": lambda n: f"{n:04d}",
        "url_key": lambda n: f"http://pictures.example.org/{n}.jpg",
        "caption": lambda n: f"Picture {n}",
        "phash": 7,
        "fingerprint_sha256": "f" * 64,
        "fingerprint_of": "original",
    }
    values = plain | given
    return [{name: value(n) if callable(value) else value for name, value in values.items()} for n in range(count)]


def found(rows: list[dict[str, Any]], least: int | None = LEAST) -> int:
    """How many of the rows are placeholders."""
    given = placeholders(fingerprints(rows), least)
    assert given.schema == tables.DUPLICATE_CLUSTERS.schema
    return given.height


def test_one_picture_for_many_links_with_unlike_captions_is_a_placeholder():
    assert found(links(LEAST)) == LEAST
    assert found(links(LEAST - 1)) == 0
    assert found(links(LEAST), least=LEAST + 1) == 0
    assert found(links(99), least=None) == 0


@pytest.mark.parametrize(
    ("what", "given"),
    [
        (
            "equal pHashes of other bytes, declared in unlike shapes",
            {"fingerprint_sha256": lambda n: f"{n:064x}", "width": lambda n: 600 + 100 * n, "height": 600},
        ),
        (
            "equal previews of products, each with its caption",  # the bytes tell, whatever is declared
            {
                "fingerprint_of": "preview",
                "preview_url": lambda n: f"http://pictures.example.org/small/{n}.jpg",
                "width": 600,
                "height": 400,
            },
        ),
        ("equal bytes that look flat", {"low_information": True, "phash": lambda n: n}),
        ("equal bytes without hashes", {"phash": None}),
        ("equal bytes, one caption, unlike MD5s", {"caption": "Logo", "md5": lambda n: f"{n:032x}"}),
        ("equal bytes, no caption, unlike SHA-256s", {"caption": None, "declared_sha256": lambda n: f"{n:064x}"}),
        (
            "previews of a host",
            {
                "fingerprint_of": "preview",
                "url_key": lambda n: f"http://{n}.example.com/",
                "preview_url": lambda n: f"http://PREVIEWS.example.org:80/{n}.jpg",
            },
        ),
    ],
)
def test_a_placeholder_is_told_by(what, given):
    assert found(links(**given)) == LEAST, what


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("reposted under its own caption", {"caption": "The bridge"}),
        (
            "reposted under its caption in other letters",
            {"caption": lambda n: f"{' ' * n}The {'BRIDGE' if n else 'bridge'}"},
        ),
        ("without captions", {"caption": lambda n: " " * n or None}),
        ("shown by many hosts", {"url_key": lambda n: f"http://host{n}.example.org/1.jpg"}),
        ("one link that many rows describe", {"url_key": "http://pictures.example.org/1.jpg"}),
        (
            "one link that held many files in its time",
            {"url_key": "http://pictures.example.org/1.jpg", "md5": lambda n: f"{n:032x}"},
        ),
        ("captioned anew each time, declared as one file", {"md5": "A" * 32}),
        (
            "in many sizes, each as declared, under one caption",
            {
                "caption": "The bridge",
                "fingerprint_sha256": lambda n: f"{n:064x}",
                "declared_sha256": lambda n: f"{n:064x}",
            },
        ),
        (
            "uploaded many times with other metadata, previewed as one",
            {
                "caption": "The bridge",
                "md5": lambda n: f"{n:032x}",
                "fingerprint_of": "preview",
                "preview_url": lambda n: f"http://pictures.example.org/small/{n}.jpg",
            },
        ),
        ("captioned anew for each copy of other bytes", {"fingerprint_sha256": lambda n: f"{n:064x}"}),
        (
            "in many widths with captions in many languages, each as declared",
            {
                "caption": lambda n: f"The bridge in language {n}",
                "fingerprint_sha256": lambda n: f"{n:064x}",
                "declared_sha256": lambda n: f"{n:064x}",
                "width": lambda n: 320 * (n + 1),
                "height": lambda n: 213 * (n + 1) + n % 2,
            },
        ),
        (
            "turned in some of its sizes",
            {
                "fingerprint_sha256": lambda n: f"{n:064x}",
                "width": lambda n: (400, 600)[n % 2],
                "height": lambda n: (600, 400)[n % 2],
            },
        ),
        (
            "in many sizes, one of them declared wrongly",
            {
                "fingerprint_sha256": lambda n: f"{n:064x}",
                "width": lambda n: 900 if n == 0 else 600,
                "height": 400,
            },
        ),
        (
            "in many sizes, few of them declared",
            {
                "fingerprint_sha256": lambda n: f"{n:064x}",
                "width": lambda n: None if n > LEAST else 600 + 100 * n,
                "height": lambda n: 400 if n < LEAST - 1 else 0,
            },
        ),
        (
            "of unlike shapes under one caption",
            {
                "caption": "The bridge",
                "fingerprint_sha256": lambda n: f"{n:064x}",
                "width": lambda n: 600 + 100 * n,
                "height": 600,
            },
        ),
        ("flat, of other bytes", {"low_information": True, "fingerprint_sha256": lambda n: f"{n:064x}"}),
        ("never had", {"phash": None, "fingerprint_sha256": None}),
        ("of no address", {"url_key": None}),
        ("near one another only", {"phash": lambda n: 1 << n, "fingerprint_sha256": lambda n: f"{n:064x}"}),
    ],
)
def test_no_placeholder_is_a_picture(what, given):
    assert found(links(LEAST + 2, **given)) == 0, what


def test_a_placeholder_keeps_none_of_its_rows_and_stands_for_no_other():
    """A larger copy of the same picture at another host is kept, though it is near the placeholder."""
    rows = [*links(), *links(1, id="other", url_key="http://elsewhere.example.org/1.jpg")]
    clusters = find_clusters(fingerprints(rows), POLICY, LEAST)
    assert clusters.select("id", "cluster_id", "keeper_id", "keeper_shard", "rule", "distance").rows() == [
        (f"{n:04d}", "placeholder:pictures.example.org:7", None, None, "placeholder", None) for n in range(LEAST)
    ]
    judged = deduplicate(fingerprints(rows), clusters.lazy()).collect()
    assert judged.select("reject_reason", "reject_detail").rows() == [
        *[("placeholder", "pictures.example.org answers 3 rows with this picture")] * LEAST,
        (None, None),
    ]


def test_a_takedown_of_one_link_takes_no_other_link_of_the_placeholder_with_it():
    """Rows of a placeholder do not repeat one another: they have no keeper in common."""
    clusters = find_clusters(fingerprints(links()), POLICY, LEAST).lazy()
    wanted = pl.DataFrame({"shard": ["s-00000"], "id": ["0001"]})
    assert with_repeats(lambda name, shard=None: clusters, wanted).equals(wanted)


def test_without_a_limit_a_placeholder_is_a_repeat_like_others():
    clusters = find_clusters(fingerprints(links()), POLICY)
    assert clusters["rule"].to_list() == [None, "same_bytes", "same_bytes"]


def test_a_placeholder_counts_over_all_shards_and_keeps_its_name_when_it_grows():
    two, three = links(2), links(3, shard="s-00001")
    assert found([*two, three[2]]) == 3
    one, other = (placeholders(fingerprints(links(count)), LEAST)["cluster_id"].unique().to_list() for count in (3, 9))
    assert one == other


def test_the_name_tells_the_file_where_the_hash_says_nothing():
    flat = placeholders(fingerprints(links(low_information=True)), LEAST)
    assert flat["cluster_id"].unique().to_list() == [f"placeholder:pictures.example.org:{'f' * 64}"]


HOSTS = st.sampled_from(["http://a.org/", "http://b.org/"])
FILES = st.sampled_from([("x", 1, False), ("y", 1, False), ("z", 2, True), ("w", 2, True), (None, None, None)])
ROWS = st.builds(
    lambda host, path, file, of, preview, **rest: {
        "url_key": host + path,
        "preview_url": preview and host + preview,
        "fingerprint_sha256": file[0],
        "phash": file[1],
        "low_information": file[2],
        "fingerprint_of": of if preview else "original",
        **rest,
    },
    host=HOSTS,
    path=st.sampled_from("123456"),
    file=FILES,
    of=st.sampled_from(["preview", "original"]),
    preview=st.none() | st.sampled_from(["p", "q", "r"]),
    caption=st.none() | st.sampled_from(["One", "one ", "two", "three", " "]),
    md5=st.none() | st.sampled_from(["a", "A", "b", "c"]),
    declared_sha256=st.none() | st.sampled_from(["d", "e"]),
    width=st.none() | st.sampled_from([0, 300, 400, 600]),
    height=st.none() | st.sampled_from([300, 310, 600]),
    id=st.sampled_from("abcdefghijkl"),
    shard=st.sampled_from(["s-00000", "s-00001"]),
)
LISTS = st.lists(ROWS, max_size=20, unique_by=lambda row: (row["id"], row["shard"]))


def by_definition(rows: list[dict[str, Any]], least: int) -> set[tuple[str, str]]:
    """The module's definition, word for word."""
    looks, files = defaultdict(list), defaultdict(list)
    for row in rows:
        asked = row["preview_url"] if row["fingerprint_of"] == "preview" else row["url_key"]
        host, seen = asked.split("/")[2], row | {"link": asked}
        if row["phash"] is not None and not row["low_information"]:
            looks[host, row["phash"]].append(seen)
        if row["fingerprint_sha256"] is not None:
            files[host, row["fingerprint_sha256"]].append(seen)
    groups = [group for group in looks.values() if unlike_captions(group) >= least and unlike_shapes(group, least)]
    groups += [group for group in files.values() if max(unlike_captions(group), unlike_digests(group)) >= least]
    groups = [group for group in groups if len({row["link"] for row in group}) >= least]
    return {(row["shard"], row["id"]) for group in groups for row in group}


def plain(text: str | None) -> str | None:
    return (text or "").strip().lower() or None


def unlike_captions(group: list[dict[str, Any]]) -> int:
    captions = defaultdict(list)
    for row in group:
        if caption := plain(row["caption"]):
            captions[plain(row["declared_sha256"]) or plain(row["md5"]) or row["link"]].append(caption)
    return len({min(texts) for texts in captions.values()})


def unlike_shapes(group: list[dict[str, Any]], least: int) -> bool:
    declared = defaultdict(list)
    for row in group:
        if row["width"] and row["height"]:
            declared[row["link"]].append(max(row["width"], row["height"]) / min(row["width"], row["height"]))
    shapes = sorted(min(values) for values in declared.values())
    last = len(shapes) - 1
    return len(shapes) >= least and shapes[math.ceil(0.75 * last)] >= 1.1 * shapes[math.floor(0.25 * last)]


def unlike_digests(group: list[dict[str, Any]]) -> int:
    return max(len(set(by_link(group, name).values())) for name in ("md5", "declared_sha256"))


def by_link(group: list[dict[str, Any]], name: str) -> dict[str, str]:
    digests = defaultdict(list)
    for row in group:
        if row["fingerprint_of"] == "original" and (digest := plain(row[name])):
            digests[row["link"]].append(digest)
    return {link: min(values) for link, values in digests.items()}


@settings(deadline=None)
@given(LISTS, st.integers(2, 3))
def test_placeholders_are_those_of_the_definition(rows, least):
    given = placeholders(fingerprints(rows), least).select("shard", "id").rows()
    assert len(given) == len(set(given))
    assert set(given) == by_definition(rows, least)


@settings(deadline=None)
@given(LISTS, st.randoms())
def test_the_order_of_rows_makes_no_difference(rows, random):
    clusters = find_clusters(fingerprints(rows), POLICY, 2)
    random.shuffle(rows)
    assert find_clusters(fingerprints(rows), POLICY, 2).equals(clusters)


@settings(deadline=None)
@given(LISTS)
def test_every_row_has_one_verdict_and_the_rest_repeat_one_another_as_if_placeholders_were_not_there(rows):
    clusters = find_clusters(fingerprints(rows), POLICY, 2)
    judged = deduplicate(fingerprints(rows), clusters.lazy()).collect()
    assert judged.schema == tables.DEDUPLICATED.schema
    assert judged.select("shard", "id").rows() == [(row["shard"], row["id"]) for row in rows]
    apart = by_definition(rows, 2)
    ended = judged.filter(reject_reason="placeholder").select("shard", "id").rows()
    assert set(ended) == apart
    rest = [row for row in rows if (row["shard"], row["id"]) not in apart]
    others = clusters.filter(pl.col("rule").ne_missing(pl.lit("placeholder")))
    assert others.equals(find_clusters(fingerprints(rest), POLICY))


def downloaded(rows: list[dict[str, Any]]) -> pl.LazyFrame:
    return tables.DOWNLOADED.conform(fingerprints(rows).with_columns(sha256="fingerprint_sha256"))


def test_within_a_shard_the_same_bytes_for_unlike_links_are_a_placeholder():
    rows = [*links(), *links(1, id="other", url_key="http://elsewhere.example.org/1.jpg")]
    judged = tables.reject(with_placeholders(downloaded(rows), LEAST), [PLACEHOLDER_RULE]).collect()
    assert judged.select("reject_reason", "reject_detail").rows() == [
        *[("placeholder", "pictures.example.org answers 3 unlike links with these bytes")] * LEAST,
        (None, None),
    ]
    assert "placeholder" in tables.REASONS["verified"]


@settings(deadline=None)
@given(LISTS, st.none() | st.integers(2, 3))
def test_within_a_shard_placeholders_are_those_of_the_definition_by_bytes(rows, least):
    rows = [
        row | {"fingerprint_of": "original", "phash": None, "shard": "s", "id": str(n)} for n, row in enumerate(rows)
    ]
    given = downloaded(rows)
    marked = with_placeholders(given, least).collect()
    assert marked.drop("placeholder_of").equals(given.collect())
    expected = by_definition(rows, least) if least else set()
    assert set(marked.drop_nulls("placeholder_of").select("shard", "id").rows()) == expected
