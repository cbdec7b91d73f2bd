"""A round of rechecks before and after the asking: what the lake knows, what is planned, what came of it.

What belongs here: reading for a round, and its figures for the UI. What does not: asking (`rechecks`), the rules
(`links`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from imgtext_assets import links
from imgtext_assets.catalog import LinkSettings, PictureSettings
from imgtext_assets.defs.describe import listed, markdown_table
from imgtext_assets.defs.progress import Report
from imgtext_assets.defs.rechecks import skipped_as
from imgtext_assets.engine import Engine
from imgtext_assets.fetch import Allowance
from imgtext_assets.lake import Lake
from imgtext_assets.pictures import inspect
from imgtext_assets.pictures.rows import inspection_frame
from imgtext_assets.tables import DEAD_LINKS, LINK_CHECKS, LINK_HOSTS, VERIFIED

_HOSTS = 20


def planned_round(
    verified: pl.LazyFrame, lake: Lake, shard: str, settings: LinkSettings, *, everything: bool
) -> pl.DataFrame:
    """The shard's addresses in the order in which to ask, with the way to ask each, or why it is skipped.

    Until rechecks have taught something of hosts and of dead links, all are taken for ordinary ones.
    """
    tables = lake.tables
    checks = tables.scan(LINK_CHECKS.name, LINK_CHECKS.schema, [shard])
    hosts = tables.scan(LINK_HOSTS.name, LINK_HOSTS.schema)
    dead = tables.scan(DEAD_LINKS.name, DEAD_LINKS.schema).filter(shard=shard)
    what = links.Round(settings, datetime.now(UTC), everything)
    plan = links.plan(verified, links.history(checks), hosts, dead, what)
    names = ("url", "host", "sha256", "bytes", "content_type", "etag", "last_modified", "why", "uniform", "skipped")
    return links.ways(plan.select(names), hosts).collect()


def placeholders_of(lake: Lake, shard: str) -> pl.LazyFrame:
    """What hosts of the shard are known to give in place of pictures: `host` and `sha256`."""
    checks = lake.tables.scan(LINK_CHECKS.name, LINK_CHECKS.schema, [shard])
    return links.known_placeholders(checks, lake.tables.scan(VERIFIED.name, VERIFIED.schema, [shard]))


def looked_at(folder: Path, engine: Engine, settings: PictureSettings, report: Report) -> pl.DataFrame:
    """What is seen in the files of the folder, whose names are their SHA-256: a frame of INSPECTIONS.

    They travel to the workers one by one, as they lie on this machine alone and are not to be kept.
    """
    files = sorted(folder.iterdir())
    contents = (file.read_bytes() for file in files)
    seen = engine.map(partial(inspect, settings=settings), contents, chunk=1)
    return inspection_frame([file.name for file in files], seen, report)


def sift(planned: pl.DataFrame, answers: Iterable[links.Answer]) -> tuple[list[links.Answer], pl.DataFrame]:
    """The answers that say something, and for each address `uniform` and `skipped` as it turned out.

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
    turned_out = planned.join(spent, on="url", how="left", maintain_order="left")
    return asked, turned_out.select("url", "host", "why", uniform=even, skipped=pl.coalesce("skipped", "spent"))


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
        **({"skipped_by_host": markdown_table(by_host.columns, by_host.head(_HOSTS).rows())} if by_reason else {}),
    }


def _counts(rows: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(rows.drop_nulls(column).group_by(column).len().sort(column).iter_rows())
