"""The `imgtext` command: the same Dagster assets on the same instance, so all that it does shows in the UI.

Exit codes: 0 done, 1 something failed (said which shard and why), 2 wrong use.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from getpass import getuser
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from imgtext_assets import console
from imgtext_assets.catalog import CatalogError, load_catalog
from imgtext_assets.console import Bars, fail, out
from imgtext_assets.defs.build import new_engine
from imgtext_assets.defs.funnel import stage_funnel
from imgtext_assets.defs.orders import load_orders, write_decision
from imgtext_assets.defs.pipeline import ORDER, Pipeline, Project
from imgtext_assets.defs.reading import new_reader
from imgtext_assets.defs.runs import NoInstanceError, instance
from imgtext_assets.demo import DemoWeb, decay, load_pages, write_sample
from imgtext_assets.demo.serve import PORT
from imgtext_assets.lake import Lake, LakeError
from imgtext_assets.publish.lineage import find_rows, history, key_kind, names, with_repeats
from imgtext_assets.rights import NAMES, tombstones, undecided
from imgtext_assets.sources import SourceError, url_key
from imgtext_assets.tables import ACCOUNTS, LINK_CHECKS, RAW_METADATA, REMOVALS, VERIFIED
from imgtext_assets.text import plain

app = typer.Typer(
    name="imgtext",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Builds open image-text datasets and keeps them alive: `imgtext build`, then `imgtext release`, then "
    "`imgtext recheck` for years. What a command does shows in the Dagster UI (`dagster dev`).",
)


class Verdict(StrEnum):
    """What may be decided of an account."""

    include = "include"
    exclude = "exclude"


SourceOption = Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only the shards of this source.")]
ShardOption = Annotated[
    str | None, typer.Option("--shard", metavar="KEY", help="Only this shard, such as pd12m-00003.")
]


@app.callback()
def _start(
    context: typer.Context,
    catalog: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The catalog; else $IMGTEXT_CATALOG, else data/catalog.yaml."),
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
        str, typer.Option(metavar="ASSET", help=f"Stop after this one of: {', '.join(ORDER)}.")
    ] = VERIFIED.name,
    force: Annotated[bool, typer.Option("--force", help="Run every stage, also those that are up to date.")] = False,
) -> None:
    """Build what is missing, changed, or may now succeed; what is up to date is left alone.

    Lists the sources' files, cuts them into shards, and takes each through the stages. Interrupted or killed, it
    goes on where it stopped: no picture is fetched twice.
    """
    project: Project = context.obj
    if until not in ORDER:
        raise typer.BadParameter(f"{until!r} is none of {', '.join(ORDER)}", param_hint="--until")
    with _pipeline(project) as pipeline:
        problems = pipeline.discover()
        shards = _selected(project, source, shard)
        problems += pipeline.build(shards, until, force)
    console.show_funnel(stage_funnel(project.lake, shards))
    _end(problems)


@contextmanager
def _pipeline(project: Project) -> Iterator[Pipeline]:
    """The pipeline with bars on the terminal, and with processes that decode and read for all its runs."""
    on = instance()
    with Bars() as bars, new_engine(project.catalog.pictures) as engine, new_reader() as reader:
        yield Pipeline(project.catalog, project.lake, on, bars, engine, reader)


def _selected(project: Project, source: str | None, shard: str | None) -> list[str]:
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


def _of(source: str | None, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of one source, or all."""
    return rows if source is None else rows.filter(source=source)


def _end(problems: Sequence[str]) -> None:
    for problem in problems:
        fail(problem)
    if problems:
        raise typer.Exit(1)


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
    shards = [key for key in _selected(project, source, shard) if key in have]
    if not shards:
        raise LakeError("no shard is verified yet: run `imgtext build` first")
    with _pipeline(project) as pipeline:
        problems = pipeline.recheck(shards)
    _show_links(project)
    _end(problems)


def _show_links(project: Project) -> None:
    is_newest = pl.col("checked_at") == pl.col("checked_at").max().over("shard", "id")
    newest = project.scan(LINK_CHECKS.name).filter(is_newest)
    counted = newest.group_by("source", "state").len("links").sort("source", "state").collect()
    console.show_frame(counted, "Links by their latest observation")


@app.command()
def remove(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ID|URL|SHA256", help="What must go and stay gone.")],
    reason: Annotated[str, typer.Option(help="Why, in a sentence.")],
    request: Annotated[str | None, typer.Option(help="Reference of the request, such as a ticket.")] = None,
    only_this: Annotated[
        bool, typer.Option("--only-this", help="Leave the rows that show the same picture, which go too otherwise.")
    ] = False,
) -> None:
    """Answer a takedown: write tombstones, so that every later build and release refuses the picture.

    They name the id, address and bytes of the row and of all that repeat it. The bytes stay in the blob store;
    published releases do not change, the next one lists the removal.
    """
    project: Project = context.obj
    named = {"sha256": key.lower(), "url": pl.select(url_key(pl.lit(key))).item(), "id": key}[key_kind(key)]
    if named is None:
        raise typer.BadParameter(f"{key!r} is no id, SHA-256 or http(s) address", param_hint="ID|URL|SHA256")
    asked = find_rows(project.scan, key, url_key)
    rows = asked if only_this else with_repeats(project.scan, asked)
    known = names(project.scan, rows)
    itself = pl.DataFrame({NAMES[key_kind(key)]: [named]})
    stones = tombstones(pl.concat([known, itself], how="diagonal"), reason, request, datetime.now(UTC))
    project.lake.tables.append(REMOVALS.name, stones)
    console.show_frame(rows, f"{stones.height} tombstones; rows known now that they name")
    out.print("Next: `imgtext build` judges their shards anew; `imgtext release` cuts a version without them.")


@app.command()
def accounts(
    context: typer.Context,
    top: Annotated[int, typer.Option(min=1, help="How many accounts to show.")] = 50,
    source: SourceOption = None,
    everyone: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with every sample link.")] = False,
) -> None:
    """List the accounts that nobody has judged yet, those with most rows first: a licence is as good as who gave it.

    Shows what became of their rows and pages to look at. `imgtext decide` records what you find.
    """
    project: Project = context.obj
    _selected(project, source, None)
    load_orders(project.catalog)
    with _pipeline(project) as pipeline:
        _end(pipeline.accounts())
    table = _of(source, project.scan(ACCOUNTS.name)).collect()
    shown = table.head(top) if everyone else undecided(table, top)
    if as_json:
        sys.stdout.write(shown.write_ndjson())
    elif shown.is_empty():
        out.print("No account is undecided." if table.height else "No row names an account.")
    else:
        console.show_accounts(shown, f"{table.height:,} accounts, {table['verdict'].count():,} of them decided")


@app.command()
def decide(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="The account, as `imgtext accounts` shows it.")],
    verdict: Annotated[Verdict, typer.Argument(help="Whether its rows may be used.")],
    why: Annotated[str, typer.Option(help="Why, in a sentence.")],
    who: Annotated[str | None, typer.Option(help="Who decides; else the name that you are logged in by.")] = None,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only in this source.")] = None,
) -> None:
    """Add a decision on an account to the catalog's decisions file; the last one of an account holds.

    The next build judges exactly the shards anew that hold the account.
    """
    project: Project = context.obj
    _selected(project, source, None)
    file = project.catalog.policy.accounts.decisions
    if file is None or "://" in file:
        raise CatalogError("`policy.accounts.decisions`: name a local CSV file, such as account-decisions.csv")
    today = datetime.now(UTC).date().isoformat()
    decision = {"account": account, "verdict": verdict.value, "who": who or _user(), "when": today, "why": why}
    try:
        write_decision(Path(file), decision | {"source": source or ""})
    except ValueError as error:
        raise CatalogError(str(error)) from None
    rows = _of(source, project.scan(RAW_METADATA.name)).filter(account=account.strip())
    held = rows.group_by("shard").len("rows").sort("shard").collect()
    if held.is_empty():
        out.print("Written. No row that has been read so far names this account: check its spelling.")
        return
    console.show_frame(held, f"{verdict.value} {plain(account)}: shards that hold the account")
    out.print("Next: `imgtext build` judges these shards anew.")


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        raise typer.BadParameter("this system does not say who you are: give a name", param_hint="--who") from None


@app.command()
def release(context: typer.Context) -> None:
    """Cut a new version from all verified shards: metadata, manifest, dataset card, changes since the last."""
    load_orders(context.obj.catalog)
    with _pipeline(context.obj) as pipeline:
        _release(pipeline)


def _release(pipeline: Pipeline) -> None:
    result = pipeline.release()
    if not result.ok:
        _end([result.problem or "the release failed"])
    metadata = result.metadata["release"]
    console.show_release(pipeline.lake.releases.url(metadata["version"]), metadata)


@app.command()
def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where the sample is written.")] = Path("data/sample"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the sample's web on 127.0.0.1.")] = PORT,
) -> None:
    """Build the sample: about 200 real photographs on a small web of their own, from metadata to a release.

    Then the links are rechecked, some of them rot, and they are rechecked again; a host that has withdrawn its consent
    is obeyed before the release.
    """
    project: Project = context.obj
    with console.waiting("writing the sample's photographs and metadata"):
        web = demo_web(folder, port)
    with web, _pipeline(project) as pipeline:
        problems = pipeline.discover()
        shards = project.shards()
        _end(problems + pipeline.build(shards))
        console.show_funnel(stage_funnel(project.lake, shards))
        problems = pipeline.recheck(shards)
        web.pages = decay(web.pages)
        problems += pipeline.recheck(shards)
        _show_links(project)
        problems += pipeline.build(shards) + pipeline.accounts()
        _release(pipeline)
    kept = project.scan(VERIFIED.name).filter(pl.col("reject_reason").is_null()).select("id").head(1).collect().item()
    console.show_next(kept)
    _end(problems)


def demo_web(folder: Path, port: int) -> DemoWeb:
    """The sample's web, written and served. Raises LakeError where the folder or the port cannot be used."""
    try:
        write_sample(folder, f"http://127.0.0.1:{port}")
        return DemoWeb(load_pages(folder), port=port).start()
    except ImportError as error:
        raise LakeError(f"{error}; the sample's photographs come with: pip install 'imgtext-assets[demo]'") from None
    except OSError as error:
        raise LakeError(
            f"the sample's web cannot start on port {port}: {error}; if `make ui` is running, stop it first"
        ) from None


def main() -> None:
    """Run the command; a user's mistake is one line and exit code 2, a failure one line and exit code 1."""
    try:
        app()
    except (CatalogError, NoInstanceError) as mistake:
        fail(str(mistake))
        sys.exit(2)
    except (LakeError, SourceError, OSError, pl.exceptions.ComputeError) as failure:
        fail(str(failure))
        sys.exit(1)
    except KeyboardInterrupt:
        fail("interrupted; run the same command again and it goes on where it stopped")
        sys.exit(130)
