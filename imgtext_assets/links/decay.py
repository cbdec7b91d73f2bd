"""Decay: of the links that were ever observed, how many are alive, changed, dead, unknown, day by day.

A link is dead only after several `gone` observations over several days, since hosts fail for a night. What tells
nothing (busy, blocked, no answer) neither counts against a link nor clears it.
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.catalog import LinkSettings
from imgtext_assets.tables import LINK_DECAY

_LINK = ("source", "host", "id")
_THERE = ("alive", "moved", "changed")
_FATES = ("alive", "changed", "dead", "unknown")


def link_decay(checks: pl.LazyFrame, settings: LinkSettings) -> pl.LazyFrame:
    """Links by fate for each source, host and day; conforms to `LINK_DECAY`, sorted by these three.

    `checks` is all of LINK_CHECKS, in any order. A day counts every link observed up to it, by its latest
    observation: `alive` (or moved), `changed`, `dead`, else `unknown`; so `links` is the sum of the four. Dead is a
    link from its `dead_after`th `gone` since it was last there, if the first of these is `dead_days` days old, until
    it is there again. A source's hosts all get a row for each day on which any link of the source was observed, so
    that hosts can be added up.
    """
    changes = _changes(_fates(checks, settings))
    days = changes.select("source", "checked_on").unique()
    hosts = changes.group_by("source", "host").agg(since=pl.col("checked_on").min())
    grid = days.join(hosts, on="source").filter(pl.col("checked_on") >= pl.col("since"))
    return LINK_DECAY.conform(
        grid.join(changes, on=["source", "host", "checked_on"], how="left")
        .sort("source", "host", "checked_on")
        .with_columns(pl.col(fate).fill_null(0).cum_sum().over("source", "host") for fate in _FATES)
        .with_columns(links=pl.sum_horizontal(_FATES))
    )


def alive_share(decay: pl.DataFrame) -> float | None:
    """Share of links that are there, with the bytes that we have or others, over all rows of a LINK_DECAY frame.

    Links of unknown fate count among all. Null where there are no links.
    """
    links = int(decay["links"].sum())
    return int((decay["alive"] + decay["changed"]).sum()) / links if links else None


def _fates(checks: pl.LazyFrame, settings: LinkSettings) -> pl.LazyFrame:
    """Each link's fate by the last observation of each day, sorted by link and day; `link` numbers the links.

    A spell begins where a link is there, or is first observed, and what counts against the link counts from there.
    Sorted rows and running sums do here what grouping by link would, twenty times as fast.
    """
    gone, there, at = pl.col("state") == "gone", pl.col("state").is_in(_THERE), pl.col("checked_at")
    so_far = gone.cum_sum()
    before_spell = pl.when(there | _differs("link")).then(so_far - gone).forward_fill()
    first_gone = pl.when(gone & (pl.col("times_gone") == 1)).then(at).forward_fill()
    last_gone = pl.when(gone).then(at).forward_fill()
    dead = (pl.col("times_gone") >= settings.dead_after) & (
        last_gone - first_gone >= pl.duration(days=settings.dead_days)
    )
    return (
        checks.select(*_LINK, "state", "checked_at", checked_on=at.dt.date())
        .sort(*_LINK, "checked_at")
        .with_columns(link=pl.struct(_LINK).rle_id())
        .with_columns(times_gone=so_far - before_spell)
        .with_columns(
            fate=pl.when(dead)
            .then(pl.lit("dead"))
            .when(pl.col("state").is_in(("alive", "moved")))
            .then(pl.lit("alive"))
            .when(pl.col("state") == "changed")
            .then(pl.lit("changed"))
            .otherwise(pl.lit("unknown"))
        )
        .filter(_differs("link", -1) | _differs("checked_on", -1))
    )


def _changes(fates: pl.LazyFrame) -> pl.LazyFrame:
    """How many links each fate gains or loses, by source, host and day: their running sum is the state of a day."""
    fate, before = pl.col("fate"), pl.when(~_differs("link")).then(pl.col("fate").shift())
    return (
        fates.with_columns(before=before)
        .group_by("source", "host", "checked_on")
        .agg(
            ((fate == name).sum().cast(pl.Int64) - (pl.col("before") == name).sum().cast(pl.Int64)).alias(name)
            for name in _FATES
        )
    )


def _differs(column: str, rows: int = 1) -> pl.Expr:
    """True where the row so far before (after, if negative) has another value, or there is none."""
    return pl.col(column).ne_missing(pl.col(column).shift(rows))
