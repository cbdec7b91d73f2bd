"""Wrong use: one line that says what is wrong and what to do, and exit code 2."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from imgtext_assets.cli.main import app
from imgtext_assets_tests.cli.worlds import Imgtext
from imgtext_assets_tests.defs.world import World

COMMANDS = sorted(typer.main.get_command(app).commands)  # pyright: ignore[reportAttributeAccessIssue]


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
