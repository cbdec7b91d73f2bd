"""Work for the engine's tests: functions of one item that behave, or do not."""

import ctypes
import os
import signal
import time


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
