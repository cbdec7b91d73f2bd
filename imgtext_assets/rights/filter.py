"""The verdicts of `license_filtered`: removals, opt-outs, accounts, licences, claims, captions, in this order."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from imgtext_assets import tables
from imgtext_assets.catalog import LicensePolicy
from imgtext_assets.rights.accounts import with_decisions
from imgtext_assets.rights.attribution import attribution
from imgtext_assets.rights.claims import contradicts
from imgtext_assets.rights.consent import listed
from imgtext_assets.rights.licenses import allowed_ids, license_url, recognise
from imgtext_assets.rights.removals import BY_ROW, REMOVED_RULE, with_removals

SHOWN = 200  # characters of somebody else's text in a detail
TEXTS = ("caption", "title", "description")
Rule = tuple[pl.Expr, str, pl.Expr]
_PREVIEW = pl.col("preview_url")


def license_filter(
    frame: pl.LazyFrame,
    *,
    policy: LicensePolicy,
    scheme: str | None,
    removals: pl.LazyFrame,
    decisions: pl.DataFrame,
    opt_outs: pl.DataFrame,
    captions: Sequence[Rule] = (),
    preview_key: pl.Expr = _PREVIEW,
) -> pl.LazyFrame:
    """The kept rows of one source's `raw_metadata`, judged; they conform to `tables.LICENSE_FILTERED`.

    `policy` is the source's, `scheme` says whose numbers its licences may be (`Source.license_scheme`). `removals` are
    the tombstones (`tables.REMOVALS`), of which those of kind `id`, `url`, `creator` and `account` count here, by
    address also of the preview: `preview_key` is its normalised form. `decisions` on accounts are DECISIONS, `opt_outs`
    OPT_OUTS; `captions` are further rules (`sources.caption_rules`). Rows in = rows out, in the same order. Raises
    ValueError where the policy allows a licence that there is not.
    """
    recognised = frame.with_columns(seen=recognise(pl.col("license"), scheme)).with_columns(
        license_id=pl.col("seen").struct.field("license_id"), license_evidence=_evidence()
    )
    known = recognised.with_columns(license_url=license_url(pl.col("license_id")), attribution=attribution())
    ordered = _with_orders(known, removals, decisions, opt_outs, preview_key)
    judged = ordered.with_columns(claim=_claim())
    marked = judged.with_columns(review="claim" if policy.stated_claims == "review" else pl.lit(None, pl.String))
    return tables.LICENSE_FILTERED.conform(tables.reject(marked, [*_ORDERS, *_rules(policy), *captions]))


def judged_otherwise(
    license_filtered: pl.LazyFrame,
    removals: pl.LazyFrame,
    decisions: pl.DataFrame,
    opt_outs: pl.DataFrame,
    preview_key: pl.Expr = _PREVIEW,
) -> pl.LazyFrame:
    """The rows of LICENSE_FILTERED for which removals, opt-outs and decisions now give another verdict than recorded.

    So that a takedown or a decision on an account judges only those shards anew that it concerns.
    """
    recorded = license_filtered.rename({"reject_reason": "recorded"})
    rows = _with_orders(recorded, removals, decisions, opt_outs, preview_key)
    recorded = pl.when(pl.col("recorded").is_in([word for _, word, _ in _ORDERS])).then("recorded")
    return tables.reject(rows, _ORDERS).filter(pl.col("reject_reason").ne_missing(recorded))


def _with_orders(
    frame: pl.LazyFrame,
    removals: pl.LazyFrame,
    decisions: pl.DataFrame,
    opt_outs: pl.DataFrame,
    preview_key: pl.Expr,
) -> pl.LazyFrame:
    """Add what people ordered about each row: the columns that `_ORDERS` asks."""
    return (
        frame.pipe(with_removals, removals, [*BY_ROW, ("url", preview_key)])
        .pipe(listed, opt_outs)
        .pipe(with_decisions, decisions)
    )


def _evidence() -> pl.Expr:
    """Which field states the licence, and by which pattern it was recognised."""
    field = pl.when(license_from="catalog").then(pl.lit("the catalog's licence")).otherwise(pl.lit("the row's licence"))
    return pl.format("{}: {}", field, pl.col("seen").struct.field("pattern"))


def _claim() -> pl.Expr:
    """The stated licence and the first of the row's texts that contradicts it; null where none does."""
    return pl.coalesce(
        pl.when(contradicts(pl.col(text), pl.col("license_id"))).then(
            pl.format("stated as {}, but the {} says: {}", "license_id", pl.lit(text), pl.col(text).str.slice(0, SHOWN))
        )
        for text in TEXTS
    )


LISTED_RULE: Rule = (pl.col("opted_out_by").is_not_null(), "opted_out", pl.col("opted_out_by"))
"""What an opt-out list names ends: of columns that `listed` or `listed_bytes` added."""


def ended_by_list(detail: pl.Expr) -> pl.Expr:
    """Whether a row that is `opted_out` at `verified` is so by a list: its detail is the evidence of `listed_bytes`."""
    return detail.str.contains(" lists [0-9a-f]{64}$").fill_null(False)


_DECISION = pl.concat_str(pl.col("account", "why", "who", "when").cast(pl.String), separator="; ", ignore_nulls=True)
_ORDERS: list[Rule] = [
    REMOVED_RULE,
    LISTED_RULE,
    (pl.col("verdict") == "exclude", "account_excluded", _DECISION),
]
"""What people ordered: it comes before all that the row states of itself."""


def _rules(policy: LicensePolicy) -> list[Rule]:
    stated, license_id = pl.col("license"), pl.col("license_id")
    unknown = pl.format("the stated licence is none that we know: {}", stated.str.slice(0, SHOWN))
    not_allowed = pl.format("{} is not among {}", license_id, pl.lit(", ".join(policy.allow)))
    return [
        (license_id.is_null(), "license_unknown", pl.coalesce(unknown, pl.lit("no licence is stated"))),
        (~license_id.is_in(sorted(allowed_ids(policy.allow))), "license_not_allowed", not_allowed),
        (pl.lit(policy.stated_claims == "reject") & pl.col("claim").is_not_null(), "rights_claimed", pl.col("claim")),
    ]
