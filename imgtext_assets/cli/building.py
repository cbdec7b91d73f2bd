"""Commands that build, look at, recheck and release."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import polars as pl
import typer

from imgtext_assets import console
from imgtext_assets.cli.app import ShardOption, SourceOption, app, end_with, running, selected
from imgtext_assets.console import fail, out
from imgtext_assets.defs.funnel import stage_funnel
from imgtext_assets.defs.orders import load_orders
from imgtext_assets.defs.pipeline import ORDER, Pipeline, Project
from imgtext_assets.lake import LakeError
from imgtext_assets.publish.lineage import find_rows, history, key_kind
from imgtext_assets.sources import url_key
from imgtext_assets.tables import LINK_CHECKS, VERIFIED


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


@app.command()
def trace(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ID|URL|SHA256")],
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as one JSON document.")] = False,
) -> None:
    """Show one row's whole way: source, every stage's verdict, cluster, fetches, link observations, releases."""
    project: Project = context.obj
    found = find_rows(project.scan, key, url_key)
    if found.is_empty():
        fail(f"no row has the {key_kind(key)} {key!r}")
        raise typer.Exit(1)
    for shard, row_id in found.iter_rows():
        row = history(project.scan, shard, row_id)
        releases = project.releases_with(row.raw["source"], row_id)
        if as_json:
            sys.stdout.write(json.dumps(asdict(row) | {"releases": releases}, default=_json_value, indent=2) + "\n")
        else:
            console.show_history(row, releases)


def _json_value(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


@app.command()
def recheck(context: typer.Context, source: SourceOption = None, shard: ShardOption = None) -> None:
    """Ask for every verified link again and append what each said; then update the decay statistics."""
    project: Project = context.obj
    have = set(project.lake.tables.shards(VERIFIED.name))
    shards = [key for key in selected(project, source, shard) if key in have]
    if not shards:
        raise LakeError("no shard is verified yet: run `imgtext build` first")
    with running(project) as pipeline:
        problems = pipeline.recheck(shards)
    show_links(project)
    end_with(problems)


def show_links(project: Project) -> None:
    """Print how many links of each source are in which state, by their latest observation."""
    is_newest = pl.col("checked_at") == pl.col("checked_at").max().over("shard", "id")
    newest = project.scan(LINK_CHECKS.name).filter(is_newest)
    counted = newest.group_by("source", "state").len("links").sort("source", "state").collect()
    console.show_frame(counted, "Links by their latest observation")


@app.command()
def release(context: typer.Context) -> None:
    """Cut a new version from all verified shards: metadata, manifest, dataset card, changes since the last."""
    load_orders(context.obj.catalog)
    with running(context.obj) as pipeline:
        cut_release(pipeline)


def cut_release(pipeline: Pipeline) -> None:
    """Cut a version and print what it holds; a failure is one line and exit code 1."""
    result = pipeline.release()
    if not result.ok:
        end_with([result.problem or "the release failed"])
    metadata = result.metadata["release"]
    console.show_release(pipeline.lake.releases.url(metadata["version"]), metadata)
