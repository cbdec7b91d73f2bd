"""Commands that prepare the place where the lake lies."""

from __future__ import annotations

from typing import Annotated

import polars as pl
import typer

from imgtext_assets import console
from imgtext_assets.cli.app import app
from imgtext_assets.console import out
from imgtext_assets.defs.pipeline import Project
from imgtext_assets.lake.bucket import Wish, carry_out, plan


@app.command()
def bucket(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
) -> None:
    """Prepare the lake's bucket on S3: create it, keep old versions, clear temporary objects, open it if asked.

    `storage` in the catalog says what is wanted. Rules and policies that others have set stay; a second run changes
    nothing.
    """
    project: Project = context.obj
    root = project.catalog.lake
    steps = plan(root, Wish(**project.catalog.storage.model_dump(exclude={"fsync"})))
    if not dry_run:
        steps = [carry_out(step) for step in steps]
    rows = [(step.name, step.there, step.wanted, step.state.value) for step in steps]
    console.show_frame(pl.DataFrame(rows, ["step", "there is", "wanted", "state"], orient="row"), root)
    if dry_run:
        out.print("Nothing was changed.")
