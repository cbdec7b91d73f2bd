"""What a maintainer does every month, with the project's own commands and assets, and what each month came to.

What belongs here: the project's catalog, its lists, takedowns, and one month's work. What does not: what the web does
(`web`), what must be true of it all (the test).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import polars as pl
import time_machine
import yaml

from imgtext_assets.catalog import Catalog, load_catalog
from imgtext_assets.cli.main import main
from imgtext_assets.console import out
from imgtext_assets.defs.engines import READER_CPU_SECONDS, READER_MEMORY
from imgtext_assets.defs.pipeline import Pipeline, Project
from imgtext_assets.engine import LocalEngine
from imgtext_assets.lake import Lake
from imgtext_assets_tests.defs.world import NoBars, engine_with, write_parquet
from imgtext_assets_tests.years.web import Link, RottingWeb

BEGIN = datetime(2027, 1, 1, 6, tzinfo=UTC)
MONTHS = 24
ARCHIVE, MIRROR = "archive", "mirror"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
_SHARES = (0.45, 0.35, 0.12, 0.08)  # of the archive's links, by host
_MIRRORED = 5  # every so many pictures of the archive have another address, at the steady host


@dataclass(frozen=True)
class Takedown:
    """A request: what it names and every name that it must take with it."""

    month: int
    kind: str
    value: str
    removed: frozenset[str]
    """SHA-256s of the pictures that it means."""


@dataclass(frozen=True)
class Month:
    """What one month came to."""

    month: int
    version: str
    released_at: datetime
    rows: int
    changes: dict[str, int]
    alive: int
    """Of the release's links, those that lead to their picture, by the web's own word."""


@dataclass
class Maintainer:
    """A project in `folder`, the web that it lists, and the months so far."""

    folder: Path
    web: RottingWeb
    instance: dg.DagsterInstance
    months: list[Month] = field(default_factory=list)
    takedowns: list[Takedown] = field(default_factory=list)
    lists: int = 0

    @property
    def catalog(self) -> Catalog:
        return load_catalog(self.folder / "catalog.yaml")

    @property
    def lake(self) -> Lake:
        return Lake(self.catalog.lake)

    @property
    def project(self) -> Project:
        return Project(self.catalog, self.lake)

    @property
    def pipeline(self) -> Pipeline:
        pictures = self.catalog.pictures
        decoding: LocalEngine = engine_with(pictures.workers, pictures.decode_memory, pictures.decode_seconds)
        reading = engine_with(None, READER_MEMORY, READER_CPU_SECONDS)
        return Pipeline(self.catalog, self.lake, self.instance, NoBars(), decoding, reading)

    def imgtext(self, *arguments: str) -> int:
        """Run the command in this process, as a user would; returns its exit code."""
        argv = ["imgtext", "--catalog", str(self.folder / "catalog.yaml"), *arguments]
        with patch.object(sys, "argv", argv), out.capture():
            try:
                main()
            except SystemExit as done:
                return int(done.code or 0)
        return 0

    def publish_list(self, links: list[Link]) -> None:
        """The sources publish another list of links."""
        for source in (ARCHIVE, MIRROR):
            rows = [self._row(link) for link in links if link.source == source]
            if rows:
                write_parquet(self.folder / f"lists/{source}/{self.lists:03d}.parquet", pl.DataFrame(rows))
        self.lists += 1

    def _row(self, link: Link) -> dict[str, str]:
        return {
            "id": link.id,
            "url": self.web.url(link),
            "caption": f"Noise number {link.id}",
            "creator": link.creator,
            "license": CC0,
        }

    def build(self) -> None:
        """What `imgtext build` does."""
        problems = self.pipeline.discover()
        problems += self.pipeline.build(self.project.shards())
        assert not problems, problems

    def recheck(self) -> None:
        """What `imgtext recheck` does, in this month's weather."""
        with self.web.weather():
            problems = self.pipeline.recheck(self.lake.tables.shards("verified"))
        assert not problems, problems

    def take_down(self, kind: str, value: str, removed: frozenset[str]) -> None:
        """A request comes in and is carried out by the command."""
        key = ["--creator", value] if kind == "creator" else [value]
        assert self.imgtext("remove", *key, "--reason", "the maker asked", "--request", f"T-{len(self.takedowns)}") == 0
        self.takedowns.append(Takedown(self.web.month, kind, value, removed))

    def release(self) -> None:
        """Cut the month's release and look at the web what of it is alive."""
        result = self.pipeline.release()
        assert result.ok, result.problem
        version = result.metadata["release"]["version"]
        manifest, rows = self.lake.releases.manifest(version), self.released(version)
        alive = sum(self.web.is_there(self.web.links[name]) for name in rows["id"])
        changes = {name: count for name, count in manifest["changes"].items() if isinstance(count, int)}
        self.months.append(Month(self.web.month, version, datetime.now(UTC), rows.height, changes, alive))

    def released(self, version: str) -> pl.DataFrame:
        """The rows of a release."""
        return self.lake.releases.scan(version).collect()


def first_lists(web: RottingWeb, count: int) -> list[Link]:
    """So many links of the archive over all hosts, and for some of their pictures another address."""
    links: list[Link] = []
    for host, share in enumerate(_SHARES):
        for number in range(round(count * share)):
            link = web.add(ARCHIVE, host)
            links.append(link)
            if number % _MIRRORED == 0:
                links.append(web.add(MIRROR, 0, link.body, link.creator))
    return links


def month_of_work(maintainer: Maintainer, clock: time_machine.Traveller) -> None:
    """Refresh, recheck, takedowns, obeying them, bytes that go, and a release: on their days of the month."""
    web, first = maintainer.web, BEGIN + timedelta(days=30.4375 * maintainer.web.month)
    clock.move_to(first)
    if web.month and web.month % 8 == 0:
        maintainer.publish_list([*first_lists(web, 30), *_listed_again(maintainer)])
    maintainer.build()
    clock.move_to(first + timedelta(days=9))
    maintainer.recheck()
    clock.move_to(first + timedelta(days=14))
    if web.month % 3 == 1:
        _take_something_down(maintainer)
    maintainer.build()
    clock.move_to(first + timedelta(days=21))
    assert maintainer.imgtext("purge") == 0
    clock.move_to(first + timedelta(days=28))
    maintainer.release()


def _listed_again(maintainer: Maintainer) -> list[Link]:
    """Removed pictures that a source lists anew, under another id and address: they must stay out."""
    removed = {sha256 for takedown in maintainer.takedowns for sha256 in takedown.removed}
    bodies = {link.sha256: link.body for link in maintainer.web.links.values() if link.sha256 in removed}
    return [maintainer.web.add(ARCHIVE, 0, body, "somebody else") for body in bodies.values()]


def _take_something_down(maintainer: Maintainer) -> None:
    """By id, file, address or maker in turn; what is in the newest release, if there is any."""
    newest = maintainer.released(maintainer.months[-1].version) if maintainer.months else None
    if newest is None or newest.is_empty():
        return
    web, kind = maintainer.web, ("id", "sha256", "url", "creator")[len(maintainer.takedowns) % 4]
    link = web.links[newest["id"][int(web.random.integers(newest.height))]]
    value = {"id": link.id, "sha256": link.sha256, "url": web.url(link), "creator": link.creator}[kind]
    meant = [other for other in web.links.values() if other is link or (kind == "creator" and other.creator == value)]
    maintainer.take_down(kind, value, frozenset(other.sha256 for other in meant))


@contextmanager
def employed(folder: Path, web: RottingWeb) -> Iterator[Maintainer]:
    """A project that nothing is built of yet.

    What Dagster remembers of its runs stays in memory: on disk it would take longer than all that the runs do.
    """
    content = {
        "lake": "lake",
        "sources": [
            {"name": name, "format": "table", "paths": f"lists/{name}/*.parquet"} for name in (ARCHIVE, MIRROR)
        ],
        "policy": {"drift": {"placeholder_links": None}},
        "fetch": {
            "contact": "data@example.org",
            "allow_networks": ["127.0.0.0/8"],
            "hosts": [{"match": "127.*", "concurrency": 16, "rate": 10_000}],
            "attempts": 1,
            "park_after": 1_000,
        },
        "links": {"sample": 0.1},
        "release": {"name": "two-years", "max_removed_share": 0.3},
    }
    (folder / "home").mkdir(parents=True)
    (folder / "catalog.yaml").write_text(yaml.safe_dump(content))
    telemetry = {"telemetry": {"enabled": False}}
    with (
        dg.DagsterInstance.ephemeral(str(folder / "home"), settings=telemetry) as instance,
        patch("imgtext_assets.cli.app.instance", return_value=instance),
    ):
        yield Maintainer(folder, web, instance)


def live(maintainer: Maintainer, months: int = MONTHS, links: int = 150) -> Iterator[Month]:
    """Live through so many months; what each came to."""
    with time_machine.travel(BEGIN, tick=True) as clock:
        maintainer.publish_list(first_lists(maintainer.web, links))
        for _ in range(months):
            month_of_work(maintainer, clock)
            yield maintainer.months[-1]
            maintainer.web.grow_older()
