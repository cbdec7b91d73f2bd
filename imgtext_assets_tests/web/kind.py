"""What one kind of malice is: how a host behaves, what its row says, and where that row must end.

What belongs here: the shape of the catalogue's entries. What does not: the entries
(`of_*`), and all of them together (`malice`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from imgtext_assets.demo.pictures import Picture, jpeg
from imgtext_assets_tests.web.hostile import Manner, Seen, Words, answer

METADATA = "127.0.0.2"
"""Stands for a cloud's metadata service: somebody listens there, and nobody may ever dial it."""
ELSEWHERE = "127.0.0.1"
"""What `localhost` resolves to, which a test does not allow either."""
CLOSED = "127.1.254.1"
"""A host whose robots.txt closes all of it."""
OPEN = "127.1.254.2"
"""An honest host."""
UNSERVED = "127.1.253.1"
"""A host on which nobody listens."""
TLS, SELF_SIGNED, EXPIRED, MISNAMED = "127.1.255.1", "127.1.255.2", "127.1.255.3", "127.1.255.4"
"""Hosts that speak TLS: well, and with certificates that prove nothing."""

PATH = "/picture.jpg"


@dataclass(frozen=True)
class Kind:
    """One kind; each gets a host of its own, so that none spoils another's.

    In `address` and in the Locations of `leads_to`, `{host}` and `{port}` stand for the kind's own host and the port
    of all servers. `reason` null: its row is verified, whatever the host tries.
    """

    answers: Manner | None
    """What its page says; None: the row leads elsewhere."""
    stage: str
    reason: str | None
    aside: Mapping[str, Manner] = field(default_factory=dict)
    """More pages: of its host by path, of another by host and path."""
    address: str = "http://{host}:{port}" + PATH
    path: str = PATH
    """The path of `answers` as it is asked for."""
    row: Mapping[str, object] = field(default_factory=dict)
    """What the row says besides its address, by column of a `table`."""
    links: int = 1
    """Rows that lead to it, by addresses of their own."""
    big: bool = False
    """It tries to use up memory."""


def fails(manner: Manner, reason: str, aside: Mapping[str, Manner] | None = None, big: bool = False) -> Kind:
    """A kind whose row ends at `downloaded`."""
    return Kind(manner, "downloaded", reason, aside or {}, big=big)


def shows(body: bytes, reason: str | None, big: bool = False, **headers: str) -> Kind:
    """A kind that is served honestly, and whose row ends at `verified`; headers are spelled with underscores."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Kind(answer(body, headers=fields), "verified", reason, big=big)


def leads_to(location: str, status: str = "302 Found") -> Manner:
    """A redirect to `location`, text that goes out as UTF-8."""

    def manner(seen: Seen) -> Iterator[Words]:
        place = location.replace("{host}", seen.host).replace("{port}", str(seen.port))
        return iter(answer(status=status, headers={"Location": place.encode().decode("latin-1")})(seen))

    return manner


def photograph(pictures: Iterator[Picture]) -> bytes:
    """The next picture as a JPEG file of 640 pixels."""
    return jpeg(next(pictures).image())
