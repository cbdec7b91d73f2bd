"""`python -m imgtext_assets.demo.serve`: write the sample where it is not yet, and serve it until stopped."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from imgtext_assets.demo.folder import load_pages, write_sample
from imgtext_assets.demo.web import DemoWeb

PORT = 8377


def main(
    folder: Annotated[Path, typer.Option(help="Where the sample lies, or is written to.")] = Path("data/sample"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = PORT,
) -> None:
    """Serve the sample's web on loopback until SIGINT or SIGTERM."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        web = DemoWeb({}, port=port).start()
    except OSError as error:
        typer.echo(f"port {port} of 127.0.0.1 cannot be used: {error.strerror}; name another with --port", err=True)
        raise typer.Exit(1) from None
    write_sample(folder, web.base_url)
    web.pages = load_pages(folder)
    typer.echo(f"{len(web.pages)} pages at {web.base_url}; stop with Ctrl-C")
    stopped.wait()
    web.stop()


if __name__ == "__main__":
    typer.run(main)
