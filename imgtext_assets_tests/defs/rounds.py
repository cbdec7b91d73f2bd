"""Rounds of rechecks of one shard against a hostile web, as tests need them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from imgtext_assets.catalog import Catalog, LinkSettings, PictureSettings, Source
from imgtext_assets.defs import rechecks
from imgtext_assets.defs.assets.links import link_checks
from imgtext_assets.defs.progress import LogProgress
from imgtext_assets.defs.rechecks import Recheck
from imgtext_assets.lake import Lake
from imgtext_assets.pictures import inspect
from imgtext_assets.tables import LINK_CHECKS, VERIFIED
from imgtext_assets_tests.defs.world import engine_with
from imgtext_assets_tests.fetch.conftest import loopback
from imgtext_assets_tests.pictures.files import encode, photograph
from imgtext_assets_tests.web import HostileWeb, Manner, Seen

SHARD = "s-00000"
PHOTO = encode(photograph())
AGAIN = encode(photograph().resize((300, 300)))
OTHER = encode(photograph().rotate(90))
JPEG = {"Content-Type": "image/jpeg"}
FILES = ("/robots.txt", "/.well-known/tdmrep.json")


def by_method(head: Manner, get: Manner) -> Manner:
    """One answer to HEAD and another to GET."""
    return lambda seen: (head if seen.method == "HEAD" else get)(seen)


def serving(body: bytes, **headers: str) -> Manner:
    """An honest host: HEAD, conditions, ranges."""

    def manner(seen: Seen) -> list[Any]:
        fields = JPEG | {"Content-Length": str(len(body))} | headers
        status, sent = "200 OK", body
        if headers.get("ETag") and seen.headers.get("if-none-match") == headers["ETag"]:
            return [b"HTTP/1.1 304 Not Modified\r\n\r\n"]
        if wanted := seen.headers.get("range"):
            last = min(int(wanted.rpartition("-")[2]), len(body) - 1)
            status, sent = "206 Part", body[: last + 1]
            fields |= {"Content-Length": str(len(sent)), "Content-Range": f"bytes 0-{last}/{len(body)}"}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return [f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + (b"" if seen.method == "HEAD" else sent)]

    return manner


@dataclass
class Rounds:
    """One shard of links, its lake, and a web."""

    folder: Path
    web: HostileWeb
    catalog: Catalog
    rows: list[dict[str, Any]] = field(default_factory=list)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""

    @property
    def lake(self) -> Lake:
        return Lake(self.catalog.lake)

    def add(self, path: str, manner: Manner, host: str = "127.0.0.1", **values: Any) -> None:
        """A verified link that had the photograph, and how it is answered now."""
        self.web.manners = {**self.web.manners, path: manner}
        url = self.web.url(path, host=host)
        self.rows.append(
            {"id": path, "url": url, "final_url": url, "source": "s", "shard": SHARD}
            | {"sha256": hashlib.sha256(PHOTO).hexdigest(), "bytes": len(PHOTO), "content_type": "image/jpeg"}
            | {"phash": phash(PHOTO), "fetched_at": datetime.now(UTC) - timedelta(days=60)}
            | values
        )

    @property
    def verified(self) -> pl.LazyFrame:
        """The links as VERIFIED has them."""
        if not self.rows:
            return VERIFIED.schema.to_frame(eager=False)
        return VERIFIED.conform(
            pl.LazyFrame(self.rows, infer_schema_length=None, schema_overrides={"phash": pl.UInt64})
        )

    def begin(self) -> subprocess.Popen[bytes]:
        """Start a round in a process of its own, that writes down two links at a time."""
        catalog, rows = self.folder / "catalog.json", self.folder / "rows.parquet"
        catalog.write_text(self.catalog.model_dump_json())
        self.verified.sink_parquet(rows)
        command = [sys.executable, "-m", __name__, catalog, rows]
        return subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)

    def recheck(self, **options: Any) -> dict[str, dict[str, Any]]:
        """One round, as it is appended to the lake; observations by path."""
        before, files = len(self.web.requests), set(self.lake.tables.files(LINK_CHECKS.name))
        result = one_round(self.catalog, self.verified, **options)
        self.asked = [seen for seen in self.web.requests[before:] if seen.path not in FILES]
        self.metadata, self.version = result.metadata, result.data_version.value
        new = [
            pl.read_parquet(self.folder / file)
            for file in self.lake.tables.files(LINK_CHECKS.name)
            if file not in files
        ]
        assert len(new) <= 1, "a round is one file"
        return {row["id"]: row for frame in new for row in frame.to_dicts()}

    def observed(self) -> dict[str, str]:
        """The states that the lake has, by path."""
        checks = self.lake.tables.scan(LINK_CHECKS.name, LINK_CHECKS.schema, [SHARD])
        return dict(checks.select("id", "state").collect().iter_rows())

    def a_day_passes(self) -> None:
        """As if all observations had been made a day earlier."""
        for file in self.lake.tables.files(LINK_CHECKS.name):
            earlier = pl.col("checked_at") - timedelta(days=1)
            pl.read_parquet(self.folder / file).with_columns(earlier).write_parquet(self.folder / file)

    def methods(self, path: str) -> list[str]:
        """How the path was asked for in the last round."""
        return [seen.method + (" part" if "range" in seen.headers else "") for seen in self.asked if seen.path == path]

    def value(self, name: str) -> Any:
        """Of the last round's metadata."""
        return getattr(self.metadata[name], "value", self.metadata[name])

    def settings(self, **links: Any) -> None:
        """Other settings of `links`."""
        self.catalog = self.catalog.model_copy(update={"links": LinkSettings(**links)})


def one_round(catalog: Catalog, verified: pl.LazyFrame, **options: Any) -> Any:
    """What the asset returns."""
    return link_checks(
        dg.build_asset_context(partition_key=SHARD),
        Recheck(**options),
        verified,
        catalog=catalog,
        lake=Lake(catalog.lake),
        engine=engine_with(1, 2**30, 10.0),
        progress=LogProgress(),
    )


def phash(body: bytes) -> int:
    """The fingerprint of a picture."""
    hashed = inspect(body, PictureSettings()).phash
    assert hashed is not None
    return hashed


@contextmanager
def new_rounds(folder: Path, hosts: Sequence[str] = ("127.0.0.1", "127.0.0.2")) -> Iterator[Rounds]:
    """No links yet; all that are added are due, and none is of the sample."""
    source = Source(name="s", format="table", paths=["nowhere.parquet"])
    links = LinkSettings(sample=0.0, min_days=0)
    with HostileWeb({}, hosts=hosts) as web:
        yield Rounds(folder, web, Catalog(sources=[source], lake=str(folder), fetch=loopback(attempts=1), links=links))


def seen(check: Mapping[str, Any]) -> tuple[str, str | None, int | None]:
    """What an observation says, and how it was had."""
    return check["state"], check["asked_by"], check["head_status"]


def crowd(rounds: Rounds, count: int, manner: Callable[[], Manner] = lambda: serving(PHOTO)) -> None:
    """So many links, in turns of two hosts."""
    for n in range(count):
        rounds.add(f"/{n}", manner(), host="127.0.0.1" if n % 2 else "127.0.0.2")


if __name__ == "__main__":
    rechecks.FIRST_WAVE = rechecks.LARGEST_WAVE = 2
    one_round(Catalog.model_validate_json(Path(sys.argv[1]).read_text()), pl.scan_parquet(sys.argv[2]))
