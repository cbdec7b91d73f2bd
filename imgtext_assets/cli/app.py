"""What all commands have in common: the application, options, the project, and how a command ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from imgtext_assets.catalog import load_catalog
from imgtext_assets.cli import tracing
from imgtext_assets.cli.start import CatalogOption, new_app
from imgtext_assets.console import Bars, fail
from imgtext_assets.defs.engines import new_engine, new_reader
from imgtext_assets.defs.pipeline import Pipeline, Project
from imgtext_assets.defs.runs import instance
from imgtext_assets.lake import Lake

app = new_app()

ALONE = "apply-removals"
"""The command that is for whoever has a release but no catalog."""
RELEASE = "release"
WITHOUT_CATALOG = frozenset({ALONE, RELEASE, "fetch-release", tracing.NAME})
"""Commands that need no catalog and no lake; `trace` and `release` ask for one only where they need it."""

SourceOption = Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only the shards of this source.")]
ShardOption = Annotated[
    str | None, typer.Option("--shard", metavar="KEY", help="Only this shard, such as pd12m-00003.")
]


@app.callback()
def _start(context: typer.Context, catalog: CatalogOption = None) -> None:
    if context.resilient_parsing or {"-h", "--help"} & set(sys.argv) or context.invoked_subcommand in WITHOUT_CATALOG:
        return
    context.obj = project_at(catalog)


def project_at(catalog: Path | None) -> Project:
    """The catalog there, or where it is if none is named, with its lake. Raises CatalogError."""
    loaded = load_catalog(catalog)
    return Project(loaded, Lake(loaded.lake, loaded.storage.fsync))


def catalog_option(context: typer.Context) -> Path | None:
    """What was given as `--catalog`."""
    return context.find_root().params.get("catalog")


@contextmanager
def running(project: Project, retry_final: bool = False) -> Iterator[Pipeline]:
    """The pipeline with bars on the terminal, and with processes that decode and read for all its runs."""
    on = instance()
    with Bars() as bars, new_engine(project.catalog) as engine, new_reader() as reader:
        yield Pipeline(project.catalog, project.lake, on, bars, engine, reader, retry_final)


def selected(project: Project, source: str | None, shard: str | None) -> list[str]:
    """Keys of the shards that the options name; wrong use where there is none."""
    names = [entry.name for entry in project.catalog.sources]
    if source is not None and source not in names:
        raise typer.BadParameter(f"{source!r} is not in the catalog; it has {', '.join(names)}", param_hint="--source")
    shards = project.shards(source)
    if shard is None:
        return shards
    if shard not in shards:
        some = f"there are {len(shards)}, from {shards[0]} to {shards[-1]}" if shards else "there are none yet"
        raise typer.BadParameter(f"no shard {shard!r}; {some}", param_hint="--shard")
    return [shard]


def of_source(source: str | None, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of one source, or all."""
    return rows if source is None else rows.filter(source=source)


def end_with(problems: Sequence[str]) -> None:
    """Say what went wrong, a line each; anything at all is exit code 1."""
    for problem in problems:
        fail(problem)
    if problems:
        raise typer.Exit(1)
