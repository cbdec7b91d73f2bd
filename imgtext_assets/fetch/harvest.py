"""Fetch a shard's addresses into the blob store, and pick up where an earlier run stopped.

Every answer is journalled as a row of `tables.FETCHES`, after its bytes are stored. So the journal never promises
bytes that are not there, a killed run loses at most the last seconds of it, and no picture is fetched twice.

What belongs here: what to ask, and what is known then. What does not: the order of storing and journalling (`keeping`),
HTTP (`client`), and where blobs and journal lie (the caller's).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

import polars as pl

from imgtext_assets.fetch.keeping import Keeper
from imgtext_assets.fetch.outcomes import Outcome
from imgtext_assets.tables import FETCHES

# Outcomes that our own settings decide: they are final only as long as these stay.
_BY_SETTINGS = ["blocked_address", "too_large", "redirect_loop", "opted_out", "robots_disallowed", "placeholder"]


@dataclass(frozen=True)
class Harvest:
    """What is known of every address now (`answers`, a row of FETCHES for each url_key), and what this run did."""

    answers: pl.DataFrame
    found: int
    fetched: int
    failed: int


def latest(journal: pl.LazyFrame) -> pl.LazyFrame:
    """The last answer for each address in a journal."""
    return journal.sort("fetched_at").unique("url_key", keep="last", maintain_order=True)


def settled(known: pl.DataFrame, settings: str, retry_final: bool = False) -> pl.DataFrame:
    """Of the latest answers those that stand: neither may they pass, nor were they refused under other settings.

    What was had stays had, and a refusal by the host stands as long as the settings do: that consent is judged again
    is a recheck's work. A host that named a time (Retry-After) is not asked before, so its answer stands until then.
    With `retry_final` no other failure stands, refusals neither; but `changed` does: the bytes that the address has now
    would be taken for those that were compared.
    """
    waits = (pl.col("not_before") > datetime.now(UTC)).fill_null(False)
    if retry_final:
        return known.filter(pl.col("outcome").is_in(["ok", "changed"]) | waits)
    refused_otherwise = pl.col("outcome").is_in(_BY_SETTINGS) & pl.col("settings").ne_missing(settings)
    return known.filter((~pl.col("passing") & ~refused_otherwise) | waits)


def harvest(
    addresses: Mapping[str, str],
    known: pl.DataFrame,
    *,
    settings: str,
    ask: Callable[[Iterable[str]], Iterator[Outcome]],
    store: Callable[[str, IO[bytes]], None],
    journal: Callable[[pl.DataFrame], None],
    progress: Callable[[int, int], None],
    stored: Callable[[str], None] = lambda _: None,
    retry_final: bool = False,
) -> Harvest:
    """Ask for every address that has no answer yet, or one that may have passed.

    `addresses` has a spelling to ask for each url_key; `known` has the latest answers (rows of FETCHES, one a
    url_key, only those whose bytes are in the store). `ask` yields outcomes in any order; `store` keeps a body under
    its SHA-256; `journal` appends rows; `settings` is a digest of what decides whether an address may be had, and an
    address that was refused under another one is asked for again. `progress` is told addresses done and in all.
    `stored` is told each SHA-256 that comes in, once, after its bytes are in the store. With `retry_final` also those
    are asked for again that had a final answer, but for what was had, or is `changed`.

    `store` is called from several threads at once, `journal` and `stored` from one at a time, not always the same. What
    any of these or `ask` raises ends the harvest: nothing more is asked, and all that could be stored is journalled.
    """
    standing = settled(known, settings, retry_final).filter(pl.col("url_key").is_in(list(addresses)))
    done = set(standing["url_key"])
    todo = {url: key for key, url in addresses.items() if key not in done}
    with ExitStack() as stack:
        keeper = stack.enter_context(Keeper(store, journal, stored, settings))
        outcomes = ask(todo)
        stack.callback(getattr(outcomes, "close", _nothing))  # before the keeper ends: no answer comes in then
        progress(len(done), len(addresses))
        for count, outcome in enumerate(outcomes, start=1):
            keeper.add(outcome, todo[outcome.request.url])
            progress(len(done) + count, len(addresses))
    fresh = pl.concat([FETCHES.schema.to_frame(), *keeper.written])
    return Harvest(
        answers=pl.concat([standing, fresh]),
        found=standing.filter(pl.col("outcome") == "ok").height,
        fetched=fresh.filter(pl.col("outcome") == "ok").height,
        failed=fresh.filter(pl.col("outcome") != "ok").height,
    )


def _nothing() -> None:
    """An iterator that is no generator has nothing to be closed."""
