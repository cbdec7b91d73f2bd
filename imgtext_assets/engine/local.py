"""Processes of this machine, each of which may die without harm to the rest.

One item may burn CPU, eat memory or crash the interpreter: a 634 kB JPEG of 4,000 scans decodes for over 10 s, a
1 MB PNG can ask for gigabytes. So each chunk of items runs under limits that the kernel enforces even inside C code,
and a process that they end is replaced. Its chunk then runs again item by item, which finds the one to blame.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import resource
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Self

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from imgtext_assets.engine.engine import Failed, Item, Value
from imgtext_assets.engine.order import in_chunks, in_order

WALL_PER_CPU = 10
"""An item that has not ended after this many times its CPU seconds by the clock is stuck, not slow."""
_TRIES = 3
_LOOK_SECONDS = 1.0  # how often a chunk that is not over is looked at


@dataclass(frozen=True)
class Limits:
    """What one item may use; null is no limit."""

    memory: int | None = None  # bytes of address space beyond what the process has when the chunk starts
    cpu_seconds: float | None = None


class LocalEngine:
    """`workers` processes (null: one a core), started at the first `map` and kept until `close`.

    `preload` are modules, with no threads of their own, that the workers will need: they are imported once, before
    the processes divide, so that each starts sooner and all share their memory. The first engine of a process decides.

    An item may add `memory` bytes of address space (enforced on Linux, where it can be measured) and take
    `cpu_seconds` of CPU, and ten times that by the clock.

    >>> with LocalEngine(workers=2) as engine:
    ...     list(engine.map(abs, [-1, -2, "x"]))
    [1, 2, Failed(kind='error', detail="TypeError: bad operand type for abs(): 'str'")]
    """

    def __init__(
        self,
        workers: int | None = None,
        memory: int | None = None,
        cpu_seconds: float | None = None,
        preload: Sequence[str] = (),
    ) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._limits = Limits(memory, cpu_seconds)
        self._preload = list(preload)
        self._pool: ProcessPool | None = None
        self._starting = Lock()

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item], chunk: int = 16) -> Iterator[Value | Failed]:
        """`fn` of each item, in order; see `Engine.map`. At most two chunks a worker are ahead of the results.

        Raises PicklingError or AttributeError at once if `fn` cannot travel to another process.
        """
        pickle.dumps(fn)
        return in_chunks(partial(self._submit, fn), self._outcome, items, chunk, self._ahead, _cancel)

    def spread(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Value]:
        """`fn` of each item, in order, in as many threads of this process as there are workers; see `Engine.spread`.

        >>> with LocalEngine(workers=2) as engine:
        ...     list(engine.spread(abs, [-1, -2]))
        [1, 2]
        """
        with ThreadPoolExecutor(self._workers) as threads:
            for future, _ in in_order(partial(threads.submit, fn), items, self._ahead, _cancel):
                yield future.result()

    def close(self) -> None:
        """End the processes; what runs is dropped. A later `map` starts new ones."""
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ahead(self) -> int:
        return 2 * self._workers

    def _submit(self, fn: Callable[[Item], Value], batch: Sequence[Item]) -> _Task:
        start = partial(self._schedule, fn, batch)
        return _Task(start, *start())

    def _schedule(self, fn: Callable[[Item], Value], batch: Sequence[Item]) -> tuple[ProcessPool, ProcessFuture]:
        with self._starting:
            if self._pool is not None and not self._pool.active:  # broken, see `_Task`; or it was stopped
                self.close()
            if self._pool is None:
                self._pool = self._start()
            future = self._pool.schedule(_run_chunk, args=(fn, batch, self._limits), timeout=self._wall(len(batch)))
            return self._pool, future

    def _wall(self, items: int) -> float | None:
        """The longest that a chunk can take by the clock, in seconds: after it nobody works on it any more."""
        return self._limits.cpu_seconds and items * self._limits.cpu_seconds * WALL_PER_CPU + _LOOK_SECONDS

    def _start(self) -> ProcessPool:
        # Not fork: a copy of a process with threads (Dagster, polars) may start with their locks held.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(self._preload)
        return ProcessPool(
            max_workers=self._workers,
            initializer=_adopt_environment,
            initargs=(dict(os.environ),),
            context=context,
        )

    def _outcome(self, task: _Task) -> Sequence[Any] | Failed:
        error = task.error()
        return pickle.loads(task.future.result()) if error is None else self._failure(error)  # noqa: S301 - our own worker's

    def _failure(self, error: BaseException) -> Failed:
        if isinstance(error, BrokenProcessPool):
            return Failed("crash", f"the processes died {_TRIES} times")
        cpu_seconds = self._limits.cpu_seconds or 0
        if isinstance(error, TimeoutError):
            return Failed("timeout", f"not done after {cpu_seconds * WALL_PER_CPU:g} s")
        if not isinstance(error, ProcessExpired):
            return Failed("error", _describe(error))
        if error.exitcode == -signal.SIGPROF:
            return Failed("timeout", f"more than {cpu_seconds:g} s of CPU")
        if error.exitcode == -signal.SIGALRM:
            return Failed("timeout", f"not done after {cpu_seconds * WALL_PER_CPU:g} s")
        code = error.exitcode or 0
        return Failed("crash", f"the process died of {signal.Signals(-code).name if code < 0 else f'exit code {code}'}")


@dataclass
class _Task:
    """A chunk under way, begun anew where its pool broke or its process was lost.

    Pebble gives a pool and all that is in it up where a process dies of which it does not know (yet) that it runs
    something: an idle one that the kernel kills for memory, or one that crashes at once while the machine is busy.
    If others are known to run, it waits for the dead one for ever; so it does for one that somebody stopped.
    """

    start: Callable[[], tuple[ProcessPool, ProcessFuture]]
    pool: ProcessPool
    future: ProcessFuture

    def error(self) -> BaseException | None:
        """Why it ended without results, once it is over; null where it has some."""
        for _ in range(_TRIES - 1):
            if not isinstance(error := self._wait(), BrokenProcessPool | TimeoutError):
                return error
            self.pool, self.future = self.start()
        return self._wait()

    def _wait(self) -> BaseException | None:
        while True:
            active = self.pool.active
            with suppress(TimeoutError):
                return self.future.exception(_LOOK_SECONDS)
            if not active:  # what waited in its queue is told nothing
                return BrokenProcessPool()

    def cancel(self) -> None:
        self.future.cancel()


def _cancel(under_way: Iterable[_Task | Future[Any]]) -> None:
    for task in under_way:
        task.cancel()


def _adopt_environment(variables: dict[str, str]) -> None:
    """In a worker: have the environment that the engine's process has now.

    Workers get that of the fork server, which started with the first engine; a store's address may have been set since.
    """
    os.environ.update(variables)


def _run_chunk(fn: Callable[[Item], Value], batch: Sequence[Item], limits: Limits) -> bytes:
    """In a worker: each item's value, or what it raised; pickled here, for pebble's worker dies of what cannot be."""
    _limit_memory(limits.memory)
    try:
        results = [_run_item(fn, item, limits.cpu_seconds) for item in batch]
    finally:
        _limit_memory(None)
    return pickle.dumps(results)


def _run_item(fn: Callable[[Item], Value], item: Item, cpu_seconds: float | None) -> Value | Failed:
    _limit_time(cpu_seconds)
    try:
        return fn(item)
    except MemoryError as error:
        return Failed("memory", _describe(error))
    except Exception as error:  # noqa: BLE001 - whatever one item raises must not cost the others
        return Failed("error", _describe(error))
    finally:
        _limit_time(None)


def _limit_time(cpu_seconds: float | None) -> None:
    """Let the kernel kill this process once it has used the time: a signal's default action asks no Python code.

    Timers, not RLIMIT_CPU, because that counts whole seconds and from the start of the process (setitimer(2)).
    """
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds or 0)
    signal.setitimer(signal.ITIMER_REAL, (cpu_seconds or 0) * WALL_PER_CPU)


def _limit_memory(extra: int | None) -> None:
    """Make allocations fail that grow the address space by more than `extra` bytes (setrlimit(2), RLIMIT_AS)."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    statm = Path("/proc/self/statm")
    if extra is None or not statm.exists():
        soft = hard
    else:
        soft = int(statm.read_text().split()[0]) * resource.getpagesize() + extra
        soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _describe(error: BaseException) -> str:
    """The error in a line, and where it was raised."""
    line = " ".join("".join(traceback.format_exception_only(error)).split())
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    return f"{line} ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else line
