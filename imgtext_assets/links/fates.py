"""What became of each link: alive, changed, dead, or not known; observation by observation, and in the end.

A link is dead only after several final observations over several days, none of them in an outage of its host. What
tells nothing (busy, blocked, no answer) neither counts against a link nor clears it, until its host is lost.
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.links.observe import FINAL, THERE
from imgtext_assets.links.outages import LINK, differs, in_order
from imgtext_assets.settings import LinkSettings
from imgtext_assets.tables import DEAD_LINKS

HOST_LOST = "host_lost"
IF_LOST = "if_lost"
"""The fate of a link that is dead if its host is lost, else unknown."""


def fates(checks: pl.LazyFrame, hosts: pl.LazyFrame, settings: LinkSettings) -> pl.LazyFrame:
    """Each observation of `checks` (LINK_CHECKS) with its link's `fate` by then, sorted by link and time.

    `hosts` is a frame of HOST_STATES. The fate is `dead` from the `dead_after`th final observation since the link was
    last there, if these span `dead_days`, until it is there again; else `alive` or `changed` by this observation, else
    `if_lost` or `unknown`. A final observation on a day of the host's outage does not count. Further columns: `times`
    is how many count, from `first_final` on; `died` when the link became dead; `told`: an observation that makes the
    estimates (`uniform`) counts among them. `failures` is how many there are with those that no answer came to, or that
    an outage excuses, from `first_failure` on; `lost_at` when they became as many, over as many days, as a death takes:
    should the host be lost, the link is dead from then (`lost_told`: an observation that makes the estimates is among
    them).

    A spell begins where a link is there, or is first observed, and what counts against the link counts from there.
    Sorted rows and running sums do here what grouping by link would, twenty times as fast.
    """
    outages = hosts.filter("outage").select("host", "checked_on", outage=pl.lit(True))
    there, at, dead = pl.col("state").is_in(THERE), pl.col("checked_at"), pl.col("dead")
    fails = pl.col("state").is_in(FINAL) | (pl.col("silent") & (pl.col("outcome") != "blocked_address").fill_null(True))
    failures, ripe = pl.col("failures"), pl.col("ripe")
    spell = there | differs("link")

    def since_spell(count: pl.Expr) -> pl.Expr:
        so_far = count.cum_sum()
        return so_far - pl.when(spell).then(so_far - count).forward_fill()

    last_final = pl.when("counts").then(at).forward_fill()
    return (
        in_order(checks)
        .join(outages, on=["host", "checked_on"], how="left", maintain_order="left")
        .with_columns(counts=pl.col("state").is_in(FINAL) & pl.col("outage").is_null())
        .with_columns(
            times=since_spell(pl.col("counts")),
            told=since_spell(pl.col("counts") & pl.col("uniform")) > 0,
            failures=since_spell(fails),
            lost_told=since_spell(fails & pl.col("uniform")) > 0,
        )
        .with_columns(
            first_failure=pl.when(fails & (failures == 1)).then(at).forward_fill(),
            last_failure=pl.when(fails).then(at).forward_fill(),
            first_final=pl.when(pl.col("counts") & (pl.col("times") == 1)).then(at).forward_fill(),
            last_state=pl.when("counts").then("state").forward_fill(),
        )
        .with_columns(
            dead=(pl.col("times") >= settings.dead_after)
            & (last_final - pl.col("first_final") >= pl.duration(days=settings.dead_days)),
            ripe=(failures >= settings.dead_after)
            & (pl.col("last_failure") - pl.col("first_failure") >= pl.duration(days=settings.dead_days)),
        )
        .with_columns(
            lost_at=pl.when(ripe & (~ripe.shift(fill_value=False) | differs("link"))).then(at).forward_fill(),
            died=pl.when(dead & (~dead.shift(fill_value=False) | differs("link"))).then(at).forward_fill(),
            fate=pl.when(dead)
            .then(pl.lit("dead"))
            .when(pl.col("state").is_in(("alive", "moved")))
            .then(pl.lit("alive"))
            .when(pl.col("state") == "changed")
            .then(pl.lit("changed"))
            .when(ripe)
            .then(pl.lit(IF_LOST))
            .otherwise(pl.lit("unknown")),
        )
    )


def links(fates: pl.LazyFrame, hosts: pl.LazyFrame) -> pl.LazyFrame:
    """One row for each link of `fates`: how it is now. `hosts` is a frame of HOST_STATES.

    Columns: LINK, `shard`, `host`, `dead`, and where it is dead `state`, `observations`, `gone_since`, `dead_since` as
    in DEAD_LINKS; for the estimates `first_at`, `seen_at` (last there, by an observation that makes them) and
    `counted`: whether any does, `there_at` (last there, by any), `missing`: whether it was gone since, or failed as
    often as a death takes, and `told`: whether an observation that makes the estimates saw that. What tells nothing
    leaves a link where it was. A link of a lost host is dead if it failed often enough itself; that a host does not
    answer says nothing of links that nobody asked it for.
    """
    uniform, at = pl.col("uniform"), pl.col("checked_at")
    latest = hosts.sort("host", "checked_on").group_by("host").last().filter(state="lost")
    lost = latest.select(
        "host",
        lost_since=pl.col("since").cast(pl.Datetime("us", "UTC")),
    )
    ended = pl.col("fate") == "dead"
    failing = pl.col("fate") == IF_LOST
    of_host = failing & pl.col("lost_since").is_not_null()

    def either(of_link: str | pl.Expr, of_its_host: pl.Expr) -> pl.Expr:
        return pl.when(ended).then(of_link).when(of_host).then(of_its_host)

    return (
        fates.group_by("link", maintain_order=True)
        .agg(
            pl.col(*LINK, "shard", "host", "fate", "times", "first_final", "last_state", "died", "told").last(),
            pl.col("failures", "first_failure", "lost_at", "lost_told").last(),
            first_at=at.first(),
            there_at=at.filter(pl.col("state").is_in(THERE)).last(),
            seen_at=at.filter(uniform & pl.col("state").is_in(THERE)).last(),
            drawn_at=at.filter(uniform).last(),
        )
        .join(lost, on="host", how="left", maintain_order="left")
        .with_columns(
            dead=ended | of_host,
            state=either("last_state", pl.lit(HOST_LOST)),
            observations=either("times", pl.col("failures")).cast(pl.Int64),
            gone_since=either("first_final", pl.col("first_failure")),
            dead_since=either("died", pl.max_horizontal("lost_since", "lost_at")),
            counted=pl.col("drawn_at").is_not_null(),
            missing=failing | (pl.col("times") > 0),
            told=pl.when(failing).then("lost_told").otherwise("told"),
        )
    )


def dead_links(links: pl.LazyFrame) -> pl.LazyFrame:
    """The dead ones of `links`, as DEAD_LINKS."""
    return DEAD_LINKS.conform(links.filter("dead"))
