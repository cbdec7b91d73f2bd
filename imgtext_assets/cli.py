"""The `imgtext` command: the same Dagster assets on the same instance, so all that it does shows in the UI.

Exit codes: 0 done, 1 something failed (said which shard and why), 2 wrong use.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import dagster as dg
import polars as pl
import typer

from imgtext_assets import console
from imgtext_assets.catalog import Catalog, CatalogError, load_catalog
from imgtext_assets.console import Bars, fail, out
from imgtext_assets.defs import stale
from imgtext_assets.defs.build import build_defs, code_versions
from imgtext_assets.defs.discover import add_partitions, discover, known_shards, observations
from imgtext_assets.defs.funnel import stage_funnel
from imgtext_assets.defs.jobs import BUILD, INGEST
from imgtext_assets.defs.runs import NoInstanceError, RunResult, instance, run_job
from imgtext_assets.lake import Lake, LakeError
from imgtext_assets.publish.lineage import find_rows, history, key_kind
from imgtext_assets.sources import SourceError, url_key
from imgtext_assets.tables import BY_NAME, LINK_CHECKS, REMOVALS, VERIFIED

app = typer.Typer(
    name="imgtext",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Builds open image-text datasets and keeps them alive: `imgtext build`, then `imgtext release`, then "
    "`imgtext recheck` for years. What a command does shows in the Dagster UI (`dagster dev`).",
)


@dataclass(frozen=True)
class Project:
    """What every command works on."""

    catalog: Catalog
    lake: Lake

    def scan(self, name: str, shard: str | None = None) -> pl.LazyFrame:
        """A table of the lake, or one shard of it."""
        return self.lake.tables.scan(name, BY_NAME[name].schema, [shard] if shard else None)


SourceOption = Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only the shards of this source.")]
ShardOption = Annotated[
    str | None, typer.Option("--shard", metavar="KEY", help="Only this shard, such as pd12m-00003.")
]


@app.callback()
def _start(
    context: typer.Context,
    catalog: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The catalog [default: $IMGTEXT_CATALOG or data/catalog.yaml]."),
    ] = None,
) -> None:
    if context.resilient_parsing or {"-h", "--help"} & set(sys.argv):
        return
    loaded = load_catalog(catalog)
    context.obj = Project(loaded, Lake(loaded.lake))


@app.command()
def build(
    context: typer.Context,
    source: SourceOption = None,
    shard: ShardOption = None,
    until: Annotated[
        str,
        typer.Option(
            metavar="ASSET",
            help=f"Stop after this one of: {', '.join(INGEST)}, duplicate_clusters, {', '.join(BUILD)}.",
        ),
    ] = "verified",
    force: Annotated[bool, typer.Option("--force", help="Run every stage, also those that are up to date.")] = False,
) -> None:
    """Build what is missing, changed, or may now succeed; what is up to date is left alone.

    Lists the sources' files, cuts them into shards, and takes each through the stages. Interrupted or killed, it
    goes on where it stopped: no picture is fetched twice.
    """
    project: Project = context.obj
    if until not in [*INGEST, "duplicate_clusters", *BUILD]:
        raise typer.BadParameter(f"{until!r} is no stage; see --help for their names", param_hint="--until")
    on = instance()
    with Bars() as bars:
        if problems := _build(project, on, bars, source, shard, until, force):
            for problem in problems:
                fail(problem)
            raise typer.Exit(1)
    console.show_funnel(stage_funnel(project.lake, _selected(project, source, shard)))


def _build(
    project: Project, on: dg.DagsterInstance, bars: Bars, source: str | None, shard: str | None, until: str, force: bool
) -> list[str]:
    """Run the two halves of the graph and the clustering between them. Returns what went wrong, a line each."""
    discovery = discover(project.catalog, project.lake)
    add_partitions(on, discovery)
    for observation in observations(discovery):
        on.report_runless_asset_event(observation)
    shards = _selected(project, source, shard)
    defs, versions = build_defs(project.catalog, lake=project.lake, progress=bars), code_versions(project.catalog)
    order = [*INGEST, "duplicate_clusters", *BUILD]
    wanted = order[: order.index(until) + 1]
    problems = list(discovery.problems)

    def run_stages(job: str, stages: list[str], again: list[str]) -> None:
        stages = [stage for stage in stages if stage in wanted]
        due = dict.fromkeys(shards, stages) if force else stale.stages_to_run(on, stages, shards, versions)
        due |= {key: list(stages) for key in again if key in shards and stages}
        for key in bars.each(sorted(due), f"{job}: shards"):
            result = run_job(defs, job, on, key, due[key])
            problems.extend(_said(result, key))

    removed, removed_bytes = stale.shards_with_removed_rows(project.lake)
    run_stages("ingest", INGEST, removed)
    if "duplicate_clusters" in wanted and (force or stale.clusters_stale(on, versions)):
        problems.extend(_said(run_job(defs, "cluster", on), "all shards"))
    if set(BUILD) & set(wanted):
        ready = set(project.lake.tables.shards("fingerprints"))
        shards = [key for key in shards if key in ready]
        verdicts, passing = stale.shards_with_new_verdicts(project.lake), stale.shards_to_ask_again(project.lake)
        run_stages("build", BUILD, [*verdicts, *passing, *removed_bytes])
    return problems


def _said(result: RunResult, shard: str) -> list[str]:
    return [] if result.ok else [f"{shard}: {result.problem} (run {result.run_id})"]


def _selected(project: Project, source: str | None, shard: str | None) -> list[str]:
    """Keys of the shards that the options name; wrong use where there is none."""
    known = known_shards(project.lake).filter(state="present")
    if source is not None:
        if source not in [entry.name for entry in project.catalog.sources]:
            names = ", ".join(entry.name for entry in project.catalog.sources)
            raise typer.BadParameter(f"{source!r} is not in the catalog; it has {names}", param_hint="--source")
        known = known.filter(source=source)
    if shard is not None:
        known = known.filter(shard=shard)
        if known.is_empty():
            raise typer.BadParameter(f"no shard {shard!r}; `imgtext status` lists them", param_hint="--shard")
    return known["shard"].to_list()


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
    funnel = stage_funnel(project.lake, _selected(project, source, shard) if source or shard else None)
    if as_json:
        sys.stdout.write(funnel.write_ndjson())
    elif funnel.is_empty():
        out.print("Nothing is built yet: `imgtext build` starts.")
    else:
        console.show_funnel(funnel)


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
        releases = [
            version
            for version in project.lake.releases.versions()
            if project.lake.releases.scan(version).filter(id=row_id).select(pl.len()).collect().item()
        ]
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
    on = instance()
    have = set(project.lake.tables.shards(VERIFIED.name))
    shards = [key for key in _selected(project, source, shard) if key in have]
    if not shards:
        raise LakeError("no shard is verified yet: run `imgtext build` first")
    problems: list[str] = []
    with Bars() as bars:
        defs = build_defs(project.catalog, lake=project.lake, progress=bars)
        for key in bars.each(shards, "recheck: shards"):
            problems += _said(run_job(defs, "recheck", on, key), key)
        problems += _said(run_job(defs, "decay", on), "all shards")
    checks = project.scan(LINK_CHECKS.name)
    newest = checks.filter(pl.col("checked_at") == pl.col("checked_at").max().over("shard", "id"))
    console.show_frame(
        newest.group_by("source", "state").len("links").sort("source", "state").collect(),
        "Links, by latest observation",
    )
    for problem in problems:
        fail(problem)
    if problems:
        raise typer.Exit(1)


@app.command()
def remove(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ID|URL|SHA256", help="What must go and stay gone.")],
    reason: Annotated[str, typer.Option(help="Why, in a sentence.")],
    request: Annotated[str | None, typer.Option(help="Reference of the request, such as a ticket.")] = None,
) -> None:
    """Answer a takedown: write a tombstone, so that every later build and release refuses the row.

    The bytes stay in the blob store until they are collected; published releases do not change, the next one lists
    the removal.
    """
    project: Project = context.obj
    kind = key_kind(key)
    value = {"sha256": key.lower(), "id": key}.get(kind) or pl.select(url_key(pl.lit(key))).item()
    hit = find_rows(project.scan, key, url_key)
    tombstone = {"kind": kind, "value": value, "reason": reason, "request": request, "removed_at": datetime.now(UTC)}
    project.lake.tables.append(REMOVALS.name, pl.DataFrame([tombstone], schema=REMOVALS.schema))
    console.show_frame(hit, f"Removed by {kind}: {hit.height} rows known now, and any that come")
    out.print("Next: `imgtext build` judges their shards anew; `imgtext release` cuts a version without them.")


@app.command()
def release(context: typer.Context) -> None:
    """Cut a new version from all verified shards: metadata, manifest, dataset card, changes since the last."""
    project: Project = context.obj
    result = run_job(build_defs(project.catalog, lake=project.lake), "release", instance())
    if not result.ok:
        fail(result.problem or "the release failed")
        raise typer.Exit(1)
    console.show_release(project.lake.releases.url(project.lake.releases.versions()[-1]), result.metadata["release"])


def main() -> None:
    """Run the command; a user's mistake is one line and exit code 2, a failure one line and exit code 1."""
    try:
        app()
    except (CatalogError, NoInstanceError) as mistake:
        fail(str(mistake))
        sys.exit(2)
    except (LakeError, SourceError) as failure:
        fail(str(failure))
        sys.exit(1)
    except KeyboardInterrupt:
        fail("interrupted; run the same command again and it goes on where it stopped")
        sys.exit(130)
