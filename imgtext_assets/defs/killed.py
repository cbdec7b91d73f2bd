"""Runs of the command line whose process was killed: found by the lock that a process loses when it dies.

A killed process cannot say that its run is over. Left alone, Dagster would show the run as going on for ever and
keep its place in the pool `web`, for which the next build would wait in vain. (Runs that the daemon launches are
watched by the server that started them.)
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

TAGS = {"imgtext/started_by": "command line"}
_UNFINISHED = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


@contextmanager
def holding_lock(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Hold the run's lock meanwhile; the operating system drops it if the process is killed (flock(2))."""
    path = _lock(instance, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def end_killed_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark as failed the runs whose process is dead, and free their places in pools. Returns their ids.

    A run whose lock this machine does not have is another machine's, and left alone.
    """
    unfinished = instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED, tags=TAGS))
    dead = [run for run in unfinished if _is_free(_lock(instance, run.run_id))]
    for run in dead:
        instance.report_run_failed(run, "The process was killed; run the same command again.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        _lock(instance, run.run_id).unlink(missing_ok=True)
    return [run.run_id for run in dead]


def _lock(instance: dg.DagsterInstance, run_id: str) -> Path:
    return Path(instance.storage_directory()) / "running" / run_id


def _is_free(lock: Path) -> bool:
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (FileNotFoundError, BlockingIOError):
        return False
    return True
