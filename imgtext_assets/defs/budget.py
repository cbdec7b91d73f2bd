"""Hosts' budgets of bytes for the day: what all shards spent so far, and what a run adds.

What belongs here: the table `host_use`. What does not: obeying a budget (`fetch`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import polars as pl

from imgtext_assets.catalog import FetchSettings
from imgtext_assets.fetch import Budget
from imgtext_assets.lake import Lake
from imgtext_assets.tables import HOST_USE

_FLUSH_SECONDS = 60.0

Item = TypeVar("Item")


@dataclass
class Ledger:
    """The budgets of the day (UTC), and their use, written down once a minute."""

    lake: Lake
    settings: FetchSettings
    today: Callable[[], str] = lambda: datetime.now(UTC).date().isoformat()

    def __post_init__(self) -> None:
        self._day = self.today()
        self.budget = Budget(self.settings.limits, self._spent()) if self._has_budgets else None
        self._written: dict[str, int] = {}

    def watch(self, outcomes: Iterable[Item]) -> Iterator[Item]:
        """The same outcomes, while the use of the budgets is written down."""
        flushed = time.monotonic()
        try:
            for outcome in outcomes:
                yield outcome
                if time.monotonic() - flushed >= _FLUSH_SECONDS:
                    self._flush()
                    flushed = time.monotonic()
        finally:
            getattr(outcomes, "close", list)()  # breaks off what runs, which counts, too
            self._flush()

    @property
    def _has_budgets(self) -> bool:
        return any(limits.bytes_per_day is not None for limits in self.settings.hosts)

    def _spent(self) -> dict[str, int]:
        use = self.lake.tables.scan(HOST_USE.name, HOST_USE.schema, [self._day])
        return dict(use.group_by("host").agg(pl.col("bytes").sum()).collect().iter_rows())

    def _flush(self) -> None:
        used = self.budget.used if self.budget else {}
        new = {host: count - self._written.get(host, 0) for host, count in used.items()}
        rows = [(host, count, datetime.now(UTC)) for host, count in new.items() if count]
        if rows:
            self.lake.tables.append(HOST_USE.name, pl.DataFrame(rows, HOST_USE.schema, orient="row"), self._day)
            self._written |= used
        if self.budget and self._day != self.today():
            self._day, self._written = self.today(), {}
            self.budget.renew(self._spent())
