"""Keeping what comes in: bodies are stored, and then their answers journalled, whatever fails meanwhile.

A few threads store, for a store may take its time. Another one sees that the journal grows every few seconds, also
while no answer comes in. Nothing here grows with the shard but the frames of what was journalled, and hashes.

What belongs here: the order of storing and journalling. What does not: what is asked (`harvest`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from operator import attrgetter
from types import TracebackType
from typing import IO, Any

import polars as pl

from imgtext_assets.fetch.outcomes import Outcome
from imgtext_assets.tables import FETCHES

STORE_AT_ONCE = 16
"""Bodies that are being stored at once: a store on the net answers in tens of milliseconds."""
STORE_BYTES = 64 * 2**20
"""Bodies that wait to be stored take so much memory at most, and one body more."""
FLUSH_SECONDS = 5.0
"""A kill loses at most so much of the journal."""
FLUSH_ROWS = 2_000

_SCHEMA = FETCHES.schema
# Columns that are not attributes of an outcome, and those that are, in the order of a row.
_OWN = ("url_key", "url", "outcome", "settings")
_GIVEN = tuple(name for name in _SCHEMA if name not in _OWN)
_given = attrgetter(*_GIVEN)
_ROWS = {name: _SCHEMA[name] for name in (*_OWN, *_GIVEN)}

Row = tuple[Any, ...]


class Keeper:
    """Stores bodies and journals answers, within a `with` block and until its end.

    `written` are the rows of FETCHES that were journalled, complete once the block has ended. The first error of
    `store`, `journal` or `stored` is raised by the next `add` or at the end of the block, by when all bodies that
    could be stored are, and their rows journalled. Where the block itself raises, that error goes on.
    """

    def __init__(
        self,
        store: Callable[[str, IO[bytes]], None],
        journal: Callable[[pl.DataFrame], None],
        stored: Callable[[str], None],
        settings: str,
    ) -> None:
        self.written: list[pl.DataFrame] = []
        self._store, self._journal, self._stored, self._settings = store, journal, stored, settings
        self._pool = ThreadPoolExecutor(STORE_AT_ONCE, thread_name_prefix="store")
        self._pending: dict[Future[None], tuple[Row, int]] = {}
        self._pending_bytes = 0
        self._told: set[str] = set()
        self._rows: list[Row] = []
        self._failure: BaseException | None = None
        self._mine = threading.Lock()  # guards what is pending, the rows and the failure
        self._telling = threading.Lock()
        self._journalling = threading.Lock()
        self._over = threading.Event()
        self._clock = threading.Thread(target=self._flush_now_and_then, name="journal", daemon=True)

    def __enter__(self) -> Keeper:
        self._clock.start()
        return self

    def add(self, outcome: Outcome, url_key: str) -> None:
        """Keep an outcome. Waits while too much is still to be stored. Raises what keeping earlier ones raised."""
        row = (url_key, outcome.request.url, outcome.reason or "ok", self._settings, *_given(outcome))
        with self._mine:
            if outcome.body is None or outcome.sha256 is None:
                self._rows.append(row)
            else:
                size = outcome.bytes or 0
                self._pending[self._pool.submit(self._keep, outcome.sha256, outcome.body)] = row, size
                self._pending_bytes += size
        self._settle(at_most=2 * STORE_AT_ONCE, at_most_bytes=STORE_BYTES)
        if len(self._rows) >= FLUSH_ROWS:
            self._flush()
        self._raise_failure()

    def __exit__(self, _kind: object, error: BaseException | None, _trace: TracebackType | None) -> None:
        self._over.set()
        self._clock.join()
        try:
            self._settle(at_most=0)
        finally:
            self._pool.shutdown(cancel_futures=True)
            self._flush()
        if error is None:
            self._raise_failure()
        elif self._failure is not None and self._failure is not error:
            error.add_note(f"besides: {self._failure!r}")

    def _keep(self, sha256: str, body: IO[bytes]) -> None:
        with body:
            self._store(sha256, body)

    def _settle(self, at_most: int, at_most_bytes: int = 0) -> None:
        """Take over what is stored, waiting until at most so many bodies of so many bytes are under way."""
        self._take_over()
        while self._pending and (len(self._pending) > at_most or self._pending_bytes > at_most_bytes):
            wait(list(self._pending), return_when=FIRST_COMPLETED)
            self._take_over()

    def _take_over(self) -> None:
        """Make rows to be journalled of the bodies that are stored, and tell of them."""
        with self._mine:
            done = [(future, *self._pending.pop(future)) for future in list(self._pending) if future.done()]
            kept = [row for future, row, _ in done if future.exception() is None]
            self._pending_bytes -= sum(size for _, _, size in done)
            self._rows += kept
        for future, _, _ in done:
            self._fail(future.exception())
        with self._telling:
            for sha256 in (row[_SHA256] for row in kept):
                if sha256 not in self._told:
                    self._told.add(sha256)
                    self._tell(sha256)

    def _tell(self, sha256: str) -> None:
        try:
            self._stored(sha256)
        except BaseException as error:  # noqa: BLE001 - raised again by `add` or at the end
            self._fail(error)

    def _flush_now_and_then(self) -> None:
        while not self._over.wait(FLUSH_SECONDS):
            self._take_over()
            self._flush()

    def _flush(self) -> None:
        """Journal the rows so far. Where that fails they stay, to be tried once more at the end."""
        with self._journalling:
            with self._mine:
                rows, self._rows = self._rows, []
            if not rows:
                return
            try:
                frame = pl.DataFrame(rows, schema=_ROWS, orient="row").select(_SCHEMA.names())
                self._journal(frame)
            except BaseException as error:  # noqa: BLE001 - raised again by `add` or at the end
                with self._mine:
                    self._rows = rows + self._rows
                self._fail(error)
            else:
                self.written.append(frame)

    def _fail(self, error: BaseException | None) -> None:
        with self._mine:
            self._failure = self._failure or error

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


_SHA256 = list(_ROWS).index("sha256")
