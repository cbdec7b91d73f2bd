"""How many bytes a host may still send today.

What belongs here: counting against the catalog's limits. What does not: what was counted on other days and in other
runs (the caller's), and what happens to requests when nothing is left (`client`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from imgtext_assets.settings import HostLimits

_HOSTS_REMEMBERED = 4096


class Budget:
    """The bytes received of every host that has a limit (`fetch.hosts.bytes_per_day`).

    `limits` gives a host's limits; `spent` is what was received of hosts earlier the same day, bytes. `used` is what
    was received since then, bytes by host, only of hosts with a limit: what a caller adds to its books.
    """

    def __init__(self, limits: Callable[[str], HostLimits], spent: Mapping[str, int]) -> None:
        self._limit = lru_cache(_HOSTS_REMEMBERED)(lambda host: limits(host).bytes_per_day)
        self._spent = spent
        self.used: dict[str, int] = {}

    def left(self, host: str) -> int | None:
        """Bytes that the host may still send, never below 0; None: it has no limit."""
        limit = self._limit(host)
        return None if limit is None else max(0, limit - self._spent.get(host, 0) - self.used.get(host, 0))

    def add(self, host: str, count: int) -> None:
        """Count bytes that the host has sent."""
        if self._limit(host) is not None:
            self.used[host] = self.used.get(host, 0) + count

    def renew(self, spent: Mapping[str, int]) -> None:
        """Begin a new day, of which `spent` is gone already."""
        self._spent, self.used = spent, {}
