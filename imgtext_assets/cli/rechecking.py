"""The command that asks the links again."""

from __future__ import annotations

from typing import Annotated

import polars as pl
import typer

from imgtext_assets import console
from imgtext_assets.cli.app import ShardOption, SourceOption, app, end_with, running, selected
from imgtext_assets.console import out
from imgtext_assets.defs.pipeline import Project
from imgtext_assets.lake import LakeError
from imgtext_assets.tables import LINK_CHECKS, VERIFIED


@app.command()
def recheck(
    context: typer.Context,
    source: SourceOption = None,
    shard: ShardOption = None,
    requests: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Requests at most, of each shard (robots.txt and its like are not counted); else `links.requests`.",
        ),
    ] = None,
    received: Annotated[
        int | None,
        typer.Option("--bytes", min=1, metavar="N", help="Bytes received at most, of each shard; else `links.bytes`."),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="N", help="Time after which nothing more is asked of a shard; else none."),
    ] = None,
    per_host: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Requests to one host at most, of each shard; else `links.requests_per_host`."
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--everything", help="Also links that are not due or dead, and without the catalog's budget."),
    ] = False,
) -> None:
    """Ask for the verified links again and append what each said; then update the decay statistics.

    Links that were seen within `links.min_days` are left out, and dead ones for half a year, but for the sample. With a
    budget, those are asked from which most is learned; what was skipped is said. A round that was killed is gone on
    with by the next.
    """
    project: Project = context.obj
    have = set(project.lake.tables.shards(VERIFIED.name))
    shards = [key for key in selected(project, source, shard) if key in have]
    if not shards:
        raise LakeError("no shard is verified yet: run `imgtext build` first")
    given = {
        "requests": requests,
        "bytes": received,
        "seconds": None if minutes is None else max(1, round(minutes * 60)),
        "requests_per_host": per_host,
        "everything": everything or None,
    }
    before = _observations(project, shards)
    with running(project) as pipeline:
        problems = pipeline.recheck(shards, **{name: value for name, value in given.items() if value is not None})
    show_links(project)
    asked, links = _observations(project, shards) - before, _links(project, shards)
    if asked < links and not problems:
        out.print(
            f"{asked:,} of {links:,} links were asked; the others were not due, or beyond the budget: the metadata of "
            "`link_checks` in the UI say why. `imgtext recheck --everything` asks all."
        )
    end_with(problems)


def show_links(project: Project) -> None:
    """Print how many links of each source are in which state, by their latest observation."""
    is_newest = pl.col("checked_at") == pl.col("checked_at").max().over("shard", "id")
    newest = project.scan(LINK_CHECKS.name).filter(is_newest)
    counted = newest.group_by("source", "state").len("links").sort("source", "state").collect()
    console.show_frame(counted, "Links by their latest observation")


def _observations(project: Project, shards: list[str]) -> int:
    return project.scan(LINK_CHECKS.name).filter(pl.col("shard").is_in(shards)).select(pl.len()).collect().item()


def _links(project: Project, shards: list[str]) -> int:
    kept = project.scan(VERIFIED.name).filter(pl.col("shard").is_in(shards), pl.col("reject_reason").is_null())
    return kept.select(pl.len()).collect().item()
