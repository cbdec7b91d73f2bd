"""One row's whole way, found by any of its names."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from imgtext_assets.publish.lineage import CLUSTER_SHOWN, find_rows, history, key_kind, with_repeats
from imgtext_assets.sources import url_key
from imgtext_assets.tables import BY_NAME, STAGES

URL = "https://pictures.example/1.jpg"
SHA256 = "ab" * 32
AT = datetime(2026, 1, 2, tzinfo=UTC)


class Lake:
    """Tables in memory; what is not given has no rows."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, object]]] = {}

    def add(self, name: str, **row: object) -> None:
        self.rows.setdefault(name, []).append({"shard": "a-00000", "source": "a"} | row)

    def scan(self, name: str, shard: str | None = None) -> pl.LazyFrame:
        table = BY_NAME[name]
        frame = pl.DataFrame(self.rows.get(name, []), {key: table.schema.get(key) for key in self._keys(name)})
        rows = frame.filter(pl.col("shard") == shard) if shard and "shard" in frame.columns else frame
        return table.conform(rows.lazy())

    def _keys(self, name: str) -> list[str]:
        schema = BY_NAME[name].schema
        return sorted({key for row in self.rows.get(name, []) for key in row if key in schema}) or list(schema)


@pytest.fixture
def lake() -> Lake:
    """Row 1 is verified, row 2 repeats it, row 3 is rejected at once."""
    lake = Lake()
    for row_id, url in (("1", URL), ("2", "https://pictures.example/2.jpg"), ("3", None)):
        lake.add(
            "raw_metadata",
            id=row_id,
            url=url,
            url_key=url,
            source_file="f.parquet",
            source_row=int(row_id),
            reject_reason=None if url else "bad_url",
            reject_detail=None if url else "no address",
        )
    for row_id in ("1", "2"):
        lake.add("license_filtered", id=row_id, license_id="CC0-1.0")
        lake.add("fingerprints", id=row_id, phash=7, fingerprint_of="original", fingerprint_sha256=SHA256)
        lake.add(
            "duplicate_clusters",
            id=row_id,
            cluster_id="1",
            keeper_id="1",
            keeper_shard="a-00000",
            rule=None if row_id == "1" else "same_bytes",
        )
        lake.add(
            "deduplicated",
            id=row_id,
            cluster_id="1",
            keeper_id="1",
            reject_reason=None if row_id == "1" else "same_bytes",
        )
    lake.add("resolution_filtered", id="1")
    lake.add("downloaded", id="1", sha256=SHA256, http_status=200)
    lake.add("verified", id="1", sha256=SHA256, width=640, height=480)
    lake.add("fetches", url_key=URL, url=URL, outcome="ok", fetched_at=AT)
    lake.add("link_checks", id="1", state="gone", checked_at=AT.replace(year=2027))
    lake.add("link_checks", id="1", state="alive", checked_at=AT)
    return lake


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


def test_a_history_has_every_stage_in_order(lake: Lake) -> None:
    found = history(lake.scan, "a-00000", "1")
    assert [step.stage for step in found.steps] == [table.name for table in STAGES]
    assert {step.verdict for step in found.steps} == {"goes on"}
    facts = {step.stage: step.facts for step in found.steps}
    assert facts["raw_metadata"] == {"source_file": "f.parquet", "source_row": 1}
    assert (facts["verified"]["width"], facts["downloaded"]["http_status"]) == (640, 200)
    assert [row["id"] for row in found.cluster] == ["1", "2"]
    assert [row["outcome"] for row in found.fetches] == ["ok"]
    assert [row["state"] for row in found.observations] == ["alive", "gone"]


def test_a_history_ends_where_the_row_did(lake: Lake) -> None:
    repeat = history(lake.scan, "a-00000", "2")
    assert (repeat.steps[-1].stage, repeat.steps[-1].verdict) == ("deduplicated", "same_bytes")
    bad = history(lake.scan, "a-00000", "3")
    assert [(step.stage, step.verdict, step.detail) for step in bad.steps] == [
        ("raw_metadata", "bad_url", "no address")
    ]
    assert bad.cluster == bad.fetches == bad.observations == []


def test_a_cluster_shows_the_kept_row_then_the_row_itself_then_the_nearest(lake: Lake) -> None:
    near = {"cluster_id": "1", "keeper_id": "1", "keeper_shard": "a-00000", "rule": "near_duplicate"}
    for number in range(CLUSTER_SHOWN + 20):
        lake.add("duplicate_clusters", id=f"n{number:03d}", distance=6 - number % 2, **near)
    lake.add("raw_metadata", id="n000", source_file="f.parquet", source_row=9)
    found = history(lake.scan, "a-00000", "n000")
    assert (len(found.cluster), found.cluster_size) == (CLUSTER_SHOWN, CLUSTER_SHOWN + 22)
    assert [row["id"] for row in found.cluster[:5]] == ["1", "n000", "2", "n001", "n003"]


def test_keepers_of_one_id_in_two_sources_have_two_clusters(lake: Lake) -> None:
    other = {"shard": "b-00000", "source": "b", "cluster_id": "1", "keeper_id": "1", "keeper_shard": "b-00000"}
    for row_id, rule in (("1", None), ("5", "same_url")):
        lake.add("duplicate_clusters", id=row_id, rule=rule, **other)
    assert {row["shard"] for row in history(lake.scan, "a-00000", "2").cluster} == {"a-00000"}


@pytest.mark.parametrize("rule", ["placeholder", "excluded"])
def test_what_has_no_keeper_is_in_a_cluster_too(lake: Lake, rule: str) -> None:
    for row_id in ("2b", "3"):
        lake.add("duplicate_clusters", id=row_id, cluster_id=f"{rule}:x", rule=rule)
    found = history(lake.scan, "a-00000", "3")
    assert [row["id"] for row in found.cluster] == ["3", "2b"]


def test_a_history_tells_of_tombstones_by_every_name(lake: Lake) -> None:
    for kind, value in (("id", "1"), ("url", URL), ("sha256", SHA256), ("creator", "Ann"), ("id", "9")):
        lake.add("removals", kind=kind, value=value, source=None, reason="asked to", removed_at=AT)
    lake.add("removals", kind="id", value="1", source="b", reason="another list's", removed_at=AT)
    lake.add("raw_metadata", id="4", creator="Ann", source_file="f.parquet", source_row=4)
    told = history(lake.scan, "a-00000", "1").removals
    assert sorted(row["kind"] for row in told) == ["id", "sha256", "url"]
    assert [row["kind"] for row in history(lake.scan, "a-00000", "4").removals] == ["creator"]


def test_what_is_said_of_a_row_is_said_of_its_repeats(lake: Lake) -> None:
    asked = find_rows(lake.scan, "2", url_key).with_columns(order=pl.lit(7))
    assert with_repeats(lake.scan, asked)["order"].to_list() == [7, 7]


def test_a_row_that_is_not_there_is_a_key_error(lake: Lake) -> None:
    with pytest.raises(KeyError, match="no row 9"):
        history(lake.scan, "a-00000", "9")


def test_what_repeats_a_row_goes_with_it(lake: Lake) -> None:
    for row_id in ("1", "2"):
        asked = find_rows(lake.scan, row_id, url_key)
        assert with_repeats(lake.scan, asked)["id"].to_list() == ["1", "2"]
    assert with_repeats(lake.scan, find_rows(lake.scan, "3", url_key))["id"].to_list() == ["3"]
