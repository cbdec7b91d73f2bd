"""Results in the items' order while later ones are under way, the same for every engine.

What belongs here: order, look-ahead, and finding the one of a chunk that is to blame. What does not: where things run.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from imgtext_assets.engine.engine import Failed, Item, Value

Task = TypeVar("Task")
Drop = Callable[[Iterable[Task]], None]
"""Forget tasks that nobody waits for any more."""


def in_order(
    submit: Callable[[Item], Task], items: Iterable[Item], ahead: Callable[[], int], drop: Drop[Task]
) -> Iterator[tuple[Task, Item]]:
    """Each item with the task that `submit` started for it, in order; at most `ahead()` (one or more) are under way."""
    under_way: deque[tuple[Task, Item]] = deque()
    try:
        for item in items:
            under_way.append((submit(item), item))
            while len(under_way) >= max(1, ahead()):
                yield under_way.popleft()
        while under_way:
            yield under_way.popleft()
    finally:
        drop(task for task, _ in under_way)


def in_chunks(
    submit: Callable[[Sequence[Item]], Task],
    outcome: Callable[[Task], Sequence[Value | Failed] | Failed],
    items: Iterable[Item],
    chunk: int,
    ahead: Callable[[], int],
    drop: Drop[Task],
) -> Iterator[Value | Failed]:
    """The result of each item, where a task runs `chunk` of them; `outcome` waits for one.

    It is `Failed` where a task ended without results. Then its items run again one by one, which finds those to blame.
    """

    def results(task: Task, batch: Sequence[Item]) -> Iterator[Value | Failed]:
        got = outcome(task)
        if not isinstance(got, Failed):
            yield from got
        elif len(batch) == 1:
            yield got
        else:
            for item in batch:
                yield from results(submit([item]), [item])

    for task, batch in in_order(submit, _batches(items, chunk), ahead, drop):
        yield from results(task, batch)


def _batches(items: Iterable[Item], size: int) -> Iterator[Sequence[Item]]:
    drawn = iter(items)
    while batch := list(itertools.islice(drawn, size)):
        yield batch
