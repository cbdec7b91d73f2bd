"""Damaged parquet files: each is an error that names it or rows that can be used, and nothing else happens."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from imgtext_assets.engine import LocalEngine
from imgtext_assets.lake import LakeError, read_foreign
from imgtext_assets.lake.foreign import count_rows
from imgtext_assets_tests.lake.damage import TABLE, WAYS, damaged, valid_file

SEEDS = range(80)


@pytest.mark.parametrize("way", WAYS)
def test_damage_is_an_error_that_names_the_file_or_does_no_harm(tmp_path: Path, way: str) -> None:
    outcomes: Counter[str] = Counter()
    with LocalEngine(workers=1, memory=2**30, cpu_seconds=10) as engine:
        for seed in SEEDS:
            file = tmp_path / f"{seed}.parquet"
            file.write_bytes(damaged(way, seed))
            outcomes[_outcome(file, tmp_path, engine)] += 1
    assert outcomes["refused"] >= len(SEEDS) / 3  # else the damage is none
    assert outcomes.total() == len(SEEDS)


def _outcome(file: Path, folder: Path, engine: LocalEngine) -> str:
    (counted,) = count_rows([str(file)], engine.map)
    if counted.problem is not None:
        assert counted.problem.startswith(f"{file}: cannot be read as parquet")
    try:
        rows = read_foreign(str(file), 0, 300, folder, engine.map).collect()
    except LakeError as error:
        assert str(error).startswith(f"{file}: rows 0 to 300: ")  # noqa: PT017
        return "refused"
    rows.select(rows.columns).rows()
    assert rows.height == 300
    return "read"


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_damaged_is_read(tmp_path: Path, way: str) -> None:
    file = tmp_path / "x.parquet"
    file.write_bytes(valid_file(way))
    with LocalEngine(workers=1, memory=2**30, cpu_seconds=10) as engine:
        rows = read_foreign(str(file), 0, 300, tmp_path, engine.map).collect()
    for name in ("id", "url", "license", "caption", "similarity", "seen"):
        assert rows[name].to_list() == TABLE[name].to_pylist()
