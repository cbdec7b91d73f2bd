"""What becomes of removed pictures' bytes: marked first, deleted when the days of grace are over, if nobody needs them.

What belongs here: the rule. What does not: which rows hold bytes, deleting (`defs.purging`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from imgtext_assets.tables import PURGES


def next_steps(
    removed: pl.DataFrame, recorded: pl.DataFrame, held: pl.Series, now: datetime, grace_days: int
) -> pl.DataFrame:
    """What is to be done now with the bytes of tombstones: rows of PURGES, sorted by SHA-256; none for what may wait.

    `removed` has `sha256`, the tombstone's `reason`, and `bytes`, the size of its file, null where there is none.
    `recorded` are the PURGES so far, `held` the SHA-256s that a row still has.

    - A file that nobody holds and that is not marked is `marked`: also one that came back after it was deleted.
    - A marked one that somebody holds by now is `spared`; it is marked anew when that ends.
    - A marked one whose `grace_days` are over is `deleted`. So is one that is gone already: a run was killed between
      deleting and noting it. In the run that marks it no file is deleted, even without days of grace.
    """
    last = recorded.sort("at").unique("sha256", keep="last", maintain_order=True)
    known = removed.join(last.select("sha256", was="state", since="at", had="bytes"), on="sha256", how="left")
    is_held, there = pl.col("sha256").is_in(held.implode()), pl.col("bytes").is_not_null()
    was_marked = pl.col("was").eq_missing("marked")
    is_over = pl.col("since") <= pl.lit(now) - timedelta(days=grace_days)
    state = (
        pl.when(was_marked & ~there)
        .then(pl.lit("deleted"))
        .when(was_marked & is_held)
        .then(pl.lit("spared"))
        .when(was_marked & is_over)
        .then(pl.lit("deleted"))
        .when(~was_marked & there & ~is_held)
        .then(pl.lit("marked"))
    )
    steps = known.with_columns(state=state, bytes=pl.coalesce("bytes", "had"), at=pl.lit(now)).drop_nulls("state")
    return PURGES.conform(steps.lazy()).sort("sha256").collect()
