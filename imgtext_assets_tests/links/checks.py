"""Observations of links for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import polars as pl

from imgtext_assets.links.learning import PICTURES, Learned, learn
from imgtext_assets.settings import LinkSettings
from imgtext_assets.tables import LINK_CHECKS

START = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = LinkSettings(dead_after=3, dead_days=14, outage_links=10, outage_share=0.9, lost_days=60)
Observation = tuple[float, str, str]


def checks(*observations: Observation, host: str = "h", source: str = "s", uniform: bool | None = None) -> pl.DataFrame:
    """Observations as (days since the start, link, state)."""
    rows = [
        {"id": link, "source": source, "shard": f"{source}-00000", "url": f"https://{host}/{link}", "host": host}
        | {"state": state, "checked_at": START + timedelta(days=day), "uniform": uniform}
        for day, link, state in observations
    ]
    return LINK_CHECKS.conform(pl.LazyFrame(rows, infer_schema_length=None)).collect()


def fetched(days: Mapping[str, float], host: str = "h") -> pl.DataFrame:
    """When the picture of each link that is held was fetched, in days since the start."""
    rows = [("s", f"https://{host}/{link}", START + timedelta(days=day), True) for link, day in days.items()]
    return pl.DataFrame(rows, PICTURES, orient="row")


def learned(*shards: pl.DataFrame, of: Iterable[pl.DataFrame] = (), settings: LinkSettings = SETTINGS) -> Learned:
    """What these shards' observations show together; `of` is when the pictures were fetched."""
    times = pl.concat([fetched({}), *of]).lazy()
    numbered = {str(number): shard.lazy() for number, shard in enumerate(shards)}
    return learn(list(numbered), numbered.__getitem__, lambda _: times, settings)


def rounds(days: Iterable[float], links: Iterable[str], state: str) -> list[Observation]:
    """Every link in that state in every round."""
    links = list(links)
    return [(day, link, state) for day in days for link in links]
