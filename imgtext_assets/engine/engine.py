"""What every engine promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, Self, TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Failed:
    """Stands in the results for an item that has no value.

    `kind` is `timeout` (too much CPU time, or stuck), `memory`, `crash` (the process died) or `error` (the function
    raised: a bug, since what may go wrong with an item is the function's to return). `detail` is for people.
    """

    kind: Literal["timeout", "memory", "crash", "error"]
    detail: str


class Engine(Protocol):
    """Runs a function over items, somewhere."""

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item], chunk: int = 16) -> Iterator[Value | Failed]:
        """`fn` of each item, in the items' order; `Failed` where an item has none.

        `fn` is a top-level function and without side effects that a second call would spoil: an item may run again
        when a neighbour in its chunk killed their process. Items are drawn as the work goes on, only boundedly far
        ahead of the results that were taken, so they may come from an endless generator; and since whole chunks of
        them wait in memory, they are better names than contents. `chunk` items travel together, to save on trips.
        """
        ...

    def spread(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Value]:
        """`fn` of each item, in the items' order, for heavy work of our own on large arrays that `fn` carries.

        It runs in threads, without limits, so it must release the interpreter's lock for most of its time; what it
        raises is raised here. `fn` is sent once to each place where it runs, not with each item. Items are drawn
        boundedly far ahead of the results.
        """
        ...

    def close(self) -> None:
        """End the processes; what runs is dropped."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
