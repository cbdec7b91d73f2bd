"""A build of a list that leads to hostile kinds: `imgtext build` in a process of its own, and all that was seen of it.

What belongs here: serving, listing, building, watching. What does not: the kinds (`malice`), what must hold (tests).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl
import yaml

from imgtext_assets.catalog import load_catalog
from imgtext_assets.defs.pipeline import Project
from imgtext_assets.lake import Lake
from imgtext_assets.tables import STAGES
from imgtext_assets_tests.defs.world import new_instance
from imgtext_assets_tests.processes import PeakMemory, gone
from imgtext_assets_tests.web import HostileWeb, Seen, answer
from imgtext_assets_tests.web.certificates import Authority
from imgtext_assets_tests.web.kind import EXPIRED, MISNAMED, OPEN, SELF_SIGNED, TLS, Kind
from imgtext_assets_tests.web.malice import NETWORK, Cast
from imgtext_assets_tests.web.of_redirects import SECRET, UNREACHED

MAX_BYTES = 2 * 2**20
MAX_PIXELS = 4_000_000
CONCURRENCY = 48
WORKERS = 2
# The build as a user starts it, but that it trusts the test's own authority in place of those of the web.
BUILD = (
    "import certifi, sys\n"
    "certifi.where = lambda: sys.argv.pop()\n"
    "from imgtext_assets.cli.main import main\n"
    "certifi.where = (lambda file: lambda: file)(certifi.where())\n"
    "main()\n"
)


@dataclass(frozen=True)
class Built:
    """A build that is over: what it was given, what it left, and what its servers saw."""

    folder: Path
    cast: Cast
    returncode: int
    said: str
    peak: int
    """Resident memory of all its processes at its most, bytes."""
    orphans: bool
    requests: Mapping[str, list[Seen]]
    """By host."""
    sent: Mapping[str, int]
    """Bytes by host."""
    forbidden: HostileWeb
    """The servers that nobody may dial."""

    @property
    def project(self) -> Project:
        catalog = load_catalog(self.folder / "catalog.yaml")
        return Project(catalog, Lake(catalog.lake))

    def asked(self, name: str) -> list[Seen]:
        """What the host of a kind was asked for, its robots.txt and tdmrep.json aside."""
        seen = self.requests.get(self.cast.host(name), [])
        return [one for one in seen if one.path not in ("/robots.txt", "/.well-known/tdmrep.json")]

    @cached_property
    def all_ends(self) -> dict[str, tuple[str, str | None]]:
        """Stage and reason (null: verified) of each kind's rows; a second end of a kind would show as one more."""
        found: dict[str, tuple[str, str | None]] = {}
        for table in STAGES:
            rows = self.project.scan(table.name).collect()
            over = rows if table is STAGES[-1] else rows.filter(pl.col("reject_reason").is_not_null())
            for name, reason in over.select("creator", "reject_reason").iter_rows():
                end = (table.name, reason)
                found[name if found.get(name, end) == end else f"{name} // {end}"] = end
        return found


@contextlib.contextmanager
def build(folder: Path, kinds: Mapping[str, Kind]) -> Iterator[Built]:
    """Serve these kinds, and build from a list of them."""
    cast, authority = Cast(kinds), Authority(folder)
    certificates = {
        TLS: authority.server(TLS),
        SELF_SIGNED: authority.server(SELF_SIGNED, trusted=False),
        EXPIRED: authority.server(EXPIRED, days=-1),
        MISNAMED: authority.server(MISNAMED, name=OPEN),
    }
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(HostileWeb(cast.manners, hosts=cast.hosts))
        secure = [
            stack.enter_context(HostileWeb(cast.manners, tls=tls, hosts=[host], port=plain.port))
            for host, tls in certificates.items()
        ]
        pages = {"/": answer(SECRET)} | {path: answer(SECRET) for path in ("/preview", "/robots.txt")}
        forbidden = stack.enter_context(HostileWeb(pages, hosts=UNREACHED, port=plain.port))
        _write(folder, cast, plain.port)
        returncode, said, peak, orphans = _run(folder, authority.file)
        requests: dict[str, list[Seen]] = {}
        for seen in (seen for web in (plain, *secure) for seen in web.requests):
            requests.setdefault(seen.host, []).append(seen)
        yield Built(folder, cast, returncode, said, peak, orphans, requests, plain.sent, forbidden)


def _write(folder: Path, cast: Cast, port: int) -> None:
    """Everything that a user has: a list, a catalog, an instance, and folders where a program may think of writing."""
    for name in ("work", "home", "tmp", "list"):
        (folder / name).mkdir()
    pl.DataFrame(cast.rows(port), infer_schema_length=None).write_parquet(folder / "list" / "rows.parquet")
    content = {
        "lake": "lake",
        "sources": [{"name": "hostile", "format": "table", "paths": "list/*.parquet"}],
        "fetch": {
            "contact": "data@example.org",
            "concurrency": CONCURRENCY,
            "hosts": [{"match": "*", "concurrency": 8, "rate": 1000.0}],
            "allow_networks": [NETWORK],
            "attempts": 2,
            "backoff_seconds": 0.05,
            "max_wait_seconds": 2,
            "connect_seconds": 3,
            "total_seconds": 3,
            "max_bytes": MAX_BYTES,
            "max_redirects": 5,
        },
        "pictures": {
            "max_pixels": MAX_PIXELS,
            "decode_seconds": 2,
            "decode_memory": 2**29,
            "workers": WORKERS,
        },
    }
    (folder / "catalog.yaml").write_text(yaml.safe_dump(content))
    new_instance(folder / "dagster")


def _run(folder: Path, authority: Path) -> tuple[int, str, int, bool]:
    places = {"DAGSTER_HOME": "dagster", "HOME": "home", "TMPDIR": "tmp", "MPLCONFIGDIR": "dagster/fonts"}
    build = subprocess.Popen(
        [sys.executable, "-c", BUILD, "--catalog", str(folder / "catalog.yaml"), "build", str(authority)],
        env=os.environ | {name: str(folder / place) for name, place in places.items()},
        cwd=folder / "work",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with PeakMemory(build.pid) as memory:
        said, _ = build.communicate()
    return build.returncode, said, memory.bytes, not gone(build.pid, within=10)
