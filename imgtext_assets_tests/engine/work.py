"""Work for the engine's tests: functions of one item that behave, or do not."""

import ctypes
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any


def square(number: int) -> int:
    return number * number


def misbehave(how: str | int) -> str:
    """Do what the item says; an int or `fine` is answered."""
    match how:
        case "spin":
            while True:
                pass
        case "spin in C":
            sum(range(10**13))
        case "sleep":
            time.sleep(600)
        case "segfault":
            ctypes.string_at(0)
        case "exit":
            os._exit(3)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "eat":
            return str(len(bytearray(2**30)))
        case "raise":
            raise ValueError("two\nlines")
        case "panic":
            raise BaseException("as polars does")
        case "unpicklable":
            return lambda: None  # type: ignore[return-value]
    return f"{how} done"


def worker(_: object) -> int:
    time.sleep(0.02)
    return os.getpid()


def burn(seconds: float) -> int:
    """Use that much CPU time; answer who did."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return os.getpid()


def kill_once(marker: str | None, item: int, itself: bool = False) -> int:
    """Kill the process that had this one started (or this one) at item 7, unless the file `marker` says that it was.

    Without a marker, at each try of item 7.
    """
    if item == 7 and (marker is None or not Path(marker).exists()):
        if marker is not None:
            Path(marker).touch()
        starter = multiprocessing.parent_process()
        assert starter is not None
        assert starter.pid is not None
        os.kill(os.getpid() if itself else starter.pid, signal.SIGKILL)
        time.sleep(600)
    return item


def share_of(array: Any, item: int) -> tuple[int, tuple[int, int]]:
    """The sum of every eighth element, and where the array is: process and address."""
    assert array.flags.writeable
    return int(array[item::8].sum()), (os.getpid(), array.ctypes.data)


def refuse(item: int) -> int:
    if item == 3:
        raise ValueError(f"no {item}")
    return item


def thread_of(_: object) -> tuple[int, int]:
    """The process and thread that run it."""
    time.sleep(0.005)
    return os.getpid(), threading.get_ident()
