"""Which links a round asks: those from which most is learned, as far as its budget goes.

In this order:

1. The sample: links drawn evenly once and for all (by a hash of their id), asked in every round whatever is due. So the
   same links are followed for years, which is what survival is estimated from: links drawn anew for each round would
   be seen too seldom to be seen dying. Only what the last half day saw is not asked again: so a round that was killed
   goes on where it stopped.
2. Suspects: links that were last seen gone, replaced or as a placeholder, and are not dead yet.
3. Links that are due, the likeliest to have changed first: with a probability of 1 - exp(-hazard x days) since they
   were last there, by what is known of their host.
4. Dead links: those of whose death no even observation tells yet, the others twice a year.

The sample and the others are asked in turns, and it has half of the budget at most, else what they leave: were it all,
no other link would ever be found dead. A smaller sample stays even.

A round without limits that skips none but dead links of whose death such observations tell is as even as the sample.
(Were the other dead ones skipped too, the estimates would see that others live on, but not that these died.) It asks
all links in the order of the draw, so it is as even if it is killed. A round with limits never is, as how far they go
is known when they are spent.

What belongs here: choosing, and why a link is not chosen. What does not: how it is asked (`asking`), counting what is
really spent (`fetch.Allowance`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from imgtext_assets.links.observe import FINAL, THERE
from imgtext_assets.settings import LinkSettings
from imgtext_assets.text import HOST_OF_URL

PRIOR_HAZARD = -math.log(0.99) / 30.4
"""Deaths a link and day of a host of which nothing is known: 1% a month, as LAION's links lose."""
DEAD_AGAIN = timedelta(days=180)
"""A dead link is asked again after so long; a few come back."""
SAMPLE_AGAIN = timedelta(hours=12)
"""A link of the sample is not asked again before: less than the days of rounds lie apart."""
_SAMPLE, _SUSPECT, _DUE, _DEAD = range(4)
_WHY = ["sample", "suspect", "due", "dead"]


@dataclass(frozen=True)
class Round:
    """What one round of one shard is to be.

    `everything`: links are asked that are not due, and dead ones too. `now` is its time, with a zone.
    """

    settings: LinkSettings
    now: datetime
    everything: bool = False


def history(checks: pl.LazyFrame) -> pl.LazyFrame:
    """What earlier rounds know of each link: one row for each `id` of `checks`, the LINK_CHECKS of one shard.

    `seen_at` is its latest observation, `there_at` the latest in which it was there, `suspect` that it was not since,
    by a final observation; `had_sha256`, `had_etag`, `had_last_modified` are of the latest bytes that were read.
    """
    at, state = pl.col("checked_at"), pl.col("state")
    there_at = at.filter(state.is_in(THERE)).max()
    read = pl.col("sha256").is_not_null()
    return checks.group_by("id").agg(
        seen_at=at.max(),
        there_at=there_at,
        suspect=(at.filter(state.is_in(FINAL)).max() > there_at.fill_null(_LONG_AGO)).fill_null(False),
        **{
            f"had_{name}": pl.col(name).filter(read).sort_by(at.filter(read)).last()
            for name in ("sha256", "etag", "last_modified")
        },
    )


def plan(
    verified: pl.LazyFrame, known: pl.LazyFrame, hosts: pl.LazyFrame, dead: pl.LazyFrame, what: Round
) -> pl.LazyFrame:
    """Every address of `verified` once, in the order in which to ask, with `skipped`: why not to (null: to be asked).

    `verified` are the kept rows of one shard, `known` is what `history` gives, `hosts` is a frame of LINK_HOSTS, `dead`
    one of DEAD_LINKS; the latter may be empty. Further columns: `host`; `why` it has its place (`sample`, `suspect`,
    `due`, `dead`); `uniform`, that it is of the sample, or that the round has no limits and skips none but dead links,
    and so is as even; `etag` and `last_modified`, the newest known of the bytes that we have. Reasons to skip are
    `not_due`, `dead`, `requests_per_host` and `requests`.
    """
    settings = what.settings
    again, not_due = timedelta(days=settings.min_days), pl.lit("not_due")
    sample, skipped = pl.col("sample"), pl.col("skipped")
    even = pl.lit(not settings.are_limits) & ~(skipped.is_not_null() & (skipped != "dead")).any()
    rank = (
        pl.when(sample)
        .then(_SAMPLE)
        .when("dead")
        .then(_DEAD)
        .when("suspect")
        .then(_SUSPECT)
        .otherwise(_DUE)
        .cast(pl.Int8)
    )
    place, wanted = pl.int_range(1, pl.len() + 1), skipped.is_null()
    found = _links(verified, known, hosts, dead).with_columns(
        skipped=pl.when(pl.col("dead") & pl.col("told") & _waits(what, DEAD_AGAIN))
        .then(pl.lit("dead"))
        .when(_waits(what, again))
        .then(not_due)
    )
    return (
        _with_sample(found, settings)
        .with_columns(
            rank=rank,
            skipped=pl.when(~sample).then(skipped).when(_waits(what, min(again, SAMPLE_AGAIN))).then(not_due),
        )
        .with_columns(uniform=sample | even, order=pl.when(even).then(_SAMPLE).otherwise("rank"))
        .with_columns(chance=pl.when(pl.col("order") == _DUE).then(_chance(what.now)).otherwise(0.0))
        .sort("order", "chance", "draw", "id", descending=[False, True, False, False])
        .with_columns(skipped=_beyond(place.over(["host", wanted]), settings.requests_per_host, "requests_per_host"))
        .with_columns(skipped=_beyond(place.over(wanted), settings.requests, "requests"))
        .with_columns(
            turn=place.over([pl.col("order") == _SAMPLE, wanted]),
            why=pl.col("rank").replace_strict(dict(enumerate(_WHY)), return_dtype=pl.String),
        )
        .sort("turn", "order")
        .drop("rank", "order", "turn", "chance", "draw", "sample", "dead", "told", "suspect")
        .drop("seen_at", "there_at", "hazard")
    )


def _links(verified: pl.LazyFrame, known: pl.LazyFrame, hosts: pl.LazyFrame, dead: pl.LazyFrame) -> pl.LazyFrame:
    """The addresses with what is known of them, of their host's hazard, and `draw`, a number evenly in [0, 1)."""
    hazards = hosts.drop_nulls("host").select("source", "host", hazard=hazard())
    own = (pl.col("had_sha256") == pl.col("sha256")).fill_null(False)
    return (
        verified.unique("url", keep="first", maintain_order=True)
        .with_columns(host=pl.col("url").str.extract(HOST_OF_URL).str.to_lowercase())
        .join(known, on="id", how="left", maintain_order="left")
        .join(hazards, on=["source", "host"], how="left", maintain_order="left")
        .join(
            dead.select("id", "dead_since", pl.col("told").fill_null(False)), on="id", how="left", maintain_order="left"
        )
        .with_columns(
            draw=_draw(),
            suspect=pl.col("suspect").fill_null(False),
            hazard=pl.col("hazard").fill_null(PRIOR_HAZARD),
            dead=(pl.col("dead_since") > pl.col("there_at").fill_null(_LONG_AGO)).fill_null(False),
            **{
                name: pl.when(own & pl.any_horizontal(pl.col("had_etag", "had_last_modified").is_not_null()))
                .then(f"had_{name}")
                .otherwise(name)
                for name in ("etag", "last_modified")
            },
        )
        .drop("dead_since", "had_sha256", "had_etag", "had_last_modified")
    )


def hazard() -> pl.Expr:
    """Deaths a link and day to be expected of a row of LINK_HOSTS: Float64, 1/day, above 0.

    The mean of the posterior for a Poisson rate and a gamma prior of one death at PRIOR_HAZARD: a host of which little
    is known is taken for an ordinary one, and one that never lost a link is not left alone for ever.
    """
    return (pl.col("deaths") + 1) / (pl.col("link_days").fill_null(0.0) + 1 / PRIOR_HAZARD)


def _waits(what: Round, again: timedelta) -> pl.Expr:
    """Whether a link was seen so short a time ago that it is left out."""
    since = pl.lit(what.now) - pl.col("seen_at")
    return pl.lit(not what.everything) & (since < again).fill_null(False)


def _draw() -> pl.Expr:
    """A number in [0, 1) for each link, evenly and always the same: from polars' hash of source and id.

    Another version of polars may hash otherwise, and so follow other links from then on.
    """
    return pl.concat_str("source", pl.lit("\n"), "id").hash(seed=0) / 2.0**64


def _with_sample(links: pl.LazyFrame, settings: LinkSettings) -> pl.LazyFrame:
    """The links with `sample`: whether they are drawn.

    Where the links are more than the budget, the sample ends before the first that half of it cannot have.
    """
    drawn, place = pl.col("draw") < settings.sample, pl.int_range(1, pl.len() + 1)
    wanted = (drawn | pl.col("skipped").is_null()).sum()
    limits = (
        (settings.requests, place, wanted),
        (settings.requests_per_host, place.over("host"), wanted.over("host")),
    )
    beyond = [
        (asked_for > limit) & (count > limit - limit // 2) for limit, count, asked_for in limits if limit is not None
    ]
    if not beyond:
        return links.with_columns(sample=drawn)
    end = pl.col("draw").filter(pl.any_horizontal(*beyond)).min().fill_null(1.0)
    return links.sort("draw", "id").with_columns(sample=drawn & (pl.col("draw") < end))


def _chance(now: datetime) -> pl.Expr:
    """The probability that a link changed since it was last there, else since its picture was fetched."""
    days = (pl.lit(now) - pl.coalesce("there_at", "fetched_at")).dt.total_seconds() / 86_400
    return 1 - (-pl.col("hazard") * days.fill_null(365.0).clip(0)).exp()


def _beyond(place: pl.Expr, limit: int | None, word: str) -> pl.Expr:
    """`skipped`, with `word` for the links not skipped yet whose place is beyond the limit."""
    skipped = pl.col("skipped")
    return (
        skipped if limit is None else pl.when(skipped.is_null() & (place > limit)).then(pl.lit(word)).otherwise(skipped)
    )


_LONG_AGO = pl.lit(datetime(1, 1, 1), dtype=pl.Datetime("us", "UTC"))
