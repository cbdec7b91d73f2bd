"""How many links will be there at a date to come.

What belongs here: the forecast. What does not: the rates that it goes by (`hosts`).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from imgtext_assets.links.decay import newest
from imgtext_assets.links.hosts import poisson_interval

FORECAST = pl.Schema(
    {
        "source": pl.String(),
        "links": pl.Int64(),
        "alive": pl.Int64(),
        "alive_share": pl.Float64(),
        "forecast": pl.Float64(),
        "lower": pl.Float64(),
        "upper": pl.Float64(),
    }
)
"""By source, and for all (null, last): links that are there as last observed, and their share at the date."""


def forecast(decay: pl.DataFrame, hosts: pl.DataFrame, on: date) -> pl.DataFrame:
    """The share of links that will be there on a day, by source and for all; FORECAST.

    `decay` and `hosts` are frames of LINK_DECAY and LINK_HOSTS. Links that are there as last observed go on dying as
    those of their host did; nobody comes back. A host's hazard leans on its source's, which counts as one more death in
    the time that this takes (the mean of the gamma posterior with that prior), so that a host of which little is known
    is taken for an ordinary one. The interval is that of the source's hazard: of chance in the deaths so far, not of
    what may change in the world.
    """
    sources = hosts.filter(pl.col("host").is_null())
    low, high = poisson_interval(sources["deaths"])
    rates = sources.select(
        "source",
        per_day=pl.col("deaths") / pl.when(pl.col("link_days") > 0).then("link_days"),
        lower=pl.Series(low) / pl.when(pl.col("link_days") > 0).then("link_days"),
        upper=pl.Series(high) / pl.when(pl.col("link_days") > 0).then("link_days"),
    )
    of_source = pl.col("per_day")
    hazard = pl.when(of_source > 0).then((pl.col("deaths") + 1) / (pl.col("link_days") + 1 / of_source)).otherwise(0.0)
    alive, days = pl.col("alive") + pl.col("changed"), (pl.lit(on) - pl.col("checked_on")).dt.total_days().clip(0)

    def living(rate: pl.Expr) -> pl.Expr:
        return (alive * (-rate * days).exp()).sum()

    def relative(bound: str) -> pl.Expr:
        """The source's bound in place of its rate, carried over to the host's."""
        return pl.when(of_source > 0).then(hazard * pl.col(bound) / of_source).otherwise(pl.col(bound).fill_null(0.0))

    joined = (
        newest(decay)
        .join(hosts.select("source", "host", "deaths", "link_days"), on=["source", "host"], how="left")
        .with_columns(pl.col("deaths", "link_days").fill_null(0))
        .join(rates, on="source", how="left")
    )
    sums = {
        "links": pl.col("links").sum(),
        "alive": alive.sum(),
        "forecast": living(hazard.fill_null(0.0)),
        "lower": living(relative("upper")),
        "upper": living(relative("lower")),
    }
    by_source = joined.group_by("source").agg(**sums).sort("source")
    of_all = by_source.sum().with_columns(source=pl.lit(None, pl.String)) if by_source.height else by_source
    return pl.concat([by_source, of_all]).select(
        "source",
        "links",
        "alive",
        alive_share=pl.col("alive") / pl.col("links"),
        **{name: pl.col(name) / pl.col("links") for name in ("forecast", "lower", "upper")},
    ).match_to_schema(FORECAST)  # fmt: skip


def forecast_sentence(forecast: pl.DataFrame, on: date) -> str:
    """The forecast for all sources as a sentence; says so where nothing was observed."""
    if forecast.is_empty():
        return "no link has been observed yet"
    now = forecast.row(-1, named=True)
    return (
        f"{now['alive_share']:.1%} of {now['links']:,} links are there; on {on.isoformat()} it will be "
        f"{now['forecast']:.1%} ({now['lower']:.1%} to {now['upper']:.1%})"
    )


def first_of_next_month(today: date) -> date:
    """When the next release is due.

    >>> first_of_next_month(date(2026, 12, 9))
    datetime.date(2027, 1, 1)
    """
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)
