"""Commands about releases: cutting one, checking one, and cleaning a copy of one."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from imgtext_assets import console, publish
from imgtext_assets.catalog import CatalogError
from imgtext_assets.cli.app import ALONE, RELEASE, app, catalog_option, end_with, project_at, running
from imgtext_assets.cli.sharing import check_destination, push_release
from imgtext_assets.console import fail, out
from imgtext_assets.defs.engines import new_reader
from imgtext_assets.defs.orders import load_orders
from imgtext_assets.defs.pipeline import Pipeline, Project
from imgtext_assets.lake import LakeError, read_foreign
from imgtext_assets.lake.foreign import count_rows
from imgtext_assets.manifest import ManifestError, read_manifest
from imgtext_assets.publish.write import CHANGES_FILE, REMOVALS_FILE
from imgtext_assets.sources import url_key
from imgtext_assets.tables import REMOVALS
from imgtext_assets.text import plain

_SHOWN = 20


releases = typer.Typer(no_args_is_help=False)
app.add_typer(releases, name=RELEASE, invoke_without_command=True)


@releases.callback()
def release(
    context: typer.Context,
    allow_removals: Annotated[
        bool,
        typer.Option(
            "--allow-removals",
            help="Cut it though it loses more rows of the one before than `release.max_removed_share` allows.",
        ),
    ] = False,
    push: Annotated[
        str | None,
        typer.Option(metavar="DESTINATION", help="Then send it there, as `imgtext push` does."),
    ] = None,
) -> None:
    """Cut a new version from all verified shards: metadata, manifest, dataset card, changes since the last.

    And the pictures, in the forms that the catalog names. `imgtext release verify DIR` looks at one that is there.
    """
    if context.invoked_subcommand is not None or context.resilient_parsing:
        return
    context.obj = project_at(catalog_option(context))
    load_orders(context.obj.catalog)
    if push is not None:
        check_destination(push)
    with running(context.obj) as pipeline:
        version = cut_release(pipeline, allow_removals)
    if push is not None:
        push_release(context.obj, push, version)


@releases.command()
def verify(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A release, or a copy of one.")],
) -> None:
    """Check that a release is what it says: whole, unchanged, aligned, without repeats and without what was removed.

    Every file's size, SHA-256 and rows; ids and addresses; what `removals.parquet` names; and in archives each picture,
    caption and row. Needs no catalog and no lake. With the catalog that the release was cut by, the tombstones of its
    lake too. A line for each problem, and then exit code 1.
    """
    try:
        manifest = read_manifest(folder)
    except ManifestError as problem:
        end_with([str(problem)])
        raise
    project = _project_of(context, manifest.said.get("name"))
    version, removals = manifest.version, None if project is None else project.scan(REMOVALS.name)
    with console.waiting(f"looking into {version}"):
        found = list(publish.problems(folder, url_key, removals))
    end_with(found)
    out.print(f"{version}: {manifest.rows:,} rows, {len(manifest.files):,} files, all as the manifest says")


def _project_of(context: typer.Context, name: Any) -> Project | None:
    """The project that cuts releases of this name, if it is the catalog's here. One that is asked for must be there."""
    asked = catalog_option(context)
    try:
        project = project_at(asked)
    except CatalogError:
        if asked is not None:
            raise
        return None
    return project if project.catalog.release.name == name else None


def cut_release(pipeline: Pipeline, allow_removals: bool = False) -> str:
    """Cut a version and print what it holds; returns its name. A failure is one line and exit code 1."""
    result = pipeline.release(allow_removals)
    if not result.ok:
        end_with([result.problem or "the release failed"])
    metadata = result.metadata["release"]
    console.show_release(pipeline.lake.releases.url(metadata["version"]), metadata)
    return metadata["version"]


@app.command(ALONE)
def apply_removals(
    release_folder: Annotated[Path, typer.Argument(metavar="RELEASE_DIR", help="A copy of a release.")],
    removals: Annotated[
        str,
        typer.Argument(metavar="LIST", help="`removals.parquet` or `changes.parquet` of a later release: file or URL."),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
) -> None:
    """Clean a copy of a release of what was removed since: rows, pictures beside them, and the manifest.

    For whoever uses a dataset; needs no catalog and no lake. `removals.parquet` names by hashes all that takedowns
    removed of any release; `changes.parquet` also names rows that left otherwise, such as dead links. Files below the
    folder go whose name is the SHA-256, the MD5 or the id of a row that goes; and their pairs in the release's own
    archives, which are written anew. Where `removals.parquet` lies beside `changes.parquet`, both are applied. Running
    it again changes nothing.
    """
    try:
        orders = _with_takedowns(_read_list(removals), removals)
        cleaned = publish.clean(release_folder, orders, dry_run=dry_run)
    except publish.ListError as problem:
        fail(str(problem))
        raise typer.Exit(2) from None
    would = "would go" if dry_run else "gone"
    out.print(f"{cleaned.rows:,} rows, {len(cleaned.files):,} files beside them, {cleaned.changes:,} changes: {would}")
    if cleaned.archives:
        out.print(f"{len(cleaned.archives):,} archives: {'would be ' if dry_run else ''}written anew without them")
    for file in [*cleaned.files, *cleaned.archives][: _SHOWN if dry_run else 0]:
        out.print(plain(file), markup=False, soft_wrap=True)
    if cleaned.unopened:
        out.print(
            f"{len(cleaned.unopened):,} files are not the release's and were not looked into, such as "
            f"{plain(cleaned.unopened[0].name)}: an archive of others has to be made anew from the rows that are left",
            markup=False,
        )
    if orders.unnamed:
        fail(f"{orders.unnamed:,} rows of this list are named in its release's `removals.parquet` only: apply that too")
        raise typer.Exit(1)


def _with_takedowns(orders: publish.Orders, place: str) -> publish.Orders:
    """The orders of a `changes.parquet` with those of the `removals.parquet` that lies beside it, if it is there.

    It alone names what takedowns removed, where a release hashes them.
    """
    folder, name = place.rpartition("/")[::2]
    if not orders.unnamed or name != CHANGES_FILE:
        return orders
    try:
        hashed = _read_list(f"{folder}/{REMOVALS_FILE}" if folder else REMOVALS_FILE)
    except (publish.ListError, LakeError, OSError):
        return orders
    return replace(orders, hashes=hashed.hashes, unnamed=0)


def _read_list(place: str) -> publish.Orders:
    """The list, read in another process, which may die of it. Raises ListError, and LakeError where it cannot be read.

    What it holds becomes plain columns first (`lake.foreign`).
    """
    url = place if "://" in place else str(Path(place).absolute())
    with new_reader() as reader, tempfile.TemporaryDirectory(prefix="imgtext-") as folder:
        (counted,) = count_rows([url], reader.map)
        if counted.rows is None:
            raise publish.ListError(counted.problem or f"{place}: cannot be read")
        try:
            return publish.read_orders(read_foreign(url, 0, counted.rows, Path(folder), reader.map), url_key)
        except publish.ListError as problem:
            raise publish.ListError(f"{place}: {problem}") from None
