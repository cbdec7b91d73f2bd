"""One row's whole way: every stage's verdict with its evidence, its cluster, fetches, observations and removals.

What belongs here: looking up and putting in order. What does not: where the tables lie (the caller's `scan`), which row
is meant (`finding`), which releases have it (`publications`), and how it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import polars as pl

from imgtext_assets.publish.finding import Scan
from imgtext_assets.tables import (
    DUPLICATE_CLUSTERS,
    FETCHES,
    LINK_CHECKS,
    PURGES,
    RAW_METADATA,
    REMOVALS,
    STAGES,
    VERIFIED,
    Table,
)

Row = dict[str, Any]

CLUSTER_SHOWN = 100
"""So many rows of a cluster belong to a history: a placeholder of a host may have thousands."""


@dataclass(frozen=True)
class Step:
    """What one stage said of a row: `verdict` is "goes on" or the reject reason; `facts` are the columns it added."""

    stage: str
    verdict: str
    detail: str | None
    facts: Row


@dataclass(frozen=True)
class History:
    """All that is known of one row. `raw` is its row of `raw_metadata`; the lists are in order of time.

    `cluster` has the rows of the row's cluster (DUPLICATE_CLUSTERS), at most CLUSTER_SHOWN: first the one that is
    kept, then the row itself, then the others, the nearest to the keeper first. `cluster_size` counts all. `purges`
    says what became of the bytes where they were removed.
    """

    raw: Row
    steps: list[Step]
    cluster: list[Row]
    cluster_size: int
    fetches: list[Row]
    observations: list[Row]
    removals: list[Row]
    purges: list[Row]


def history(scan: Scan, shard: str, source_row: int) -> History:
    """The whole way of the row that `shard` has from row `source_row` of its file.

    Reads at most a row group of each stage, whose rows are in the order of the file; and all at the same time, since on
    S3 one waits rather than works. Raises KeyError where `raw_metadata` has no such row.
    """
    is_it = pl.col("source_row") == source_row
    with ThreadPoolExecutor(len(STAGES)) as pool:
        read = pool.map(lambda table: _rows(scan(table.name, [shard]).filter(is_it)), STAGES)
        staged = dict(zip((table.name for table in STAGES), read, strict=True))
        if not staged[RAW_METADATA.name]:
            raise KeyError(f"shard {shard} has no row {source_row}")
        raw = staged[RAW_METADATA.name][0]
        # A stage that is behind may still have another row of that number, of a file that has changed since.
        rows = {name: [row for row in found if row["id"] == raw["id"]] for name, found in staged.items()}
        each = (item for found in rows.values() for row in found for item in row.items())
        known = {name: value for name, value in each if value is not None}  # the latest stage that knows it
        addresses = [address for address in (raw["url_key"], raw["preview_url"]) if address]
        hashes = {known.get(name) for name in ("sha256", "fingerprint_sha256")} - {None}
        cluster = pool.submit(_cluster, scan, shard, raw["id"])
        fetches, observations, removals, purges = pool.map(
            lambda read: _rows(read()),
            (
                lambda: scan(FETCHES.name, [shard]).filter(pl.col("url_key").is_in(addresses)).sort("fetched_at"),
                lambda: scan(LINK_CHECKS.name, [shard]).filter(id=raw["id"]).sort("checked_at"),
                lambda: _tombstones(scan(REMOVALS.name, None), known, hashes),
                lambda: scan(PURGES.name, None).filter(pl.col("sha256").is_in(hashes)).sort("at"),
            ),
        )
        return History(
            raw,
            [step for table in STAGES for step in _steps(table, rows[table.name])],
            *cluster.result(),
            fetches,
            observations,
            removals,
            purges,
        )


def _cluster(scan: Scan, shard: str, row_id: str) -> tuple[list[Row], int]:
    """The rows of the cluster that the row is in, and how many it has: none where nothing repeats."""
    clusters, itself = scan(DUPLICATE_CLUSTERS.name, None), (pl.col("shard") == shard) & (pl.col("id") == row_id)
    own = clusters.filter(itself).select("cluster_id", "keeper_shard").head(1).collect(engine="streaming")
    if own.is_empty():
        return [], 0
    cluster_id, keeper_shard = own.row(0)
    alike = clusters.filter((pl.col("cluster_id") == cluster_id) & pl.col("keeper_shard").eq_missing(keeper_shard))
    order = [pl.col("rule").is_not_null(), ~itself, pl.col("distance").fill_null(0), "shard", "id"]
    size = pl.len().over(pl.lit(0))
    shown = alike.with_columns(size=size).bottom_k(CLUSTER_SHOWN, by=order).sort(order).collect(engine="streaming")
    return shown.drop("size").to_dicts(), shown["size"][0]


def _tombstones(removals: pl.LazyFrame, known: Row, hashes: set[Any]) -> pl.LazyFrame:
    """The tombstones that name the row by anything that it is known by, in its source or in all."""
    creator, account, url_key = (pl.lit(known.get(name), pl.String) for name in ("creator", "account", "url_key"))
    looks = pl.lit(None if known.get("phash") is None else f"{known['phash']:016x}", pl.String)
    named = [
        (pl.col("kind") == "id") & (pl.col("value") == known["id"]),
        (pl.col("kind") == "url") & (pl.col("value") == url_key),
        (pl.col("kind") == "sha256") & pl.col("value").is_in(hashes),
        (pl.col("kind") == "phash") & (pl.col("value") == looks),
        (pl.col("kind") == "account") & (pl.col("value") == account),
        (pl.col("kind") == "creator") & (compared(pl.col("value")) == compared(creator)),
    ]
    here = pl.col("source").is_null() | (pl.col("source") == known["source"])
    return removals.filter(here & pl.any_horizontal(named)).sort("removed_at")


def compared(creator: pl.Expr) -> pl.Expr:
    """A creator's name without regard to case, white space and compatible forms of letters (Unicode NFKC)."""
    return creator.str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()


def _steps(table: Table, rows: Sequence[Row]) -> list[Step]:
    return [
        Step(
            table.name,
            row["reject_reason"] or "goes on",
            row["reject_detail"],
            {name: row[name] for name in _facts(table) if row[name] is not None},
        )
        for row in rows
    ]


def _facts(table: Table) -> tuple[str, ...]:
    measured = ("width", "height", "mime_type") if table.name == VERIFIED.name else ()
    return ("source_file", "source_row") if table.name == RAW_METADATA.name else (*measured, *table.adds)


def _rows(frame: pl.LazyFrame) -> list[Row]:
    return frame.collect(engine="streaming").to_dicts()


__all__ = ["CLUSTER_SHOWN", "History", "Step", "compared", "history"]
