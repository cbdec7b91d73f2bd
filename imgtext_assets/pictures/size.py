"""The resolution policy as rules: which widths and heights are too small or too elongated.

The same rules judge declared sizes (`resolution_filtered`) and measured ones (`verified`), so that a row is never
told two things. What belongs here: comparing sizes with the policy. What does not: measuring pictures.
"""

from __future__ import annotations

import polars as pl

from imgtext_assets import tables
from imgtext_assets.catalog import ResolutionPolicy

Rule = tuple[pl.Expr, str, pl.Expr]


def resolution_rules(width: pl.Expr, height: pl.Expr, policy: ResolutionPolicy) -> list[Rule]:
    """What `policy` holds against pictures of `width` x `height` pixels, as rules for `tables.reject`.

    A condition is null, and so does not hold, where the sizes that it needs are unknown; one known side that is
    too small is enough.

    >>> sizes = pl.LazyFrame({"width": [640, 90, None], "height": [480, 90, 90]})
    >>> rules = resolution_rules(pl.col("width"), pl.col("height"), ResolutionPolicy())
    >>> tables.reject(sizes, rules).collect()["reject_reason"].to_list()
    [None, 'too_small', 'too_small']
    """
    size = pl.format("{}x{}", _or_unknown(width), _or_unknown(height))
    too_small = (width < policy.min_width) | (height < policy.min_height)
    least = pl.lit(f" pixels; the policy's least is {policy.min_width}x{policy.min_height}")
    rules = [(too_small, "too_small", size + least)]
    if policy.max_aspect_ratio is not None:
        long_side = pl.when(width > height).then(width).otherwise(height)
        short_side = pl.when(width > height).then(height).otherwise(width)
        elongated = (long_side > short_side * policy.max_aspect_ratio) & width.is_not_null() & height.is_not_null()
        most = pl.lit(f" pixels; the policy's largest long side / short side is {policy.max_aspect_ratio:g}")
        rules.append((elongated, "bad_aspect_ratio", size + most))
    return rules


def fails_declared_size(policy: ResolutionPolicy) -> pl.Expr:
    """Whether columns `width` and `height` already fail `policy`: Boolean, never null; false where unknown."""
    rules = resolution_rules(pl.col("width"), pl.col("height"), policy)
    return pl.any_horizontal(condition.fill_null(False) for condition, _, _ in rules)


def resolution_filter(frame: pl.LazyFrame, policy: ResolutionPolicy) -> pl.LazyFrame:
    """The kept rows of `deduplicated`, judged by their declared size; they conform to `RESOLUTION_FILTERED`.

    Rows in = rows out. A row whose size is unknown goes on: `verified` judges it by its measured size.
    """
    judged = tables.reject(frame, resolution_rules(pl.col("width"), pl.col("height"), policy))
    return tables.RESOLUTION_FILTERED.conform(judged)


def _or_unknown(side: pl.Expr) -> pl.Expr:
    return side.cast(pl.String).fill_null("unknown")
