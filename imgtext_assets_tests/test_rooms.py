"""The walls between the rooms, and the docs that are made from them."""

from __future__ import annotations

import importlib.util
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import imgtext_assets

ROOT = Path(__file__).parents[1]
KNOW_DAGSTER = ("imgtext_assets.defs", "imgtext_assets.definitions", "imgtext_assets.cli")
ROOMS = sorted(
    module.name
    for module in pkgutil.walk_packages(imgtext_assets.__path__, "imgtext_assets.")
    if not module.name.startswith(KNOW_DAGSTER)
)
BLOCK = """
import importlib, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "dagster":
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_every_room_works_without_dagster() -> None:
    assert len(ROOMS) > 60
    run = subprocess.run([sys.executable, "-c", BLOCK, *ROOMS], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_block_does_block() -> None:
    run = subprocess.run(
        [sys.executable, "-c", BLOCK, "imgtext_assets.defs.jobs"], capture_output=True, text=True, check=False
    )
    assert "dagster is blocked" in run.stderr


def _generated() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: write() for name, write in module.GENERATED.items()}


@pytest.mark.parametrize("name", ["data-dictionary.md", "cli.md", "licenses.md"])
def test_generated_docs_are_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == _generated()[name], "run `make docs`"
