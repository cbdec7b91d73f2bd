"""Days on which a host failed, not its links; and hosts that are lost for good.

What belongs here: what the observations of all links of a host say of the host. What does not: what becomes of a link
(`fates`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from imgtext_assets.links.observe import FINAL, MUTE, NOT_ASKED, THERE
from imgtext_assets.settings import LinkSettings

LINK = ("source", "id", "url")
"""What a link is: a row's address. A row whose source gives it another address is another link."""

_COUNTS = ("asked", "failed", "there", "silent", "passed_over", "blocked", "spoke")
HOST_DAYS = pl.Schema(
    {
        "host": pl.String(),
        "checked_on": pl.Date(),
        "priors": pl.List(pl.Date()),
        **dict.fromkeys(_COUNTS, pl.Int64()),
    }
)
"""Links by host, day (UTC), and `priors`: the days of their final observations since they were last there.

`silent`: no answer came, or nobody asked; `passed_over`: nobody asked; `spoke`: the host answered, but not of the link.
"""
HOST_STATES = pl.Schema(
    {
        "host": pl.String(),
        "checked_on": pl.Date(),
        "outage": pl.Boolean(),
        "state": pl.String(),
        "since": pl.Date(),
    }
)
"""A host on each day on which it was asked: whether its failures say nothing of its links, `state` (`up`, `outage`,
`lost`), and since when."""

_TOLD_NOTHING = ("throttled", "opted_out")


def in_order(checks: pl.LazyFrame) -> pl.LazyFrame:
    """Observations (LINK_CHECKS) sorted by link and time, `link` numbering the links, `checked_on` the day (UTC).

    Rounds of before `uniform` was recorded skipped no link; of before `outcome` was, `unreachable` was no answer.
    `passed_over` are those where nobody was asked, `silent` these and those without an answer. A robots.txt that is
    answered by 5xx forbids all (RFC 9309 2.3.1.4), and no picture is asked for; but that is an answer.
    """
    unreachable, outcome = pl.col("state") == "unreachable", pl.col("outcome").fill_null("unreachable")
    of_robots = (outcome == "server_error") & pl.col("asked_by").is_null()
    return (
        checks.with_columns(passed_over=unreachable & outcome.is_in(NOT_ASKED))
        .with_columns(silent=pl.col("passed_over") | (unreachable & outcome.is_in(MUTE) & ~of_robots))
        .select(
            *LINK,
            "shard",
            "host",
            "state",
            "outcome",
            "checked_at",
            "silent",
            "passed_over",
            pl.col("uniform").fill_null(True),
        )
        .sort(*LINK, "checked_at", "state")
        .with_columns(link=pl.struct(LINK).rle_id(), checked_on=pl.col("checked_at").dt.date())
    )


def differs(column: str, rows: int = 1) -> pl.Expr:
    """True where the row so far before (after, if negative) has another value, or there is none."""
    return pl.col(column).ne_missing(pl.col(column).shift(rows))


def host_days(checks: pl.LazyFrame) -> pl.LazyFrame:
    """Links by host and day, as HOST_DAYS: what `host_states` judges. Frames of several shards are concatenated.

    `failed` are all that were not there at every observation of the day. Being throttled, or refused, says nothing of
    a host's health but that it speaks.
    """
    state, final = pl.col("state"), pl.col("state").is_in(FINAL)
    told_nothing = (
        checks.filter(state.is_in(_TOLD_NOTHING))
        .group_by("host", pl.col("checked_at").dt.date().alias("checked_on"))
        .agg(spoke=pl.struct(LINK).n_unique())
        .with_columns(priors=pl.lit([], pl.List(pl.Date)))
    )
    rows = (
        in_order(checks.filter(~state.is_in(_TOLD_NOTHING)))
        .with_columns(there=state.is_in(THERE), so_far=final.cum_sum() - final)
        .with_columns(run=(differs("link") | pl.col("there").shift()).cum_sum())
        .with_columns(before=pl.col("so_far") - pl.when(differs("run")).then("so_far").forward_fill())
    )
    finals = rows.filter(final).group_by("run", maintain_order=True).agg(days="checked_on")
    told = (
        rows.join(finals, on="run", how="left", maintain_order="left")
        .with_columns(priors=pl.coalesce(pl.col("days").list.head("before"), pl.lit([], pl.List(pl.Date))))
        .group_by("link", "host", "checked_on")
        .agg(
            pl.col("priors").first(),
            failed=(~pl.col("there")).any(),
            there=pl.col("there").any(),
            silent=pl.col("silent").all(),
            passed_over=pl.col("passed_over").all(),
            blocked=(state == "blocked").all(),
            spoke=((state == "unreachable") & ~pl.col("silent")).any(),
        )
        .group_by("host", "checked_on", "priors")
        .agg(asked=pl.len(), **{name: pl.col(name).sum() for name in _COUNTS if name != "asked"})
    )
    return pl.concat([told, told_nothing], how="diagonal_relaxed").select(
        pl.col(name).fill_null(0).cast(dtype) if name in _COUNTS else pl.col(name).cast(dtype)
        for name, dtype in HOST_DAYS.items()
    )


def host_states(days: pl.DataFrame, settings: LinkSettings) -> pl.DataFrame:
    """How each host was on each day; a frame of HOST_STATES, sorted by host and day. `days` is a frame of HOST_DAYS.

    An **outage** is a day on which at least `outage_links` links were asked that had been there before, or were never
    asked before, and at least `outage_share` of them failed. What failed in an outage does not count as having failed
    before. A host is **mute** on a day on which none of its links was there, in an outage that is not mostly a ban
    (`blocked`), or because none was answered; and on which it did not as much as say that it is busy. It is **lost**
    once it was nothing but mute on at least `dead_after` days that span `lost_days`, until a day on which it is not. A
    day that is neither mute nor an outage, and on which the host spoke, other than to block us, is `up`; any other
    leaves the state as it was.
    """
    days = days.group_by("host", "checked_on", "priors").agg(pl.exclude("host", "checked_on", "priors").sum())
    outages = pl.DataFrame(list(_outages(days, settings)), {"host": pl.String, "checked_on": pl.Date}, orient="row")
    answered = pl.col("asked") - pl.col("silent") - pl.col("blocked") + pl.col("spoke") > 0
    few_blocked = pl.col("blocked") <= (1 - settings.outage_share) * pl.col("asked")
    mute_days = (pl.col("checked_on") - pl.col("mute_since")).dt.total_days()
    return (
        days.lazy()
        .group_by("host", "checked_on")
        .agg(pl.col(_COUNTS).sum())
        .join(outages.lazy().with_columns(outage=True), on=["host", "checked_on"], how="left")
        .with_columns(pl.col("outage").fill_null(False))
        .with_columns(
            mute=(pl.col("there") == 0)
            & (pl.col("spoke") == 0)
            & (pl.col("asked") > pl.col("passed_over"))
            & ((pl.col("outage") & few_blocked) | (pl.col("silent") == pl.col("asked")))
        )
        .sort("host", "checked_on")
        .with_columns(run=(differs("host") | differs("mute")).cum_sum())
        .with_columns(
            mute_since=pl.when("mute").then(pl.col("checked_on").first().over("run")),
            times=pl.int_range(1, pl.len() + 1).over("run"),
        )
        .with_columns(
            state=pl.when(pl.col("mute") & (pl.col("times") >= settings.dead_after) & (mute_days >= settings.lost_days))
            .then(pl.lit("lost"))
            .when(pl.col("mute") | pl.col("outage"))
            .then(pl.lit("outage"))
            .when(answered)
            .then(pl.lit("up"))
            .when(differs("host"))
            .then(pl.lit("up"))
            .forward_fill()
        )
        .with_columns(run=pl.struct("host", "state").rle_id())
        .with_columns(since=pl.col("checked_on").first().over("run"))
        .select(pl.col(name).cast(dtype) for name, dtype in HOST_STATES.items())
        .collect()
    )


def _outages(days: pl.DataFrame, settings: LinkSettings) -> Iterable[tuple[str, date]]:
    """Hosts and days of outages.

    Day after day, since a day is judged by the outages before it; of the sums by host, not of links, and only where a
    day has failures enough.
    """
    enough = settings.outage_links * settings.outage_share
    failed = pl.col("failed").sum().over("host", "checked_on").max().over("host")
    by_day = (
        days.filter(failed >= enough)
        .group_by("host", "checked_on")
        .agg(of_day=pl.struct("priors", "asked", "failed"))
        .sort("host", "checked_on")
    )
    past: set[date] = set()
    last: str | None = None
    for host, day, groups in by_day.iter_rows():
        if host != last:
            past, last = set(), host
        counted = [group for group in groups if past.issuperset(group["priors"])]
        asked, failures = (sum(group[name] for group in counted) for name in ("asked", "failed"))
        if asked >= settings.outage_links and failures >= settings.outage_share * asked:
            past.add(day)
            yield host, day
