"""Work on several files at once, which ends as soon as one of them fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

T = TypeVar("T")
Report = Callable[[int], object]
"""Told of bytes that are done, as they are done; negative where some turn out to be to do again."""
_AT_ONCE = 4


def quietly(_count: int) -> None:
    """Report to nobody."""


class _StoppedError(Exception):
    """Another file failed, or whoever waits has gone."""


def together(work: Callable[[T, Report], object], items: Iterable[T], report: Report) -> None:
    """Do `work(item, report)` for all items, four at a time.

    The first failure is raised, and the other items end at their next report, so that an interruption, too, is
    obeyed within moments. `report` is called by one thread at a time.
    """
    lock, stop = threading.Lock(), threading.Event()

    def reporting(count: int) -> None:
        if stop.is_set():
            raise _StoppedError
        with lock:
            report(count)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = [pool.submit(work, item, reporting) for item in items]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
