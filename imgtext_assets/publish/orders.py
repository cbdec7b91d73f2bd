"""What a list of removals names: `removals.parquet` by salted hashes, `changes.parquet` by source and id. Pure.

What belongs here: telling a list's kind, and whether it names a row or a file. What does not: what becomes of these
(`apply`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from imgtext_assets.publish.changes import TAKEDOWN
from imgtext_assets.publish.withdrawn import KEY, UrlKey, names, row_name, salted, same_address
from imgtext_assets.tables import REMOVED_HASHES

_LEFT = ["removed", "replaced"]
_MAX_SALTS = 16
"""A dataset has one salt. Each further one costs a hash of every name."""


class ListError(Exception):
    """A list or a copy that cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Orders:
    """What must go from a copy: rows by source and id, and of takedowns by hashes (REMOVED_HASHES).

    `clear` has `source`, `id` and whether it `is_takedown`, each pair once. `unnamed` counts rows of the list that it
    does not name, as they are in another list, by hashes.
    """

    clear: pl.DataFrame
    hashes: pl.DataFrame
    unnamed: int = 0
    url_key: UrlKey = field(default=same_address, repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that may name a row."""
        return (*KEY, "url", "source_url", "sha256", "replaced_by_source", "replaced_by_id")

    @property
    def of_takedowns(self) -> Orders:
        """What takedowns removed, of these orders."""
        return Orders(self.clear.filter("is_takedown"), self.hashes, 0, self.url_key)

    def with_rows(self, rows: pl.DataFrame) -> Orders:
        """These orders, and that rows (`source`, `id`) go whose other names they know."""
        named = rows.select(*KEY, is_takedown=pl.lit(False)).drop_nulls()
        clear = pl.concat([self.clear, named]).unique(KEY, keep="first", maintain_order=True)
        return replace(self, clear=clear)

    def marks(self, rows: pl.DataFrame) -> pl.Series:
        """Whether each row goes: Boolean, never null. A row also goes that says it was replaced by one that does.

        `rows` have those of `columns` that there are.
        """
        goes = self._marks(rows)
        if "replaced_by_id" in rows.columns:
            by = {f"replaced_by_{name}": name for name in KEY}
            goes |= self._marks(rows.select(by.keys()).rename(by))
        return goes

    def names_bytes(self, sha256: str) -> bool:
        """Whether a takedown names these bytes, by their SHA-256 as 64 hex digits."""
        if len(sha256) != 64 or not self._of_bytes:
            return False
        digests = pl.select(salted(pl.lit(sha256.lower()), "sha256", salt).alias(salt) for salt in self._salts).row(0)
        return not self._of_bytes.isdisjoint(digests)

    def _marks(self, rows: pl.DataFrame) -> pl.Series:
        text = rows.with_columns(pl.all().cast(pl.String, strict=False))
        named = names(text.lazy(), self.url_key).with_columns(name=row_name())
        columns = {"id": "name", "url": "url_key", "sha256": "sha256"}
        marks: list[pl.Expr] = []
        for (kind, salt), hashes in self.hashes.group_by("kind", "salt"):
            if kind in columns:
                digest = salted(pl.col(columns[str(kind)]), str(kind), str(salt))
                marks.append(digest.is_in(hashes["hash"].implode()).fill_null(False))
        clear = self.clear.lazy().select(*KEY, listed=True)
        joined = named.join(clear, on=KEY, how="left", maintain_order="left")
        return joined.select(pl.any_horizontal(pl.col("listed").is_not_null(), *marks).alias("goes")).collect()["goes"]

    @cached_property
    def _salts(self) -> list[str]:
        return self.hashes["salt"].unique().sort().to_list()

    @cached_property
    def _of_bytes(self) -> set[str]:
        return set(self.hashes.filter(kind="sha256")["hash"])


def read_orders(listed: pl.LazyFrame, url_key: UrlKey = same_address) -> Orders:
    """What a list names, told by its columns. Raises ListError where it is neither of the two.

    `listed` may be from anywhere: values that are no text, or null, name nothing.
    """
    have = listed.collect_schema().names()
    if {"kind", "salt", "hash"} <= set(have):
        hashes = listed.select(pl.col(name).cast(pl.String, strict=False) for name in REMOVED_HASHES.schema)
        known = hashes.drop_nulls().unique(maintain_order=True).collect()
        if known["salt"].n_unique() > _MAX_SALTS:
            raise ListError(f"has {known['salt'].n_unique():,} salts, where a dataset has one")
        return Orders(_clear(None), known, 0, url_key)
    if {*KEY, "change"} <= set(have):
        reason = pl.col("reason") if "reason" in have else pl.lit(None)
        left = listed.select(pl.col(*KEY, "change").cast(pl.String, strict=False), reason=reason.cast(pl.String))
        left = left.filter(pl.col("change").is_in(_LEFT))
        unnamed = left.filter(pl.col("id").is_null() | pl.col("source").is_null()).select(pl.len()).collect().item()
        return Orders(_clear(left), REMOVED_HASHES.schema.to_frame(), unnamed, url_key)
    raise ListError(
        "is neither a release's `removals.parquet` (kind, salt, hash) nor its `changes.parquet` (source, id, change)"
    )


def _clear(left: pl.LazyFrame | None) -> pl.DataFrame:
    if left is None:
        return pl.DataFrame(schema=dict.fromkeys(KEY, pl.String) | {"is_takedown": pl.Boolean})
    takedown = pl.col("reason").eq_missing(pl.lit(TAKEDOWN))
    return left.drop_nulls(KEY).group_by(KEY, maintain_order=True).agg(is_takedown=takedown.any()).collect()
