"""A shard of links to be rechecked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imgtext_assets_tests.defs.rounds import Rounds, new_rounds


@pytest.fixture
def rounds(tmp_path: Path) -> Iterator[Rounds]:
    """Links are to be added."""
    with new_rounds(tmp_path) as rounds:
        yield rounds
