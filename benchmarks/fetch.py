"""How fast pictures are fetched, beside img2dataset: `downloaded`, and `fingerprints`, each as one whole Dagster run.

    python -m benchmarks.fetch                           # 20,000 pictures of 189 kB: about 9 GB of disk
    python -m benchmarks.fetch --pictures 2000 --tls     # a trial

nginx (apt-get install nginx-light) serves the pictures on loopback; both sides ask with 64 connections. On one core
the sides have core 0 for themselves and nginx has core 1; on two cores all three share them. img2dataset is installed
into an environment of its own (pip, about 400 MB) unless `--img2dataset` names its program.

A side is a process of its own. Its figures hold everything: the interpreter's start and imports, robots.txt and
tdmrep.json, hashes (MD5 and SHA-256; img2dataset: MD5), the bytes stored one by one under their hash (img2dataset: in a
tar), and the tables. Sides run in turn, twice, and the quicker run counts: a virtual machine's memory is slow when it
is touched for the first time in a while, which would be held against whoever comes first. `of run` is the CPU of this
project's Dagster run alone, without its start and without worker processes. Pictures a second are counted by the clock.
Every side has to have kept every picture.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import img2dataset_by_hand as other
from benchmarks.processes import Cost, measured
from benchmarks.web import LARGE, SMALL, Web, serving, write_corpus

SHARD = "web-00000"
AT_ONCE = 64
READS = {"downloaded": "resolution_filtered", "fingerprints": "license_filtered"}
JOBS = {"downloaded": "build", "fingerprints": "ingest"}
PAIRS = {
    "downloaded": ["img2dataset, no decode, MD5", "img2dataset, no decode, MD5, no EXIF"],
    "fingerprints": ["img2dataset, skip_reencode"],
}


@dataclass(frozen=True)
class Result:
    """What a side cost, how many pictures it kept, and of this project: seconds and CPU seconds of the run alone."""

    cost: Cost
    kept: int
    run: tuple[float, float] | None = None


def this_project(asset: str, folder: Path) -> None:
    """In a process of its own: build one asset of a shard whose rows are all addresses of the web."""
    import certifi

    task = json.loads((folder / "task.json").read_text())
    certifi.where = lambda: task["authorities"]  # as a user's own authority would be among the system's

    import dagster as dg

    from imgtext_assets.catalog import Catalog
    from imgtext_assets.defs.build import build_defs
    from imgtext_assets.defs.runs import run_job
    from imgtext_assets.lake import Lake

    catalog, lake = Catalog.model_validate(task["catalog"]), Lake(str(folder / "lake"))
    defs = build_defs(catalog, lake=lake)
    with dg.DagsterInstance.from_config(str(folder / "home")) as instance:
        instance.add_dynamic_partitions("shard", [SHARD])
        _write_input(lake, asset, task["urls"])
        began, before = time.perf_counter(), _cpu_seconds()
        result = run_job(defs, JOBS[asset], instance, SHARD, [asset])
        run = time.perf_counter() - began, _cpu_seconds() - before
    if not result.ok:
        raise SystemExit(f"{asset}: {result.problem}")
    made = lake.tables.scan(asset, _schema(asset), [SHARD]).collect()
    had = made["sha256" if asset == "downloaded" else "fingerprint_sha256"].drop_nulls()
    (folder / "result.json").write_text(json.dumps({"kept": len(lake.blobs.present(had.unique())), "run": run}))


def _write_input(lake: Any, asset: str, urls: list[str]) -> None:
    import polars as pl

    from imgtext_assets.tables import BY_NAME

    table = BY_NAME[READS[asset]]
    rows = pl.LazyFrame({"url": urls}).with_columns(
        id=pl.format("{}", pl.int_range(pl.len())),
        url_key="url",
        shard=pl.lit(SHARD),
        source=pl.lit("web"),
        source_file=pl.lit("urls"),
        source_row=pl.int_range(pl.len()),
    )
    lake.tables.write(table.name, table.conform(rows), SHARD)


def _schema(asset: str) -> Any:
    from imgtext_assets.tables import BY_NAME

    return BY_NAME[asset].schema


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def measure_this_project(asset: str, web: Web, folder: Path, cores: list[int]) -> Result:
    """Run `this_project` and say what it took."""
    (folder / "home").mkdir(parents=True)
    shutil.copy(Path(__file__).parents[1] / "dagster.yaml", folder / "home")
    fetch = {
        "concurrency": AT_ONCE,
        "hosts": [{"concurrency": AT_ONCE, "rate": 1e6}],
        "allow_networks": ["127.0.0.0/8"],
        "allow_ports": [web.port],
    }
    source = {"name": "web", "format": "table", "paths": "urls"}
    catalog = {"sources": [source], "fetch": fetch, "pictures": {"workers": len(cores)}}
    task = {"catalog": catalog, "urls": web.urls, "authorities": str(web.authorities)}
    (folder / "task.json").write_text(json.dumps(task))
    command = [sys.executable, "-m", "benchmarks.fetch", "--side", asset, "--folder", str(folder)]
    cost = measured(command, cores, folder / "cost.json")
    result = json.loads((folder / "result.json").read_text())
    return Result(cost, result["kept"], tuple(result["run"]))


def measure_other(mode: str, program: Path, web: Web, folder: Path, cores: list[int]) -> Result:
    """Run img2dataset and say what it took."""
    command = other.command(program, web.urls, mode, folder, len(cores))
    env = other.ENVIRONMENT | {"SSL_CERT_FILE": str(web.authorities)}
    cost = measured(command, cores, folder / "cost.json", env)
    return Result(cost, other.kept(folder))


def main(
    pictures: Annotated[int, typer.Option(help="pictures to fetch")] = 20_000,
    small: Annotated[bool, typer.Option("--small", help="pictures of 36 kB, not 189")] = False,
    tls: Annotated[bool, typer.Option("--tls", help="over HTTPS")] = False,
    cores: Annotated[list[int], typer.Option(help="how many cores a side has; may be given twice")] = [1, 2],  # noqa: B006
    assets: Annotated[list[str], typer.Option(help="what to build; may be given twice")] = list(PAIRS),  # noqa: B006
    rounds: Annotated[int, typer.Option(help="how often each side runs, in turn; its quickest counts")] = 2,
    img2dataset: Annotated[Path | None, typer.Option(help="its program, if it is installed")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="without img2dataset")] = False,
    folder: Annotated[Path | None, typer.Option(help="where there is room; the corpus stays there")] = None,
    side: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run all sides one after the other and print what they took."""
    if side is not None and folder is not None:
        this_project(side, folder)
        return
    corpus = SMALL if small else LARGE
    with _scratch(folder) as (kept, scratch):
        root = kept / f"corpus-{corpus.bytes}-{pictures}"
        paths = write_corpus(root, corpus, pictures)
        program = None if alone else img2dataset or other.install(scratch / "img2dataset")
        results: dict[tuple[str, str, int], list[Result]] = {}
        for count in cores:
            with serving(root, paths, scratch / f"nginx-{count}", tls=tls, core=1 if count == 1 else None) as web:
                for turn, asset in product(range(rounds), assets):
                    for name in [asset, *(PAIRS[asset] if program else [])]:
                        place, used = scratch / f"{count}-{name}-{turn}", list(range(count))
                        if program and name != asset:
                            result = measure_other(name, program, web, place, used)
                        else:
                            result = measure_this_project(asset, web, place, used)
                        results.setdefault((asset, name, count), []).append(result)
                        _empty(place)
        quickest = {side: min(turns, key=lambda result: result.cost.seconds) for side, turns in results.items()}
        _report(quickest, pictures, f"{corpus.bytes // 1000} kB, {'https' if tls else 'http'}")


@contextmanager
def _scratch(folder: Path | None) -> Iterator[tuple[Path, Path]]:
    """Where the corpus stays, and where the rest is until the end."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        yield folder or Path(scratch), Path(scratch)


def _empty(folder: Path) -> None:
    """Free the disk of what a side wrote, so that the next one finds it as this one did.

    The files stay, empty: ext4 is slow to create files for minutes after many were deleted (`recently_deleted`).
    """
    for file in folder.rglob("*"):
        if file.is_file() and file.stat().st_size > 2**12:
            os.truncate(file, 0)
    subprocess.run(["sync"], check=True)


def _report(results: dict[tuple[str, str, int], Result], pictures: int, what: str) -> None:
    columns = (
        "cores",
        "side",
        "pictures/s",
        "seconds",
        "CPU ms/pic.",
        "of run",
        "RSS, MB",
        "PSS, MB",
        "ratio",
        "CPU ratio",
    )
    table = Table(*columns, title=f"{pictures:,} pictures of {what}")
    for (asset, name, cores), result in results.items():
        own, cost = results[asset, asset, cores].cost, result.cost
        table.add_row(
            str(cores),
            name,
            f"{pictures / cost.seconds:,.0f}",
            f"{cost.seconds:.1f}",
            f"{cost.cpu_seconds / pictures * 1000:.2f}",
            f"{result.run[1] / pictures * 1000:.2f}" if result.run else "",
            f"{cost.resident / 1e6:,.0f}",
            f"{cost.proportional / 1e6:,.0f}",
            f"{cost.seconds / own.seconds:.2f}",
            f"{cost.cpu_seconds / own.cpu_seconds:.2f}",
        )
    Console(width=130).print(table)
    print("ratio: how many times this project is as fast, by the clock and by CPU")
    if any(result.kept != pictures for result in results.values()):
        print(f"not every side kept every picture: {[(key, result.kept) for key, result in results.items()]}")
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
