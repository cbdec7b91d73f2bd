"""What the answers mean for the rows that asked: the frames of `downloaded`.

What belongs here: joining rows with answers. What does not: asking.
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.tables import DOWNLOADED


def with_answers(rows: pl.LazyFrame, answers: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of `resolution_filtered` with the answer to each address: DOWNLOADED, rejected where it is not `ok`.

    `answers` has one row of FETCHES for every `url_key` of `rows`.
    """
    joined = rows.drop("reject_reason", "reject_detail").join(
        answers.drop("url", "passing", "settings").rename({"md5": "measured_md5"}),
        on="url_key",
        how="left",
        maintain_order="left",
    )
    failed = pl.col("outcome").ne_missing("ok")
    return DOWNLOADED.conform(
        joined.with_columns(
            reject_reason=pl.when(failed).then("outcome"),
            reject_detail=pl.when(failed).then("detail"),
        )
    )
