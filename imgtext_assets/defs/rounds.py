"""A round of rechecks around the asking: what the lake knows, what is planned, what came of it, wave by wave.

After each wave the lake has what the round observed so far, so one that is killed loses a wave, and the next goes on
where it stopped. A round is one file of LINK_CHECKS.

What belongs here: reading and writing for a round, and its figures for the UI. What does not: asking (`rechecks`), the
rules (`links`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from imgtext_assets import links
from imgtext_assets.catalog import DriftPolicy, LinkSettings, PictureSettings
from imgtext_assets.defs.describe import listed, markdown_table
from imgtext_assets.defs.fetching import refused_by
from imgtext_assets.defs.progress import Report
from imgtext_assets.defs.rechecks import Row, skipped_as, waves
from imgtext_assets.engine import Engine
from imgtext_assets.fetch import Allowance
from imgtext_assets.lake import Lake
from imgtext_assets.pictures import inspect
from imgtext_assets.pictures.rows import inspection_frame
from imgtext_assets.tables import DEAD_LINKS, LINK_CHECKS, LINK_HOSTS, VERIFIED

_HOSTS = 20
_TURNED_OUT = ("url", "host", "why", "uniform", "skipped")


@dataclass(frozen=True)
class Round:
    """One round of the links of one shard, whose kept rows of VERIFIED are `rows`.

    With `everything` links are asked that are not due or dead, too.
    """

    lake: Lake
    shard: str
    rows: pl.DataFrame
    settings: LinkSettings
    everything: bool = False

    def run(
        self,
        ask: Callable[[Sequence[Row]], Iterator[links.Answer]],
        look: Callable[[], pl.DataFrame],
        policy: DriftPolicy,
        report: Report,
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Ask wave by wave, and write what was observed after each.

        `ask` gives the answers of a wave, `look` what is seen in the bodies of other bytes among them. Returns the
        observations, a frame of LINK_CHECKS, and a row for each link, as `sift` gives them for addresses.
        """
        planned = self._plan()
        wanted = planned.filter(pl.col("skipped").is_null())
        turned_out = [planned.drop_nulls("skipped").select(_TURNED_OUT)]
        observed = LINK_CHECKS.schema.to_frame()
        done, path = 0, None
        for wave in waves(wanted):
            answers: list[links.Answer] = []
            for answer in ask(wave.to_dicts()):
                answers.append(answer)
                report(done := done + 1, wanted.height)
            asked, by_address = sift(wave, answers)
            turned_out.append(by_address)
            if asked:
                observed = pl.concat([observed, self._observed(asked, by_address, look(), policy)])
                path = self.lake.tables.append(LINK_CHECKS.name, observed, self.shard, path)
        return observed, self.rows.select("url").join(pl.concat(turned_out), on="url")

    def version(self) -> dg.DataVersion:
        """A digest of which observations of the shard there are, those of killed rounds too."""
        files = self.lake.tables.files(LINK_CHECKS.name, self.shard)
        return dg.DataVersion(sha256("\n".join(files).encode()).hexdigest()[:16])

    def _plan(self) -> pl.DataFrame:
        """The shard's addresses in the order in which to ask, with the way to ask each, or why it is skipped.

        Until rechecks have taught something of hosts and of dead links, all are taken for ordinary ones.
        """
        tables = self.lake.tables
        hosts = tables.scan(LINK_HOSTS.name, LINK_HOSTS.schema)
        dead = tables.scan(DEAD_LINKS.name, DEAD_LINKS.schema).filter(shard=self.shard)
        what = links.Round(self.settings, datetime.now(UTC), self.everything)
        plan = links.plan(self.rows.lazy(), links.history(self._checks()), hosts, dead, what)
        names = ("url", "host", "sha256", "bytes", "content_type", "etag", "last_modified", "why", "uniform", "skipped")
        return links.ways(plan.select(names), hosts).collect()

    def _observed(
        self, asked: list[links.Answer], by_address: pl.DataFrame, looks: pl.DataFrame, policy: DriftPolicy
    ) -> pl.DataFrame:
        verified = self.lake.tables.scan(VERIFIED.name, VERIFIED.schema, [self.shard])
        uniform = by_address.lazy().select("url", "uniform")
        return links.states(
            self.rows.lazy().join(uniform, on="url", how="inner", maintain_order="left"),
            links.answers_frame(asked, self.settings.hosts).lazy(),
            looks.lazy(),
            links.given_instead(self._checks(), verified),
            policy,
        ).collect()

    def _checks(self) -> pl.LazyFrame:
        return self.lake.tables.scan(LINK_CHECKS.name, LINK_CHECKS.schema, [self.shard])


def looked_at(folder: Path, engine: Engine, settings: PictureSettings, start: Callable[[], Report]) -> pl.DataFrame:
    """What is seen in the files of the folder, whose names are their SHA-256: a frame of INSPECTIONS. They are deleted.

    They travel to the workers one by one, as they lie on this machine alone and are not to be kept.
    """
    files = sorted(folder.iterdir())
    contents = (file.read_bytes() for file in files)
    seen = engine.map(partial(inspect, settings=settings), contents, chunk=1)
    looks = inspection_frame([file.name for file in files], seen, start() if files else _to_nobody)
    for file in files:
        file.unlink()
    return looks


def _to_nobody(_done: int, _total: int) -> None:
    """Where there is nothing to be done, nobody is told."""


def sift(wave: pl.DataFrame, answers: Iterable[links.Answer]) -> tuple[list[links.Answer], pl.DataFrame]:
    """The answers of a wave that say something, and for each address `uniform` and `skipped` as it turned out.

    Where links had to be skipped, only the sample is even. Of each host it was asked from the front, so what it lost
    by the end of the budget does not depend on what was answered.
    """
    asked: list[links.Answer] = []
    left: dict[str, str] = {}
    for answer in answers:
        if answer.said.reason == "budget_spent":
            left[answer.said.request.url] = skipped_as(answer.said.detail)
        else:
            asked.append(answer)
    spent = pl.DataFrame(
        {"url": list(left), "spent": list(left.values())}, schema={"url": pl.String, "spent": pl.String}
    )
    even = pl.col("uniform") if not left else pl.col("why") == "sample"
    by_address = wave.join(spent, on="url", how="left", maintain_order="left")
    return asked, by_address.with_columns(uniform=even, skipped="spent").select(_TURNED_OUT)


def of_round(observed: pl.DataFrame, links_: pl.DataFrame, allowance: Allowance) -> dict[str, Any]:
    """What a round did, for the UI; `links_` has a row for each link, as `sift` gives them."""
    by_state, by_way = _counts(observed, "state"), _counts(observed, "asked_by")
    skipped = links_.drop_nulls("skipped")
    by_reason = _counts(skipped, "skipped")
    summary = f"{observed.height:,} of {links_.height:,} links asked"
    summary += f": {listed(by_state)}" if by_state else ""
    summary += f"; skipped: {listed(by_reason)}" if by_reason else ""
    by_host = skipped.group_by("host", "skipped").len("links").sort("links", "host", descending=[True, False])
    return {
        "summary": summary if links_.height else "no links",
        "links": links_.height,
        "observed": observed.height,
        "skipped": skipped.height,
        **by_state,
        **{f"skipped_{word}": count for word, count in by_reason.items()},
        "sample": links_.filter(why="sample").height,
        "asked_by": listed(by_way) or "nothing",
        "requests": allowance.asked,
        "received_bytes": allowance.received,
        "opted_out_by": listed(refused_by(observed.filter(state="opted_out"))) or "nothing",
        "dagster/partition_row_count": observed.height,
        **({"skipped_by_host": markdown_table(by_host.columns, by_host.head(_HOSTS).rows())} if by_reason else {}),
    }


def _counts(rows: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(rows.drop_nulls(column).group_by(column).len().sort(column).iter_rows())
