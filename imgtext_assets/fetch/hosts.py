"""Politeness: when which host may be asked again.

Holds the jobs that wait and hands out one that may start now: never more at once on a host than its concurrency,
never two starts closer than its rate allows, none while the host has asked for quiet (Retry-After) or rests, and
always the host that has been free the longest, so that hosts take turns and one that waits holds up no other.

A host that keeps failing is parked, as by a circuit breaker (M. Nygard, "Release It!", ch. 5): it rests, then gets one
job at a time until it answers; each failure before that means a rest twice as long, and after so many rests it is
given up.

What belongs here: queues and clocks. What does not: HTTP, and what a job or a failure is.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, NamedTuple, TypeVar

from imgtext_assets.settings import HostLimits

Job = TypeVar("Job")


class Parking(NamedTuple):
    """When a host is parked: after so many failures in a row, first for so long, so many times in a row."""

    after: int = 10
    seconds: float = 30.0
    times: int = 3


@dataclass(slots=True)
class _Host(Generic[Job]):
    limits: HostLimits
    running: int = 0
    next_start: float = -math.inf
    quiet_until: float = -math.inf
    failures: int = 0  # in a row
    rests: int = 0  # in a row
    rest_until: float = -math.inf
    given_up: str | None = None
    listed_at: float | None = None
    waiting: list[tuple[float, int, Job]] = field(default_factory=list)

    @property
    def ready_at(self) -> float | None:
        """When the next job may start; None: not before one ends or another comes."""
        at_once = 1 if self.rests else self.limits.concurrency
        if not self.waiting or self.running >= at_once:
            return None
        return max(self.waiting[0][0], self.next_start, self.quiet_until, self.rest_until)

    def idle(self, now: float) -> bool:
        """Whether it may be forgotten. A host that was parked is not: a run must go on leaving it alone."""
        busy = self.waiting or self.running or self.rests
        return not busy and max(self.next_start, self.quiet_until) <= now


class Hosts(Generic[Job]):
    """Jobs that wait for their host's turn. Times are seconds of one monotonic clock, given by the caller."""

    def __init__(self, limits: Callable[[str], HostLimits], parking: Parking = Parking()) -> None:  # noqa: B008
        self._limits, self._parking = limits, parking
        self._hosts: dict[str, _Host[Job]] = {}
        self._turns: list[tuple[float, int, str]] = []  # a heap; an entry counts if it is its host's `listed_at`
        self._order = count()
        self._sweep_at = 1024
        self.waiting = 0

    def put(self, host: str, job: Job, now: float, due: float = -math.inf) -> None:
        """Let a job wait for its host's turn, and at least until `due`."""
        if host not in self._hosts:
            self._sweep(now)
            self._hosts[host] = _Host(self._limits(host))
        heapq.heappush(self._hosts[host].waiting, (due, next(self._order), job))
        self.waiting += 1
        self._list(host)

    def take(self, now: float) -> Job | None:
        """A job that may start now, which counts as started; None where all must wait."""
        if not self._next_turn() or self._turns[0][0] > now:
            return None
        _, _, name = heapq.heappop(self._turns)
        host = self._hosts[name]
        host.listed_at = None
        _, _, job = heapq.heappop(host.waiting)
        host.running += 1
        host.next_start = now + 1 / host.limits.rate
        self.waiting -= 1
        self._list(name)
        return job

    def done(self, host: str) -> None:
        """A job that was taken has ended, and says nothing of the host: a place is free."""
        self._hosts[host].running -= 1
        self._list(host)

    def answered(self, host: str) -> None:
        """A job that was taken has ended with an answer: the host is well."""
        state = self._hosts[host]
        state.failures = state.rests = 0
        state.rest_until, state.given_up = -math.inf, None
        self.done(host)

    def failed(self, host: str, now: float, why: str) -> None:
        """A job that was taken has ended with a failure that speaks against the host."""
        state = self._hosts[host]
        state.failures += 1
        # What was under way when the rest began says nothing new.
        due = state.failures >= self._parking.after or state.rests
        if due and state.rest_until <= now and state.given_up is None:
            if state.rests < self._parking.times:
                state.rest_until = now + self._parking.seconds * 2**state.rests
                state.rests += 1
            else:
                state.given_up = why
        self.done(host)

    def given_up(self, host: str) -> str | None:
        """Why the host is not to be asked again: the last failure, as it was told; None where it may be."""
        return self._hosts[host].given_up if host in self._hosts else None

    def hush(self, host: str, until: float) -> None:
        """Start nothing on the host before `until`."""
        self._hosts[host].quiet_until = max(self._hosts[host].quiet_until, until)
        self._list(host)

    def quiet_until(self, host: str) -> float:
        """The time before which the host asked for quiet; -inf if it did not."""
        return self._hosts[host].quiet_until if host in self._hosts else -math.inf

    def withdraw(self, host: str) -> list[Job]:
        """Take out all jobs that wait for the host; they count as never started."""
        if host not in self._hosts:
            return []
        jobs = [job for _, _, job in sorted(self._hosts[host].waiting, key=lambda entry: entry[:2])]
        self._hosts[host].waiting.clear()
        self._hosts[host].listed_at = None
        self.waiting -= len(jobs)
        return jobs

    def withdraw_all(self) -> list[Job]:
        """Take out all jobs that wait, of every host; they count as never started."""
        return [job for host in list(self._hosts) for job in self.withdraw(host)]

    def let_go(self) -> None:
        """Drop all jobs, waiting and running. When hosts may be asked again remains: their rates and wishes.

        Hosts that were given up get another chance.
        """
        for name, host in list(self._hosts.items()):
            self._hosts[name] = _Host(host.limits, next_start=host.next_start, quiet_until=host.quiet_until)
        self._turns.clear()
        self.waiting = 0

    def next_due(self) -> float | None:
        """When `take` may give a job, unless one ends or comes before; None: not until then."""
        return self._turns[0][0] if self._next_turn() else None

    def _list(self, name: str) -> None:
        host = self._hosts[name]
        ready_at = host.ready_at
        if ready_at is None:
            host.listed_at = None
        elif ready_at != host.listed_at:
            host.listed_at = ready_at
            heapq.heappush(self._turns, (ready_at, next(self._order), name))

    def _next_turn(self) -> bool:
        """Drop entries that no longer count; whether one is left at the top."""
        while self._turns:
            at, _, name = self._turns[0]
            if name in self._hosts and self._hosts[name].listed_at == at:
                return True
            heapq.heappop(self._turns)
        return False

    def _sweep(self, now: float) -> None:
        """Forget hosts that nothing is known of any more, so that a million hosts are not kept."""
        if len(self._hosts) >= self._sweep_at:
            self._hosts = {name: host for name, host in self._hosts.items() if not host.idle(now)}
            self._sweep_at = max(1024, 2 * len(self._hosts))
