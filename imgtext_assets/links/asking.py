"""How a link is asked: the cheapest way that its host is known to answer truthfully.

- `conditional`: a GET on the condition that the file changed (RFC 9110 13.1), where the host gave validators and is not
  known to send the same bytes all the same. A 304 costs a few hundred bytes.
- `head`: where the size of the file is known and the host's HEAD is not known to lie. It is believed only where it says
  200, the same size and an image type; whatever else it says of the link, a GET has to confirm. (Hosts that answer HEAD
  by 403, 404 or 405 and GET by the picture are common.)
- `range`: else the beginning of the file, which must be of a file of the same size and look like no document.
- `get`: the whole file, of the links that are drawn evenly, and where one of the others was not believed.

What belongs here: choosing, believing, and what an observation teaches of its host. What does not: which links are
asked (`budget`), what the answer says of the link (`observe`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import polars as pl

from imgtext_assets.reasons import REFUSALS

Way = Literal["conditional", "get", "head", "range"]

LEARNED_FROM = 3
"""So many answers against it at least, and a host's HEAD or its conditional requests may be given up."""
LEARNED_SHARE = 0.05
"""And so much of all such answers: one picture in twenty that is told wrongly costs more than HEAD saves."""

HEADS_TESTED = 20
"""So many links of a host in the sample are asked by HEAD too, in one round."""

# After these a GET would end the same, or must not follow: consent, our own rules, hosts that are busy or not there.
_SETTLED = REFUSALS | {
    "blocked_address", "budget_spent", "dns", "parked", "placeholder", "redirect_loop", "refused", "throttled", "tls",
    "unreachable",
}  # fmt: skip


class Said(Protocol):
    """What `believed` reads of a fetch's outcome."""

    reason: str | None
    http_status: int | None
    total: int | None
    content_type: str | None
    sha256: str | None


def ways(rows: pl.LazyFrame, hosts: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with `asked_by` (a `Way`) and `head_too`: that a HEAD goes before the GET, to see whether it tells true.

    `rows` have `host`, `why`, `bytes`, `etag` and `last_modified` (see `budget.plan`); `hosts` is a frame of
    LINK_HOSTS. A link of the sample is read whole; where its host's way would be HEAD some are asked that as well, so
    that a HEAD that calls alive what is gone is found.
    """
    learned = (
        hosts.drop_nulls("host")
        .group_by("host")
        .agg(pl.col("head_kept", "head_lies", "conditions_kept", "conditions_ignored").sum())
        .select(
            "host",
            head_lies=_given_up("head_lies", "head_kept"),
            conditions_ignored=_given_up("conditions_ignored", "conditions_kept"),
        )
    )
    sample = pl.col("why") == "sample"
    validated = pl.any_horizontal(pl.col("etag", "last_modified").is_not_null())
    cheapest = (
        pl.when(validated & ~pl.col("conditions_ignored").fill_null(False))
        .then(pl.lit("conditional"))
        .when(pl.col("bytes").is_not_null() & ~pl.col("head_lies").fill_null(False))
        .then(pl.lit("head"))
        .otherwise(pl.lit("range"))
    )
    return (
        rows.join(learned, on="host", how="left", maintain_order="left")
        .with_columns(asked_by=cheapest)
        .with_columns(
            head_too=sample & (pl.col("asked_by") == "head"),
            asked_by=pl.when(sample).then(pl.lit("get")).otherwise("asked_by"),
        )
        .with_columns(head_too=pl.col("head_too") & (pl.col("head_too").cum_sum().over("host") <= HEADS_TESTED))
        .drop("head_lies", "conditions_ignored")
    )


def gives_up(against: int, kept: int) -> bool:
    """Whether so many answers against a way of asking a host, and so many for it, say that it is of no use there."""
    return against >= LEARNED_FROM and against > LEARNED_SHARE * (against + kept)


def _given_up(against: str, kept: str) -> pl.Expr:
    bad, good = pl.col(against).fill_null(0), pl.col(kept).fill_null(0)
    return (bad >= LEARNED_FROM) & (bad > LEARNED_SHARE * (bad + good))


def request_for(row: Mapping[str, Any], way: Way, first_bytes: int) -> dict[str, Any]:
    """What to ask for a row of `ways`, as the fields of a fetch request.

    `first_bytes` is how much of a file is read by `range`. Validators go with `conditional` alone (RFC 9110 13.1.2,
    13.1.3).
    """
    asked = {"url": row["url"], "picture": True}
    if way == "conditional":
        return asked | {"etag": row["etag"], "last_modified": row["last_modified"]}
    if way == "head":
        return asked | {"method": "HEAD"}
    return asked | ({"first_bytes": first_bytes} if way == "range" else {})


def believed(way: Way, row: Mapping[str, Any], said: Said) -> bool:
    """Whether the answer to that way of asking stands; else the whole file has to be asked for.

    What a host says to a GET stands, be it the picture, a 304 or a refusal. To HEAD it says only that the picture is
    there; to `range`, also that it is not (404, 410).
    """
    if way in ("get", "conditional") or said.reason in _SETTLED:
        return True
    if said.reason is not None:
        return way == "range" and said.reason in ("not_found", "gone")
    if said.sha256 is not None:  # the beginning was all of it
        return said.sha256 == row["sha256"]
    same_size = said.total is not None and said.total == row["bytes"]
    return same_size and (way == "range" or _is_image(said.content_type, row["content_type"]))


def _is_image(said: str | None, had: str | None) -> bool:
    """Whether a Content-Type is a picture's, or the one that came with the picture."""
    return said is not None and (said.strip().lower().startswith("image/") or said == had)


HEAD_KEPT = (pl.col("asked_by") == "head").fill_null(False)
"""Of an observation (LINK_CHECKS): a HEAD was believed, and nothing contradicts it."""
_THERE = pl.col("state").is_in(("alive", "moved"))
_OTHER_BYTES = pl.col("state").is_in(("changed", "replaced"))
_FAILED = pl.col("state").is_in(("gone", "placeholder", "blocked"))
HEAD_LIES = (
    pl.when(pl.col("head_status").is_in((200, 203)))
    .then(_THERE | _FAILED)  # it said too little of what is there, or called alive what is not
    .when(pl.col("head_status").is_not_null())
    .then(_THERE | _OTHER_BYTES)
    .fill_null(False)
)
"""A GET contradicts the HEAD before it, or shows that it was of no use; `head_status` is only kept of such a one."""
CONDITION_KEPT = (
    (pl.col("asked_by") == "conditional") & ((pl.col("outcome") == "not_modified") | _OTHER_BYTES)
).fill_null(False)
"""A conditional request was answered by 304, or by other bytes."""
CONDITION_IGNORED = ((pl.col("asked_by") == "conditional") & (pl.col("outcome") == "ok") & _THERE).fill_null(False)
"""A conditional request was answered by the bytes that we have."""
