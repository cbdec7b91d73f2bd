"""`imgtext push` and `imgtext fetch-release`, as typed: exit codes 0, 1, 2, and no traceback."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from huggingface_hub import constants

from imgtext_assets.cli.main import main
from imgtext_assets.demo import DemoWeb
from imgtext_assets.demo.web import Page
from imgtext_assets.tables import REMOVALS
from imgtext_assets_tests.defs.world import World
from imgtext_assets_tests.lake.copies.made import contents, made_release
from imgtext_assets_tests.lake.copies.stand_in_hub import TOKEN, StandInHub

Imgtext = Callable[..., tuple[int, str]]


@pytest.fixture
def imgtext(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Imgtext:
    """Run the command in an empty folder; its exit code, and what it said, with spaces folded."""
    monkeypatch.delenv("IMGTEXT_CATALOG", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["imgtext", *arguments])
        code = 0
        try:
            main()
        except SystemExit as done:
            code = int(done.code or 0)
        captured = capsys.readouterr()
        said = " ".join((captured.out + captured.err).split())
        assert "Traceback" not in said
        return code, said

    return run


def test_the_newest_release_of_the_lake_goes_to_s3_and_comes_back(built: World, imgtext: Imgtext, s3_root: str) -> None:
    (version,) = built.project.lake.releases.versions()
    catalog = ("--catalog", str(built.catalog_file))
    code, said = imgtext(*catalog, "push", f"{s3_root}/sets")
    assert (code, said) == (0, f"Sent {s3_root}/sets/{version}")
    code, said = imgtext("fetch-release", f"{s3_root}/sets")
    assert code == 0
    rows = pl.read_parquet(f"{version}/metadata/*.parquet").height
    assert f"Release {version}: {rows} rows" in said
    assert contents(Path(version)) == contents(Path(built.project.lake.releases.url(version)))


def test_a_release_is_cut_and_sent_in_one_command(
    built: World, imgtext: Imgtext, s3_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = built.branch(tmp_path / "branch")
    monkeypatch.setenv("DAGSTER_HOME", str(branch.home))
    catalog = ("--catalog", str(branch.catalog_file))
    (first,) = branch.project.lake.releases.versions()
    for address in ("ftp://somewhere/sets", "hf://datasets/no-name"):
        code, said = imgtext(*catalog, "release", "--push", address)
        assert code == 2
        assert "DESTINATION" in said
    assert branch.project.lake.releases.versions() == [first]  # a mistake is told before anything is cut
    code, said = imgtext(*catalog, "release", "--push", f"{s3_root}/sets")
    assert code == 0, said
    _, second = branch.project.lake.releases.versions()
    assert f"Sent {s3_root}/sets/{second}" in said
    assert imgtext("fetch-release", f"{s3_root}/sets", "copy")[0] == 0
    assert imgtext("release", "verify", "copy")[0] == 0


def test_a_release_is_checked_wherever_it_is(built: World, imgtext: Imgtext, tmp_path: Path) -> None:
    (version,) = built.project.lake.releases.versions()
    copy = shutil.copytree(built.project.lake.releases.url(version), tmp_path / "copy")
    code, said = imgtext("release", "verify", str(copy))
    assert (code, said.startswith(f"{version}: "), "all as the manifest says" in said) == (0, True, True)
    (copy / "README.md").unlink()
    (copy / "more").touch()
    code, said = imgtext("release", "verify", str(copy))
    assert (code, said) == (1, "error: README.md: missing error: more: not in manifest.json")
    assert imgtext("release", "verify", str(tmp_path)) == (
        1,
        f"error: {tmp_path}: no manifest.json, so it is no release, or not a whole one",
    )


def test_the_lakes_tombstones_count_where_the_catalog_is_the_releases(
    built: World, imgtext: Imgtext, tmp_path: Path
) -> None:
    branch = built.branch(tmp_path / "branch")
    releases = branch.project.lake.releases
    (version,) = releases.versions()
    row = releases.scan(version).collect().row(0, named=True)
    stone = {"kind": "id", "value": row["id"], "reason": "asked for", "removed_at": datetime.now(UTC)}
    branch.project.lake.tables.append("removals", REMOVALS.conform(pl.LazyFrame([stone])))
    assert imgtext("release", "verify", releases.url(version))[0] == 0
    code, said = imgtext("--catalog", str(branch.catalog_file), "release", "verify", releases.url(version))
    assert (code, said) == (1, f"error: metadata: 1 row is removed by id, such as {row['source']}/{row['id']}")
    branch.settings(release={"name": "another"})
    assert imgtext("--catalog", str(branch.catalog_file), "release", "verify", releases.url(version))[0] == 0
    assert imgtext("--catalog", str(tmp_path / "none.yaml"), "release", "verify", releases.url(version))[0] == 2


@pytest.mark.filterwarnings("ignore:Use 'content=")
def test_a_release_goes_to_the_hub_and_comes_back(
    built: World, imgtext: Imgtext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with StandInHub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        version = built.project.lake.releases.versions()[-1]
        address = "hf://datasets/org/set"
        code, said = imgtext("--catalog", str(built.catalog_file), "push", address, "--version", version, "--private")
        assert (code, said) == (0, f"Sent {address}@{version}")
        assert hub.repos["org/set"].private
        assert imgtext("fetch-release", address, "here", "--version", version)[0] == 0
    assert contents(Path("here")) == contents(Path(built.project.lake.releases.url(version)))


def test_the_web_is_asked_past_the_guard(imgtext: Imgtext, tmp_path: Path) -> None:
    root = made_release(tmp_path / "made", big=9)
    with DemoWeb({f"/sets/2026.11.0/{path}": Page(root / path) for path in contents(root)}) as web:
        code, said = imgtext("fetch-release", web.url("/sets"), "--version", "2026.11.0")
        assert code == 1
        assert "127.0.0.1 is not a public address" in said
        assert web.requests == []
        allow = ("--allow-network", "127.0.0.0/8")
        assert imgtext("fetch-release", web.url("/sets"), "--version", "2026.11.0", *allow)[0] == 0
        assert contents(Path("2026.11.0")) == contents(root)
        assert imgtext("fetch-release", web.url("/sets/2026.11.0/"), "there", *allow)[0] == 0
        code, said = imgtext("fetch-release", web.url("/nothing"), *allow)
        assert code == 1
        assert "manifest.json: not_found: HTTP 404" in said


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("push", "ftp://a.example/x"), 2, "expected s3://bucket/prefix"),
        (("push", "hf://models/a/b"), 2, "expected hf://datasets/ORG/NAME"),
        (("push", "out", "--version", "1999.1.0"), 2, "is no release; there are 20"),
        (("push",), 2, "Missing argument 'DESTINATION'"),
        (("fetch-release", "nowhere"), 1, "nowhere: no such folder"),
        (("fetch-release", "https://a.example", "--allow-network", "everything"), 2, "is no network"),
        (("fetch-release", "https://a.example", "--version", "../x"), 2, "is no version"),
        (("fetch-release", "https://user:secret@a.example"), 1, "user name or password in the address"),
        (("fetch-release", "hf://datasets/x"), 1, "expected hf://datasets/ORG/NAME"),
    ],
)
def test_a_mistake_is_one_line(
    built: World, imgtext: Imgtext, arguments: tuple[str, ...], code: int, said: str
) -> None:
    catalog = ("--catalog", str(built.catalog_file)) if arguments[0] == "push" else ()
    told = imgtext(*catalog, *arguments)
    assert told[0] == code
    assert said in " ".join(told[1].replace("│", " ").split())


def test_nothing_to_push_is_said(built: World, imgtext: Imgtext, tmp_path: Path) -> None:
    world = built.branch(tmp_path / "new", built=False)
    code, said = imgtext("--catalog", str(world.catalog_file), "push", "out")
    assert code == 1
    assert "has no release yet: run `imgtext release` first" in said


def test_a_hostile_manifest_is_refused_before_anything_is_written(imgtext: Imgtext, tmp_path: Path) -> None:
    files = b'{"../../.ssh/x": {"bytes": 1, "sha256": "%s"}}' % (b"0" * 64)
    manifest = b'{"version": "2026.11.0", "rows": 1, "files": %s}' % files
    with DemoWeb({"/manifest.json": Page(manifest)}) as web:
        code, said = imgtext("fetch-release", web.base_url, "here", "--allow-network", "127.0.0.0/8")
    assert code == 1
    assert "refused, for it names '../../.ssh/x'" in said
    assert list(Path().iterdir()) == []
