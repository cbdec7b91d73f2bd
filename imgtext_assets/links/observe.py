"""One recheck of one link: what the answer says of it.

A host that is busy, blocks us or does not answer says nothing of the picture. Only three kinds of answers count against
a link, and even these kill none by themselves: that nothing is there (404, 410, or a page in place of the picture), the
host's placeholder, and another picture.

What belongs here: the meaning of answers. What does not: how it is asked (`asking`), and what many observations make of
a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import polars as pl

from imgtext_assets.catalog import DriftPolicy
from imgtext_assets.links.asking import Way
from imgtext_assets.reasons import PASSING, REFUSALS
from imgtext_assets.settings import LinkRule
from imgtext_assets.tables import LINK_CHECKS, UTC_TIME
from imgtext_assets.text import HOST_OF_URL

STATES = {
    "ok": "alive",
    "not_modified": "alive",
    "not_found": "gone",
    "gone": "gone",
    "placeholder": "placeholder",
    "changed": "changed",
    "forbidden": "blocked",
    "throttled": "throttled",
    **dict.fromkeys(sorted(REFUSALS), "opted_out"),
    "not_image": "gone",
    **dict.fromkeys(sorted(PASSING - {"throttled"}), "unreachable"),
    **dict.fromkeys(("too_large", "redirect_loop", "blocked_address"), "unreachable"),
}
"""State of a link by the outcome of a request: `ok`, `not_modified`, or a reason as at `downloaded`.

A page where a picture was is what hosts answer in place of 404 (a soft 404).
"""

THERE = ("alive", "moved", "changed")
"""The picture is to be had at its address, as far as is known."""
FINAL = ("gone", "placeholder", "replaced")
"""The observations that count against a link."""
MUTE = ("timeout", "refused", "reset", "unreachable", "bad_response", "dns", "tls", "server_error")
"""Outcomes of a host that gives no sign of life; 5xx is among them, since what stands before a dead host says it."""
NOT_ASKED = ("parked", "budget_spent", "blocked_address")
"""Outcomes that are our own doing: nobody was asked."""
_OF_STATUS = frozenset({"forbidden", "gone", "not_found", "server_error", "throttled", "timeout", "truncated"})

ANSWERS = pl.Schema(
    {
        "url": pl.String(),
        "outcome": pl.String(),
        "ruled": pl.String(),
        **{
            name: LINK_CHECKS.schema[name]
            for name in ("asked_by", "head_status", "detail", "http_status", "final_url", "etag", "last_modified")
        },
        "sha256": pl.String(),
        "bytes": pl.Int64(),
        "consent": pl.String(),
        "fetched_at": UTC_TIME,
    }
)
"""One row for each address that was asked; `ruled` is what `links.hosts` says of it."""


class Said(Protocol):
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
    bytes: int | None
    total: int | None
    attempts: int
    consent: str | None
    fetched_at: datetime


class Answer(NamedTuple):
    """What came of one link: the last outcome, how it was asked for, and what a HEAD before said that did not stand."""

    said: Said
    asked_by: Way
    head_status: int | None = None


def answers_frame(answers: Iterable[Answer], rules: Sequence[LinkRule] = ()) -> pl.DataFrame:
    """Answers as a frame of ANSWERS, judged by the rules of their hosts (`links.hosts`).

    A rule counts for the host that answered, after redirects, and for failures by status alone.
    """
    by_rule = lru_cache(4096)(lambda host, status: _ruled(rules, host, status))
    same = ("detail", "http_status", "final_url", "etag", "last_modified", "sha256", "consent", "fetched_at")
    rows = (
        {
            "url": said.request.url,
            "outcome": said.reason or ("not_modified" if said.not_modified else "ok"),
            "ruled": by_rule(_host(said.final_url or said.request.url), said.http_status)
            if said.reason in _OF_STATUS
            else None,
            "asked_by": asked_by if said.attempts else None,
            "head_status": head_status,
            "bytes": said.total if said.total is not None or asked_by == "range" else said.bytes,
            **{name: getattr(said, name) for name in same},
        }
        for said, asked_by, head_status in answers
    )
    return pl.DataFrame(list(rows), schema=ANSWERS)


def _ruled(rules: Sequence[LinkRule], host: str, status: int | None) -> str | None:
    """The first rule that matches the host and knows the status."""
    return next(
        (rule.states[status] for rule in rules if status in rule.states and fnmatchcase(host, rule.match)), None
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # an address that was refused as none
        return ""


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


def states(
    verified: pl.LazyFrame, answers: pl.LazyFrame, looks: pl.LazyFrame, instead: pl.LazyFrame, policy: DriftPolicy
) -> pl.LazyFrame:
    """One observation for each row of `verified` whose address was asked; they conform to `LINK_CHECKS`.

    `verified` are kept rows with `uniform`; `answers` is a frame of ANSWERS with each address once; `looks` has
    `sha256`, `phash` and `low_information` of bytes that were decoded; `instead` is what `given_instead` gives of
    earlier observations. Of `policy` count `max_distance` and `placeholder_links`.

    A link is `alive` where the host says that nothing changed or gives the bytes that we have, `moved` where it does so
    from another address than it did then. Of other bytes it is `placeholder` where they are a known one, or where so
    many links of the host are answered by the same; `replaced` where the two pictures' hashes are farther apart than
    those of one picture ever are; else `changed`. For the rest see `STATES`, before which goes what a rule says. Polars
    raises for an outcome that is not listed there.
    """
    rows = verified.select(
        "id", "source", "shard", "url", "sha256", "phash", "low_information", "uniform",
        had_from=pl.coalesce("final_url", "url"), host=pl.col("url").str.extract(HOST_OF_URL).str.to_lowercase(),
    )  # fmt: skip
    by_outcome = pl.col("outcome").replace_strict(STATES, return_dtype=pl.String)
    read = pl.col("sha256_now").is_not_null()
    other_bytes = (pl.col("outcome") == "ok") & read & pl.col("sha256_now").ne_missing(pl.col("sha256"))
    answered = rows.join(answers, on="url", how="inner", validate="m:1", maintain_order="left", suffix="_now")
    given = answered.filter(other_bytes).select("host", sha256="sha256_now", had="sha256")
    joined = answered.join(_prefixed(looks), on="sha256_now", how="left", maintain_order="left").join(
        _placeholders(pl.concat([instead, given]), policy), on=["host", "sha256_now"], how="left", maintain_order="left"
    )
    elsewhere = (pl.col("final_url") != pl.col("had_from")).fill_null(False)
    return LINK_CHECKS.conform(
        joined.with_columns(distance=pl.when(other_bytes).then(_distance())).with_columns(
            state=pl.when(other_bytes & pl.col("placeholder").is_not_null())
            .then(pl.lit("placeholder"))
            .when(other_bytes & (pl.col("distance") > policy.max_distance).fill_null(False))
            .then(pl.lit("replaced"))
            .when(other_bytes)
            .then(pl.lit("changed"))
            .when((by_outcome == "alive") & elsewhere)
            .then(pl.lit("moved"))
            .otherwise(pl.coalesce("ruled", by_outcome)),
            checked_at="fetched_at",
            sha256="sha256_now",
        )
    )


def given_instead(checks: pl.LazyFrame, verified: pl.LazyFrame) -> pl.LazyFrame:
    """What hosts gave in place of pictures so far: `host`, `sha256`, and `had`, the SHA-256 of the picture.

    `checks` are earlier observations (LINK_CHECKS) of the rows `verified`, the rejected ones included. `had` is null of
    what is known for a placeholder: it was observed as one, or a row ended by it. Rows may be there more than once.
    """
    had, now = pl.col("had"), pl.col("sha256")
    host = pl.col("url").str.extract(HOST_OF_URL).str.to_lowercase()
    is_one = pl.col("state") == "placeholder"
    seen = (
        checks.select("id", "host", "sha256", "state")
        .drop_nulls("sha256")
        .join(verified.select("id", had="sha256"), on="id", how="left")
        .filter(is_one | (now != had))
        .select("host", "sha256", had=pl.when(~is_one).then(had))
    )
    ended = verified.filter(reject_reason="placeholder").select(host=host, sha256="sha256", had=pl.lit(None, pl.String))
    return pl.concat([seen, ended.drop_nulls("sha256")])


def _placeholders(instead: pl.LazyFrame, policy: DriftPolicy) -> pl.LazyFrame:
    """`host` and `sha256_now` of what is a placeholder: known for one, or given for so many unlike pictures."""
    known, unlike = pl.col("had").is_null().any(), pl.col("had").n_unique()
    many = pl.lit(False) if policy.placeholder_links is None else unlike >= policy.placeholder_links
    given = instead.group_by("host", "sha256").agg(is_one=known | many).filter("is_one")
    return given.select("host", sha256_now="sha256", placeholder=True)


def _prefixed(looks: pl.LazyFrame) -> pl.LazyFrame:
    return looks.select(sha256_now="sha256", phash_now="phash", flat_now="low_information")


def _distance() -> pl.Expr:
    """Hamming distance of the picture that we have and the one that came, bits; null where one of them says nothing."""
    tells = ~pl.any_horizontal(pl.col("low_information", "flat_now").fill_null(False))
    return pl.when(tells).then((pl.col("phash") ^ pl.col("phash_now")).bitwise_count_ones().cast(pl.Int64))
