"""The tutorial works as written: its blocks are run in order against a real web, and print what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from imgtext_assets.demo import DemoWeb, load_pages, write_sample
from imgtext_assets.demo.serve import PORT
from imgtext_assets_tests.docs.markdown import DOCS, Block, blocks

TUTORIAL = DOCS / "tutorial.md"
INTERPRETERS = {"bash": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-W", "error", "-c"]}


@pytest.mark.slow
def test_every_block_of_the_tutorial_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    with DemoWeb({}) as web:
        write_sample(tmp_path / "web", web.base_url)
        web.pages = load_pages(tmp_path / "web")
        assert run_blocks(blocks(TUTORIAL), tmp_path, web.base_url) >= 10


def test_a_block_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"line 7 of tutorial\.md"):
        run_blocks([Block("bash", "true\n", 3), Block("bash", "false\ntrue\n", 7)], tmp_path, "")


def test_output_that_differs_is_named(tmp_path: Path) -> None:
    shown = [Block("bash", "printf '│ verified │ 2 │\\n'\n", 3), Block("text", "verified 2\n", 7)]
    assert run_blocks(shown, tmp_path, "") == 1
    with pytest.raises(AssertionError, match=r"line 9 of tutorial\.md"):
        run_blocks([shown[0], Block("text", "verified 3\n", 9)], tmp_path, "")


def run_blocks(parts: list[Block], folder: Path, base_url: str, page: str = TUTORIAL.name) -> int:
    """Run the blocks of a page in `folder`, the tutorial's web being at `base_url`. Returns how many ran.

    A `text` block's lines must be among those that the block before it printed, in that order, frames of tables and
    repeated spaces aside. `console` blocks are for people.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DAGSTER", "IMGTEXT"))}
    environment |= {"PATH": f"{Path(sys.executable).parent}:{environment['PATH']}", "COLUMNS": "200"}
    printed, ran = "", 0
    for block in parts:
        where = f"line {block.line} of {page}"
        if block.language == "text":
            _expect(block.text, printed, where)
        elif block.language in INTERPRETERS:
            code = block.text.replace(f"http://127.0.0.1:{PORT}", base_url)
            result = subprocess.run(  # the project's own docs
                [*INTERPRETERS[block.language], code], cwd=folder, env=environment, capture_output=True, text=True
            )
            assert result.returncode == 0, f"{where}:\n{result.stdout[-2000:]}\n{result.stderr[-4000:]}"
            printed, ran = result.stdout, ran + 1
        else:
            assert block.language in ("console", ""), f"{where}: a block of {block.language!r} is not run"
    return ran


def _expect(shown: str, printed: str, where: str) -> None:
    lines = iter([_plain(line) for line in printed.splitlines()])
    for line in map(_plain, shown.splitlines()):
        assert any(line in candidate for candidate in lines), f"{where}: {line!r} is not in\n{printed}"


def _plain(line: str) -> str:
    return " ".join(re.sub(r"[│┃┆|]", " ", line).split())
