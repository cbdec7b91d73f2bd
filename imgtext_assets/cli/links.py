"""The command that tells how links fare."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from imgtext_assets import console
from imgtext_assets import links as room
from imgtext_assets.cli.app import SourceOption, app, of_source, selected
from imgtext_assets.console import out
from imgtext_assets.defs.pipeline import Project
from imgtext_assets.tables import DEAD_LINKS, LINK_DECAY, LINK_HOSTS, LINK_SURVIVAL
from imgtext_assets.text import plain


@app.command()
def links(
    context: typer.Context,
    source: SourceOption = None,
    top: Annotated[int, typer.Option(min=1, help="How many of the hosts that lose most to show.")] = 20,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the page of all this to a file, to share.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line: each source, then each host.")
    ] = False,
) -> None:
    """Tell how links fare: the share that is there, how fast they die, and what to expect at the next release.

    By what `imgtext recheck` has seen so far.
    """
    project: Project = context.obj
    selected(project, source, None)
    decay, survival, hosts, dead = (
        of_source(source, project.scan(table.name)).collect()
        for table in (LINK_DECAY, LINK_SURVIVAL, LINK_HOSTS, DEAD_LINKS)
    )
    learned = room.Learned(decay, survival, hosts, dead)
    on = room.first_of_next_month(datetime.now(UTC).date())
    if html is not None:
        html.write_text(room.decay_page(learned, on), encoding="utf-8")
    if as_json:
        sys.stdout.write(hosts.sort(pl.col("host").is_not_null(), "source", "host").write_ndjson())
        return
    if hosts.is_empty():
        out.print("No link has been observed yet: run `imgtext recheck`.")
        return
    forecasts = room.forecast(hosts, on)
    shown = forecasts.with_columns(pl.col("source").fill_null("all sources"))
    console.show_frame(shown.with_columns(pl.selectors.float().round(3)), room.forecast_sentence(forecasts, on))
    console.show_frame(_rounded(room.sources(hosts)), "how fast links die (hazard: deaths a day; half-life: days)")
    losing = room.losing_most(hosts, top)
    if losing.height:
        console.show_frame(_rounded(losing), "hosts that lose most")
    if html is not None:
        out.print(f"Written: {plain(html)}")


def _rounded(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.selectors.float().round_sig_figs(3))
