"""What the tests of the command line share: the command's answer, and worlds that they change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
import yaml

from imgtext_assets.tables import STAGES
from imgtext_assets_tests.defs.world import World, write_catalog


@dataclass(frozen=True)
class Said:
    """What one command did. `err` has line breaks and runs of spaces folded."""

    code: int
    out: str
    err: str


Imgtext = Callable[..., Said]


def pd12m_rows(world: World, count: int) -> pl.DataFrame:
    return pl.read_parquet(world.folder / "sample/metadata/pd12m/pd12m.000.parquet").tail(count)


def own_metadata(world: World) -> World:
    """The world with a lake of its own and its own copy of the metadata."""
    catalog = write_catalog(world.folder, world.folder, str(world.folder / "own"))
    return World(world.folder, world.web, world.sample, catalog, world.instance)


def rewrite(world: World, **changes: object) -> None:
    content = yaml.safe_load(world.catalog_file.read_text())
    world.catalog_file.write_text(yaml.safe_dump(content | changes))


def policy(world: World, **changes: object) -> dict[str, object]:
    return yaml.safe_load(world.catalog_file.read_text())["policy"] | changes


def end_of(world: World, row_id: str) -> tuple[str, str | None]:
    """The last stage that has the row, and its verdict."""
    verdicts = [
        (table.name, row["reject_reason"])
        for table in STAGES
        for row in world.table(table.name).filter(id=row_id).to_dicts()
    ]
    return verdicts[-1]
