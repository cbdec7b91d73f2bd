"""Live through two years, a line a month: `python -m imgtext_assets_tests.years [--months N] [--plot FILE.svg]`.

docs/two-years.md has what it prints and draws.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from imgtext_assets import links
from imgtext_assets_tests.years.maintainer import MONTHS, Month, employed, live
from imgtext_assets_tests.years.web import rotting_web


def main(
    months: Annotated[int, typer.Option(min=1)] = MONTHS,
    count: Annotated[int, typer.Option("--links", min=20, help="Links at first.")] = 150,
    seed: Annotated[int, typer.Option()] = 7,
    plot: Annotated[Path | None, typer.Option(help="Where to draw the survival of the links (SVG).")] = None,
) -> None:
    """Live through some months of refresh, decay, takedowns and releases."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder, rotting_web(seed) as web, employed(Path(folder), web) as maintainer:
        lived: list[Month] = []
        with console.status("") as status:
            for month in live(maintainer, months, count):
                lived.append(month)
                status.update(f"{len(lived)} of {months} months")
        console.print(_summary(lived))
        console.print(f"{len(maintainer.takedowns)} takedowns; {len(web.links)} links in all")
        if plot:
            survival = maintainer.project.scan("link_survival").collect()
            plot.write_text(links.survival_svg(survival))


def _summary(months: list[Month]) -> Table:
    table = Table("release", "rows", "added", "removed", "replaced", "lead to their picture", box=MARKDOWN)
    for month in months:
        counts = (f"{month.changes[name]}" for name in ("added", "removed", "replaced"))
        table.add_row(month.version, f"{month.rows}", *counts, f"{month.alive / month.rows:.1%}")
    return table


if __name__ == "__main__":
    typer.run(main)
