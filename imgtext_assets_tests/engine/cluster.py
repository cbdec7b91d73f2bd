"""A Dask cluster on loopback, as its owner starts one: a scheduler, and workers that are looked after."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from distributed import Client


class Cluster:
    """A scheduler with `workers` worker processes of `threads` threads; `environment` is added to theirs."""

    def __init__(self, folder: Path, workers: int = 2, threads: int = 1, environment: dict[str, str] | None = None):
        self._folder = folder
        self._environment = os.environ | (environment or {})
        self._parts = [self._start("scheduler", "--no-dashboard", "--host", "127.0.0.1", "--port", "0")]
        self.address = self._address()
        if workers:
            self.add_workers(workers, threads)

    def add_workers(self, workers: int, threads: int = 1) -> None:
        """Start more, and wait until they are there."""
        with self.client() as client:
            before = len(client.nthreads())
            counts = ("--nworkers", str(workers), "--nthreads", str(threads))
            self._parts.append(
                self._start("worker", self.address, *counts, "--no-dashboard", "--local-directory", str(self._folder))
            )
            client.wait_for_workers(before + workers, timeout=60)

    def client(self) -> Any:
        """For what the tests ask the cluster themselves."""
        return Client(self.address, set_as_default=False)

    def kill_scheduler(self) -> None:
        """As when its machine is lost."""
        self._parts[0].kill()
        self._parts[0].wait()

    def stop_workers(self) -> None:
        """As when their owner takes them away."""
        _end(self._parts[1:])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._parts[1:])
        _end(self._parts[:1])

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", what, *options], stdout=log, stderr=log, env=self._environment
            )

    def _address(self) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for line in (self._folder / "scheduler.log").read_text().splitlines():
                if "Scheduler at:" in line:
                    return line.rpartition(" ")[2]
            time.sleep(0.05)
        raise TimeoutError((self._folder / "scheduler.log").read_text())


def _end(parts: list[subprocess.Popen[bytes]]) -> None:
    for part in parts:
        part.terminate()
    for part in parts:
        try:
            part.wait(10)
        except subprocess.TimeoutExpired:  # as while it starts a worker anew
            part.kill()
            part.wait()
