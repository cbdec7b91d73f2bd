"""The tutorials for whoever uses a release work as written, on the release of a small part of the sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgtext_assets_tests.defs.world import World
from imgtext_assets_tests.docs.markdown import DOCS, blocks
from imgtext_assets_tests.docs.test_tutorial import run_blocks


@pytest.mark.slow
@pytest.mark.parametrize(("page", "least"), [("using-the-metadata.md", 9), ("downloading-images.md", 4)])
def test_every_block_runs_and_prints_what_it_says(built: World, tmp_path: Path, page: str, least: int) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/lake").symlink_to(built.catalog.lake)
    assert run_blocks(blocks(DOCS / page), tmp_path, built.web.base_url, page) >= least
