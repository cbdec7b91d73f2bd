"""Carrying out orders to remove: which rows they mean now, which tombstones that makes, and whether it is too much.

What belongs here: looking up the rows of an order in the lake, and writing tombstones. What does not: reading orders
(`rights.takedowns`), files of them (`drop_folder`), options and printing (`cli`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from imgtext_assets import duplicates, rights
from imgtext_assets.defs.removals import BY_NAME, BY_REDIRECT, PREVIEW_KEY, tombstones
from imgtext_assets.lake import Lake
from imgtext_assets.policies import RemovalPolicy
from imgtext_assets.publish.lineage import with_repeats
from imgtext_assets.rights.removals import By
from imgtext_assets.tables import BY_NAME as TABLES
from imgtext_assets.tables import DOWNLOADED, DUPLICATE_CLUSTERS, FINGERPRINTS, RAW_METADATA, REMOVALS, VERIFIED
from imgtext_assets.text import plain

Scan = Callable[..., pl.LazyFrame]
_ROW = ["shard", "id"]
_KNOWN_BY: list[tuple[str, By, Sequence[str]]] = [
    (RAW_METADATA.name, BY_NAME, ("url_key", "preview_url", "creator", "account")),
    (FINGERPRINTS.name, rights.BY_BYTES[1:], ("fingerprint_sha256",)),
    (DOWNLOADED.name, [*rights.BY_BYTES[:1], *BY_REDIRECT], ("sha256", "final_url")),
]
"""Where a row's names are found, and the columns that they are read from."""
_PICTURES = (FINGERPRINTS.name, VERIFIED.name)


@dataclass(frozen=True)
class Takedown:
    """What orders (REMOVALS) come to.

    `rows` are all that go by them now (`shard`, `id`), `fresh` those of them that no tombstone named before, of
    `all_rows`. `stones` are the tombstones (REMOVALS) that are still to be written, `idle` the orders that name no row.
    """

    orders: pl.DataFrame
    rows: pl.DataFrame
    fresh: pl.DataFrame
    all_rows: int
    stones: pl.DataFrame
    idle: pl.DataFrame

    def too_many(self, policy: RemovalPolicy) -> str | None:
        """Why the orders are not carried out unless somebody says so; null: they are.

        Rows that are removed already do not count: lists of takedowns may be sent whole each time.
        """
        count = self.fresh.height
        if count <= policy.at_most_rows or count <= policy.at_most_share * self.all_rows:
            return None
        return (
            f"names {count:,} of {self.all_rows:,} rows ({count / self.all_rows:.1%}), more than "
            f"`policy.removals.at_most_share` ({policy.at_most_share:.1%}) and `at_most_rows` ({policy.at_most_rows:,})"
        )

    def unheard_of(self) -> str | None:
        """Which orders name no row, for people: what they name is refused when it comes, or they have a slip."""
        if self.idle.is_empty():
            return None
        kind, value = self.idle.select("kind", "value").row(0)
        said = f"{self.idle.height:,} of {self.orders.height:,} orders name no row that is known now, such as "
        hint = "; an address needs its https://" if kind == "id" and re.search(r"[./]", value) else ""
        return f"{said}the {kind} {plain(value)}{hint}"


def plan(lake: Lake, orders: pl.DataFrame, policy: RemovalPolicy, *, only_this: bool = False) -> Takedown:
    """What these orders (REMOVALS) come to now; nothing is written.

    They mean the rows that they name, by name, bytes or look; and all that repeat these, unless `only_this` or where
    the policy lets near-duplicates be. All of them are to go by every name that they have: id (in its source), address,
    bytes, those of the preview too, and look; with `only_this` by id and addresses alone, as copies have the same bytes
    and look. Not by a picture that is no picture of theirs: a host's placeholder, or a preview that others have.

    What goes by all that is counted anew: tombstones may name more rows than were meant.
    """

    def scan(name: str, shards: Iterable[str] | None = None) -> pl.LazyFrame:
        return lake.tables.scan(name, TABLES[name].schema, shards)

    asked = _named(scan, orders)
    meant = with_repeats(scan, asked) if policy.near_duplicates and not only_this else asked
    written = tombstones(lake)
    stones = rights.tombstones(orders, _names(scan, meant, copies=not only_this), written)
    rows = pl.concat([frame.select(_ROW) for frame in (meant, _named(scan, _counted(stones, policy)))])
    rows = rows.unique(_ROW).sort(_ROW)
    known = _named(scan, _counted(written.collect(), policy), rows["shard"].unique())
    return Takedown(
        orders=orders,
        rows=rows,
        fresh=rows.join(known, on=_ROW, how="anti", maintain_order="left"),
        all_rows=scan(RAW_METADATA.name).select(pl.len()).collect().item(),
        stones=stones,
        idle=_idle(scan, orders, asked),
    )


def carry_out(lake: Lake, takedown: Takedown) -> None:
    """Write the tombstones. Raises LakeError."""
    if takedown.stones.height:
        lake.tables.append(REMOVALS.name, takedown.stones)


def _counted(stones: pl.DataFrame, policy: RemovalPolicy) -> pl.DataFrame:
    return stones if policy.near_duplicates else stones.filter(pl.col("kind") != "phash")


def _named(scan: Scan, orders: pl.DataFrame, shards: Iterable[str] | None = None) -> pl.DataFrame:
    """The rows (`shard`, `id`) that orders or tombstones (REMOVALS) name, and the number of the first that does
    (`order`), sorted. Of `shards`, or of all.
    """
    wanted = None if shards is None else list(shards)
    numbered = orders.with_row_index("order")

    def by(table: str, what: By, columns: Sequence[str]) -> pl.LazyFrame:
        kinds = {kind for kind, _ in what} & set(orders["kind"])
        rows = scan(table, wanted).filter(pl.lit(bool(kinds))).select("source", *_ROW, *columns)
        asked = [(kind, value) for kind, value in what if kind in kinds]
        found = rights.with_removals(rows, numbered.lazy(), asked, "order")
        return found.select(*_ROW, order="removed_for").drop_nulls("order")

    looks = numbered.filter(kind="phash")
    pictures = [scan(table, wanted).select(*_ROW, "phash", "low_information") for table in _PICTURES]
    seen = pl.concat(pictures) if looks.height else pl.concat(pictures).clear()
    alike = duplicates.looks_removed(seen, looks.lazy()).collect(engine="streaming")
    first = looks["order"].gather(duplicates.first_look(alike["phash"], looks["value"]))
    found = pl.collect_all([by(*one) for one in _KNOWN_BY], engine="streaming")
    found.append(alike.select(*_ROW, order=first.cast(pl.UInt32)))
    return pl.concat(found).sort("order").unique(_ROW, keep="first", maintain_order=True).sort(_ROW)


def _idle(scan: Scan, orders: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The orders that name none of the rows that are asked for by all of them."""
    shards = asked["shard"].unique().to_list()

    def of(table: str) -> pl.LazyFrame:
        return scan(table, shards).join(asked.lazy(), on=_ROW, how="semi")

    named = [rights.naming(orders.lazy(), of(table), what) for table, what, _ in _KNOWN_BY]
    idle = orders.join(pl.concat(named).collect(), on=["kind", "value", "source"], how="anti", nulls_equal=True)
    looks = idle.filter(kind="phash")
    pictures = pl.concat([of(table).select("phash", "low_information") for table in _PICTURES])
    alike = duplicates.looks_removed(pictures, looks.lazy()).select(pl.col("phash").unique()).collect()["phash"]
    near = duplicates.first_look(duplicates.numbers(looks["value"]), duplicates.hex_digits(alike))
    return pl.concat([idle.filter(pl.col("kind") != "phash"), looks.filter(near.is_null())])


def _names(scan: Scan, rows: pl.DataFrame, *, copies: bool) -> pl.DataFrame:
    """Every name that these rows (`shard`, `id`, `order`) go by: `kind`, `value`, `source`, `order`.

    With `copies` also those that copies of the pictures go by, too: bytes and looks.
    """
    wanted = rows.lazy()
    shards = rows["shard"].unique().to_list()

    def of(table: str, *columns: str) -> pl.DataFrame:
        return scan(table, shards).select(*_ROW, *columns).join(wanted, on=_ROW).collect(engine="streaming")

    def as_names(frame: pl.DataFrame, kind: str, value: str | pl.Expr, source: str | None = None) -> pl.DataFrame:
        where = pl.col(source) if source else pl.lit(None, pl.String)
        named = pl.col(value) if isinstance(value, str) else value
        return frame.select(kind=pl.lit(kind), value=named, source=where, order="order")

    raw = of(RAW_METADATA.name, "source", "url_key", "preview_url")
    others = _previews_of_others(scan, rows)
    found = [
        as_names(raw, "id", "id", "source"),
        as_names(raw, "url", "url_key"),
        as_names(raw.join(others, on=_ROW, how="anti"), "url", PREVIEW_KEY),
    ]
    if copies:
        placeholders = scan(DUPLICATE_CLUSTERS.name).filter(rule="placeholder").select(_ROW).collect()
        hashed = of(FINGERPRINTS.name, "fingerprint_sha256", "fingerprint_of", "phash", "low_information")
        is_preview = pl.col("fingerprint_of") == "preview"
        not_theirs = hashed.filter(is_preview).join(others, on=_ROW, how="semi").select(_ROW)
        hashed = hashed.join(pl.concat([placeholders, not_theirs]), on=_ROW, how="anti")
        had = of(DOWNLOADED.name, "sha256").join(placeholders, on=_ROW, how="anti")
        verified = of(VERIFIED.name, "sha256", "phash", "low_information", "reject_reason")
        ended = verified.filter(reject_reason="placeholder")
        had, verified = had.join(ended, on=_ROW, how="anti"), verified.join(ended, on=_ROW, how="anti")
        is_flat = pl.col("low_information").fill_null(value=False)
        # A preview that tells nothing, such as a grey tile, may be that of many.
        telling = hashed.filter(~is_preview | ~is_flat)
        seen = pl.concat([f.select("phash", "low_information", "order") for f in (hashed, verified)])
        seen = seen.filter(~is_flat).drop_nulls("phash")
        digits = seen.with_columns(duplicates.hex_digits(seen["phash"]).alias("digits"))
        found += [
            as_names(telling, "sha256", "fingerprint_sha256"),
            as_names(had, "sha256", "sha256"),
            as_names(digits, "phash", "digits"),
        ]
    return pl.concat(found).drop_nulls("value")


def _previews_of_others(scan: Scan, rows: pl.DataFrame) -> pl.DataFrame:
    """Those of the rows (`shard`, `id`) whose preview, by address or bytes, is also that of a row that is not of them.

    Such as one "no thumbnail" for thousands of pictures: it names none of them.
    """
    shards, wanted = rows["shard"].unique().to_list(), rows.lazy()
    is_preview = pl.col("fingerprint_of") == "preview"

    def shared(table: str, value: pl.Expr) -> pl.LazyFrame:
        theirs = scan(table, shards).select(*_ROW, _has=value).drop_nulls().join(wanted, on=_ROW, how="semi")
        same = scan(table).select(*_ROW, _has=value).drop_nulls().join(theirs, on="_has", how="semi")
        of_others = same.join(wanted, on=_ROW, how="anti").select("_has").unique()
        return theirs.join(of_others, on="_has", how="semi").select(_ROW)

    by_address = shared(RAW_METADATA.name, PREVIEW_KEY)
    by_bytes = shared(FINGERPRINTS.name, pl.when(is_preview).then("fingerprint_sha256"))
    return pl.concat([by_address, by_bytes]).unique().collect(engine="streaming")
