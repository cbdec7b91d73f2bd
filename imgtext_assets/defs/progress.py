"""How long work says how far it is: lines in the run's log by default, bars on the command line."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import dagster as dg

Report = Callable[[int, int], None]


class Progress(Protocol):
    """Makes a reporter for one piece of work; the reporter is told what is done and what there is in all."""

    def start(self, context: dg.AssetExecutionContext, what: str) -> Report:
        """A reporter for `what` (such as "pictures fetched") of the context's partition."""
        ...


class LogProgress:
    """A line in the run's log every `seconds`, so that a long step is seen to move."""

    def __init__(self, seconds: float = 15.0) -> None:
        self._seconds = seconds

    def start(self, context: dg.AssetExecutionContext, what: str) -> Report:
        """A reporter that logs at most once every `seconds`, and at the end."""
        last = time.monotonic()

        def report(done: int, total: int) -> None:
            nonlocal last
            if done == total or time.monotonic() - last >= self._seconds:
                last = time.monotonic()
                context.log.info(f"{what}: {done:,} of {total:,}")

        return report
