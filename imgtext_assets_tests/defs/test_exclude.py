"""Lists of pictures that no dataset may hold are obeyed by the next build, and a broken one is said in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from imgtext_assets.catalog import CatalogError
from imgtext_assets.policies import ExcludeList
from imgtext_assets_tests.defs.world import World


def with_list(world: World, file: Path) -> World:
    policy = world.catalog.policy
    exclude = [ExcludeList(name="evaluation", path=str(file))]
    duplicates = policy.duplicates.model_copy(update={"exclude": exclude})
    world.catalog = world.catalog.model_copy(update={"policy": policy.model_copy(update={"duplicates": duplicates})})
    return world


def test_what_a_list_names_is_rejected_by_the_next_build_and_comes_back_when_it_does_no_longer(
    built: World, tmp_path: Path
):
    world, file = built.branch(tmp_path), tmp_path / "list.npy"
    kept = world.table("verified").filter(pl.col("reject_reason").is_null()).row(0, named=True)
    fingerprint = world.table("fingerprints").filter(id=kept["id"], shard=kept["shard"])["phash"]
    np.save(file, np.zeros(0, np.uint64))
    assert with_list(world, file).build() == []

    def verdict() -> tuple[str | None, str | None]:
        row = world.table("deduplicated").filter(id=kept["id"], shard=kept["shard"]).row(0, named=True)
        return row["reject_reason"], row["reject_detail"]

    assert verdict() == (None, None)
    np.save(file, fingerprint.to_numpy())
    assert world.build() == []
    assert verdict() == ("excluded", "on the list evaluation, 0 of 64 bits from one of its pictures")
    np.save(file, np.zeros(0, np.uint64))
    assert world.build() == []
    assert verdict() == (None, None)


@pytest.mark.parametrize("text", [None, "no list"])
def test_a_list_that_cannot_be_read_is_named(built: World, tmp_path: Path, text: str | None):
    file = tmp_path / "list.npy"
    if text:
        file.write_text(text)
    world = with_list(built.branch(tmp_path), file)
    if text:
        assert "list.npy: expected 64-bit pHashes" in " ".join(world.build())
    else:
        with pytest.raises(CatalogError, match=r"policy\.duplicates\.exclude: .*list\.npy"):
            world.build()
