"""One round of rechecks of one shard: its links are asked wave by wave, each in its way, and again if not believed.

Of a wave the links of the sample go first. Then a few links of each host that is asked by HEAD tell whether that is of
any use there, before the others follow. What was not believed is asked again at once: so a round that runs out of
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
import polars as pl
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
FIRST_WAVE, LARGEST_WAVE, _GROWTH = 64, 16_384, 4
"""Links of the first wave and of the largest, and how much larger each is than the one before.

A killed round loses the wave under way, and the disk holds one wave's bodies; but each waits for its slowest host, so
they are to be few: ten of a shard of 100,000 rows.
"""
_NOT_THERE = ("forbidden", "gone", "not_found", "not_image", "placeholder")


def waves(planned: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The rows in their order, in waves."""
    start, size = 0, FIRST_WAVE
    while start < planned.height:
        yield planned.slice(start, size)
        start, size = start + size, min(_GROWTH * size, LARGEST_WAVE)


@dataclass
class Asker:
    """Asks the links of one round by `fetch`; bodies that are not those that we have are left in `folder`.

    Their names there are their SHA-256.
    """

    fetch: Callable[[Iterable[Request]], Iterator[Outcome]]
    first_bytes: int
    folder: Path

    def __post_init__(self) -> None:
        self._scouts: Counter[str] = Counter()  # by host
        self._contradicted: Counter[str] = Counter()  # HEADs by host
        self._kept: Counter[str] = Counter()
        self._parked: dict[str, str | None] = {}  # hosts that are left alone for the rest of the round, with why

    def answers(self, wave: Sequence[Row]) -> Iterator[Answer]:
        """The answer of each row of a wave (of `links.ways`), which have an address each.

        One that could not be asked to the end, as nothing was left for it, ends as `budget_spent`.
        """
        others = [row for row in wave if row["asked_by"] != "get"]
        scouts = [row for row in others if self._is_scout(row)]
        first = {row["url"] for row in scouts}
        yield from self._of_sample([row for row in wave if row["asked_by"] == "get"])
        yield from self._of_others(scouts)
        yield from self._of_others([row for row in others if row["url"] not in first])

    def _is_scout(self, row: Row) -> bool:
        """Whether the link is one of the first of its host to be asked by HEAD; it is counted."""
        is_scout = row["asked_by"] == "head" and self._scouts[row["host"]] < SCOUTS
        self._scouts[row["host"]] += is_scout
        return is_scout

    def _of_sample(self, rows: Sequence[Row]) -> Iterator[Answer]:
        """The answers of links that are read whole, some of them after a HEAD."""
        heads = {row["url"]: said for row, said, _ in self._ask([row for row in rows if row["head_too"]], "head")}
        for row, said, way in self._ask(rows):
            head = heads.get(row["url"])
            if head is None:
                yield Answer(said, way)
                continue
            stands = believed("head", row, head)
            agree = stands and _has_ours(row, said)
            yield Answer(said, way, None if agree else head.http_status)
            self._learn(row, kept=agree, contradicted=_has_ours(row, said) or (stands and said.reason in _NOT_THERE))

    def _of_others(self, rows: Sequence[Row]) -> Iterator[Answer]:
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
        if not rows:
            return
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


def skipped_as(detail: str | None) -> str:
    """What was spent, by the detail of an outcome `budget_spent`: its first word, else the host's bytes of the day."""
    word = (detail or "").partition(":")[0]
    return word if word in ("requests", "bytes", "seconds", "requests_per_host") else "bytes_per_day"
