"""What changed from one release to the next, and why each row that left did so. Pure.

A row that is in the release before and not in this one has a fate: a takedown, a dead link, a stage's rejection, or
its list no longer has it. Where another row came in with the same picture, it is `replaced`, else `removed`.

What belongs here: comparing, and telling fates. What does not: which rows are named by takedowns (`withdrawn`), which
rows a release has (`release`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import polars as pl

from imgtext_assets.publish.withdrawn import KEY, Known, UrlKey, same_address, withdrawn
from imgtext_assets.tables import CHANGES, DEDUPLICATED, PLACES, RELEASE

KINDS = ("added", "removed", "replaced", "changed")
TAKEDOWN, DEAD_LINK, VANISHED = "removed", "dead_link", "vanished"
_LEFT = ("removed", "replaced")
_NAMES = ("id", "url", "replaced_by_source", "replaced_by_id")


def changes(
    before: pl.LazyFrame | None,
    after: pl.LazyFrame,
    known: Known | None = None,
    url_key: UrlKey = same_address,
) -> pl.DataFrame:
    """What changed from one release to the next: CHANGES, sorted by source and id, with all names in clear.

    Both are frames of RELEASE, of older versions perhaps; `before` is None for the first release, where all is added.
    Columns that `before` does not have yet are not compared, nor are those of PLACES. `known` is what the lake knows of
    the rows that left; `url_key` normalises addresses as `raw_metadata` does.

    rows(before) + added - removed - replaced = rows(after), since (source, id) names a row in both (else polars'
    ComputeError).
    """
    before = RELEASE.schema.to_frame().lazy() if before is None else before
    columns = [name for name in before.collect_schema() if name in RELEASE.schema and name not in (*KEY, *PLACES)]
    # Of all that is compared, a hash of 64 bits: whole rows of both releases would all have to be in memory.
    values = pl.struct(pl.col(name).cast(RELEASE.schema[name]) for name in columns).hash()
    had = before.select(*KEY, had_url="url", had=values)
    has = after.select(*KEY, "url", has=values)
    change = (
        pl.when(pl.col("had").is_null())
        .then(pl.lit("added"))
        .when(pl.col("has").is_null())
        .then(pl.lit("removed"))
        .when(pl.col("has") != pl.col("had"))
        .then(pl.lit("changed"))
    )
    compared = has.join(had, on=KEY, how="full", coalesce=True, validate="1:1").with_columns(change=change)
    changed = (
        compared.filter(pl.col("change").is_not_null())
        .select(*KEY, pl.coalesce("url", "had_url").alias("url"), "change")
        .sort(KEY)
        .collect(engine="streaming")
    )
    left = before.join(changed.lazy().filter(change="removed"), on=KEY, how="semi")
    came = after.join(changed.lazy().filter(change="added"), on=KEY, how="semi").select(*KEY, "sha256")
    fates = _fates(left, came, known or Known(), url_key)
    told = changed.lazy().join(fates, on=KEY, how="left", maintain_order="left")
    return CHANGES.conform(told.with_columns(change=pl.coalesce("fate", "change"))).collect(engine="streaming")


def hidden(changed: pl.DataFrame) -> pl.DataFrame:
    """The same with nothing that names a row of a takedown but its source: CHANGES, such rows first.

    Neither their place in the order nor what replaced them tells which they were. How many they are, it does.
    """
    is_secret = pl.col("reason").eq_missing(pl.lit(TAKEDOWN))
    return changed.with_columns(pl.when(~is_secret).then(pl.col(name)).alias(name) for name in _NAMES).sort(
        pl.col("id").is_not_null(), *KEY, "change"
    )


def count_changes(changed: pl.DataFrame) -> dict[str, int]:
    """Rows of each kind of change, all of them named, 0 where there are none."""
    counted = dict(changed.group_by("change").len().iter_rows())
    return {kind: counted.get(kind, 0) for kind in KINDS}


def count_reasons(changed: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Why rows left: of `removed` and `replaced`, rows by reason, most first; a null reason is `unknown`."""
    reason = pl.col("reason").fill_null("unknown")
    return {
        kind: dict(
            changed.filter(change=kind).group_by(reason).len().sort("len", "reason", descending=[True, False]).rows()
        )
        for kind in _LEFT
    }


def in_words(reasons: Iterable[tuple[str, int]]) -> str:
    """Counts by reason for people, most first.

    >>> in_words([("dead_link", 3), ("vanished", 1200)])
    'vanished 1,200, dead_link 3'
    """
    return ", ".join(f"{reason} {rows:,}" for reason, rows in Counter(dict(reasons)).most_common())


def _fates(left: pl.LazyFrame, came: pl.LazyFrame, known: Known, url_key: UrlKey) -> pl.LazyFrame:
    """For each row that left: KEY, `fate` (`removed` or `replaced`), and CHANGES' columns from `stage` on."""
    named = withdrawn(left, known, url_key).select(*KEY, is_removed=True)
    dead = known.dead.select(KEY).unique().with_columns(is_dead=True)
    listed = known.listed.join(left, on=KEY, how="semi").select(KEY).unique().with_columns(is_listed=True)
    rows = (
        left.select(*KEY, "sha256" if "sha256" in left.collect_schema() else pl.lit(None, pl.String).alias("sha256"))
        .join(_rejected(left, known), on=KEY, how="left")
        .join(named, on=KEY, how="left")
        .join(dead, on=KEY, how="left")
        .join(listed, on=KEY, how="left")
        .join(_by_keeper(came), on=["keeper_source", "keeper_id"], how="left")
        .join(_by_bytes(left, came), on="sha256", how="left")
    )
    told = pl.col("stage").is_not_null()
    is_dead = pl.col("is_dead").is_not_null() & (~told | (pl.col("stage") == DEDUPLICATED.name))
    is_removed, is_listed = pl.col("is_removed").is_not_null(), pl.col("is_listed").is_not_null()
    by_stage = told & ~is_removed & ~is_dead
    reason = (
        pl.when(is_removed)
        .then(pl.lit(TAKEDOWN))
        .when(is_dead)
        .then(pl.lit(DEAD_LINK))
        .when(told)
        .then("rejected")
        .when(~is_listed)
        .then(pl.lit(VANISHED))
    )
    by = {name: pl.coalesce(f"kept_{name}", f"alike_{name}") for name in KEY}
    return rows.select(
        *KEY,
        fate=pl.when(by["id"].is_null()).then(pl.lit("removed")).otherwise(pl.lit("replaced")),
        stage=pl.when(by_stage).then("stage"),
        reason=reason,
        replaced_by_source=by["source"],
        replaced_by_id=by["id"],
    )


def _rejected(left: pl.LazyFrame, known: Known) -> pl.LazyFrame:
    """The stage that rejected each row, its word, and whose repeat the row is: the last stage that any of it reached.

    A source may list an id in several shards; the one that got furthest is the one that was released.
    """
    ended = [
        rows.join(left, on=KEY, how="semi").select(
            *KEY,
            stage=pl.lit(stage),
            place=pl.lit(place),
            rejected="reject_reason",
            keeper_id="keeper_id" if stage == DEDUPLICATED.name else pl.lit(None, pl.String),
            keeper_source=pl.col("keeper_shard").str.replace("-[^-]*$", "")
            if stage == DEDUPLICATED.name
            else pl.lit(None, pl.String),
        )
        for place, (stage, rows) in enumerate(known.rejected.items())
    ]
    empty = pl.LazyFrame(
        schema=dict.fromkeys((*KEY, "stage"), pl.String)
        | {"place": pl.Int32}
        | dict.fromkeys(("rejected", "keeper_id", "keeper_source"), pl.String)
    )
    order = [*KEY, "place", "rejected", "keeper_id"]
    both = pl.concat([empty, *ended]).sort(order, descending=[False, False, True, False, False])
    return both.unique(KEY, keep="first", maintain_order=True).drop("place")


def _by_keeper(came: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that came, as what may be the keeper of one that left. One that was there before replaces nothing."""
    return came.select(keeper_source="source", keeper_id="id", kept_source="source", kept_id="id")


def _by_bytes(left: pl.LazyFrame, came: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that came with the bytes of one that left: a takedown of an id, or a list that gave another id."""
    if "sha256" not in left.collect_schema():
        return pl.LazyFrame(schema=dict.fromkeys(("sha256", "alike_source", "alike_id"), pl.String))
    alike = came.join(left.filter(pl.col("sha256").is_not_null()), on="sha256", how="semi").sort(KEY)
    return alike.unique("sha256", keep="first", maintain_order=True).select(
        "sha256", alike_source="source", alike_id="id"
    )
