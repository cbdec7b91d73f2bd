"""Link decay as one HTML page that needs nothing else: no scripts, no fonts, nothing that is loaded from anywhere.

What belongs here: the page. What does not: its numbers (`survival`, `hosts`, `forecast`) and drawings (`plot`).
Hosts' names come from the internet: every text is escaped, and drawings are pictures, in which nothing runs.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from datetime import date
from html import escape

import polars as pl

from imgtext_assets.links.forecast import forecast, forecast_sentence
from imgtext_assets.links.learning import Learned
from imgtext_assets.links.plot import share_svg, survival_svg
from imgtext_assets.text import plain

TOP_HOSTS = 30
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;font-size:14px;margin:1rem 0}"
    "th,td{padding:.2rem .8rem .2rem 0;border-bottom:1px solid #ddd;text-align:right;overflow-wrap:anywhere}"
    "th:first-child,td:first-child{text-align:left}img{max-width:100%}"
)


def decay_page(learned: Learned, on: date) -> str:
    """The whole page, with a forecast for the day `on`. The same tables give the same text."""
    days = learned.decay["checked_on"]
    forecasts = forecast(learned.hosts, on)
    observed = f"Observed from {days.min()} to {days.max()}." if len(days) else ""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>Link decay</title><style>{_STYLE}</style></head><body>\n<h1>Link decay</h1>\n",
        f"<p>{_text(_sentence(forecast_sentence(forecasts, on)))} {observed}</p>\n",
        "<h2>Survival by age</h2>\n",
        _picture(survival_svg(learned.survival), "share of links that live longer, by age"),
        "<p>Kaplan-Meier estimate with its 95% band. A link dies when it is first seen gone, if it stays so.</p>\n",
        "<h2>Observed links, by day</h2>\n",
        _picture(share_svg(learned.decay), "share of the observed links that were there when last seen, by day"),
        "<p>By each link's latest observation. Where a budget leaves links out, those that were observed are not like "
        "all: how many are there is said above, by links drawn evenly.</p>\n",
        f"<h2>Forecast for {on.isoformat()}</h2>\n",
        _table(forecasts.with_columns(pl.col("source").fill_null("all sources"))),
        "<h2>Sources</h2>\n",
        _table(sources(learned.hosts)),
        "<h2>Hosts that lose most</h2>\n",
        _table(losing_most(learned.hosts, TOP_HOSTS)),
        "</body></html>\n",
    ]
    return "".join(parts)


def losing_most(hosts: pl.DataFrame, top: int) -> pl.DataFrame:
    """The hosts with most dead links, of a LINK_HOSTS frame, in the columns that people look at."""
    found = hosts.filter(pl.col("host").is_not_null() & ((pl.col("dead") > 0) | (pl.col("state") != "up")))
    return found.sort("dead", "links", "source", "host", descending=[True, True, False, False]).head(top).select(_SHOWN)


def sources(hosts: pl.DataFrame) -> pl.DataFrame:
    """The sources as a whole, of a LINK_HOSTS frame, in the same columns less those of single hosts."""
    return hosts.filter(pl.col("host").is_null()).select(_SHOWN).drop("host", "state", "state_since")


_SHOWN = (
    "host", "source", "links", "dead", "hazard", "hazard_lower", "hazard_upper", "half_life", "state", "state_since",
)  # fmt: skip


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _picture(svg: str, alt: str) -> str:
    data = base64.b64encode(svg.encode()).decode()
    return f'<p><img alt="{_text(alt)}" src="data:image/svg+xml;base64,{data}"></p>\n'


def _table(frame: pl.DataFrame) -> str:
    if frame.is_empty():
        return "<p>None.</p>\n"
    head = _row("th", [name.replace("_", " ") for name in frame.columns])
    return f"<table>{head}" + "".join(_row("td", row) for row in frame.iter_rows()) + "</table>\n"


def _row(tag: str, cells: Sequence[object]) -> str:
    return "<tr>" + "".join(f"<{tag}>{_text(_shown(cell))}</{tag}>" for cell in cells) + "</tr>\n"


def _shown(value: object) -> object:
    """A number as people read it: three digits, no exponent where that is short."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 or not math.isfinite(value) else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else value


def _text(value: object) -> str:
    return escape(plain(value), quote=True)
