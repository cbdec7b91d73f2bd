"""libcurl's transfers on one epoll: many at once in one thread.

`CurlMulti.select` rests on select(2) and fails from descriptor 1,024 on, which a process with other work has soon;
this drives libcurl by its socket and timer callbacks instead (https://curl.se/libcurl/c/libcurl-multi.html).

What belongs here: waiting for sockets. What does not: what is transferred, and whether it may be.
"""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import pycurl

_EVENTS = {
    pycurl.POLL_IN: selectors.EVENT_READ,
    pycurl.POLL_OUT: selectors.EVENT_WRITE,
    pycurl.POLL_INOUT: selectors.EVENT_READ | selectors.EVENT_WRITE,
}

CLOSE_SECONDS = 1.0
"""How long closing is waited for."""


class Ended(NamedTuple):
    """A transfer that is over: its handle, libcurl's error (0: none) with its words, and the errno of connecting."""

    easy: pycurl.Curl
    error: int = pycurl.E_OK
    message: str = ""
    os_errno: int = 0


class Multi:
    """A set of transfers under way, and the connections kept for the next ones."""

    def __init__(self, connections: int) -> None:
        self._multi = pycurl.CurlMulti()
        self._selector = selectors.DefaultSelector()
        self._watched: set[int] = set()
        self._timer: float | None = None
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, connections)

    def add(self, easy: pycurl.Curl) -> None:
        """Start a transfer at the next `poll`."""
        self._multi.add_handle(easy)

    def remove(self, easy: pycurl.Curl) -> None:
        """Stop a transfer, or let go of one that is over."""
        self._multi.remove_handle(easy)

    def poll(self, seconds: float) -> Iterator[Ended]:
        """Move all transfers on, waiting at most so long for something to happen; those that are over."""
        if self._timer is not None:
            seconds = min(seconds, self._timer - time.monotonic())
        for key, events in self._selector.select(max(0.0, seconds)):
            readable = pycurl.CSELECT_IN if events & selectors.EVENT_READ else 0
            writable = pycurl.CSELECT_OUT if events & selectors.EVENT_WRITE else 0
            self._multi.socket_action(key.fd, readable | writable)
        if self._timer is not None and self._timer <= time.monotonic():
            self._timer = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        left = 1
        while left:
            left, fine, failed = self._multi.info_read()
            yield from map(Ended, fine)
            for easy, error, message in failed:
                yield Ended(easy, error, message, int(easy.getinfo(pycurl.OS_ERRNO)))

    def close(self) -> None:
        """Close all connections. Transfers must have been removed.

        libcurl waits here for lookups that are still under way, which take as long as the system's resolver likes; its
        option against that (CURLMOPT_QUICK_EXIT) is beyond pycurl. So it is left to wait by itself.
        """
        closing = threading.Thread(target=self._close, daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)

    def _close(self) -> None:
        self._multi.close()
        self._selector.close()

    def _on_socket(self, event: int, descriptor: int, *_: object) -> None:
        known = descriptor in self._watched  # faster than the selector's own map, which every request would pay for
        if event == pycurl.POLL_REMOVE:
            if known:
                self._watched.remove(descriptor)
                self._selector.unregister(descriptor)
        elif known:
            self._selector.modify(descriptor, _EVENTS[event])
        else:
            self._watched.add(descriptor)
            self._selector.register(descriptor, _EVENTS[event])

    def _on_timer(self, milliseconds: int) -> None:
        self._timer = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000
