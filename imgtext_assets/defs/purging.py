"""Deleting the bytes of what was removed, once no row has them.

What belongs here: which rows hold bytes, and deleting. What does not: when bytes may go (`rights.purges`), writing what
was done (`assets.removals`).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.removals import PREVIEW_KEY, tombstones
from imgtext_assets.lake import Lake
from imgtext_assets.rights import next_steps
from imgtext_assets.tables import (
    DOWNLOADED,
    FETCHES,
    FINGERPRINTS,
    PURGES,
    RAW_METADATA,
    STAGES,
    VERIFIED,
    Table,
)

_ROW = ["shard", "id"]
_HELD_BY = ((FINGERPRINTS, "fingerprint_sha256"), (DOWNLOADED, "sha256"), (VERIFIED, "sha256"))
_REMOVED = pl.col("reject_reason").eq_missing(pl.lit("removed"))


def purge_plan(lake: Lake, catalog: Catalog, now: datetime) -> pl.DataFrame:
    """What a purge does now: rows of PURGES. Nothing is written or deleted. Raises LakeError."""
    stones = tombstones(lake).filter(kind="sha256").sort("removed_at", "reason").select("reason", sha256="value")
    named = stones.unique("sha256", keep="first", maintain_order=True).collect()
    of_rows = bytes_of_removed_rows(lake, catalog).join(named.lazy(), on="sha256", how="anti")
    removed = pl.concat([named, of_rows.select("reason", "sha256").collect(engine="streaming")])
    sizes = lake.blobs.sizes(removed["sha256"])
    there = pl.DataFrame({"sha256": [*sizes], "bytes": [*sizes.values()]}, {"sha256": pl.String, "bytes": pl.Int64})
    held = held_bytes(lake, catalog, there["sha256"], named["sha256"])
    recorded = lake.tables.scan(PURGES.name, PURGES.schema).collect()
    of_files = removed.join(there, on="sha256", how="left")
    return next_steps(of_files, recorded, held, now, catalog.policy.removals.grace_days)


def purge(lake: Lake, steps: pl.DataFrame) -> None:
    """Delete what the steps (PURGES) say is to be deleted. Raises LakeError; what is gone by then stays gone."""
    lake.blobs.delete(steps.filter(state="deleted")["sha256"])


def bytes_of_removed_rows(lake: Lake, catalog: Catalog) -> pl.LazyFrame:
    """The bytes (`sha256`, each once) of rows that ended as `removed`, and what they say of it (`reason`).

    By their own columns; and, as a row that ended early has none, by what the journals have of its addresses, and of
    its preview's, that no other row has. So bytes go, too, that no tombstone names: those of what looks like a removed
    picture, or of one whose copies were to stay.
    """
    ended = [_rows(lake, stage).filter(_REMOVED) for stage in STAGES]
    facts = [pl.col("url_key"), PREVIEW_KEY.alias("preview_key"), pl.col("reject_detail").alias("reason")]
    rows = pl.concat([frame.select(*_ROW, *facts) for frame in ended]).unique(_ROW, keep="first").collect().lazy()
    others = _rows(lake, RAW_METADATA).filter(_is_listed(catalog)).join(rows, on=_ROW, how="anti")
    addresses = pl.concat([rows.select("reason", url_key=name) for name in ("url_key", "preview_key")])
    taken = pl.concat([others.select(url_key=name) for name in (pl.col("url_key"), PREVIEW_KEY)])
    theirs = addresses.drop_nulls("url_key").join(taken.drop_nulls(), on="url_key", how="anti")
    fetched = _rows(lake, FETCHES).filter(outcome="ok").join(theirs, on="url_key").select("reason", "sha256")
    own = [
        frame.select(reason="reject_detail", sha256=column)
        for stage, frame in zip(STAGES, ended, strict=True)
        for column in ("fingerprint_sha256", "sha256")
        if column in stage.schema
    ]
    return pl.concat([*own, fetched]).drop_nulls("sha256").sort("reason", "sha256").unique("sha256", keep="first")


def held_bytes(lake: Lake, catalog: Catalog, removed: pl.Series, named: pl.Series) -> pl.Series:
    """Those of the SHA-256s `removed` that are still needed. Of these a tombstone names `named`.

    By a row of a source of the catalog that goes on, at the last stage that has it, with these bytes or this preview:
    no build has judged it since the tombstone was written. Bytes that no tombstone names also by a row that ended for
    another reason than a removal: a change of policy may want it. And where the bytes are served
    (`release.public_url`), by the newest release: its addresses hold until the next one is cut without them.
    """
    of_rows = [
        _rows(lake, table)
        .filter(_is_listed(catalog), pl.col(column).is_in(removed.implode()))
        .select(*_ROW, sha256=column)
        for table, column in _HELD_BY
    ]
    held = pl.concat(of_rows).collect(engine="streaming").lazy()
    ended = [
        _rows(lake, stage).filter(pl.col("reject_reason").is_not_null()).select(*_ROW, was_removed=_REMOVED)
        for stage in STAGES
    ]
    ends = pl.concat(ended).join(held, on=_ROW, how="semi").group_by(_ROW).agg(pl.col("was_removed").any())
    is_named = pl.col("sha256").is_in(named.implode())
    has_ended = pl.col("was_removed").is_not_null() & (pl.col("was_removed") | is_named)
    alive = held.join(ends, on=_ROW, how="left").filter(~has_ended).select("sha256")
    return pl.concat([alive, *_served(lake, catalog, removed)]).unique().collect()["sha256"]


def _rows(lake: Lake, table: Table) -> pl.LazyFrame:
    return lake.tables.scan(table.name, table.schema)


def _is_listed(catalog: Catalog) -> pl.Expr:
    """Whether a row's source is in the catalog: rows of one that was taken out stay in the lake, and need nothing."""
    return pl.col("source").is_in([source.name for source in catalog.sources])


def _served(lake: Lake, catalog: Catalog, removed: pl.Series) -> list[pl.LazyFrame]:
    versions = lake.releases.versions()
    if catalog.release.public_url is None or not versions:
        return []
    rows = lake.releases.scan(versions[-1])
    return [rows.filter(pl.col("sha256").is_in(removed.implode())).select("sha256")]
