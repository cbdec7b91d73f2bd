"""What one piece of work may ask of the web in all: requests, bytes, seconds, and requests of each host.

What belongs here: counting. What does not: a host's budget for the day (`budget`), and which addresses are worth
asking (the caller).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable


class Allowance:
    """The limits (None: there is none) and what was used of them, over one or more calls of `fetch_all`.

    `requests` counts every request, redirects and further tries included; `bytes` all that is received; `seconds` run
    from now. `asked` and `received` are what was used so far.
    """

    def __init__(
        self,
        requests: int | None = None,
        bytes: int | None = None,
        seconds: float | None = None,
        requests_per_host: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._requests, self._bytes, self._per_host = requests, bytes, requests_per_host
        self._clock, self._until = clock, None if seconds is None else clock() + seconds
        self._by_host: Counter[str] = Counter()
        self.asked = 0
        self.received = 0

    def begin(self, host: str) -> None:
        """Count a request that is sent."""
        self.asked += 1
        if self._per_host is not None:
            self._by_host[host] += 1

    def receive(self, count: int) -> None:
        """Count bytes that came."""
        self.received += count

    def spent(self) -> str | None:
        """Which limit is reached for all hosts, with words for people; None: there is something left."""
        if self._requests is not None and self.asked >= self._requests:
            return f"requests: {self._requests:,} were allowed"
        if self._bytes is not None and self.received >= self._bytes:
            return f"bytes: {self._bytes:,} were allowed"
        if self._until is not None and self._clock() >= self._until:
            return "seconds: the time is over"
        return None

    def spent_on(self, host: str) -> str | None:
        """`spent`, or the limit of this host."""
        if self._per_host is not None and self._by_host[host] >= self._per_host:
            return f"requests_per_host: {self._per_host:,} were allowed"
        return self.spent()


class Besides(Allowance):
    """What another one has left, for requests that it does not count: their bytes and seconds are its own."""

    def __init__(self, of: Allowance) -> None:
        super().__init__()
        self._of = of

    def receive(self, count: int) -> None:
        """Count bytes that came."""
        self._of.receive(count)

    def spent(self) -> str | None:
        """As the other says: nothing is asked besides where nothing is asked any more."""
        return self._of.spent()
