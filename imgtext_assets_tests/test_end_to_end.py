"""From metadata to a release and on: the whole sample, with the lake in a folder and on S3.

Nothing is mocked: the pictures come over HTTP, the runs are Dagster's, the lake is files or an S3 server.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import boto3
import dagster as dg
import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from imgtext_assets.defs.pipeline import ORDER
from imgtext_assets.demo import decay
from imgtext_assets.demo.cases import UNAVAILABLE
from imgtext_assets.demo.decay import decayed_states
from imgtext_assets.links import FINAL
from imgtext_assets.tables import RELEASE, STAGES
from imgtext_assets_tests.defs.world import World, ends, new_world, path_of

# What a host is asked for before its pictures, once a day.
HOST_FILES = {"/robots.txt", "/.well-known/tdmrep.json"}
# Rows whose failure may pass, so that every build asks for them again.
ASKED_AGAIN = ("server_error", "shorter_than_promised")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["local", pytest.param("swift", marks=pytest.mark.swift)])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The sample, built once for each kind of lake; the tests below go through its life in order."""
    lake = "lake"
    if request.param != "local":
        lake = request.getfixturevalue(f"{request.param}_root_of_module") + "/some/prefix"
    with new_world(tmp_path_factory.mktemp("world"), lake, quick=request.param != "local") as world:
        assert world.build() == []
        yield world


def test_every_row_reaches_exactly_its_end(world: World) -> None:
    expected = world.sample.expected.drop("case")
    assert_frame_equal(ends(world), expected, check_row_order=False, check_exact=True)


def test_rows_in_are_kept_and_rejected_at_every_stage(world: World) -> None:
    received = world.sample.expected.height
    for table in STAGES:
        rows = world.table(table.name)
        assert rows.schema == table.schema
        assert rows.height == received
        received = rows["reject_reason"].is_null().sum()
    assert received == world.sample.expected["reason"].is_null().sum()


def test_every_run_succeeded_with_all_its_checks(world: World) -> None:
    runs = world.instance.get_runs()
    assert {run.status.value for run in runs} == {"SUCCESS"}
    for table in STAGES:
        keys = world.instance.get_materialized_partitions(dg.AssetKey(table.name))
        assert keys == set(world.project.shards())


def test_no_picture_is_asked_for_twice(world: World) -> None:
    """Apart from tries after a passing failure; and an address in two shards is asked for by each.

    Nor is the host asked twice for its robots.txt and tdmrep.json.
    """
    raw = world.table("raw_metadata").filter(pl.col("url").is_not_null())
    shards = raw.select(path=pl.col("url").map_elements(path_of, pl.String), shard="shard").unique()
    naming = dict(shards.group_by("path").len().iter_rows())
    settled = [seen.path for seen in world.web.requests if seen.status in (200, 403, 404, 410)]
    may_repeat = world.paths_of("shorter_than_promised") | {UNAVAILABLE}
    twice = {path: n for path, n in Counter(settled).items() if n > naming.get(path, 1) and path not in may_repeat}
    assert twice == {}


def test_a_second_build_runs_only_what_may_now_succeed(world: World) -> None:
    downloaded = world.table("downloaded")
    failing = downloaded.filter(pl.col("reject_reason").is_in(["server_error", "truncated"]))
    before, runs = world.tables(), world.runs()
    with world.asked() as asked:
        assert world.build() == []
    assert set(asked) == world.paths_of(*ASKED_AGAIN) == {path_of(url) for url in failing["url"]}
    assert world.runs() - runs == failing["shard"].n_unique()
    _equal(world.tables(), before)


def test_a_forced_build_fetches_nothing_that_is_stored_and_changes_no_table(world: World) -> None:
    before, runs = world.tables(), world.runs()
    with world.asked() as asked:
        assert world.build(force=True) == []
    assert set(asked) <= world.paths_of(*ASKED_AGAIN)
    assert world.runs() - runs == 2 * len(world.project.shards()) + 1
    _equal(world.tables(), before)


def test_once_nothing_is_failing_a_build_runs_nothing_and_asks_for_nothing(world: World) -> None:
    pages = world.web.pages
    world.web.pages = {path: page for path, page in pages.items() if path not in world.paths_of(*ASKED_AGAIN)}
    assert world.build() == []  # they are 404 now, which is final
    runs = world.runs()
    with world.asked() as asked:
        assert world.build() == []
    assert asked == []
    assert world.runs() == runs
    world.web.pages = pages


def test_a_release_is_what_its_manifest_says(world: World, tmp_path: Path) -> None:
    result = world.pipeline.release()
    assert result.ok, result.problem
    releases = world.project.lake.releases
    [version] = releases.versions()
    folder = _download(releases.url(version), tmp_path / version)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["files"]) == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    } - {"manifest.json"}
    for name, said in manifest["files"].items():
        body = (folder / name).read_bytes()
        assert (hashlib.sha256(body).hexdigest(), len(body)) == (said["sha256"], said["bytes"])
        if name.endswith(".parquet"):
            assert pl.read_parquet(folder / name).height == said["rows"]
    kept = world.sample.expected["reason"].is_null().sum()
    assert (
        manifest["rows"]
        == kept
        == sum(row["rows"] for row in manifest["funnel"] if row["stage"] == "verified" and row["reject_reason"] is None)
    )
    assert manifest["changes"] == {"added": kept, "removed": 0, "replaced": 0, "changed": 0}


def test_a_release_loads_with_polars_duckdb_and_datasets(world: World, tmp_path: Path) -> None:
    releases = world.project.lake.releases
    url = releases.url(releases.versions()[-1])
    verified = world.table("verified").filter(pl.col("reject_reason").is_null()).sort("source", "id")
    rows = releases.scan(releases.versions()[-1]).collect()
    assert rows.schema == RELEASE.schema
    assert rows.select("source", "id", "sha256").equals(verified.select("source", "id", "sha256"))
    folder = _download(url, tmp_path / "release")
    glob = str(folder / "metadata/*.parquet")
    assert pl.read_parquet(glob).equals(rows)
    with duckdb.connect() as connection:
        ids = connection.execute("select id from read_parquet(?) order by source, id", [glob]).fetchall()
    assert [id_ for (id_,) in ids] == rows["id"].to_list()
    loaded = _loaded_by_datasets(folder, tmp_path)
    assert loaded == {"rows": rows.height, "columns": rows.columns, "first": rows["id"][0]}


def test_rechecks_see_what_became_of_the_links(world: World) -> None:
    shards, pages = world.project.shards(), world.web.pages
    assert world.pipeline.recheck(shards) == []
    alive = world.table("link_checks")
    assert set(alive["state"]) == {"alive"}
    # What is unchanged is not sent again: the host is asked conditionally.
    assert (alive["http_status"] == 304).sum() > 0.9 * alive.height
    world.web.pages = decay(pages)
    assert world.pipeline.recheck(shards, everything=True) == []
    rounds = world.table("link_checks")
    kept = world.table("verified").filter(pl.col("reject_reason").is_null())
    assert rounds.height == 2 * kept.height
    latest = rounds.sort("checked_at").unique(["shard", "id"], keep="last")
    expected = decayed_states(pages)
    found = {path_of(url): state for url, state in latest.select("url", "state").iter_rows()}
    assert {path: state for path, state in found.items() if state != "alive"} == expected
    decayed = world.table("link_decay")
    decayed = decayed.filter(pl.col("checked_on") == pl.col("checked_on").max())
    assert int(decayed["links"].sum()) == kept.height
    assert int(decayed["changed"].sum()) == list(expected.values()).count("changed")
    assert int(decayed["dead"].sum()) == 0  # one look says nothing of death
    world.web.pages = pages


def test_the_next_release_says_what_changed(world: World) -> None:
    """A host that refused at the recheck is obeyed first; its row is what the new version lacks."""
    refused = world.table("link_checks").filter(state="opted_out")["id"].unique()
    assert len(refused) == 1
    assert not world.pipeline.release().ok
    assert world.build() == []
    assert world.pipeline.release().ok
    first, second = world.project.lake.releases.versions()
    manifest = world.project.lake.releases.manifest(second)
    assert manifest["previous_version"] == first
    assert manifest["changes"] == {"added": 0, "removed": 1, "replaced": 0, "changed": 0}
    latest = world.table("link_checks").sort("checked_at").unique(["shard", "id"], keep="last")
    for source, seen in manifest["decay"]["by_source"].items():
        states = latest.filter(source=source)["state"]
        assert seen["links"] == seen["drawn"] == len(states)
        assert seen["alive_share"] == pytest.approx((~states.is_in(FINAL)).mean(), abs=1e-4)


def test_the_stages_of_a_build_are_the_graph(world: World) -> None:
    assert sorted(ORDER) == sorted([*(table.name for table in STAGES), "duplicate_clusters"])


def _equal(after: dict[str, pl.DataFrame], before: dict[str, pl.DataFrame]) -> None:
    for name, frame in before.items():
        assert_frame_equal(after[name], frame)


def _download(url: str, folder: Path) -> Path:
    """A release as a local folder: itself, or its copy from S3."""
    if not url.startswith("s3://"):
        return Path(url)
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    client = boto3.Session().client("s3")  # of its own: the default one keeps the first secret that it saw
    for entry in client.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
        file = folder / entry["Key"].removeprefix(prefix + "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        client.download_file(bucket, entry["Key"], str(file))
    return folder


def _loaded_by_datasets(folder: Path, tmp_path: Path) -> dict[str, object]:
    """What `datasets` makes of a release's folder, in a process of its own, off line."""
    code = (
        "import datasets, json, sys\n"
        "rows = datasets.load_dataset(sys.argv[1], split='train')\n"
        "print(json.dumps({'rows': rows.num_rows, 'columns': rows.column_names, 'first': rows[0]['id']}))\n"
    )
    environment = os.environ | {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    environment.pop("PYTHONWARNINGS", None)
    run = subprocess.run(
        [sys.executable, "-c", code, str(folder)], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
