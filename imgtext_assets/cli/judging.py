"""Commands of people's judgement of accounts."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from imgtext_assets import console
from imgtext_assets.catalog import CatalogError
from imgtext_assets.cli.app import SourceOption, app, end_with, of_source, running, selected
from imgtext_assets.console import out
from imgtext_assets.defs.orders import load_orders, write_decision
from imgtext_assets.defs.pipeline import Project
from imgtext_assets.rights import undecided
from imgtext_assets.tables import ACCOUNTS, RAW_METADATA
from imgtext_assets.text import plain


class Verdict(StrEnum):
    """What may be decided of an account."""

    include = "include"
    exclude = "exclude"


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
    selected(project, source, None)
    load_orders(project.catalog)
    with running(project) as pipeline:
        end_with(pipeline.accounts())
    table = of_source(source, project.scan(ACCOUNTS.name)).collect()
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
    selected(project, source, None)
    file = project.catalog.policy.accounts.decisions
    if file is None or "://" in file:
        raise CatalogError("`policy.accounts.decisions`: name a local CSV file, such as account-decisions.csv")
    today = datetime.now(UTC).date().isoformat()
    decision = {"account": account, "verdict": verdict.value, "who": who or _user(), "when": today, "why": why}
    try:
        write_decision(Path(file), decision | {"source": source or ""})
    except ValueError as error:
        raise CatalogError(str(error)) from None
    rows = of_source(source, project.scan(RAW_METADATA.name)).filter(account=account.strip())
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
