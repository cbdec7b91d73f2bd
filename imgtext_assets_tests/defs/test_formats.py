"""A release's pictures come from the lake, and copies of them from the engine."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import polars as pl
import pytest

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.formats import write_formats
from imgtext_assets.lake import Lake
from imgtext_assets.publish import ReleaseError
from imgtext_assets_tests.defs.world import NoBars, engine_with

if TYPE_CHECKING:
    from imgtext_assets_tests.defs.world import World

NO_CONTEXT = cast(Any, None)  # only progress is told of it


def write(world: World, lake: str, folder: Path, **release: Any) -> pl.DataFrame:
    """Write what `release.formats` asks for, and give the rows of the world's release."""
    settings = world.catalog.model_dump(mode="json")
    catalog = Catalog.model_validate(settings | {"release": settings["release"] | release})
    (made,) = (Path(world.catalog.lake) / "releases").iterdir()
    rows = pl.scan_parquet(made / "metadata/*.parquet")
    engine = engine_with(1, catalog.pictures.decode_memory, catalog.pictures.decode_seconds)
    write_formats(folder, rows, catalog, Lake(lake), engine, NoBars(), NO_CONTEXT)
    return rows.collect()


def members(archive: Path) -> list[str]:
    with tarfile.open(archive) as opened:
        return opened.getnames()


def test_all_forms_are_written_from_the_lake(built: World, tmp_path: Path) -> None:
    rows = write(built, built.catalog.lake, tmp_path, formats=["webdataset", "laion400m"], resize=64, pairs_per_tar=20)
    for name in ("webdataset", "laion400m"):
        archives = sorted((tmp_path / name).glob("*.tar"))
        assert len(archives) == -(-rows.height // 20)
        names = [member for archive in archives for member in members(archive)]
        assert len(names) == 3 * rows.height
    frames = pl.read_parquet(tmp_path / "laion400m/*.parquet")
    assert frames["id"].to_list() == rows["id"].to_list()


@pytest.mark.parametrize("release", [{"formats": ["webdataset"]}, {"formats": ["webdataset"], "resize": 64}])
def test_a_lake_without_a_picture_makes_no_release(built: World, tmp_path: Path, release: dict[str, Any]) -> None:
    with pytest.raises(ReleaseError, match=r"cannot be released, for its picture cannot be read: .*blobs/sha256/"):
        write(built, str(tmp_path / "empty"), tmp_path / "out", **release)
