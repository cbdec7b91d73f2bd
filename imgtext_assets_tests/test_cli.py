"""The `imgtext` command: what it prints, its exit codes (0 done, 1 something failed, 2 wrong use), and no traceback.

`imgtext()` runs the command in this process; an exception that is no exit would fail the test.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest
import typer.main
import yaml
from polars.testing import assert_frame_equal

from imgtext_assets.catalog import load_catalog
from imgtext_assets.cli.main import app, main
from imgtext_assets.tables import STAGES
from imgtext_assets_tests.defs.world import World, small_world, write_catalog, write_parquet

COMMANDS = sorted(typer.main.get_command(app).commands)  # pyright: ignore[reportAttributeAccessIssue]


@dataclass(frozen=True)
class Said:
    """What one command did. `err` has line breaks and runs of spaces folded."""

    code: int
    out: str
    err: str


Imgtext = Callable[..., Said]


@pytest.fixture
def imgtext(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Imgtext:
    """Run the command in the world given first (its catalog and instance), or in none."""

    def run(world: World | None, *arguments: str) -> Said:
        if world is not None:
            monkeypatch.setenv("DAGSTER_HOME", str(world.home))
            arguments = ("--catalog", str(world.catalog_file), *arguments)
        monkeypatch.setattr(sys, "argv", ["imgtext", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as done:
            code = int(done.code or 0)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Said(code, captured.out, " ".join(captured.err.split()))

    return run


@pytest.fixture
def branch(built: World, tmp_path: Path) -> World:
    """The built world once more, to be changed: even its metadata files are a copy."""
    world = built.branch(tmp_path)
    shutil.copytree(built.folder / "sample", tmp_path / "sample")
    return world


# Wrong use: exit code 2.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: [", "cannot be read as YAML"),
        ("- a list", "expected keys such as `sources:`"),
        ("lake: lake", "`sources`: Field required"),
        (
            "sources: [{name: a, format: laion400m, paths: x.parquet}]\npolcy: {}",
            "`polcy`: no such key; there are lake, ",
        ),
        ("sources: [{name: a, format: csv, paths: x.parquet}]", "`sources.0.format`: Input should be 'auto'"),
    ],
)
def test_a_broken_catalog_names_the_file_and_the_key(imgtext: Imgtext, tmp_path: Path, text: str, said: str) -> None:
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(text)
    for command in ("build", "status", "release", "recheck"):
        told = imgtext(None, "--catalog", str(catalog), command)
        assert told.code == 2
        assert told.err.startswith(f"error: {catalog}: ")
        assert said in told.err


def test_a_missing_catalog_is_said(imgtext: Imgtext, tmp_path: Path) -> None:
    told = imgtext(None, "--catalog", str(tmp_path / "none.yaml"), "build")
    assert told.code == 2
    assert f"{tmp_path}/none.yaml: no such catalog" in told.err


def test_without_an_instance_it_says_how_to_have_one(
    imgtext: Imgtext, built: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    told = imgtext(None, "--catalog", str(built.catalog_file), "build")
    assert told.code == 2
    assert "DAGSTER_HOME is not set" in told.err


def test_a_broken_instance_is_said(
    imgtext: Imgtext, built: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("telemetry: [", "no_such_key: 1"):
        (tmp_path / "dagster.yaml").write_text(text)
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
        told = imgtext(None, "--catalog", str(built.catalog_file), "build")
        assert told.code == 2
        assert f"{tmp_path}/dagster.yaml" in told.err


def test_a_home_that_is_not_there_is_said(
    imgtext: Imgtext, built: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "none"))
    told = imgtext(None, "--catalog", str(built.catalog_file), "build")
    assert told.code == 2
    assert str(tmp_path / "none") in told.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("build", "--source", "nobody"), "'nobody' is not in the catalog; it has pd12m, laion400m"),
        (
            ("build", "--shard", "pd12m-00009"),
            "no shard 'pd12m-00009'; there are 3, from laion400m-00000 to pd12m-00001",
        ),
        (("build", "--until", "published"), "'published' is none of raw_metadata"),
        (("status", "--source", "nobody"), "'nobody' is not in the catalog"),
        (("recheck", "--shard", "nothing"), "no shard 'nothing'"),
        (("trace",), "Missing argument"),
        (("remove", "some-id"), "Invalid value for --reason: say why, in a sentence"),
        (("remove", "--reason", "x"), "name one thing to remove: ID, URL or SHA256, --creator, --account or --from"),
        (("remove", "a", "--creator", "b", "--reason", "x"), "name one thing to remove"),
        (("remove", " ", "--reason", "x"), "the key is empty; that removes nothing"),
        (("remove", "ftp://a/b", "--reason", "x"), "'ftp://a/b' is no http(s) address"),
        (("remove", "a", "--source", "nobody", "--reason", "x"), "'nobody' is not in the catalog"),
        (("remove", "http://a/b", "--source", "pd12m", "--reason", "x"), "a source is for id, creator, account"),
        (("remove", "a", "--from", "x.csv"), "the file says what to remove"),
        (("demo", "--port", "99999"), "should be less than or equal to 65535"),
        (("fly",), "No such command 'fly'"),
    ],
)
def test_what_is_not_there_is_wrong_use(imgtext: Imgtext, built: World, arguments: tuple[str, ...], said: str) -> None:
    told = imgtext(built, *arguments)
    assert told.code == 2
    assert said in re.sub(r"[\s│]+", " ", told.err)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_even_without_a_catalog(
    imgtext: Imgtext, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = imgtext(None, command, "--help")
    assert told.code == 0
    assert re.search(rf"Usage: .*imgtext {command}\b", told.out)


def test_the_commands_are_the_ones_that_are_promised() -> None:
    assert COMMANDS == [
        "accounts",
        "apply-removals",
        "bucket",
        "build",
        "decide",
        "demo",
        "fetch-release",
        "links",
        "purge",
        "push",
        "recheck",
        "release",
        "remove",
        "status",
        "trace",
    ]


def test_it_runs_as_a_program_of_its_own(built: World) -> None:
    """The installed script, as a shell calls it."""
    script = Path(sys.executable).parent / "imgtext"
    for arguments, code in ((["status"], 0), (["trace", "no-such-id"], 1), (["build", "--source", "nobody"], 2)):
        told = subprocess.run(
            [script, "--catalog", built.catalog_file, *arguments],
            env=os.environ | {"DAGSTER_HOME": str(built.home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == code, told.stderr
        assert "Traceback" not in told.stderr


# Input that cannot be used: the shard says so, the others are built, exit code 1.


def test_an_unreadable_file_names_itself_and_stops_no_other(imgtext: Imgtext, branch: World) -> None:
    bad, good = (branch.folder / f"sample/metadata/pd12m/pd12m.{n}.parquet" for n in ("008", "009"))
    bad.write_bytes(b"PAR1 this is no parquet PAR1")
    write_parquet(good, _pd12m_rows(branch, 2))
    branch = _own_metadata(branch)
    told = imgtext(branch, "build")
    assert told.code == 1
    assert f"{bad}: cannot be read as parquet" in told.err
    assert str(good) in branch.table("raw_metadata")["source_file"]
    assert branch.project.lake.tables.shards("verified") == branch.project.shards()


def test_damaged_rows_name_the_shard_the_file_and_the_rows(imgtext: Imgtext, branch: World) -> None:
    bad = branch.folder / "sample/metadata/pd12m/pd12m.008.parquet"
    write_parquet(bad, _pd12m_rows(branch, 5))
    body = bytearray(bad.read_bytes())
    body[4:200] = b"\xff" * 196  # the pages, not the footer
    bad.write_bytes(body)
    branch = _own_metadata(branch)
    told = imgtext(branch, "build", "--source", "pd12m")
    assert told.code == 1
    assert re.search(rf"pd12m-\d{{5}}: .*{re.escape(str(bad))}: rows 0 to 5: cannot be read as parquet", told.err)


def test_a_missing_column_is_named_with_its_file(imgtext: Imgtext, branch: World) -> None:
    bad = branch.folder / "sample/metadata/pd12m/pd12m.008.parquet"
    write_parquet(bad, _pd12m_rows(branch, 2).drop("url"))
    told = imgtext(_own_metadata(branch), "build", "--source", "pd12m")
    assert told.code == 1
    assert str(bad) in told.err
    assert "url" in told.err


def test_a_file_that_vanished_is_reported_and_its_rows_stay(imgtext: Imgtext, branch: World) -> None:
    branch = _own_metadata(branch)
    assert imgtext(branch, "build", "--until", "license_filtered").code == 0
    file = branch.folder / "sample/metadata/pd12m/pd12m.001.parquet"
    file.unlink()
    rows = branch.table("raw_metadata").filter(source_file=str(file)).height
    assert rows == 20
    told = imgtext(branch, "build", "--until", "license_filtered")
    assert told.code == 1
    assert f"{file} has vanished; its shards stay as they were: pd12m-" in told.err
    assert branch.table("raw_metadata").filter(source_file=str(file)).height == rows


def test_paths_that_match_nothing_are_said(imgtext: Imgtext, branch: World) -> None:
    source = {"name": "empty", "format": "table", "paths": str(branch.folder / "*.nothing")}
    _rewrite(branch, sources=[source])
    told = imgtext(branch, "build")
    assert told.code == 1
    assert f"source empty: no file matches {branch.folder}/*.nothing; check `paths` in the catalog" in told.err


# A lake that cannot be used: one line, exit code 1.


def test_a_bucket_that_is_not_there_is_said(imgtext: Imgtext, branch: World, s3_root: str) -> None:
    _rewrite(branch, lake=f"{s3_root}-missing/lake")
    for command in (("build",), ("status",), ("release",), ("trace", "some-id")):
        told = imgtext(branch, *command)
        assert told.code == 1, command
        assert f"{s3_root}-missing" in told.err


def test_a_bucket_is_prepared_and_a_build_can_use_it(imgtext: Imgtext, branch: World, s3_root: str) -> None:
    bucket = f"{s3_root}-new"
    _rewrite(branch, lake=f"{bucket}/lake")
    shown = imgtext(branch, "bucket", "--dry-run")
    assert shown.code == 0
    assert "Nothing was changed." in shown.out
    assert imgtext(branch, "build").code == 1
    done = imgtext(branch, "bucket")
    assert (done.code, "to do" in done.out) == (0, False)
    assert imgtext(branch, "build", "--until", "license_filtered").code == 0
    again = imgtext(branch, "bucket")
    assert (again.code, "done" in again.out) == (0, False)


def test_a_lake_that_is_a_file_is_said(imgtext: Imgtext, branch: World) -> None:
    (branch.folder / "file").write_text("no folder")
    _rewrite(branch, lake=str(branch.folder / "file"))
    told = imgtext(branch, "build")
    assert told.code == 1
    assert f"{branch.folder}/file" in told.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_lake_that_may_not_be_written_is_said(imgtext: Imgtext, branch: World) -> None:
    lake = branch.folder / "read-only"
    lake.mkdir()
    lake.chmod(stat.S_IRUSR | stat.S_IXUSR)
    _rewrite(branch, lake=str(lake))
    told = imgtext(branch, "build")
    assert told.code == 1
    assert "access is refused" in told.err


def test_an_emptied_lake_is_built_anew(imgtext: Imgtext, branch: World) -> None:
    """Dagster's records say that all is made; the lake says otherwise, and is right."""
    before = branch.tables()
    shutil.rmtree(branch.catalog.lake)
    assert imgtext(branch, "build").code == 0
    for name, frame in branch.tables().items():
        assert_frame_equal(frame, before[name])


def test_a_full_disk_is_said_and_a_rerun_with_room_finishes(imgtext: Imgtext, branch: World) -> None:
    lake = branch.folder / "small-disk"
    _rewrite(branch, lake=str(lake))
    with _disk_of(lake, "400k"):
        told = imgtext(branch, "build", "--source", "laion400m")
        assert told.code == 1
        assert "the disk is full; make room and run again" in told.err
        subprocess.run(["mount", "-o", "remount,size=64m", str(lake)], check=True)
        assert imgtext(branch, "build", "--source", "laion400m").code == 0


def test_a_taken_port_is_said(imgtext: Imgtext, branch: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = imgtext(branch, "demo", "--port", str(port), "--folder", str(branch.folder / "demo"))
    assert told.code == 1
    assert f"port {port}" in told.err


# What is shown.


def test_status_shows_the_funnel(imgtext: Imgtext, built: World) -> None:
    told = imgtext(built, "status")
    assert told.code == 0
    for table in STAGES:
        assert table.name in told.out


def test_status_as_json_has_every_row_of_every_stage(imgtext: Imgtext, built: World) -> None:
    lines = [json.loads(line) for line in imgtext(built, "status", "--json").out.splitlines()]
    for table in STAGES:
        assert sum(line["rows"] for line in lines if line["stage"] == table.name) == built.table(table.name).height
    assert {line["source"] for line in lines} == {"pd12m", "laion400m"}
    only = [json.loads(line) for line in imgtext(built, "status", "--json", "--source", "laion400m").out.splitlines()]
    assert only == [line for line in lines if line["source"] == "laion400m"]


def test_status_of_nothing_says_how_to_start(imgtext: Imgtext, branch: World) -> None:
    _rewrite(branch, lake=str(branch.folder / "new"))
    told = imgtext(branch, "status")
    assert told.code == 0
    assert "imgtext build" in told.out


def test_trace_finds_a_row_by_id_address_and_bytes(imgtext: Imgtext, built: World) -> None:
    row = built.table("verified").filter(pl.col("reject_reason").is_null()).row(0, named=True)
    [version] = built.project.lake.releases.versions()
    for key in (row["id"], row["url"], row["url"] + "#part", row["sha256"], row["sha256"].upper()):
        told = imgtext(built, "trace", key)
        assert told.code == 0
        assert row["id"] in told.out
        assert f"releases {version}" in told.out
        for table in STAGES:
            assert table.name in told.out


def test_trace_as_json_is_one_document(imgtext: Imgtext, built: World) -> None:
    rejected = built.table("deduplicated").filter(reject_reason="near_duplicate").row(0, named=True)
    found = json.loads(imgtext(built, "trace", rejected["id"], "--json").out)
    assert found["raw"]["id"] == rejected["id"]
    assert found["steps"][-1]["stage"] == "deduplicated"
    assert found["steps"][-1]["verdict"] == "near_duplicate"
    assert rejected["id"] in {row["id"] for row in found["cluster"]}
    assert found["releases"] == []


def test_trace_shows_the_cluster_with_rule_and_distances(imgtext: Imgtext, built: World) -> None:
    row = built.table("duplicate_clusters").filter(pl.col("distance256") > 0).row(0, named=True)
    shown = imgtext(built, "trace", row["id"]).out
    kept = f"  kept           {row['keeper_id']} ({row['keeper_shard']})"
    bits = f"{row['distance']} of 64 and {row['distance256']} of 256 bits"
    itself = f"  near_duplicate {row['id']} ({row['shard']})  {bits}  this row"
    lines = shown.splitlines()
    first = lines.index(f"cluster {row['cluster_id']}")
    assert lines[first + 1 : first + 3] == [kept, itself]


@pytest.mark.parametrize("key", ["no-such-id", "https://example.org/none.jpg", "0" * 64])
def test_trace_of_what_is_not_there_fails(imgtext: Imgtext, built: World, key: str) -> None:
    told = imgtext(built, "trace", key)
    assert told.code == 1
    assert key in told.err.replace(" ", "")


def test_nothing_from_the_internet_reaches_the_terminal_raw(imgtext: Imgtext, built: World) -> None:
    raw = built.table("raw_metadata")
    hostile = raw.filter(pl.col("caption").str.contains(r"\x1b|\x{202e}|\[/\]|<script>|HYPERLINK"))
    assert hostile.height == 5
    for row_id in hostile["id"]:
        shown = imgtext(built, "trace", row_id).out
        kinds = {unicodedata.category(c) for c in shown if c != "\n"}
        assert not kinds & {"Cc", "Cf", "Cs", "Co"}, row_id
    marked = hostile.filter(pl.col("caption").str.contains("bold red", literal=True)).row(0, named=True)
    assert "[bold red]ours[/bold red]" in imgtext(built, "trace", marked["id"]).out


# Removal.


def test_a_removed_row_is_gone_and_stays_gone(imgtext: Imgtext, branch: World) -> None:
    row = branch.table("verified").filter(pl.col("reject_reason").is_null()).row(0, named=True)
    assert imgtext(branch, "remove", row["id"], "--reason", "asked to", "--request", "ticket 7").code == 0
    assert imgtext(branch, "build").code == 0
    assert _end_of(branch, row["id"]) == ("license_filtered", "removed")
    assert imgtext(branch, "build", "--force").code == 0
    assert _end_of(branch, row["id"]) == ("license_filtered", "removed")
    assert imgtext(branch, "release").code == 0
    first, second = branch.project.lake.releases.versions()
    releases = branch.project.lake.releases
    assert row["id"] in releases.scan(first).collect()["id"].to_list()
    assert row["id"] not in releases.scan(second).collect()["id"].to_list()
    assert releases.manifest(second)["changes"] == {"added": 0, "removed": 1, "replaced": 0, "changed": 0}
    shown = imgtext(branch, "trace", row["id"]).out
    assert "ticket 7" in shown


def test_whoever_has_a_copy_cleans_it_with_neither_catalog_nor_lake(
    imgtext: Imgtext, branch: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases = branch.project.lake.releases
    (first,) = releases.versions()
    row = releases.scan(first).collect().row(0, named=True)
    copy = shutil.copytree(releases.url(first), tmp_path / "copy")
    (copy / f"{row['sha256']}.jpg").touch()
    assert imgtext(branch, "remove", row["id"], "--reason", "asked to", "--only-this").code == 0
    assert imgtext(branch, "build").code == 0
    assert "removed 1" in imgtext(branch, "release").out
    later = Path(releases.url(releases.versions()[-1]))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    shutil.copy(later / "changes.parquet", "changes.parquet")
    hidden = imgtext(None, "apply-removals", str(copy), "changes.parquet")
    assert hidden.code == 1
    assert hidden.out.startswith("0 rows, 0 files beside them, 0 changes: gone")
    assert "1 rows of this list are named in its release's `removals.parquet` only" in hidden.err
    both = imgtext(None, "apply-removals", str(copy), str(later / "changes.parquet"), "--dry-run")
    assert (both.code, both.out.splitlines()[0]) == (0, "1 rows, 1 files beside them, 1 changes: would go")
    shutil.copy(later / "removals.parquet", "list.parquet")
    seen = imgtext(None, "apply-removals", str(copy), "list.parquet", "--dry-run")
    assert (seen.code, seen.out.splitlines()[0]) == (0, "1 rows, 1 files beside them, 1 changes: would go")
    assert f"{row['sha256']}.jpg" in seen.out
    assert imgtext(None, "apply-removals", str(copy), "list.parquet").code == 0
    assert row["id"] not in pl.read_parquet(copy / "metadata/*.parquet")["id"].to_list()
    assert not (copy / f"{row['sha256']}.jpg").exists()
    assert imgtext(None, "apply-removals", str(copy), "list.parquet").out.startswith("0 rows, 0 files")
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["changes.parquet", "list.parquet"]


@pytest.mark.parametrize("body", [b"", b"PAR1" + bytes(100) + b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1"])
def test_a_broken_list_or_a_wrong_folder_is_one_line(
    imgtext: Imgtext, built: World, tmp_path: Path, body: bytes
) -> None:
    release = Path(built.project.lake.releases.url(built.project.lake.releases.versions()[-1]))
    (tmp_path / "broken.parquet").write_bytes(body)
    for folder, listed in (
        (release, tmp_path / "broken.parquet"),
        (release, tmp_path / "nothing.parquet"),
        (release, next((release / "metadata").iterdir())),
        (tmp_path, release / "removals.parquet"),
    ):
        said = imgtext(None, "apply-removals", str(folder), str(listed))
        assert (said.code, said.err.count("error:")) == (2, 1), said


def test_an_address_or_bytes_may_be_removed_too(imgtext: Imgtext, branch: World) -> None:
    by_url, by_bytes = branch.table("verified").filter(pl.col("reject_reason").is_null()).head(2).to_dicts()
    assert imgtext(branch, "remove", by_url["url"], "--reason", "asked to").code == 0
    assert imgtext(branch, "remove", by_bytes["sha256"], "--reason", "asked to").code == 0
    assert imgtext(branch, "build").code == 0
    assert _end_of(branch, by_url["id"]) == ("license_filtered", "removed")
    assert _end_of(branch, by_bytes["id"])[1] == "removed"
    runs = branch.runs()
    assert imgtext(branch, "build").code == 0
    assert branch.runs() == runs


def test_a_dry_run_writes_nothing_and_too_much_is_not_carried_out(imgtext: Imgtext, branch: World) -> None:
    _rewrite(branch, policy=_policy(branch, removals={"at_most_rows": 2}))
    orders = branch.folder / "orders.csv"
    orders.write_text("\n".join(["key", *branch.table("raw_metadata")["id"].head(9)]))
    told = imgtext(branch, "remove", "--from", str(orders))
    assert told.code == 1
    assert re.search(r"names \d+ of 65 rows \(.*%\), more than .*say it again with --yes", " ".join(told.err.split()))
    assert imgtext(branch, "remove", "--from", str(orders), "--yes", "--dry-run").code == 0
    assert branch.table("removals").is_empty()
    assert imgtext(branch, "remove", "--from", str(orders), "--yes").code == 0
    assert branch.table("removals").filter(kind="id").height >= 9
    assert branch.table("removal_files")["state"].to_list() == ["taken"]
    orders.write_text("key,kind\nx,sha256\n")
    told = imgtext(branch, "remove", "--from", str(orders))
    assert told.code == 1
    assert "orders.csv, line 2: 'x' is no sha256" in " ".join(told.err.split())


def test_removed_bytes_are_purged_in_two_steps(imgtext: Imgtext, branch: World) -> None:
    _rewrite(branch, policy=_policy(branch, removals={"grace_days": 0}))
    row = branch.table("verified").filter(pl.col("reject_reason").is_null()).row(0, named=True)
    blobs = branch.project.lake.blobs
    assert imgtext(branch, "remove", row["id"], "--reason", "asked to").code == 0
    assert "nothing to purge" in imgtext(branch, "purge", "--dry-run").out
    assert imgtext(branch, "build").code == 0
    assert "marked" in imgtext(branch, "purge").out
    assert blobs.present([row["sha256"]])
    assert "deleted" in imgtext(branch, "purge", "--dry-run").out
    assert blobs.present([row["sha256"]])
    assert "deleted" in imgtext(branch, "purge").out
    assert not blobs.present([row["sha256"]])


def test_a_release_waits_for_no_tombstone(imgtext: Imgtext, branch: World) -> None:
    """Removed and released without a build between: the row is not in the release."""
    row = branch.table("verified").filter(pl.col("reject_reason").is_null()).row(0, named=True)
    assert imgtext(branch, "remove", row["id"], "--reason", "asked to").code == 0
    told = imgtext(branch, "release")
    assert told.code == 0
    newest = branch.project.lake.releases.versions()[-1]
    assert newest in told.out
    assert row["id"] not in branch.project.lake.releases.scan(newest).collect()["id"].to_list()


def test_what_is_not_built_is_not_released_nor_rechecked(imgtext: Imgtext, branch: World) -> None:
    _rewrite(branch, lake=str(branch.folder / "new"))
    told = imgtext(branch, "recheck")
    assert told.code == 1
    assert "run `imgtext build` first" in told.err
    told = imgtext(branch, "release")
    assert told.code == 1
    assert "nothing is verified yet: run `imgtext build` first" in told.err
    assert imgtext(branch, "build", "--source", "laion400m").code == 0
    told = imgtext(branch, "release")
    assert told.code == 1
    assert "needs every shard verified; missing 2, such as pd12m-00000" in told.err


def test_recheck_shows_the_links(imgtext: Imgtext, branch: World) -> None:
    told = imgtext(branch, "recheck", "--source", "laion400m")
    assert told.code == 0
    kept = branch.table("verified").filter(pl.col("reject_reason").is_null(), source="laion400m").height
    assert re.search(rf"laion400m\W+alive\W+{kept}\b", told.out)


def test_links_tells_how_they_fare_and_writes_a_page(imgtext: Imgtext, branch: World, tmp_path: Path) -> None:
    told = imgtext(branch, "links")
    assert (told.code, told.out.strip()) == (0, "No link has been observed yet: run `imgtext recheck`.")
    assert imgtext(branch, "recheck").code == 0
    page = tmp_path / "page.html"
    told = imgtext(branch, "links", "--html", str(page))
    assert told.code == 0
    kept = branch.table("verified").filter(pl.col("reject_reason").is_null()).height
    assert f"100.0% of {kept} links are there" in " ".join(told.out.split())
    assert "<h1>Link decay</h1>" in page.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in imgtext(branch, "links", "--json", "--source", "pd12m").out.splitlines()]
    assert (lines[0]["source"], lines[0]["host"], lines[0]["dead"]) == ("pd12m", None, 0)
    assert sum(line["links"] for line in lines[1:]) == lines[0]["links"]
    missing = imgtext(branch, "links", "--html", str(tmp_path / "no" / "page.html"))
    assert missing.code == 1
    assert "No such file or directory" in missing.err


def test_a_recheck_with_a_budget_says_what_it_left_out(imgtext: Imgtext, branch: World) -> None:
    kept = branch.table("verified").filter(pl.col("reject_reason").is_null(), source="laion400m").height
    told = imgtext(branch, "recheck", "--source", "laion400m", "--requests", "3", "--minutes", "5")
    assert told.code == 0
    checks = branch.table("link_checks")
    assert 1 <= checks.height <= 3
    assert re.search(rf"{checks.height} of {kept} links were asked", " ".join(told.out.split()))
    told = imgtext(branch, "recheck", "--source", "laion400m", "--everything")
    assert branch.table("link_checks").height == checks.height + kept
    assert "links were asked" not in told.out


# Accounts: looked at, decided, obeyed.


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[World]:
    """A built world whose rows name an account, and whose decisions file is not there yet."""
    with small_world(tmp_path, {"megalith.000.parquet": 4}) as world:
        policy = {"accounts": {"decisions": "decisions.csv"}, "consent": {"opt_out_lists": []}}
        _rewrite(world, policy=policy)
        (tmp_path / "decisions.csv").write_text("account,verdict,who,when,why\n")
        yield replace(world, catalog=load_catalog(world.catalog_file))


def test_accounts_are_listed_decided_and_obeyed_by_the_next_build_and_release(
    imgtext: Imgtext, accounts: World
) -> None:
    assert imgtext(accounts, "build").code == 0
    told = imgtext(accounts, "accounts", "--top", "5")
    assert told.code == 0
    assert re.search(r"imgtext-sample +megalith: 4 rows, 100% kept\n +http", told.out)
    (listed,) = [json.loads(line) for line in imgtext(accounts, "accounts", "--json").out.splitlines()]
    assert len(listed["samples"]) == 4
    told = imgtext(accounts, "decide", "imgtext-sample", "exclude", "--why", "sells prints, of others", "--who", "eve")
    assert told.code == 0
    assert re.search(r"megalith-00000\W+4\b", told.out)
    assert "No account is undecided" in imgtext(accounts, "accounts").out
    assert "exclude eve" in imgtext(accounts, "accounts", "--all").out
    told = imgtext(accounts, "release")
    assert told.code == 1
    assert "needs every shard up to date; 1 are not, such as megalith-00000: run `imgtext build`" in told.err
    assert imgtext(accounts, "build").code == 0
    rejected = accounts.table("license_filtered").select("reject_reason", "reject_detail").unique().rows()
    ((reason, detail),) = rejected
    assert reason == "account_excluded"
    assert re.fullmatch(r"imgtext-sample; sells prints, of others; eve; \d{4}-\d\d-\d\d", detail)


def test_mistakes_about_accounts_are_said_in_a_line(imgtext: Imgtext, accounts: World) -> None:
    decide = ("decide", "ann", "exclude", "--why", "x")
    assert imgtext(accounts, "decide", "ann", "banish", "--why", "x").code == 2
    told = imgtext(accounts, *decide, "--source", "megalith")
    assert told.code == 2
    assert "the first line names no column source" in told.err
    (accounts.folder / "decisions.csv").write_text("account,verdict,who,when,why\nann,banish,eve,2026-11-21,x\n")
    for command in (("build",), ("accounts",), decide):
        told = imgtext(accounts, *command)
        assert told.code == 2 if command != ("accounts",) else told.code in (1, 2)
        assert "line 2: verdict 'banish': expected include or exclude" in told.err
    _rewrite(accounts, policy={})
    told = imgtext(accounts, *decide)
    assert told.code == 2
    assert "`policy.accounts.decisions`: name a local CSV file" in told.err


def _pd12m_rows(world: World, count: int) -> pl.DataFrame:
    return pl.read_parquet(world.folder / "sample/metadata/pd12m/pd12m.000.parquet").tail(count)


def _own_metadata(world: World) -> World:
    """The world with a lake of its own and its own copy of the metadata."""
    catalog = write_catalog(world.folder, world.folder, str(world.folder / "own"))
    return World(world.folder, world.web, world.sample, catalog, world.instance)


def _rewrite(world: World, **changes: object) -> None:
    content = yaml.safe_load(world.catalog_file.read_text())
    world.catalog_file.write_text(yaml.safe_dump(content | changes))


def _policy(world: World, **changes: object) -> dict[str, object]:
    return yaml.safe_load(world.catalog_file.read_text())["policy"] | changes


def _end_of(world: World, row_id: str) -> tuple[str, str | None]:
    """The last stage that has the row, and its verdict."""
    verdicts = [
        (table.name, row["reject_reason"])
        for table in STAGES
        for row in world.table(table.name).filter(id=row_id).to_dicts()
    ]
    return verdicts[-1]


@contextmanager
def _disk_of(folder: Path, size: str) -> Iterator[None]:
    """A small file system on that folder, where this machine lets us have one."""
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mount.returncode != 0:
        pytest.skip("needs the right to mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
