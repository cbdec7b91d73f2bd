"""What rechecks taught of each host: how fast its links die, how it is, and what it answers truthfully.

What belongs here: rates, and the bookkeeping of ways to ask. What does not: survival by age (`survival`), how many
links are there (`level`), outages (`outages`), choosing a way to ask.
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from imgtext_assets.links.asking import CONDITION_IGNORED, CONDITION_KEPT, HEAD_KEPT, HEAD_LIES
from imgtext_assets.links.survival import at_every_level

_BY = ("source", "host")
_WAYS = ("head_kept", "head_lies", "conditions_kept", "conditions_ignored")


def answers(checks: pl.LazyFrame) -> pl.LazyFrame:
    """How often each host answered a HEAD or a conditional request truthfully: `source`, `host`, and four counts.

    What an observation tells of that is said in `asking`. Frames of several shards are concatenated.
    """
    told = {
        "head_kept": HEAD_KEPT,
        "head_lies": HEAD_LIES,
        "conditions_kept": CONDITION_KEPT,
        "conditions_ignored": CONDITION_IGNORED,
    }
    return checks.group_by(_BY).agg(**{name: says.sum().cast(pl.Int64) for name, says in told.items()})


def counts(links: pl.LazyFrame) -> pl.LazyFrame:
    """How many links each host has, and how many are dead; `links` is what `fates.links` gives."""
    return links.group_by(_BY).agg(links=pl.len().cast(pl.Int64), dead=pl.col("dead").sum().cast(pl.Int64))


def link_hosts(counts: pl.LazyFrame, lives: pl.LazyFrame, answers: pl.LazyFrame, states: pl.LazyFrame) -> pl.DataFrame:
    """Each host of each source, and each source as a whole (`host` null), sorted: LINK_HOSTS without the level.

    `counts`, `lives` (LIVES) and `answers` may have several rows a host, as of several shards; `states` is a frame of
    HOST_STATES. The hazard is that of an exponential life, deaths / time at risk, with Garwood's exact interval for a
    Poisson count (Biometrika 28, 1936): half the 2.5% and 97.5% quantiles of chi-square with 2d and 2d + 2 degrees of
    freedom, over the time. Where no time has passed there is none.
    """
    latest = states.sort("host", "checked_on").group_by("host").last().select("host", "state", state_since="since")
    rates = lives.group_by(_BY).agg(pl.col("deaths", "link_days").sum())
    hosts = counts.group_by(_BY).agg(pl.col("links", "dead").sum())
    ways = answers.group_by(_BY).agg(pl.col(_WAYS).sum())
    every = hosts.join(rates, on=_BY, how="left").join(ways, on=_BY, how="left")
    of_sources = at_every_level(every).filter(pl.col("source").is_not_null()).group_by(_BY).agg(pl.all().sum())
    found = (
        of_sources.with_columns(pl.col("deaths", "link_days").fill_null(0))
        .join(latest, on="host", how="left")
        .sort(_BY)
        .collect()
    )
    hazard = pl.when(pl.col("link_days") > 0).then(pl.col("deaths") / pl.col("link_days"))
    return found.with_columns(
        hazard=hazard,
        half_life=pl.when((hazard > 0).fill_null(False)).then(math.log(2) / hazard),
        **{
            name: pl.when(pl.col("link_days") > 0).then(pl.Series(bound) / pl.col("link_days"))
            for name, bound in zip(("hazard_lower", "hazard_upper"), poisson_interval(found["deaths"]), strict=True)
        },
    )


def poisson_interval(counts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Garwood's exact 95% interval for the mean of Poisson counts, as two arrays of their length.

    Chi-square's quantile with 2d degrees of freedom is twice the gamma distribution's of shape d.
    """
    from scipy.special import gammaincinv  # takes longer to import than most commands take

    d = counts.to_numpy().astype(float)
    lower = np.where(d > 0, gammaincinv(np.maximum(d, 1), 0.025), 0.0)
    return lower, gammaincinv(d + 1, 0.975)
