"""The `imgtext` command, with all that it can do, and how it ends.

Exit codes: 0 done, 1 something failed (said which shard and why), 2 wrong use.
"""

from __future__ import annotations

from imgtext_assets.cli import (  # their commands join the application
    building,
    judging,
    links,
    preparing,
    rechecking,
    releasing,
    removing,
    sample,
    sharing,
    tracing,
)
from imgtext_assets.cli.app import app
from imgtext_assets.cli.start import end_well
from imgtext_assets.defs.runs import NoInstanceError
from imgtext_assets.sources import SourceError

__all__ = [
    "app",
    "building",
    "judging",
    "links",
    "main",
    "preparing",
    "rechecking",
    "releasing",
    "removing",
    "sample",
    "sharing",
    "tracing",
]

app.command(tracing.NAME)(tracing.trace)


def main() -> None:
    """Run the command line; see `start.end_well`."""
    end_well(app, mistakes=(NoInstanceError,), failures=(SourceError,))
