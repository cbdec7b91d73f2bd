"""The survival of links as drawings.

matplotlib is imported where something is drawn: it takes longer to import than most commands take.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from imgtext_assets.text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The same drawing gives the same bytes: ids come from a fixed salt, text stays text.
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "imgtext",
    "svg.fonttype": "none",
    "text.parse_math": False,  # a host's name may have dollars
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_NO_METADATA = {"Date": None, "Creator": None}
_NAMED_DAYS = 6


_SOURCES = 8
"""More lines than there are colours tell nothing."""


def share_svg(decay: pl.DataFrame) -> str:
    """The share of the observed links that were there when last seen, over time, a line a source, as an SVG document.

    `decay` is a frame of LINK_DECAY. There are the links that are alive, moved or changed; those of unknown fate
    count among all that were observed. Where a budget leaves links out these are not like all: see `level`. The same
    frame gives the same text.
    """
    shares = (
        decay.group_by("source", "checked_on")
        .agg(share=(pl.col("alive") + pl.col("changed")).sum() / pl.col("links").sum())
        .sort("source", "checked_on")
    )
    with _drawn("observed links there when last seen", "day of the recheck (UTC)") as (axes, out):
        for (source,), line in shares.group_by("source", maintain_order=True):
            axes.plot(
                line["checked_on"].to_list(), line["share"].to_list(), marker="o", markersize=3, label=_name(source)
            )
        if shares.height:
            axes.legend(frameon=False, loc="lower left")
            _show_days(axes, shares["checked_on"].unique().sort().to_list())
    return out.getvalue()


def survival_svg(survival: pl.DataFrame) -> str:
    """The share of links that live longer than each age, with its 95% band, as an SVG document.

    `survival` is a frame of LINK_SURVIVAL. All sources together, and each of the sources that have most links where
    there are several. The same frame gives the same text.
    """
    of_sources = survival.filter(pl.col("host").is_null())
    largest = (
        of_sources.group_by("source").agg(pl.col("at_risk").max()).sort("at_risk", "source", descending=[True, False])
    )
    shown = (
        largest.head(_SOURCES + 1)["source"].to_list() if largest.height > 2 else largest.head(1)["source"].to_list()
    )
    with _drawn("links that live longer", "age (days since the picture was fetched)") as (axes, out):
        for source in shown:
            line = of_sources.filter(pl.col("source").eq_missing(pl.lit(source, pl.String))).sort("age")
            ages, lived, lower, upper = (
                [first, *line[name].to_list()]
                for name, first in (("age", 0), ("survival", 1.0), ("lower", 1.0), ("upper", 1.0))
            )
            (drawn,) = axes.step(ages, lived, where="post", label="all sources" if source is None else _name(source))
            axes.fill_between(ages, lower, upper, step="post", alpha=0.15, color=drawn.get_color(), linewidth=0)
        if shown:
            axes.legend(frameon=False, loc="lower left")
    return out.getvalue()


@contextmanager
def _drawn(ylabel: str, xlabel: str) -> Iterator[tuple[Axes, io.StringIO]]:
    """Axes of shares to draw in; afterwards the drawing is in the text."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    out = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.add_subplot()
        yield axes, out
        axes.set(ylim=(0, 1.02), ylabel=ylabel, xlabel=xlabel)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(axis="y", alpha=0.3)
        FigureCanvasSVG(figure).print_svg(out, metadata=_NO_METADATA)


def _name(source: object) -> str:
    """A name for the legend, which leaves out what begins with an underscore."""
    return plain(source, 40).lstrip("_") or "?"


def _show_days(axes: Axes, days: list[date]) -> None:
    """Name each day where there are few; around a single one matplotlib would draw four years."""
    from matplotlib.dates import date2num

    if len(days) <= _NAMED_DAYS:
        places = [float(date2num(day)) for day in days]
        axes.set_xticks(places, [day.isoformat() for day in days])
        axes.set_xlim(places[0] - 1, places[-1] + 1)
    axes.tick_params(axis="x", rotation=30)
