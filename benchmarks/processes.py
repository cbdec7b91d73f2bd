"""What a command costs with all that it starts: seconds, CPU seconds and memory.

    python -m benchmarks.processes REPORT CORES COMMAND...

The command runs below a process that adopts whatever it leaves behind (prctl(2), PR_SET_CHILD_SUBREAPER), so that the
CPU of worker processes is counted though nobody waits for them. Memory is taken ten times a second of all of them
together: the resident set, where pages that they share count for each, and the proportional one, where they count once
(proc(5), Rss and Pss).
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_A_SECOND = 2


@dataclass(frozen=True)
class Cost:
    """What a command took from its start to the end of its last process; memory in bytes."""

    seconds: float
    cpu_seconds: float
    resident: int
    proportional: int


def measured(command: Sequence[str], cores: Sequence[int], report: Path, env: Mapping[str, str] | None = None) -> Cost:
    """Run a command on these cores alone. Raises CalledProcessError where it fails; its output is in the error."""
    watcher = [sys.executable, "-m", "benchmarks.processes", str(report), ",".join(map(str, cores)), *command]
    done = subprocess.run(watcher, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-4000:], file=sys.stderr)
        done.check_returncode()
    return Cost(**json.loads(report.read_text()))


def _watch(report: Path, cores: set[int], command: list[str]) -> int:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start, most, over = time.perf_counter(), (0, 0), threading.Event()

    def look() -> None:
        nonlocal most
        while not over.wait(1 / _A_SECOND):
            now = [memory(child) for child in _children(os.getpid())]
            most = max(most[0], sum(rss for rss, _ in now)), max(most[1], sum(pss for _, pss in now))

    looking = threading.Thread(target=look)
    looking.start()
    with subprocess.Popen(command, preexec_fn=lambda: os.sched_setaffinity(0, cores)) as process:
        process.wait()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    seconds = time.perf_counter() - start
    over.set()
    looking.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = Cost(seconds, used.ru_utime + used.ru_stime, *most)
    report.write_text(json.dumps(asdict(cost)))
    return process.returncode


def memory(pid: int) -> tuple[int, int]:
    """Resident and proportional memory of a process and all that descend from it, bytes; zeros where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
    except OSError:
        return 0, 0
    below = [memory(child) for child in _children(pid)]
    return sizes["Rss"] + sum(rss for rss, _ in below), sizes["Pss"] + sum(pss for _, pss in below)


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()
        ]
    except OSError:
        return []


if __name__ == "__main__":
    raise SystemExit(_watch(Path(sys.argv[1]), {int(core) for core in sys.argv[2].split(",")}, sys.argv[3:]))
