"""The `imgtext` command: what it prints, its exit codes (0 done, 1 something failed, 2 wrong use), and no traceback.

`imgtext()` runs the command in this process; an exception that is no exit would fail the test.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from imgtext_assets.cli.main import main
from imgtext_assets_tests.cli.worlds import Imgtext, Said
from imgtext_assets_tests.defs.world import World


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
