"""The level: how many links are there on a day, of all that there are, by those that an even draw follows.

A budget asks those links most from which most is learned, so of the links that were observed those on bad hosts are
first too few, since nobody knew them, then too many. Links drawn evenly tell of all the others of their shard: each
stands for as many as the shard has for one drawn (Horvitz & Thompson, A generalization of sampling without replacement
from a finite universe, JASA 47, 1952).

What belongs here: weights, and how many of those that were there still are. What does not: which links are drawn
(`budget`), the share and its band (`forecast`).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from imgtext_assets.links.budget import PRIOR_HAZARD
from imgtext_assets.links.survival import at_every_level

PRIOR = 0.1
"""Losses that PRIOR_HAZARD counts for: ten links watched for a month say as much, a hundred ten times as much."""
_BY = ("source", "host")
_SUMS = ("drawn", "suspects", "stands_for", "spread")
DRAWN = pl.Schema(
    {
        "source": pl.String(),
        "host": pl.String(),
        "seen_on": pl.Date(),
        "drawn": pl.Int64(),
        "suspects": pl.Int64(),
        "stands_for": pl.Float64(),
        "spread": pl.Float64(),
    }
)
"""Drawn links by host and the day (UTC) on which they were last there (null: missing since); the sums are as in
LINK_HOSTS."""


def drawn(links: pl.LazyFrame, held: pl.LazyFrame) -> pl.LazyFrame:
    """The links of one shard that an even draw follows, as DRAWN. Frames of several shards are concatenated.

    `links` is what `survival.with_began` gives; `held` has the `source` and `url` of the rows that the shard keeps, be
    they observed or not. An even draw found a link if any observation of it is `uniform`; what became of it then, any
    observation may tell. A link that was never seen there was so when its picture was had.
    """
    addresses = pl.concat([frame.select("source", "url") for frame in (links, held)]).unique()
    sizes = addresses.group_by("source").agg(size=pl.len())
    followed, weight = links.filter("counted"), pl.max_horizontal(pl.col("size") / pl.col("of"), 1.0)
    missing = pl.col("missing") | pl.col("dead")
    return (
        followed.join(sizes, on="source")
        .join(followed.group_by("source").agg(of=pl.len()), on="source")
        .with_columns(weight=weight, seen_on=pl.when(~missing).then(pl.coalesce("there_at", "began").dt.date()))
        .group_by(*_BY, "seen_on")
        .agg(
            drawn=pl.len().cast(pl.Int64),
            suspects=(pl.col("missing") & ~pl.col("dead") & pl.col("told")).sum().cast(pl.Int64),
            stands_for=pl.col("weight").sum(),
            spread=(pl.col("weight") * (pl.col("weight") - 1)).sum(),
        )
    )


def rates(hosts: pl.DataFrame) -> pl.DataFrame:
    """How fast links stop being there: `source`, `host`, and `rate`, `lower`, `upper`, 1/day, for each single host.

    `hosts` is a frame of LINK_HOSTS. A link that is gone and not dead yet counts as well: most will be, and till then
    it is not there. A source's rate leans a little on that of links in general, PRIOR_HAZARD, which counts as PRIOR
    losses in the time that these take (the mean of the gamma posterior with that prior), else one loss in the first
    hours would have all links gone in days. A host's leans likewise, by one loss, on its source's, so that a host of
    which little is known is taken for an ordinary one. The bounds are those of the source's posterior, 95%, carried
    over to the host's.
    """
    lost, time = pl.col("deaths") + pl.col("suspects").fill_null(0), pl.col("link_days").fill_null(0.0)
    counted = hosts.select(*_BY, lost=lost, time=time)
    known = pl.col("lost") + PRIOR, pl.col("time") + PRIOR / PRIOR_HAZARD
    whole = counted.filter(pl.col("host").is_null()).select("source", shape=known[0], over=known[1])
    low, high = _gamma_interval(whole["shape"])
    of_source = whole.select(
        "source",
        mean=pl.col("shape") / pl.col("over"),
        lower=pl.Series(low) / pl.col("shape"),
        upper=pl.Series(high) / pl.col("shape"),
    )
    rate = (pl.col("lost") + 1) / (pl.col("time") + 1 / pl.col("mean"))
    of_hosts = counted.filter(pl.col("host").is_not_null()).join(of_source, on="source")
    return of_hosts.select(*_BY, rate=rate, lower=rate * pl.col("lower"), upper=rate * pl.col("upper"))


def _gamma_interval(shapes: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """The 2.5% and 97.5% quantiles of gamma distributions of these shapes and scale 1."""
    from scipy.special import gammaincinv  # takes longer to import than most commands take

    shape = shapes.to_numpy()
    return gammaincinv(shape, 0.025), gammaincinv(shape, 0.975)


def with_level(hosts: pl.DataFrame, drawn: pl.LazyFrame, as_of: pl.DataFrame) -> pl.DataFrame:
    """`hosts`, rows of LINK_HOSTS without the columns of the level, with these.

    `drawn` is a frame of DRAWN, several rows a host and day as of several shards; `as_of` has this one column and row.
    Each link that is not missing is expected to be there still, with exp(-rate x days) since it was last seen there; on
    a lost host none is.
    """
    days = (pl.col("as_of") - pl.col("seen_on")).dt.total_days().cast(pl.Float64)
    summed = hosts.join(_summed(drawn, pl.col(_SUMS).sum()), on=_BY, how="left", nulls_equal=True)
    known = summed.with_columns(pl.col(_SUMS).fill_null(0)).join(as_of, how="cross")
    up = known.filter((pl.col("state") != "lost").fill_null(True)).lazy().select(*_BY, "as_of")
    there = (
        drawn.drop_nulls("seen_on")
        .join(up, on=_BY)
        .join(rates(known).lazy(), on=_BY)
        .select(*_BY, days=days, there=pl.col("stands_for") * (-pl.col("rate") * days).exp())
    )
    mean_days = (pl.col("there") * pl.col("days")).sum() / pl.col("there").sum()
    found = _summed(there, pl.col("there").sum(), mean_days.alias("unseen_days"))
    return known.join(found, on=_BY, how="left", nulls_equal=True).with_columns(pl.col("there").fill_null(0.0))


def _summed(frame: pl.LazyFrame, *sums: pl.Expr) -> pl.DataFrame:
    """By host and, with `host` null, by source."""
    return at_every_level(frame).drop_nulls("source").group_by(_BY).agg(sums).collect()
