"""How the command starts and ends, whichever command it is: the application, its options, its exit codes.

No Dagster here, which takes as long to import as all else together: what only looks something up starts without.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from imgtext_assets.catalog import CatalogError
from imgtext_assets.console import fail
from imgtext_assets.lake import LakeError

CatalogOption = Annotated[
    Path | None,
    typer.Option("--catalog", metavar="FILE", help="The catalog; else $IMGTEXT_CATALOG, else data/catalog.yaml."),
]


def new_app() -> typer.Typer:
    """An application named `imgtext`, without commands."""
    return typer.Typer(
        name="imgtext",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Builds open image-text datasets and keeps them alive: `imgtext build`, then `imgtext release`, then "
        "`imgtext recheck` for years. What a command does shows in the Dagster UI (`dagster dev`).",
    )


def end_well(
    command: Callable[[], object],
    mistakes: tuple[type[Exception], ...] = (),
    failures: tuple[type[Exception], ...] = (),
) -> None:
    """Run the command; a user's mistake is one line and exit code 2, a failure one line and exit code 1."""
    try:
        command()
    except (CatalogError, *mistakes) as mistake:
        fail(str(mistake))
        sys.exit(2)
    except (LakeError, OSError, pl.exceptions.ComputeError, *failures) as failure:
        fail(str(failure))
        sys.exit(1)
    except KeyboardInterrupt:
        fail("interrupted; run the same command again and it goes on where it stopped")
        sys.exit(130)
