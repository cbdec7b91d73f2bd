"""One row's whole way, in the order in which it went."""

from __future__ import annotations

import pytest

from imgtext_assets.publish.history import CLUSTER_SHOWN, history
from imgtext_assets.tables import STAGES
from imgtext_assets_tests.publish.lake import AT, SHA256, URL, Lake, small_lake


@pytest.fixture
def lake() -> Lake:
    return small_lake()


def test_a_history_has_every_stage_in_order(lake: Lake) -> None:
    found = history(lake.scan, "a-00000", 1)
    assert [step.stage for step in found.steps] == [table.name for table in STAGES]
    assert {step.verdict for step in found.steps} == {"goes on"}
    facts = {step.stage: step.facts for step in found.steps}
    assert facts["raw_metadata"] == {"source_file": "f.parquet", "source_row": 1}
    assert (facts["verified"]["width"], facts["downloaded"]["http_status"]) == (640, 200)
    assert [row["id"] for row in found.cluster] == ["1", "2"]
    assert [row["outcome"] for row in found.fetches] == ["ok"]
    assert [row["state"] for row in found.observations] == ["alive", "gone"]


def test_a_history_ends_where_the_row_did(lake: Lake) -> None:
    repeat = history(lake.scan, "a-00000", 2)
    assert (repeat.steps[-1].stage, repeat.steps[-1].verdict) == ("deduplicated", "same_bytes")
    bad = history(lake.scan, "a-00000", 3)
    assert [(step.stage, step.verdict, step.detail) for step in bad.steps] == [
        ("raw_metadata", "bad_url", "no address")
    ]
    assert bad.cluster == bad.fetches == bad.observations == []


def test_a_cluster_shows_the_kept_row_then_the_row_itself_then_the_nearest(lake: Lake) -> None:
    near = {"cluster_id": "1", "keeper_id": "1", "keeper_shard": "a-00000", "rule": "near_duplicate"}
    for number in range(CLUSTER_SHOWN + 20):
        lake.add("duplicate_clusters", id=f"n{number:03d}", distance=6 - number % 2, **near)
    lake.add("raw_metadata", id="n000", source_file="f.parquet", source_row=9)
    found = history(lake.scan, "a-00000", 9)
    assert (len(found.cluster), found.cluster_size) == (CLUSTER_SHOWN, CLUSTER_SHOWN + 22)
    assert [row["id"] for row in found.cluster[:5]] == ["1", "n000", "2", "n001", "n003"]


def test_keepers_of_one_id_in_two_sources_have_two_clusters(lake: Lake) -> None:
    other = {"shard": "b-00000", "source": "b", "cluster_id": "1", "keeper_id": "1", "keeper_shard": "b-00000"}
    for row_id, rule in (("1", None), ("5", "same_url")):
        lake.add("duplicate_clusters", id=row_id, rule=rule, **other)
    assert {row["shard"] for row in history(lake.scan, "a-00000", 2).cluster} == {"a-00000"}


@pytest.mark.parametrize("rule", ["placeholder", "excluded"])
def test_what_has_no_keeper_is_in_a_cluster_too(lake: Lake, rule: str) -> None:
    for row_id in ("2b", "3"):
        lake.add("duplicate_clusters", id=row_id, cluster_id=f"{rule}:x", rule=rule)
    found = history(lake.scan, "a-00000", 3)
    assert [row["id"] for row in found.cluster] == ["3", "2b"]


def test_a_history_tells_of_tombstones_by_every_name(lake: Lake) -> None:
    named = [("id", "1"), ("url", URL), ("sha256", SHA256), ("phash", f"{7:016x}"), ("creator", "ANN  Ｅxample")]
    named += [("account", "ann@example")]
    others = [("id", "9"), ("url", "1"), ("sha256", "1"), ("phash", "7"), ("account", "ann")]
    for kind, value in named + others:
        lake.add("removals", kind=kind, value=value, source=None, reason="asked to", removed_at=AT)
    found = history(lake.scan, "a-00000", 1).removals
    assert [(row["kind"], row["value"]) for row in found] == named


def test_a_tombstone_of_another_source_is_not_of_the_row(lake: Lake) -> None:
    for source in ("a", "b"):
        lake.add("removals", kind="id", value="1", source=source, reason=f"of {source}", removed_at=AT)
    assert [row["reason"] for row in history(lake.scan, "a-00000", 1).removals] == ["of a"]


def test_a_history_tells_what_became_of_removed_bytes(lake: Lake) -> None:
    for state, sha256, day in (("deleted", SHA256, 9), ("marked", SHA256, 2), ("marked", "cd" * 32, 2)):
        lake.add("purges", state=state, sha256=sha256, at=AT.replace(day=day))
    assert [row["state"] for row in history(lake.scan, "a-00000", 1).purges] == ["marked", "deleted"]


def test_of_two_rows_with_one_id_each_has_its_own_way(lake: Lake) -> None:
    again = {"source_file": "f.parquet", "source_row": 4, "reject_reason": "repeated_id"}
    lake.add("raw_metadata", id="1", url=URL, url_key=URL, **again)
    assert [step.verdict for step in history(lake.scan, "a-00000", 4).steps] == ["repeated_id"]
    assert {step.verdict for step in history(lake.scan, "a-00000", 1).steps} == {"goes on"}


def test_a_stage_that_is_behind_tells_nothing_of_another_row(lake: Lake) -> None:
    """The file has changed: a stage that has not run since still has another row of that number."""
    lake.add("raw_metadata", id="new", source_file="f.parquet", source_row=5)
    lake.add("license_filtered", id="old", source_row=5)
    assert [step.stage for step in history(lake.scan, "a-00000", 5).steps] == ["raw_metadata"]


def test_a_row_that_is_not_there_is_a_key_error(lake: Lake) -> None:
    with pytest.raises(KeyError, match="no row 9"):
        history(lake.scan, "a-00000", 9)
