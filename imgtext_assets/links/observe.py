"""One recheck of one link: what to ask, and what the answer says of the link.

A host that is busy, blocks us or does not answer says nothing of the picture: only an answer that the picture is not
there (404, 410, or the host's placeholder) is `gone`, and even that kills no link by itself (see `decay`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

import polars as pl

from imgtext_assets.reasons import PASSING, REFUSALS
from imgtext_assets.tables import LINK_CHECKS, UTC_TIME
from imgtext_assets.text import HOST_OF_URL

STATES = {
    "ok": "alive",
    "not_modified": "alive",
    "not_found": "gone",
    "gone": "gone",
    "placeholder": "gone",
    "forbidden": "blocked",
    "throttled": "throttled",
    **dict.fromkeys(sorted(REFUSALS), "opted_out"),
    "not_image": "changed",
    **dict.fromkeys(sorted(PASSING - {"throttled"}), "unreachable"),
    **dict.fromkeys(("too_large", "redirect_loop", "blocked_address"), "unreachable"),
}
"""State of a link by the outcome of a request: `ok`, `not_modified`, or a reason as at `downloaded`."""

ANSWERS = pl.Schema(
    {
        "url": pl.String(),
        "outcome": pl.String(),
        "detail": pl.String(),
        "http_status": pl.Int64(),
        "final_url": pl.String(),
        "etag": pl.String(),
        "last_modified": pl.String(),
        "sha256": pl.String(),
        "consent": pl.String(),
        "fetched_at": UTC_TIME,
    }
)
"""One row for each address that was asked."""


class Answer(Protocol):
    """What `answers_frame` reads of a fetch's outcome."""

    request: Any  # its `url` is the address that was asked
    reason: str | None  # None: all is well
    not_modified: bool
    detail: str | None
    http_status: int | None
    final_url: str | None
    etag: str | None
    last_modified: str | None
    sha256: str | None
    consent: str | None
    fetched_at: datetime


def request_for(row: Mapping[str, Any]) -> dict[str, Any]:
    """What to ask for a row of VERIFIED: its address, conditional on what the host said of the bytes that we have.

    The keys are those of a fetch request: `url`, `etag`, `last_modified` (RFC 9110 13.1.2, 13.1.3).
    """
    return {"url": row["url"], "etag": row["etag"], "last_modified": row["last_modified"]}


def answers_frame(answers: Iterable[Answer]) -> pl.DataFrame:
    """Outcomes of fetches as a frame of ANSWERS."""
    same = [column for column in ANSWERS if column not in ("url", "outcome")]
    rows = (
        {
            "url": answer.request.url,
            "outcome": answer.reason or ("not_modified" if answer.not_modified else "ok"),
            **{column: getattr(answer, column) for column in same},
        }
        for answer in answers
    )
    return pl.DataFrame(list(rows), schema=ANSWERS)


def refused_since(link_checks: pl.LazyFrame) -> pl.LazyFrame:
    """The links whose host refused at the latest observation: `shard`, `id`, and `refused_since`, the evidence.

    Consent that is withdrawn stays withdrawn: such a row is rejected, so no later recheck asks for it.
    """
    latest = link_checks.group_by("shard", "id").agg(
        pl.col("state", "detail", "checked_at").sort_by("checked_at").last()
    )
    evidence = pl.format(
        "at a recheck on {}: {}", pl.col("checked_at").dt.date(), pl.col("detail").fill_null("refused")
    )
    return latest.filter(state="opted_out").select("shard", "id", refused_since=evidence)


REFUSED_RULE = (pl.col("refused_since").is_not_null(), "opted_out", pl.col("refused_since"))
"""What a host's refusal at a recheck ends, of the column that `refused_since` gives."""


def states(verified: pl.LazyFrame, answers: pl.LazyFrame) -> pl.LazyFrame:
    """One observation for each kept row of `verified` whose address was asked; they conform to `LINK_CHECKS`.

    `answers` is a frame of ANSWERS with each address once. A link is `alive` where the host says that nothing changed
    or sends the bytes that we have, `moved` where it does so from another address than it did then, `changed` where
    it sends other bytes; for the rest see `STATES`. Polars raises for an outcome that is not listed there.
    """
    rows = verified.filter(pl.col("reject_reason").is_null()).select(
        "id", "source", "shard", "url", "sha256", had_from=pl.coalesce("final_url", "url")
    )
    joined = rows.join(answers, on="url", how="inner", validate="m:1", maintain_order="left", suffix="_now")
    state = pl.col("outcome").replace_strict(STATES, return_dtype=pl.String)
    other_bytes = (pl.col("outcome") == "ok") & pl.col("sha256_now").ne_missing(pl.col("sha256"))
    elsewhere = (pl.col("final_url") != pl.col("had_from")).fill_null(False)
    return LINK_CHECKS.conform(
        joined.with_columns(
            host=pl.col("url").str.extract(HOST_OF_URL).str.to_lowercase(),
            state=pl.when(other_bytes)
            .then(pl.lit("changed"))
            .when((state == "alive") & elsewhere)
            .then(pl.lit("moved"))
            .otherwise(state),
            checked_at="fetched_at",
            sha256="sha256_now",
        )
    )
