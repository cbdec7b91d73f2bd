"""What failed is asked again: what may have passed by every build, what is final only on demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl
import pytest

from imgtext_assets.reasons import PASSING
from imgtext_assets_tests.defs.world import World, path_of, small_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with small_world(tmp_path_factory.mktemp("world"), {"pd12m.000.parquet": 30}) as world:
        assert world.build() == []
        yield world


def test_a_final_answer_is_asked_again_only_on_demand(world: World) -> None:
    failed = world.table("downloaded").filter(pl.col("reject_reason").is_not_null())
    passing = {path_of(url) for url in failed.filter(pl.col("reject_reason").is_in(list(PASSING)))["url"]}
    final = {path_of(url) for url in failed["url"]} - passing
    assert final
    assert passing
    with world.asked() as asked:
        assert world.build() == []
    assert set(asked) == passing
    before = world.tables()["downloaded"]
    with world.asked() as asked:
        assert replace(world.pipeline, retry_final=True).build(world.project.shards()) == []
    assert final <= set(asked)
    had = {path_of(url) for url in before.filter(pl.col("reject_reason").is_null())["url"]}
    assert not had & set(asked)
    assert world.tables()["downloaded"].equals(before)
