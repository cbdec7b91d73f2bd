"""How long links live: the Kaplan-Meier estimate by age, with its confidence band.

Kaplan & Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958). The band is the exponential
Greenwood (log-log) one, Kalbfleisch & Prentice, The Statistical Analysis of Failure Time Data (1980); `lifelines`
gives the same numbers. What belongs here: ages and estimates. What does not: when a link is dead (`fates`).
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.tables import LINK_SURVIVAL

Z95 = 1.959963984540054
"""The normal distribution's 97.5% quantile: half of what is outside a 95% interval is above it."""

LIVES = pl.Schema(
    {
        "source": pl.String(),
        "host": pl.String(),
        "age": pl.Int64(),
        "deaths": pl.Int64(),
        "censored": pl.Int64(),
        "link_days": pl.Float64(),
    }
)
"""Links that ended, or were last seen, at an age of so many whole days, and the time that they were there in all."""


def with_began(links: pl.LazyFrame, fetched: pl.LazyFrame) -> pl.LazyFrame:
    """The links with `began`: when the picture was first had, or the first observation if unknown or earlier.

    `links` is what `fates.links` gives; `fetched` has `url` and `fetched_at`.
    """
    had = fetched.group_by("url").agg(began=pl.col("fetched_at").min())
    return links.join(had, on="url", how="left").with_columns(began=pl.min_horizontal("began", "first_at"))


def lives(links: pl.LazyFrame) -> pl.LazyFrame:
    """Links by source, host and age at their end, as LIVES. Frames of several shards are concatenated.

    `links` is what `with_began` gives: a link's life begins there. It ends in death at the first
    final observation of those that made it dead, if one of these makes estimates (is `uniform`); else it is censored
    when it was last seen there by such an observation. Links without one are left out: so hosts that are asked more
    often than others, since their links die, do not count for more.
    """
    died = pl.col("dead") & pl.col("told")
    lived = (pl.when(died).then("gone_since").otherwise("seen_at") - pl.col("began")).dt.total_microseconds()
    return (
        links.filter("counted")
        .with_columns(died=died, days=lived.fill_null(0) / 86_400e6)
        .group_by("source", "host", age=pl.col("days").floor().cast(pl.Int64))
        .agg(
            deaths=pl.col("died").sum().cast(pl.Int64),
            censored=(~pl.col("died")).sum().cast(pl.Int64),
            link_days=pl.col("days").sum(),
        )
        .select(LIVES.names())
    )


def at_every_level(lives: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of a frame with `source` and `host` for each host, again for each source (`host` null), and for all."""
    nothing = pl.lit(None, pl.String)
    return pl.concat(
        [lives, lives.with_columns(host=nothing), lives.with_columns(source=nothing, host=nothing)], how="vertical"
    )


def link_survival(lives: pl.LazyFrame) -> pl.LazyFrame:
    """The share of links that live longer than each age: LINK_SURVIVAL, for all, each source, and each of its hosts.

    `lives` is a frame of LIVES, rows of the same age in any number. With d deaths among n links at risk, survival is
    the product of 1 - d/n. A link censored at an age was at risk at it. The 95% interval is
    exp(-exp(log(-log S) -+ z sqrt(V) / log S)) with Greenwood's V, the sum of d / (n (n - d)); it is a point while
    nobody has died, and where nobody lives on.
    """
    group = ("source", "host")
    ended = pl.col("deaths") + pl.col("censored")
    deaths, at_risk, log = pl.col("deaths"), pl.col("at_risk"), pl.col("survival").log()
    left = at_risk - deaths
    greenwood = pl.when(left > 0).then(deaths / (at_risk * left)).otherwise(0.0)
    reach = Z95 * pl.col("variance").sqrt() / log

    def bound(way: pl.Expr) -> pl.Expr:
        return (
            pl.when(pl.col("survival").is_between(0, 1, closed="none")).then((-way.exp()).exp()).otherwise("survival")
        )

    return LINK_SURVIVAL.conform(
        at_every_level(lives)
        .group_by(*group, "age")
        .agg(pl.col("deaths", "censored").sum())
        .sort(*group, "age")
        .with_columns(at_risk=ended.cum_sum(reverse=True).over(group))
        .with_columns(
            survival=(left / at_risk).cum_prod().over(group),
            variance=greenwood.cum_sum().over(group),
        )
        .with_columns(lower=bound((-log).log() - reach), upper=bound((-log).log() + reach))
    )
