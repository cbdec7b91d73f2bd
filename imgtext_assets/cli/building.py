"""Commands that build and look."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from imgtext_assets import console
from imgtext_assets.cli.app import ShardOption, SourceOption, app, end_with, running, selected
from imgtext_assets.console import out
from imgtext_assets.defs.funnel import stage_funnel
from imgtext_assets.defs.pipeline import ORDER, Project
from imgtext_assets.tables import VERIFIED


@app.command()
def build(
    context: typer.Context,
    source: SourceOption = None,
    shard: ShardOption = None,
    until: Annotated[
        str, typer.Option(metavar="ASSET", help=f"Stop after this one of: {', '.join(ORDER)}.")
    ] = VERIFIED.name,
    force: Annotated[bool, typer.Option("--force", help="Run every stage, also those that are up to date.")] = False,
    retry_final: Annotated[
        bool,
        typer.Option("--retry-final", help="Also ask again for pictures that had a final answer, such as 404."),
    ] = False,
) -> None:
    """Build what is missing, changed, or may now succeed; what is up to date is left alone.

    Lists the sources' files, cuts them into shards, and takes each through the stages. Interrupted or killed, it
    goes on where it stopped: no picture is fetched twice. Failures that may pass (a busy host, a timeout) are asked
    again by every build, final ones (404, a refusal) only with --retry-final.
    """
    project: Project = context.obj
    if until not in ORDER:
        raise typer.BadParameter(f"{until!r} is none of {', '.join(ORDER)}", param_hint="--until")
    with running(project, retry_final) as pipeline:
        problems = pipeline.discover()
        shards = selected(project, source, shard)
        problems += pipeline.build(shards, until, force)
    console.show_funnel(stage_funnel(project.lake, shards))
    end_with(problems)


@app.command()
def status(
    context: typer.Context,
    source: SourceOption = None,
    shard: ShardOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line: stage, source, reason, rows.")
    ] = False,
) -> None:
    """Show the funnel: rows in, kept and rejected by reason, for every source and stage."""
    project: Project = context.obj
    funnel = stage_funnel(project.lake, selected(project, source, shard) if source or shard else None)
    if as_json:
        sys.stdout.write(funnel.write_ndjson())
    elif funnel.is_empty():
        out.print("Nothing is built yet: `imgtext build` starts.")
    else:
        console.show_funnel(funnel, by_source=True)
