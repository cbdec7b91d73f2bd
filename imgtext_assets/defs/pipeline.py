"""What the command line does, as runs on the instance: build, recheck, release.

What belongs here: which runs, in which order. What does not: options and printing (`cli`), rules (the rooms).
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

import dagster as dg
import polars as pl

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs import stale
from imgtext_assets.defs.assets.release import CUT_RELEASE
from imgtext_assets.defs.build import build_defs
from imgtext_assets.defs.cluster_inputs import inputs_versions
from imgtext_assets.defs.discover import add_partitions, discover, file_events, judged_shards, present_shards
from imgtext_assets.defs.engines import new_reader
from imgtext_assets.defs.jobs import BUILD, INGEST
from imgtext_assets.defs.orders import load_orders
from imgtext_assets.defs.progress import Progress
from imgtext_assets.defs.runs import RunResult, run_job
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.engine import Engine
from imgtext_assets.lake import Lake
from imgtext_assets.tables import (
    BY_NAME,
    DEDUPLICATED,
    DOWNLOADED,
    DUPLICATE_CLUSTERS,
    FINGERPRINTS,
    LICENSE_FILTERED,
    LINK_CHECKS,
    RAW_METADATA,
    VERIFIED,
)

ORDER = [*INGEST, DUPLICATE_CLUSTERS.name, *BUILD]
"""The assets of a build, in the order in which they run."""

_TURNS = 10
"""An address that is to replace a dead link may fail too: so often a build tries another, the next build goes on."""

Again = Mapping[str, Collection[str]]
Item = TypeVar("Item")


class Bars(Progress, Protocol):
    """Progress that also shows how many shards are done."""

    def each(self, items: Sequence[Item], what: str) -> Iterable[Item]:
        """The items, shown as they are taken."""
        ...


@dataclass(frozen=True)
class Pipeline:
    """A catalog's lake and the instance that its runs show on.

    `engine` decodes and `reader` opens files for all runs; without them, each run starts processes of its own.
    With `retry_final`, addresses are asked again that had a final answer.
    """

    catalog: Catalog
    lake: Lake
    instance: dg.DagsterInstance
    bars: Bars
    engine: Engine | None = None
    reader: Engine | None = None
    retry_final: bool = False

    @cached_property
    def defs(self) -> dg.Definitions:
        """The definitions whose assets run."""
        engines = {"engine": self.engine, "reader": self.reader}
        shared = {name: running for name, running in engines.items() if running}
        return build_defs(self.catalog, lake=self.lake, progress=self.bars, **shared)

    def discover(self) -> list[str]:
        """List the sources' files and add their shards. Returns what is wrong with them, a line each."""
        with nullcontext(self.reader) if self.reader else new_reader() as reader:
            discovery = discover(self.catalog, self.lake, reader)
        add_partitions(self.instance, discovery)
        for event in file_events(self.instance, discovery, self.catalog):
            self.instance.report_runless_asset_event(event)
        return discovery.problems

    def build(self, shards: Sequence[str], until: str = VERIFIED.name, force: bool = False) -> list[str]:
        """Run what is missing, changed, or may now succeed, up to the asset `until`; with `force`, everything.

        Returns what went wrong, a line for each shard.
        """
        wanted = ORDER[: ORDER.index(until) + 1]
        orders = load_orders(self.catalog)
        early, late = stale.shards_judged_otherwise(self.lake, self.catalog.policy, orders, shards)
        elsewhere = stale.shards_led_to_what_is_listed(self.lake, orders, shards)
        again = {LICENSE_FILTERED.name: early, FINGERPRINTS.name: stale.shards_to_fingerprint_again(self.lake)}
        problems = self._run_stages("ingest", [s for s in INGEST if s in wanted], shards, again, force)
        if DUPLICATE_CLUSTERS.name not in wanted:
            return problems
        for _ in range(_TURNS):
            problems += self._compare(wanted, shards, force, late=late, elsewhere=elsewhere)
            if problems or force or not self._clusters_stale():
                break
        return problems

    def _compare(
        self, wanted: Sequence[str], shards: Sequence[str], force: bool, *, late: list[str], elsewhere: list[str]
    ) -> list[str]:
        """Compare all rows where that is due, and build what follows."""
        problems = self._run("cluster") if force or self._clusters_stale() else []
        ready = set(self.lake.tables.shards(FINGERPRINTS.name))
        shards = [shard for shard in shards if shard in ready]
        again = {
            DEDUPLICATED.name: stale.shards_with_new_verdicts(self.lake),
            DOWNLOADED.name: [*stale.shards_to_ask_again(self.lake, final_too=self.retry_final), *elsewhere],
            VERIFIED.name: late,
        }
        return problems + self._run_stages("build", [s for s in BUILD if s in wanted], shards, again, force)

    def _clusters_stale(self) -> bool:
        inputs = inputs_versions(self.catalog, self.lake)
        return stale.clusters_stale(self.instance, self.lake, code_versions(self.catalog), inputs)

    def recheck(self, shards: Sequence[str], **options: Any) -> list[str]:
        """One round of link rechecks of the shards that are verified, and the decay statistics after it.

        `options` are those of the asset (`rechecks.Recheck`), such as `everything=True`; they hold for each shard.
        """
        problems = []
        for shard in self.bars.each(shards, "recheck: shards"):
            problems += self._run("recheck", shard, config={LINK_CHECKS.name: options} if options else None)
        return problems + self._run("decay")

    def accounts(self) -> list[str]:
        """Count the accounts' rows anew."""
        return self._run("count_accounts")

    def purge(self) -> RunResult:
        """Mark the bytes of removed pictures, and delete those whose days of grace are over."""
        return run_job(self.defs, "purge", self.instance)

    def release(self, allow_removals: bool = False) -> RunResult:
        """Cut a new version; with `allow_removals`, however many rows of the one before it loses."""
        config = {CUT_RELEASE: {"allow_removals": True}} if allow_removals else None
        return run_job(self.defs, "release", self.instance, config=config)

    def _run_stages(
        self, job: str, stages: Sequence[str], shards: Sequence[str], again: Again, force: bool
    ) -> list[str]:
        """Run what is stale, then what this made stale, until nothing is; no stage of a shard twice.

        `again` has the shards of which a stage must run though it is not stale.
        """
        problems: list[str] = []
        left, done = set(shards) if stages else set(), set[tuple[str, str]]()
        while due := self._all(stages, left) if force else self._due(stages, left, again, done):
            for shard in self.bars.each(sorted(due), f"{job}: shards"):
                failed = self._run(job, shard, due[shard])
                done.update((stage, shard) for stage in due[shard])
                problems += failed
                left -= {shard} if failed or force else set()
        return problems

    def _due(
        self, stages: Sequence[str], shards: Collection[str], again: Again, done: Container[tuple[str, str]]
    ) -> dict[str, list[str]]:
        versions = code_versions(self.catalog)
        due: dict[str, list[str]] = {}
        for group, readable in self._groups(stages, shards):
            due |= stale.stages_to_run(self.instance, self.lake, readable, group, versions)
        for place, stage in reversed(list(enumerate(stages))):  # the earliest wins; what follows is looked at after it
            for shard in set(again.get(stage, ())) & set(shards):
                if (stage, shard) not in done and (shard not in due or stages.index(due[shard][0]) > place):
                    due[shard] = [stage]
        return {shard: names for shard, names in due.items() if (names[0], shard) not in done}

    def _all(self, stages: Sequence[str], shards: Collection[str]) -> dict[str, list[str]]:
        return {shard: readable for group, readable in self._groups(stages, shards) for shard in group if readable}

    def _groups(self, stages: Sequence[str], shards: Collection[str]) -> list[tuple[list[str], list[str]]]:
        """Shards with the stages that they can run: one whose file is gone cannot be read again."""
        present = set(present_shards(self.lake))
        without_file = [stage for stage in stages if stage != RAW_METADATA.name]
        return [
            (sorted(set(shards) & present), list(stages)),
            (sorted(set(shards) - present), without_file),
        ]

    def _run(
        self,
        job: str,
        shard: str | None = None,
        assets: Sequence[str] | None = None,
        config: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> list[str]:
        if self.retry_final and DOWNLOADED.name in (assets or ()):
            config = {DOWNLOADED.name: {"retry_final": True}}
        result = run_job(self.defs, job, self.instance, shard, assets, config)
        return [] if result.ok else [f"{shard or 'all shards'}: {result.problem} (run {result.run_id})"]


@dataclass(frozen=True)
class Project:
    """A catalog and its lake, for reading."""

    catalog: Catalog
    lake: Lake

    def scan(self, name: str, shard: str | None = None) -> pl.LazyFrame:
        """A table of the lake, or one shard of it."""
        return self.lake.tables.scan(name, BY_NAME[name].schema, [shard] if shard else None)

    def shards(self, source: str | None = None) -> list[str]:
        """Keys of the shards that can be built, of all sources of the catalog or of one."""
        return judged_shards(self.lake, self.catalog, source)
