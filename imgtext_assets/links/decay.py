"""Decay: of the links that were ever observed, how many are alive, changed, dead, unknown, day by day.

What belongs here: counts by day of what was observed. What does not: when a link is dead (`fates`), how long links live
(`survival`), how many are there of those that a budget left out (`level`).
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.links.fates import IF_LOST
from imgtext_assets.links.outages import differs
from imgtext_assets.tables import LINK_DECAY

_FATES = ("alive", "changed", "dead", "unknown")
_ALL_FATES = (*_FATES, IF_LOST)
_BY = ("source", "host", "checked_on")


def changes(fates: pl.LazyFrame) -> pl.LazyFrame:
    """How many links each fate gains or loses, by source, host and day: their running sum is the state of a day.

    `fates` is what `fates.fates` gives. The last observation of a link on a day counts. Frames of several shards are
    concatenated.
    """
    fate, before = pl.col("fate"), pl.when(~differs("link")).then(pl.col("fate").shift())
    return (
        fates.filter(differs("link", -1) | differs("checked_on", -1))
        .with_columns(before=before)
        .group_by(_BY)
        .agg(
            ((fate == name).sum().cast(pl.Int64) - (pl.col("before") == name).sum().cast(pl.Int64)).alias(name)
            for name in _ALL_FATES
        )
    )


def link_decay(changes: pl.LazyFrame, hosts: pl.LazyFrame) -> pl.LazyFrame:
    """Links by fate for each source, host and day; conforms to `LINK_DECAY`, sorted by these three.

    A day counts every link observed up to it, by its latest observation: `alive` (or moved), `changed`, `dead`, else
    `unknown`; so `links` is the sum of the four. What is `if_lost` is dead where the host is lost (`hosts` is a frame
    of HOST_STATES).
    A source's hosts all get a row for each day on which any link of the source was observed, so that hosts can be
    added up.
    """
    changes = changes.group_by(_BY).agg(pl.col(_ALL_FATES).sum())
    days = changes.select("source", "checked_on").unique()
    of_hosts = changes.group_by("source", "host").agg(since=pl.col("checked_on").min())
    grid = days.join(of_hosts, on="source").filter(pl.col("checked_on") >= pl.col("since"))
    states = hosts.select("host", "checked_on", lost=pl.col("state") == "lost").sort("checked_on")
    lost = pl.col("lost").fill_null(False)
    return LINK_DECAY.conform(
        grid.join(changes, on=_BY, how="left")
        .sort(_BY)
        .with_columns(pl.col(fate).fill_null(0).cum_sum().over("source", "host") for fate in _ALL_FATES)
        .with_columns(links=pl.sum_horizontal(_ALL_FATES))
        .sort("checked_on", maintain_order=True)
        .join_asof(states, on="checked_on", by="host", check_sortedness=False)
        .with_columns(
            dead=pl.col("dead") + pl.when(lost).then(IF_LOST).otherwise(0),
            unknown=pl.col("unknown") + pl.when(lost).then(0).otherwise(IF_LOST),
        )
        .sort(_BY)
    )
