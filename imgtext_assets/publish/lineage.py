"""One row's whole way: every stage's verdict, fetches, link observations and releases, found by id, URL or SHA-256.

What belongs here: looking up and putting in order. What does not: where the tables lie (the caller's `scan`), and
how it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from imgtext_assets.tables import (
    DUPLICATE_CLUSTERS,
    FETCHES,
    FINGERPRINTS,
    LINK_CHECKS,
    RAW_METADATA,
    REMOVALS,
    STAGES,
    VERIFIED,
    Table,
)
from imgtext_assets.text import key_kind

Scan = Callable[..., pl.LazyFrame]


@dataclass(frozen=True)
class Step:
    """What one stage said of a row: `verdict` is "goes on" or the reject reason; `facts` are the columns it added."""

    stage: str
    verdict: str
    detail: str | None
    facts: dict[str, Any]


CLUSTER_SHOWN = 100
"""So many rows of a cluster belong to a history: a placeholder of a host may have thousands."""


@dataclass(frozen=True)
class History:
    """All that is known of one row. `raw` is its row of `raw_metadata`; the lists are in order of time.

    `cluster` has the rows of the row's cluster (DUPLICATE_CLUSTERS), at most CLUSTER_SHOWN: first the one that is
    kept, then the row itself, then the others, the nearest to the keeper first. `cluster_size` counts all.
    """

    raw: dict[str, Any]
    steps: list[Step]
    cluster: list[dict[str, Any]]
    cluster_size: int
    fetches: list[dict[str, Any]]
    observations: list[dict[str, Any]]
    removals: list[dict[str, Any]]


def find_rows(scan: Scan, key: str, url_key: Callable[[pl.Expr], pl.Expr]) -> pl.DataFrame:
    """The rows that a key means, as `shard` and `id`; several where an address or the bytes are there more than once.

    `scan(name, shard=None)` gives a table, or one shard of it; `url_key` normalises addresses as `raw_metadata` does.
    """
    kind = key_kind(key)
    if kind == "sha256":
        rows = pl.concat(
            [
                scan(VERIFIED.name).filter(sha256=key.lower()).select("shard", "id"),
                scan(FINGERPRINTS.name).filter(fingerprint_sha256=key.lower()).select("shard", "id"),
            ]
        )
    elif kind == "url":
        wanted = pl.select(url_key(pl.lit(key))).item()
        rows = scan(RAW_METADATA.name).filter(pl.col("url_key") == wanted).select("shard", "id")
    else:
        rows = scan(RAW_METADATA.name).filter(id=key).select("shard", "id")
    return rows.unique().sort("shard", "id").collect()


def with_repeats(scan: Scan, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows (`shard`, `id`) and all that repeat them or that they repeat, by the duplicates' clusters.

    What else `rows` says of a row is said of its repeats, too; of several the first.
    """
    key, facts = ["shard", "id"], rows.drop("shard", "id").columns
    clusters = scan(DUPLICATE_CLUSTERS.name).select("cluster_id", "keeper_shard", *key)
    groups = clusters.join(rows.lazy(), on=key).select("cluster_id", "keeper_shard", *facts)
    groups = groups.unique(["cluster_id", "keeper_shard"], keep="first", maintain_order=True)
    repeats = clusters.join(groups, on=["cluster_id", "keeper_shard"]).select(*key, *facts)
    return pl.concat([rows.lazy(), repeats]).unique(key, keep="first", maintain_order=True).sort(key).collect()


def history(scan: Scan, shard: str, row_id: str) -> History:
    """The whole way of the row `row_id` of `shard`. Raises KeyError where `raw_metadata` has no such row."""
    found = scan(RAW_METADATA.name, shard).filter(id=row_id).collect().to_dicts()
    if not found:
        raise KeyError(f"shard {shard} has no row {row_id}")
    raw = found[0]
    steps = [step for table in STAGES for step in _steps(table, scan(table.name, shard).filter(id=row_id).collect())]
    sha256 = next((step.facts["sha256"] for step in steps if step.facts.get("sha256")), None)
    addresses = [address for address in (raw["url_key"], raw["preview_url"]) if address]
    cluster, size = _cluster(scan, shard, row_id)
    return History(
        raw=raw,
        steps=steps,
        cluster=cluster,
        cluster_size=size,
        fetches=_rows(scan(FETCHES.name, shard).filter(pl.col("url_key").is_in(addresses)).sort("fetched_at")),
        observations=_rows(scan(LINK_CHECKS.name, shard).filter(id=row_id).sort("checked_at")),
        removals=_rows(_tombstones(scan(REMOVALS.name), raw, sha256)),
    )


def _tombstones(removals: pl.LazyFrame, raw: dict[str, Any], sha256: str | None) -> pl.LazyFrame:
    """The tombstones that name the row by what it is known by; not those of what looks like it."""
    known = {"id": raw["id"], "url": raw["url_key"], "sha256": sha256}
    known |= {kind: raw[kind] for kind in ("creator", "account")}
    names = [(pl.col("kind") == kind) & (pl.col("value") == value) for kind, value in known.items() if value]
    here = pl.col("source").is_null() | (pl.col("source") == raw["source"])
    return removals.filter(here & pl.any_horizontal(names)).sort("removed_at")


def _cluster(scan: Scan, shard: str, row_id: str) -> tuple[list[dict[str, Any]], int]:
    """The rows of the cluster that the row is in, and how many it has: none where nothing repeats."""
    clusters, itself = scan(DUPLICATE_CLUSTERS.name), (pl.col("shard") == shard) & (pl.col("id") == row_id)
    own = clusters.filter(itself).select("cluster_id", "keeper_shard").collect()
    alike = clusters.join(own.lazy(), on=own.columns, how="semi", nulls_equal=True)
    is_kept = pl.col("rule").is_null()
    order = [~is_kept, ~itself, pl.col("distance").fill_null(0), "shard", "id"]
    shown, size = pl.collect_all(
        [alike.bottom_k(CLUSTER_SHOWN, by=order).sort(order), alike.select(pl.len())], engine="streaming"
    )
    return shown.to_dicts(), size.item()


def _steps(table: Table, rows: pl.DataFrame) -> list[Step]:
    return [
        Step(
            table.name,
            row["reject_reason"] or "goes on",
            row["reject_detail"],
            {name: row[name] for name in _facts(table) if row[name] is not None},
        )
        for row in rows.to_dicts()
    ]


def _facts(table: Table) -> tuple[str, ...]:
    measured = ("width", "height", "mime_type") if table.name == VERIFIED.name else ()
    return ("source_file", "source_row") if table.name == RAW_METADATA.name else (*measured, *table.adds)


def _rows(frame: pl.LazyFrame) -> list[dict[str, Any]]:
    return frame.collect().to_dicts()
