"""The verdicts of `license_filtered`: removals, accounts, licences, claims, in this order."""

from __future__ import annotations

import polars as pl

from imgtext_assets import tables
from imgtext_assets.catalog import LicensePolicy
from imgtext_assets.rights.claims import claims_rights
from imgtext_assets.rights.licenses import license_url, recognise

SHOWN = 200  # characters of somebody else's text in a detail


def license_filter(frame: pl.LazyFrame, policy: LicensePolicy, removals: pl.LazyFrame) -> pl.LazyFrame:
    """The kept rows of `raw_metadata`, judged by `policy`; they conform to `tables.LICENSE_FILTERED`.

    `removals` are the tombstones (`tables.REMOVALS`): those of kind `id` and `url` count here, those of kind `sha256`
    at `verified`. Rows in = rows out, in the same order.
    """
    license_id = recognise(pl.col("license"))
    known = frame.with_columns(license_id=license_id, license_url=license_url(license_id))
    with_removals = known.pipe(_join_removals, removals, "id", "id").pipe(_join_removals, removals, "url", "url_key")
    return tables.LICENSE_FILTERED.conform(tables.reject(with_removals, _rules(policy)))


def _join_removals(frame: pl.LazyFrame, removals: pl.LazyFrame, kind: str, column: str) -> pl.LazyFrame:
    """Add `removed_<kind>`: why the row's `column` is removed; null where no tombstone names it."""
    tombstones = (
        removals.filter(kind=kind)
        .sort("removed_at", "reason")
        .unique("value", keep="first", maintain_order=True)
        .select(pl.col("value").alias(column), pl.col("reason").alias(f"removed_{kind}"))
    )
    return frame.join(tombstones, on=column, how="left", maintain_order="left")


def _rules(policy: LicensePolicy) -> list[tuple[pl.Expr, str, pl.Expr]]:
    stated, license_id, caption = pl.col("license"), pl.col("license_id"), pl.col("caption")
    removed = pl.coalesce("removed_id", "removed_url")
    unknown = pl.format("the stated licence is none that we know: {}", stated.str.slice(0, SHOWN))
    not_allowed = pl.format("{} is not among {}", license_id, pl.lit(", ".join(policy.allow)))
    claim = pl.format("stated as {}, but the caption says: {}", license_id, caption.str.slice(0, SHOWN))
    return [
        (removed.is_not_null(), "removed", removed),
        (pl.col("account").is_in(policy.exclude_accounts), "account_excluded", pl.col("account")),
        (license_id.is_null(), "license_unknown", pl.coalesce(unknown, pl.lit("no licence is stated"))),
        (~license_id.is_in(policy.allow), "license_not_allowed", not_allowed),
        (pl.lit(policy.reject_stated_claims) & claims_rights(caption), "rights_claimed", claim),
    ]
