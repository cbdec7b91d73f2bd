"""Processes under test: their memory together, and what is left of them, as Linux's /proc tells.

What belongs here: looking at processes. What does not: starting and ending them (the tests).
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Self


def of_session(leader: int) -> set[int]:
    """The processes, zombies not counted, of the session (setsid(2)) that this one started."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (status := _status(entry)) and status[3] == str(leader) and status[0] != "Z":
            found.add(int(entry.name))
    return found


def gone(leader: int, within: float) -> bool:
    """Whether all processes of the session end within so many seconds."""
    deadline = time.monotonic() + within
    while of_session(leader):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class PeakMemory:
    """Watches the memory of a session, all processes together, while it is entered: `bytes` at its most."""

    def __init__(self, leader: int) -> None:
        self.bytes = 0
        self._leader = leader
        self._over = threading.Event()
        self._watching = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watching.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self.bytes = max(self.bytes, sum(map(_share, of_session(self._leader))))


def _status(process: Path) -> list[str] | None:
    """State, parent, group, session and so on (proc(5), `stat`: what follows the name); None: it is gone."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _share(process: int) -> int:
    """Its memory, of pages that it shares only its share (proc(5), `smaps_rollup`), bytes; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
