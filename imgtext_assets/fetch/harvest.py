"""Fetch a shard's addresses into the blob store, and pick up where an earlier run stopped.

Every answer is journalled as a row of `tables.FETCHES`, after its bytes are stored. So the journal never promises
bytes that are not there, a killed run loses at most the last seconds of it, and no picture is fetched twice.

What belongs here: what to ask, and the order of storing and journalling. What does not: HTTP (`client`), and where
blobs and journal lie (the caller's).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import IO, Any

import polars as pl

from imgtext_assets.fetch.outcomes import Outcome
from imgtext_assets.tables import FETCHES

_STORE_AT_ONCE = 16
_FLUSH_SECONDS = 5.0
_FLUSH_ROWS = 2_000
# Outcomes that our own settings decide: they are final only as long as these stay.
_BY_SETTINGS = ["blocked_address", "too_large", "redirect_loop", "opted_out", "placeholder"]


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


def settled(known: pl.DataFrame, settings: str) -> pl.DataFrame:
    """Of the latest answers those that stand: neither may they pass, nor were they refused under other settings.

    What was had stays had, and a refusal by the host stands as long as the settings do: that consent is judged again
    is a recheck's work.
    """
    refused_otherwise = pl.col("outcome").is_in(_BY_SETTINGS) & pl.col("settings").ne_missing(settings)
    return known.filter(~pl.col("passing") & ~refused_otherwise)


def harvest(
    addresses: Mapping[str, str],
    known: pl.DataFrame,
    *,
    settings: str,
    ask: Callable[[Iterable[str]], Iterator[Outcome]],
    store: Callable[[str, IO[bytes]], None],
    journal: Callable[[pl.DataFrame], None],
    progress: Callable[[int, int], None],
) -> Harvest:
    """Ask for every address that has no answer yet, or one that may have passed.

    `addresses` has a spelling to ask for each url_key; `known` has the latest answers (rows of FETCHES, one a
    url_key, only those whose bytes are in the store). `ask` yields outcomes in any order; `store` keeps a body under
    its SHA-256; `journal` appends rows; `settings` is a digest of what decides whether an address may be had, and an
    address that was refused under another one is asked for again. `progress` is told addresses done and in all.
    """
    standing = settled(known, settings).filter(pl.col("url_key").is_in(list(addresses)))
    done = set(standing["url_key"])
    todo = {url: key for key, url in addresses.items() if key not in done}
    with _Writer(store, journal, settings) as writer:
        for count, outcome in enumerate(ask(todo), start=1):
            writer.add(outcome, todo[outcome.request.url])
            progress(len(done) + count, len(addresses))
    fresh = pl.concat([FETCHES.schema.to_frame(), *writer.written])
    return Harvest(
        answers=pl.concat([standing, fresh]),
        found=standing.filter(pl.col("outcome") == "ok").height,
        fetched=fresh.filter(pl.col("outcome") == "ok").height,
        failed=fresh.filter(pl.col("outcome") != "ok").height,
    )


class _Writer:
    """Stores bodies on a few threads, and journals each row once its body is stored."""

    def __init__(
        self, store: Callable[[str, IO[bytes]], None], journal: Callable[[pl.DataFrame], None], settings: str
    ) -> None:
        self._store, self._journal, self._settings = store, journal, settings
        self._pool = ThreadPoolExecutor(_STORE_AT_ONCE)
        self._pending: dict[Future[None], dict[str, Any]] = {}
        self._rows: list[dict[str, Any]] = []
        self.written: list[pl.DataFrame] = []
        self._flushed = time.monotonic()

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._settle(at_most=0)
        finally:
            self._flush()
            self._pool.shutdown()

    def add(self, outcome: Outcome, url_key: str) -> None:
        row = _row(outcome, url_key) | {"settings": self._settings}
        if outcome.body is None or outcome.sha256 is None:
            self._rows.append(row)
        else:
            self._pending[self._pool.submit(self._keep, outcome.sha256, outcome.body)] = row
        self._settle(at_most=2 * _STORE_AT_ONCE)
        if len(self._rows) >= _FLUSH_ROWS or time.monotonic() - self._flushed >= _FLUSH_SECONDS:
            self._flush()

    def _keep(self, sha256: str, body: IO[bytes]) -> None:
        with body:
            self._store(sha256, body)

    def _settle(self, at_most: int) -> None:
        """Take over what is stored, waiting until at most so many bodies are under way. Raises what storing raised."""
        stored = [future for future in self._pending if future.done()]
        while stored or len(self._pending) > at_most:
            for future in stored or wait(self._pending, return_when=FIRST_COMPLETED).done:
                row = self._pending.pop(future)
                future.result()
                self._rows.append(row)
            stored = []

    def _flush(self) -> None:
        if self._rows:
            self.written.append(pl.DataFrame(self._rows, schema=FETCHES.schema))
            self._journal(self.written[-1])
        self._rows, self._flushed = [], time.monotonic()


def _row(outcome: Outcome, url_key: str) -> dict[str, Any]:
    row = {name: getattr(outcome, name, None) for name in FETCHES.schema}
    return row | {"url_key": url_key, "url": outcome.request.url, "outcome": outcome.reason or "ok"}
