"""The catalogue of hostile kinds: what is served, and the stage and reason at which a row that points at it must end.

What belongs here: all kinds together, their hosts, and the rows and pages that serve them. What does not: the kinds
themselves (`of_hosts`, `of_redirects`, `of_files`, `of_rows`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from imgtext_assets.demo.pictures import CC0, all_pictures
from imgtext_assets_tests.web.hostile import Manner, answer
from imgtext_assets_tests.web.kind import EXPIRED, MISNAMED, SELF_SIGNED, TLS, Kind, photograph
from imgtext_assets_tests.web.of_files import files
from imgtext_assets_tests.web.of_hosts import hosts
from imgtext_assets_tests.web.of_redirects import redirects
from imgtext_assets_tests.web.of_rows import rows

NETWORK = "127.1.0.0/16"
"""Where all hosts are that may be asked."""
NEIGHBOURS = 12
_SECURE = (TLS, SELF_SIGNED, EXPIRED, MISNAMED)
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@cache
def malice() -> dict[str, Kind]:
    """All kinds, hostile and honest, by name."""
    pictures = iter(all_pictures())
    honest = {f"honest neighbour {n}": Kind(answer(photograph(pictures)), "verified", None) for n in range(NEIGHBOURS)}
    parts = (honest, hosts(pictures), redirects(pictures), files(pictures), rows(pictures))
    assert sum(map(len, parts)) == len({name for part in parts for name in part}), "two kinds of one name"
    return {name: kind for part in parts for name, kind in part.items()}


@dataclass(frozen=True)
class Cast:
    """Kinds with a host for each."""

    kinds: Mapping[str, Kind]

    def host(self, name: str) -> str:
        """The host of a kind, the same whatever other kinds there are."""
        number = list(malice()).index(name)
        return f"127.1.{number // 250}.{number % 250 + 1}"

    @property
    def hosts(self) -> list[str]:
        """All addresses that serve in plain HTTP."""
        served = {self.host(name) for name in self.kinds} | {page.partition("/")[0] for page in self.manners}
        return sorted(served - set(_SECURE))

    @property
    def manners(self) -> dict[str, Manner]:
        """What all hosts answer, by host and path."""
        pages: dict[str, Manner] = {}
        for name, kind in self.kinds.items():
            host = self.host(name)
            pages |= {host + kind.path: kind.answers} if kind.answers else {}
            pages |= {(host + page if page.startswith("/") else page): manner for page, manner in kind.aside.items()}
        return pages

    def rows(self, port: int) -> list[dict[str, Any]]:
        """The list that leads to them, for servers on that port: rows of a `table`, `creator` names the kind."""
        return [self._row(name, link, port) for name, kind in self.kinds.items() for link in range(kind.links)]

    def _row(self, name: str, link: int, port: int) -> dict[str, Any]:
        kind, host = self.kinds[name], self.host(name)

        def said(text: object) -> object:
            if not isinstance(text, str):
                return text
            wide = host.translate(_WIDE)
            return text.replace("{host}", host).replace("{port}", str(port)).replace("{wide}", wide)

        subject = list(all_pictures())[(list(malice()).index(name) + 14 * link) % 210].caption
        row = {"id": f"{name} {link}", "creator": name, "caption": subject, "license": CC0}
        row |= {"url": kind.address + (f"?{link}" if kind.links > 1 else ""), **kind.row}
        return {column: said(value) for column, value in row.items()}
