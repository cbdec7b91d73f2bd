"""The survival of links as a drawing.

matplotlib is imported where something is drawn: it takes longer to import than most commands take.
"""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The same drawing gives the same bytes: ids come from a fixed salt, text stays text.
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "imgtext",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_NO_METADATA = {"Date": None, "Creator": None}
_NAMED_DAYS = 6


def survival_svg(decay: pl.DataFrame) -> str:
    """The share of links that are there over time, a line a source, as an SVG document.

    `decay` is a frame of LINK_DECAY. There are the links that are alive, moved or changed; those of unknown fate
    count among all. The same frame gives the same text.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    shares = (
        decay.group_by("source", "checked_on")
        .agg(share=(pl.col("alive") + pl.col("changed")).sum() / pl.col("links").sum())
        .sort("source", "checked_on")
    )
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.add_subplot()
        for (source,), line in shares.group_by("source", maintain_order=True):
            axes.plot(
                line["checked_on"].to_list(), line["share"].to_list(), marker="o", markersize=3, label=str(source)
            )
        axes.set(ylim=(0, 1.02), ylabel="links that are there", xlabel="day of the recheck (UTC)")
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(axis="y", alpha=0.3)
        if shares.height:
            axes.legend(frameon=False, loc="lower left")
            _show_days(axes, shares["checked_on"].unique().sort().to_list())
        out = io.StringIO()
        FigureCanvasSVG(figure).print_svg(out, metadata=_NO_METADATA)
    return out.getvalue()


def _show_days(axes: Axes, days: list[date]) -> None:
    """Name each day where there are few; around a single one matplotlib would draw four years."""
    from matplotlib.dates import date2num

    if len(days) <= _NAMED_DAYS:
        places = [float(date2num(day)) for day in days]
        axes.set_xticks(places, [day.isoformat() for day in days])
        axes.set_xlim(places[0] - 1, places[-1] + 1)
    axes.tick_params(axis="x", rotation=30)
