"""A web whose links rot: four hosts on loopback, each with a temper of its own, and what became of every link.

The same seed gives the same two years. What belongs here: what hosts serve, month by month, and the truth about it.
What does not: what a maintainer makes of it (`maintainer`).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from imgtext_assets.demo import DemoWeb, Page

SIDE = 320
_GRAIN = 9  # so many grey values a side, blown up: every picture is unlike every other


@dataclass(frozen=True)
class Temper:
    """How a host's links fare: the share that dies in a month, and the months in which all of it is out."""

    name: str
    dies: float
    outages: frozenset[int] = frozenset()
    leaves: int | None = None
    """The month from which on nothing of it answers any more."""


TEMPERS = (
    Temper("steady", dies=0.004),
    Temper("rotting", dies=0.05),
    Temper("moody", dies=0.01, outages=frozenset({5, 14})),
    Temper("leaving", dies=0.01, leaves=11),
)
RETURNS = 0.3  # of links that do not answer, the share that is back a month later
FATES = ("not_found", "gone", "placeholder", "replaced")
"""How a link dies, one as likely as the other."""


@dataclass
class Link:
    """One address of a picture: `sha256` are the bytes that it was listed with."""

    id: str
    source: str
    host: int
    path: str
    body: bytes
    creator: str
    born: int
    died: int | None = None
    """The month in which it died, if it has; a link that is away for a month has not."""
    back: int | None = None
    """The month in which it will be back, of one that is away."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass
class RottingWeb:
    """The hosts, and all links that they ever had."""

    hosts: list[DemoWeb]
    random: np.random.Generator
    links: dict[str, Link] = field(default_factory=dict)
    month: int = 0
    _unavailable: bytes = field(default_factory=lambda: picture(np.random.default_rng(0)))

    def url(self, link: Link) -> str:
        return self.hosts[link.host].url(link.path)

    def add(self, source: str, host: int, body: bytes | None = None, creator: str | None = None) -> Link:
        """A new link, of a new picture unless `body` is given."""
        number = len(self.links)
        name = creator or f"maker {int(self.random.integers(40))}"
        data = body or picture(self.random)
        link = Link(f"{source}-{number}", source, host, f"/{source}/{number}.jpg", data, name, self.month)
        self.links[link.id] = link
        self.hosts[host].pages[link.path] = Page(link.body)
        return link

    def host_is_out(self, host: int) -> bool:
        temper = TEMPERS[host]
        return self.month in temper.outages or (temper.leaves is not None and self.month >= temper.leaves)

    def is_there(self, link: Link) -> bool:
        """Whether the link leads to its picture this month."""
        return link.died is None and link.back is None and not self.host_is_out(link.host)

    def grow_older(self) -> None:
        """A month passes."""
        self.month += 1
        for link in self.links.values():
            if link.back == self.month:
                link.back = None
                self._serve(link, Page(link.body))
            elif link.died is None and link.back is None:
                self._age(link)

    def _age(self, link: Link) -> None:
        chance = self.random.random()
        dies = TEMPERS[link.host].dies
        if chance < dies:
            link.died = self.month
            self._serve(link, self._remains())
        elif chance < dies * (1 + RETURNS):
            link.back = self.month + 1
            self._serve(link, None)

    def _remains(self) -> Page | None:
        """What a dead link answers."""
        fate = FATES[int(self.random.integers(len(FATES)))]
        return {
            "not_found": None,
            "gone": Page(b"gone", "text/plain", 410),
            "placeholder": Page(redirect="/photo_unavailable.jpg"),
            "replaced": Page(picture(self.random)),
        }[fate]

    def _serve(self, link: Link, page: Page | None) -> None:
        pages = self.hosts[link.host].pages
        pages.pop(link.path, None)
        if page is not None:
            pages[link.path] = page

    @contextmanager
    def weather(self) -> Iterator[None]:
        """While this month's outages last: such hosts answer 503."""
        out = [host for number, host in enumerate(self.hosts) if self.host_is_out(number)]
        fair = [dict(host.pages) for host in out]
        for host in out:
            host.pages = {path: replace(page, status=503, redirect=None) for path, page in host.pages.items()}
        try:
            yield
        finally:
            for host, pages in zip(out, fair, strict=True):
                host.pages = pages


@contextmanager
def rotting_web(seed: int) -> Iterator[RottingWeb]:
    """Four hosts, each at an address of its own."""
    with ExitStack() as stack:
        hosts = [stack.enter_context(DemoWeb({}, host=f"127.0.0.{number + 2}")) for number in range(len(TEMPERS))]
        web = RottingWeb(hosts, np.random.default_rng(seed))
        for host in hosts:
            host.pages["/photo_unavailable.jpg"] = Page(web._unavailable)
        yield web


def picture(random: np.random.Generator) -> bytes:
    """A JPEG of blurred noise: its perceptual hash is far from that of any other."""
    grey = random.integers(0, 256, (_GRAIN, _GRAIN), dtype=np.uint8)
    body = io.BytesIO()
    Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(body, "JPEG", quality=85)
    return body.getvalue()
