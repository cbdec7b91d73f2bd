"""What is removed by a command is gone, and stays gone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from imgtext_assets_tests.cli.worlds import Imgtext, end_of, policy, rewrite
from imgtext_assets_tests.defs.world import World


def test_a_removed_row_is_gone_and_stays_gone(imgtext: Imgtext, branch: World) -> None:
    row = branch.table("verified").filter(pl.col("reject_reason").is_null()).row(0, named=True)
    assert imgtext(branch, "remove", row["id"], "--reason", "asked to", "--request", "ticket 7").code == 0
    assert imgtext(branch, "build").code == 0
    assert end_of(branch, row["id"]) == ("license_filtered", "removed")
    assert imgtext(branch, "build", "--force").code == 0
    assert end_of(branch, row["id"]) == ("license_filtered", "removed")
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
    assert end_of(branch, by_url["id"]) == ("license_filtered", "removed")
    assert end_of(branch, by_bytes["id"])[1] == "removed"
    runs = branch.runs()
    assert imgtext(branch, "build").code == 0
    assert branch.runs() == runs


def test_a_dry_run_writes_nothing_and_too_much_is_not_carried_out(imgtext: Imgtext, branch: World) -> None:
    rewrite(branch, policy=policy(branch, removals={"at_most_rows": 2}))
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
    rewrite(branch, policy=policy(branch, removals={"grace_days": 0}))
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
