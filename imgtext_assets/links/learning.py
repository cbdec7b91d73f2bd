"""All that the rounds of all shards show, learned shard by shard: memory does not grow with the lake.

What belongs here: the order of the steps, and adding up. What does not: the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from imgtext_assets.links import decay, fates, hosts, level, outages, survival
from imgtext_assets.settings import LinkSettings
from imgtext_assets.tables import DEAD_LINKS, LINK_CHECKS, LINK_HOSTS, UTC_TIME

Read = Callable[[str], pl.LazyFrame]
"""Reads something of a shard."""
PICTURES = pl.Schema({"source": pl.String(), "url": pl.String(), "fetched_at": UTC_TIME, "held": pl.Boolean()})
"""When pictures were had; `held`: the row is kept, so its link is one of those that there are."""
_NOTHING = (
    pl.LazyFrame(schema=LINK_CHECKS.schema),
    pl.LazyFrame(schema=PICTURES),
)


@dataclass(frozen=True)
class Learned:
    """Frames of LINK_DECAY, LINK_SURVIVAL, LINK_HOSTS and DEAD_LINKS, each sorted by its first columns."""

    decay: pl.DataFrame
    survival: pl.DataFrame
    hosts: pl.DataFrame
    dead: pl.DataFrame


def learn(shards: Sequence[str], checks: Read, pictures: Read, settings: LinkSettings) -> Learned:
    """What the rounds of these shards show together.

    `checks` reads a shard's LINK_CHECKS, `pictures` its PICTURES. Each shard is read twice: for what its
    observations say of the hosts, then, all hosts known, for what they say of its links. Of each, sums stay.
    """
    days = [outages.host_days(checks(shard)).collect() for shard in shards]
    states = outages.host_states(pl.concat([outages.HOST_DAYS.to_frame(), *days]), settings).lazy()
    of_shards = [_of_shard(checks(shard), pictures(shard), states, settings) for shard in shards]
    of_shards = of_shards or [_of_shard(*_NOTHING, states, settings)]
    changes, lives, counts, answers, dead, drawn = (pl.concat(frames).lazy() for frames in zip(*of_shards, strict=True))
    rated = hosts.link_hosts(counts, lives, answers, states)
    placed = level.with_level(rated, drawn, states.select(as_of=pl.col("checked_on").max()).collect())
    return Learned(
        decay=decay.link_decay(changes, states).collect(),
        survival=survival.link_survival(lives).collect(),
        hosts=LINK_HOSTS.conform(placed.lazy()).collect(),
        dead=dead.sort(DEAD_LINKS.schema.names()).collect(),
    )


def _of_shard(
    checks: pl.LazyFrame, pictures: pl.LazyFrame, states: pl.LazyFrame, settings: LinkSettings
) -> list[pl.DataFrame]:
    observed = fates.fates(checks, states, settings).collect().lazy()
    links = survival.with_began(fates.links(observed, states), pictures).collect().lazy()
    return pl.collect_all(
        [
            decay.changes(observed),
            survival.lives(links),
            hosts.counts(links),
            hosts.answers(checks),
            fates.dead_links(links),
            level.drawn(links, pictures.filter("held")),
        ]
    )
