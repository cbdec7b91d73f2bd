"""How many links are there, and will be at a date to come, with the band of what is not known.

What belongs here: shares and their bands. What does not: the numbers that they go by (`level`, `hosts`).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from imgtext_assets.links.level import rates
from imgtext_assets.links.survival import Z95

FORECAST = pl.Schema(
    {
        "source": pl.String(),
        "links": pl.Int64(),
        "drawn": pl.Int64(),
        "alive_share": pl.Float64(),
        "alive_lower": pl.Float64(),
        "alive_upper": pl.Float64(),
        "forecast": pl.Float64(),
        "lower": pl.Float64(),
        "upper": pl.Float64(),
    }
)
"""By source, and for all (null, last): links, those drawn from them, the share that is there on the day of the newest
observation, and at the date; with 95% bands."""


def forecast(hosts: pl.DataFrame, on: date) -> pl.DataFrame:
    """The share of links that are there, and that will be on a day, by source and for all; FORECAST.

    `hosts` is a frame of LINK_HOSTS. Links that are there go on being lost as those of their host were (`level.rates`);
    nobody comes back. A source of which no link was drawn is left out. The bands are of chance: that other links
    might have been drawn (Wilson, Probable inference, JASA 22, 1927, with the effective number of Kish, Survey
    Sampling, 1965: none where all links are drawn), that of the rate (`level.rates`), and which links it takes of those
    not looked at since; together by their arms (Zou & Donner, Construction of confidence limits, Statistics in
    Medicine 27, 2008). What may change in the world is in none.
    """
    days, unseen = (pl.lit(on) - pl.col("as_of")).dt.total_days().clip(0), pl.col("unseen_days").fill_null(0.0)
    rate = pl.col("rate")

    def of_host(later: pl.Expr) -> dict[str, pl.Expr]:
        # `there` is by `rate`: with another, those not looked at since would be more, or fewer.
        living = {
            name: pl.col("there") * ((rate - pl.col(name)) * unseen - pl.col(name) * later).exp() for name in _RATES
        }
        return living | {"chance": living["rate"] * (1 - (-rate * (unseen + later)).exp())}

    of_hosts = hosts.filter(pl.col("drawn") > 0).join(rates(hosts), on=["source", "host"])
    by_source = of_hosts.group_by("source").agg(
        pl.col("drawn", "stands_for", "spread").sum(),
        **{f"{name}_now": found.sum() for name, found in of_host(pl.lit(0)).items()},
        **{f"{name}_then": found.sum() for name, found in of_host(days).items()},
    )
    of_all = by_source.sum().with_columns(source=pl.lit(None, pl.String)) if by_source.height else by_source
    return pl.concat([by_source.sort("source"), of_all]).select(
        "source",
        "drawn",
        links=pl.col("stands_for").round().cast(pl.Int64),
        **_share("now", "alive_share", "alive_lower", "alive_upper"),
        **_share("then", "forecast", "lower", "upper"),
    ).with_columns(upper=pl.min_horizontal("upper", "alive_upper")).match_to_schema(FORECAST)  # fmt: skip


_RATES = ("rate", "lower", "upper")


def _share(when: str, *names: str) -> dict[str, pl.Expr]:
    """The share of what there is, with its lower and upper bound, by these names."""
    links = pl.col("stands_for")
    share, slowest, fastest = (pl.col(f"{rate}_{when}") / links for rate in _RATES)
    chance = Z95**2 * pl.col(f"chance_{when}") / links**2
    k = Z95**2 * pl.col("spread") / links**2
    center = (share + k / 2) / (1 + k)
    reach = (k * (share * (1 - share)).clip(0) + k**2 / 4).sqrt() / (1 + k)
    lower = share - ((share - (center - reach)) ** 2 + (share - fastest) ** 2 + chance).sqrt()
    upper = share + ((center + reach - share) ** 2 + (slowest - share) ** 2 + chance).sqrt()
    return dict(zip(names, (share, lower.clip(0, 1), upper.clip(0, 1)), strict=True))


def level_of_all(forecast: pl.DataFrame) -> dict[str, Any]:
    """How many links there are in all, how many were drawn, and the share that is there: by these names.

    `forecast` is a frame of FORECAST. Empty where nothing was drawn.
    """
    of_all = forecast.tail(1).select("links", "drawn", "alive_share", "alive_lower", "alive_upper")
    return dict(of_all.row(0, named=True)) if of_all.height else {}


def forecast_sentence(forecast: pl.DataFrame, on: date) -> str:
    """The forecast for all sources as a sentence; says so where nothing was observed that tells it."""
    if forecast.is_empty():
        return "no link drawn evenly has been observed yet"
    now = forecast.row(-1, named=True)
    by = "" if now["drawn"] == now["links"] else f", by {now['drawn']:,} drawn evenly"
    sure = now["alive_lower"] == now["alive_upper"]
    band = "" if sure else f" ({now['alive_lower']:.1%} to {now['alive_upper']:.1%})"
    return (
        f"{now['alive_share']:.1%}{band} of {now['links']:,} links are there{by}; on {on.isoformat()} it will be "
        f"{now['forecast']:.1%} ({now['lower']:.1%} to {now['upper']:.1%})"
    )


def first_of_next_month(today: date) -> date:
    """When the next release is due.

    >>> first_of_next_month(date(2026, 12, 9))
    datetime.date(2027, 1, 1)
    """
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)
