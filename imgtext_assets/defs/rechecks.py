"""One round of rechecks of one shard: its links are asked, each in its way, and again where that was not believed.

The sample goes first. Then a few links of each host that is asked by HEAD tell whether that is of any use there, and
the others follow in some waves, after each of which what was not believed is asked again: so a round that runs out of
budget has answers to show for most of what it spent.

What belongs here: the order of asking, and bodies on their way to be decoded. What does not: which links, in which way,
and what an answer means (`links`).
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from imgtext_assets.catalog import LinkSettings
from imgtext_assets.fetch import Allowance, Outcome, Request
from imgtext_assets.links import Answer, Way, believed, gives_up, request_for

Row = Mapping[str, Any]


class Recheck(dg.Config):
    """What one round may spend; what is not given is as the catalog's `links` have it."""

    requests: int | None = Field(default=None, ge=1, description="requests at most")
    bytes: int | None = Field(default=None, ge=1, description="bytes that are received at most")
    seconds: int | None = Field(default=None, ge=1, description="seconds after which nothing more is asked")
    requests_per_host: int | None = Field(default=None, ge=1, description="requests to one host at most")
    everything: bool = Field(
        default=False, description="also links that are not due or dead, without the catalog's budget"
    )

    def settings(self, of_catalog: LinkSettings) -> LinkSettings:
        """The catalog's settings with what is given here."""
        names = ("requests", "bytes", "seconds", "requests_per_host")
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        before = dict.fromkeys(names) if self.everything else {}
        return of_catalog.model_copy(update=before | given)


def allowance_of(settings: LinkSettings) -> Allowance:
    """What a round that begins now may ask."""
    return Allowance(settings.requests, settings.bytes, settings.seconds, settings.requests_per_host)


SCOUTS = 5
"""So many links of a host are asked by HEAD before all others are."""
WAVES = 4
"""In so many parts the others are asked, where there is a budget."""
_NOT_THERE = ("forbidden", "gone", "not_found", "not_image", "placeholder")


@dataclass
class Asker:
    """Asks links by `fetch`; bodies that are not those that we have are left in `folder`, under their SHA-256."""

    fetch: Callable[[Iterable[Request]], Iterator[Outcome]]
    first_bytes: int
    folder: Path
    waves: int = WAVES

    def __post_init__(self) -> None:
        self._contradicted: Counter[str] = Counter()  # HEADs by host
        self._kept: Counter[str] = Counter()
        self._parked: dict[str, str | None] = {}  # hosts that are left alone for the rest of the round, with why

    def answers(self, rows: Sequence[Row]) -> Iterator[Answer]:
        """The answer of each row of `links.ways`, which have an address each: first of the sample, then of the others.

        One that could not be asked to the end, as nothing was left for it, ends as `budget_spent`.
        """
        sample = [row for row in rows if row["asked_by"] == "get"]
        others = [row for row in rows if row["asked_by"] != "get"]
        heads = {row["url"]: said for row, said, _ in self._ask([row for row in sample if row["head_too"]], "head")}
        for row, said, way in self._ask(sample):
            head = heads.get(row["url"])
            if head is None:
                yield Answer(said, way)
                continue
            stands = believed("head", row, head)
            agree = stands and _has_ours(row, said)
            yield Answer(said, way, None if agree else head.http_status)
            self._learn(row, kept=agree, contradicted=_has_ours(row, said) or (stands and said.reason in _NOT_THERE))
        for wave in waves(others, self.waves):
            yield from self._wave(wave)

    def _wave(self, rows: Sequence[Row]) -> Iterator[Answer]:
        """The answers of links that are not of the sample, asked again where they were not believed."""
        doubted: dict[str, tuple[Row, int | None]] = {}
        for row, said, way in self._ask(rows):
            if not believed(way, row, said):
                doubted[row["url"]] = row, said.http_status if way == "head" else None
                continue
            yield Answer(said, way)
            if way == "head" and said.reason is None:
                self._learn(row, kept=True, contradicted=False)
        for row, said, way in self._ask([row for row, _ in doubted.values()], "get"):
            head_status = doubted[row["url"]][1]
            yield Answer(said, way, head_status)
            if head_status is not None:
                self._learn(row, kept=False, contradicted=_has_ours(row, said))

    def _learn(self, row: Row, *, kept: bool, contradicted: bool) -> None:
        """Count a HEAD that was believed, or that a GET contradicts."""
        self._kept[row["host"]] += kept
        self._contradicted[row["host"]] += contradicted and not kept

    def _way(self, row: Row) -> Way:
        host = row["host"]
        in_vain = row["asked_by"] == "head" and gives_up(self._contradicted[host], self._kept[host])
        return "range" if in_vain else row["asked_by"]

    def _ask(self, rows: Sequence[Row], way: Way | None = None) -> Iterator[tuple[Row, Outcome, Way]]:
        """What comes of asking the rows in that way, or each in its own."""
        asked: dict[str, tuple[Row, Way]] = {
            row["url"]: (row, way or self._way(row)) for row in rows if row["host"] not in self._parked
        }
        for row in rows:
            if row["url"] not in asked:
                why = self._parked[row["host"]]
                yield row, Outcome(Request(row["url"]), "parked", why, passing=True), way or self._way(row)
        for said in self.fetch(Request(**request_for(row, by, self.first_bytes)) for row, by in asked.values()):
            row, by = asked[said.request.url]
            self._put_aside(row, said)
            if said.reason == "parked" and (said.detail or "").startswith(f"{row['host']} "):
                self._parked[row["host"]] = said.detail
            yield row, said, by

    def _put_aside(self, row: Row, said: Outcome) -> None:
        if said.body is None:
            return
        with said.body as body:
            if said.sha256 is None or said.sha256 == row["sha256"] or (file := self.folder / said.sha256).exists():
                return
            with file.open("wb") as out:
                shutil.copyfileobj(body, out)


def _has_ours(row: Row, said: Outcome) -> bool:
    return said.sha256 is not None and said.sha256 == row["sha256"]


def waves(rows: Sequence[Row], count: int) -> Iterator[Sequence[Row]]:
    """The rows in their order, in `count` parts about as large as one another; before these the scouts of all hosts."""
    seen: Counter[str] = Counter()
    scouts: list[Row] = []
    others: list[Row] = []
    for row in rows:
        is_scout = row["asked_by"] == "head" and seen[row["host"]] < SCOUTS
        seen[row["host"]] += is_scout
        (scouts if is_scout else others).append(row)
    size = max(1, -(-len(others) // count))
    for wave in (scouts, *(others[start : start + size] for start in range(0, len(others), size))):
        if wave:
            yield wave


def skipped_as(detail: str | None) -> str:
    """What was spent, by the detail of an outcome `budget_spent`: its first word, else the host's bytes of the day."""
    word = (detail or "").partition(":")[0]
    return word if word in ("requests", "bytes", "seconds", "requests_per_host") else "bytes_per_day"
