"""Commands that remove: takedowns, and the bytes of what was removed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.text import Text

from imgtext_assets import console
from imgtext_assets.cli.app import app, end_with, running
from imgtext_assets.console import out
from imgtext_assets.defs.assets.removals import purge_figures
from imgtext_assets.defs.drop_folder import read_takedowns, record_taken
from imgtext_assets.defs.pipeline import Project
from imgtext_assets.defs.purging import purge_plan
from imgtext_assets.defs.takedowns import Takedown, carry_out, plan
from imgtext_assets.rights import order, orders_frame
from imgtext_assets.sources.urls import normalise
from imgtext_assets.tables import PURGES
from imgtext_assets.text import key_kind

_SHOWN = 20


@app.command()
def remove(
    context: typer.Context,
    key: Annotated[str | None, typer.Argument(metavar="[ID|URL|SHA256]", help="What must go and stay gone.")] = None,
    creator: Annotated[str | None, typer.Option(metavar="NAME", help="All that this creator made.")] = None,
    account: Annotated[str | None, typer.Option(metavar="NAME", help="All that this account published.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="An id, creator or account in this source only.")
    ] = None,
    from_file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE.csv", help="A takedown a line: key,kind,source,reason,request."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, in a sentence.")] = None,
    request: Annotated[str | None, typer.Option(help="Reference of the request, such as a ticket.")] = None,
    only_this: Annotated[
        bool,
        typer.Option(
            "--only-this", help="Leave copies of the picture, even of the same bytes, which go too otherwise."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Also where that is a large part of all rows.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would remove, and write nothing.")] = False,
) -> None:
    """Answer a takedown: write tombstones, so that every later build and release refuses the picture.

    They name the id, address, bytes and look of the rows and of all that repeat them; with --only-this just the rows'
    ids and addresses, unless you name a SHA-256. Published releases do not change, the next one lists the removal. The
    bytes are deleted by `imgtext purge`.
    """
    project: Project = context.obj
    now = datetime.now(UTC)
    if from_file is None:
        orders, version = _order(project, key, creator, account, source, reason, request, now), None
    elif key or creator or account or source:
        raise typer.BadParameter(
            "the file says what to remove; give no key, creator, account or source", param_hint="--from"
        )
    else:
        orders, version = read_takedowns(str(from_file), now, reason)
    takedown = plan(project.lake, orders, project.catalog.policy.removals, only_this=only_this)
    problem = takedown.too_many(project.catalog.policy.removals)
    _show(takedown)
    if problem and not yes:
        end_with([f"not carried out: the order {problem}; if that is meant, say it again with --yes"])
    if dry_run:
        out.print("Nothing is written: this was a dry run.")
        return
    carry_out(project.lake, takedown)
    if from_file is not None and version is not None:
        record_taken(project.lake, from_file.name, version, takedown, now)
    out.print("Next: `imgtext build` judges their shards anew; `imgtext release` cuts a version without them.")


def _order(
    project: Project,
    key: str | None,
    creator: str | None,
    account: str | None,
    source: str | None,
    reason: str | None,
    request: str | None,
    now: datetime,
) -> pl.DataFrame:
    """The one order that the options give. Raises BadParameter."""
    given = [
        (kind, value) for kind, value in (("key", key), ("creator", creator), ("account", account)) if value is not None
    ]
    if len(given) != 1:
        raise typer.BadParameter("name one thing to remove: ID, URL or SHA256, --creator, --account or --from")
    if not (reason or "").strip():
        raise typer.BadParameter("say why, in a sentence", param_hint="--reason")
    names = [entry.name for entry in project.catalog.sources]
    if source is not None and source not in names:
        raise typer.BadParameter(f"{source!r} is not in the catalog; it has {', '.join(names)}", param_hint="--source")
    ((kind, value),) = given
    try:
        named = order(key_kind(value.strip()) if kind == "key" else kind, value, normalise, source)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return orders_frame([(*named, str(reason), request)], now)


def _show(takedown: Takedown) -> None:
    count = takedown.fresh.height
    some = f", such as these {_SHOWN}" if count > _SHOWN else ""
    before = takedown.rows.height - count
    known = f" and {before:,} that are removed already" if before else ""
    title = f"{takedown.stones.height:,} new tombstones; {count:,} rows go by them now{some}{known}"
    console.show_frame(takedown.fresh.head(_SHOWN), title)
    if unheard_of := takedown.unheard_of():
        out.print(Text(f"Note: {unheard_of}."))


@app.command()
def purge(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would do, and delete nothing.")] = False,
) -> None:
    """Delete the bytes of removed pictures: marked first, deleted after the days of grace, if no row has them still."""
    project: Project = context.obj
    if dry_run:
        steps = purge_plan(project.lake, project.catalog, datetime.now(UTC))
        console.show_frame(steps.select("sha256", "state", "bytes", "reason").head(_SHOWN), "What a purge does now")
        out.print(f"{purge_figures(steps)['summary']}. Nothing is done: this was a dry run.")
        return
    with running(project) as pipeline:
        result = pipeline.purge()
    if not result.ok:
        end_with([result.problem or "the purge failed"])
    out.print(str(result.metadata[PURGES.name]["summary"]))
