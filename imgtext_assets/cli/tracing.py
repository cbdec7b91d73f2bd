"""`imgtext trace`: one row's whole way, in the lake or in a release by itself.

It is a program of its own too, without the other commands and so without Dagster: the answer takes less than the start
of Dagster would. What the command says is the same either way.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import polars as pl
import typer

from imgtext_assets import console
from imgtext_assets.catalog import load_catalog
from imgtext_assets.cli.start import CatalogOption, end_well, new_app
from imgtext_assets.console import err, fail
from imgtext_assets.lake import Lake
from imgtext_assets.lake.release_folder import ReleaseFolder
from imgtext_assets.lake.row_keys import Place
from imgtext_assets.publish.finding import find
from imgtext_assets.publish.history import history
from imgtext_assets.publish.publications import in_release, releases_with
from imgtext_assets.tables import BY_NAME, KEYS

NAME = "trace"


def trace(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ID|URL|SHA256")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Everything, as one JSON document: a list where several rows have the name.")
    ] = False,
    release: Annotated[
        str | None,
        typer.Option(
            "--release", metavar="DIR", help="Ask the release in this folder (or s3://…); needs no catalog, no lake."
        ),
    ] = None,
    most: Annotated[
        int, typer.Option("--most", min=1, help="Of rows that have the same name, tell of so many at most.")
    ] = 20,
    index: Annotated[
        bool,
        typer.Option("--index", help="First write the keys of shards that have none or old ones: lakes from before."),
    ] = False,
) -> None:
    """Show one row's whole way: source, every stage's verdict, cluster, fetches, link observations, releases."""
    if release is not None:
        _of_release(ReleaseFolder(release), key, as_json, most)
        return
    catalog = load_catalog(context.parent.params["catalog"] if context.parent else None)
    _of_lake(Lake(catalog.lake, catalog.storage.fsync), key, as_json, most, index)


def _of_lake(lake: Lake, key: str, as_json: bool, most: int, index: bool) -> None:
    def scan(name: str, shards: Sequence[str] | None = None) -> pl.LazyFrame:
        return lake.tables.scan(name, BY_NAME[name].schema, shards)

    if index:
        _write_keys(lake)
    whole: set[str] = set()

    def places(name: str, wanted: Collection[str]) -> list[Place]:
        found = lake.row_keys.places(name, wanted)
        whole.update(place.shard for place in found if place.rows is None)
        return found

    found = find(scan, places, key, _url_key)
    if whole:
        err.print(
            f"{len(whole):,} shards have no keys and were looked through whole (--index writes them)", soft_wrap=True
        )
    if found.is_empty():
        fail(f"no row has the id, address or SHA-256 {key!r}")
        raise typer.Exit(1)
    versions = lake.releases.versions()
    told: list[dict[str, Any]] = []
    for shard, source_row, row_id in found.head(most).iter_rows():
        row = history(scan, shard, source_row)
        releases = releases_with(lake.releases.scan, versions, row.raw["source"], row_id)
        told.append(asdict(row) | {"releases": releases})
        if not as_json:
            console.show_history(row, releases)
    _end(told, found.height, as_json)


def _of_release(folder: ReleaseFolder, key: str, as_json: bool, most: int) -> None:
    manifest = folder.manifest()
    version, sources = manifest.get("version"), manifest.get("rows_by_source")
    tables = folder.rows(), folder.table("changes.parquet"), folder.table("removals.parquet")
    found = in_release(*tables, sources if isinstance(sources, dict) else (), key, _url_key)
    if not found:
        fail(f"{folder.root}: the release tells nothing of the id, address or digest {key!r}")
        raise typer.Exit(1)
    told: list[dict[str, Any]] = []
    for published in found[:most]:
        told.append({"release": version, **asdict(published)})
        if not as_json:
            console.show_published(published, version)
    _end(told, len(found), as_json)


def _end(told: Sequence[dict[str, Any]], found: int, as_json: bool) -> None:
    if as_json:
        document = told[0] if found == 1 else told
        sys.stdout.write(json.dumps(document, default=_json_value, indent=2) + "\n")
    if found > len(told):
        err.print(
            f"{found:,} rows have this name; told of the first {len(told):,} (--most N tells of more)", soft_wrap=True
        )


def _write_keys(lake: Lake) -> None:
    for name, columns in KEYS.items():
        for shard in lake.row_keys.behind(name):
            with console.waiting(f"keys of {name}, shard {shard}"):
                rows = lake.tables.scan(name, BY_NAME[name].schema, [shard])
                lake.row_keys.write(name, rows, columns, shard)


def _url_key(url: pl.Expr) -> pl.Expr:
    from imgtext_assets.sources import url_key  # reads every format, and takes as long to import as polars

    return url_key(url)


def _json_value(value: object) -> str:
    if isinstance(value, date):  # a time is one too
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


alone = new_app()


@alone.callback()
def _start(catalog: CatalogOption = None) -> None:
    """The option is read from the context, as it is where other commands are there too."""


alone.command(NAME)(trace)


def main() -> None:
    """Run the command line where the command is `trace`."""
    end_well(alone)


def is_meant(arguments: Sequence[str]) -> bool:
    """Whether a command line names this command: `trace`, after the catalog perhaps.

    >>> is_meant(["--catalog", "build", "trace", "1f"]), is_meant(["--catalog", "trace", "build"])
    (True, False)
    """
    words = iter(arguments)
    for word in words:
        if word == "--catalog":
            next(words, None)
        elif not word.startswith("--catalog="):
            return word == NAME
    return False


__all__ = ["is_meant", "main", "trace"]
