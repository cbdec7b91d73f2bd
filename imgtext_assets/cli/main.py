"""The `imgtext` command, with all that it can do, and how it ends.

Exit codes: 0 done, 1 something failed (said which shard and why), 2 wrong use.
"""

from __future__ import annotations

import sys

import polars as pl

from imgtext_assets.catalog import CatalogError
from imgtext_assets.cli import (  # their commands join the application
    building,
    judging,
    links,
    preparing,
    rechecking,
    releasing,
    removing,
    sample,
)
from imgtext_assets.cli.app import app
from imgtext_assets.console import fail
from imgtext_assets.defs.runs import NoInstanceError
from imgtext_assets.lake import LakeError
from imgtext_assets.sources import SourceError

__all__ = ["app", "building", "judging", "links", "main", "preparing", "rechecking", "releasing", "removing", "sample"]


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
