"""Whether addresses that were had long ago still give what they gave, asked without fetching a picture twice.

What belongs here: asking, and what the answers make of the journal's. What does not: which addresses are in doubt
(`replacing`), and fetching what comes anew (`fetching`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from imgtext_assets.fetch import Outcome, Request
from imgtext_assets.links import believed
from imgtext_assets.tables import FETCHES

Row = Mapping[str, Any]

_OWN = {"url_key", "url", "outcome", "settings"}
_GIVEN = [name for name in FETCHES.schema if name not in _OWN]
_OF_ASKING = ("attempts", "consent", "fetched_at", "final_url")


def still_there(
    had: pl.DataFrame,
    addresses: Mapping[str, str],
    ask: Callable[[Iterable[Request]], Iterator[Outcome]],
    *,
    first_bytes: int,
    settings: str,
) -> pl.DataFrame:
    """The answers `had` (rows of FETCHES that are `ok`) as of now: each with the same bytes, or a failure.

    Each address is asked on the condition that the file changed (RFC 9110 13.1), and then for its first bytes alone
    (14.2). The whole file is only asked for where its host vouches for what we have neither by a 304 nor by its size,
    names it by another ETag, or refuses what it may give to an ordinary request; and it is not kept. Other bytes are a
    failure, `changed`: were they taken for the row's, it would show what nobody has compared. `addresses` has the
    spelling to ask for each url_key, `settings` is as for `harvest`.
    """
    if had.is_empty():
        return had
    rows = {addresses[row["url_key"]]: row for row in had.iter_rows(named=True)}
    now: list[dict[str, Any]] = []
    unsure: list[str] = []
    for said in _bodiless(ask(_lightly(url, row, first_bytes) for url, row in rows.items())):
        if _tells(rows[said.request.url], said):
            now.append(_now(rows[said.request.url], said, settings))
        else:
            unsure.append(said.request.url)
    whole = _bodiless(ask(Request(url, picture=True) for url in unsure)) if unsure else ()
    now += [_now(rows[said.request.url], said, settings) for said in whole]
    return pl.DataFrame(now, schema=FETCHES.schema)


def _lightly(url: str, row: Row, first_bytes: int) -> Request:
    return Request(url, etag=row["etag"], last_modified=row["last_modified"], picture=True, first_bytes=first_bytes)


def _bodiless(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    for said in outcomes:
        if said.body is not None:
            said.body.close()
        yield said


def _tells(row: Row, said: Outcome) -> bool:
    """Whether the answer stands: what we have is there, or a GET of all would meet the same failure."""
    if said.reason is not None:  # another part than was asked for counts as truncated
        return believed("range", row, said) or (said.passing and said.reason != "truncated")
    other_tag = None not in (said.etag, row["etag"]) and said.etag != row["etag"]
    return said.not_modified or (believed("range", row, said) and not other_tag)


def _now(row: Row, said: Outcome, settings: str) -> dict[str, Any]:
    own = {"url_key": row["url_key"], "url": said.request.url, "settings": settings}
    if said.reason is not None:
        return {name: getattr(said, name) for name in _GIVEN} | own | {"outcome": said.reason}
    if said.not_modified or believed("range", row, said):
        return {**row, **own, **{name: getattr(said, name) for name in _OF_ASKING}}
    detail = f"other bytes than those that were had on {row['fetched_at']:%Y-%m-%d} and compared"
    answer = {name: getattr(said, name) for name in _GIVEN if name not in ("bytes", "md5", "sha256")}
    return answer | own | {"outcome": "changed", "detail": detail}
