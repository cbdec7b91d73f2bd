"""The `imgtext` command: the same Dagster assets on the same instance, so all that it does shows in the UI.

Importing this imports nothing: worker processes import the program's main module anew, which imports this.
"""

from __future__ import annotations

import gc
import sys


def run() -> None:
    """Run the command as a program: see `imgtext_assets.cli.main.main`."""
    gc.disable()  # what imports make stays: to look through it again and again takes a quarter of the start
    from imgtext_assets.cli.tracing import is_meant

    if is_meant(sys.argv[1:]):
        from imgtext_assets.cli.tracing import main
    else:
        from imgtext_assets.cli.main import main

    gc.freeze()
    gc.enable()
    main()
