"""How long `imgtext trace` takes on a lake of 10 million made-up rows, beside DuckDB over the same files by hand.

    PYTHONPATH=. python benchmarks/trace.py FOLDER [--rows 10000000]

The lake is made in FOLDER once (14 GB and a quarter of an hour) and used again: shards of 100,000 rows through all
stages, a quarter of the rows in clusters, the journal of fetches, twelve rounds of link checks, tombstones, and a
release a month for two years, written by the project's own writers (all but the first are hard links to its files).
Then the whole command runs in a process of its own for several rows, by id, address and SHA-256, from the interpreter's
start to the last line; and once more without the keys, as in a lake from before there were any. Seconds are the median
and the worst; those of the processor, the median, say more where others use the machine.

What DuckDB does by hand is what one would type: the row in each table of all shards by its id, and in the releases.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from imgtext_assets.lake import Lake
from imgtext_assets.publish import release_rows
from imgtext_assets.publish.manifest import listed, with_ends
from imgtext_assets.publish.write import ROW_GROUP
from imgtext_assets.tables import (
    BY_NAME,
    DEDUPLICATED,
    DOWNLOADED,
    DUPLICATE_CLUSTERS,
    FETCHES,
    FINGERPRINTS,
    KEYS,
    LICENSE_FILTERED,
    LINK_CHECKS,
    RAW_METADATA,
    REMOVALS,
    RESOLUTION_FILTERED,
    STAGES,
    VERIFIED,
    goes_on,
)

SHARD = 100_000
ROUNDS, RELEASES, TOMBSTONES = 12, 24, 50_000
AT = datetime(2026, 1, 1, tzinfo=UTC)
# What it had at most is told by itself: what `wait4` tells begins with what its parent had.
PEAK = "[line for line in open('/proc/self/status') if line.startswith('VmHWM')]"
TOLD = f"import atexit, sys; atexit.register(lambda: print(*{PEAK}, file=sys.stderr))"
COMMAND = [sys.executable, "-c", f"{TOLD}; from imgtext_assets.cli import run; run()"]
BY_NAME_STAGES = [table.name for table in STAGES]


def digits(random: np.random.Generator, rows: int, size: int) -> pl.Series:
    """Strings of 2 x `size` random hex digits."""
    cells = random.bytes(rows * size)
    return pl.Series([cells[i : i + size] for i in range(0, len(cells), size)], dtype=pl.Binary).bin.encode("hex")


def rejected(reason: str, share: float) -> pl.Expr:
    """Reject a share of the rows, spread over the shard."""
    cut = pl.col("id").hash(1) % 1_000 < int(share * 1_000)
    return pl.when(cut).then(pl.lit(reason)).alias("reject_reason")


def raw_rows(shard: str, rows: int, random: np.random.Generator) -> pl.LazyFrame:
    """Rows as `raw_metadata` has them, in the order of the file: ids and addresses are in no order."""
    frame = pl.DataFrame({"digits": digits(random, rows, 16), "path": digits(random, rows, 20)})
    d = pl.col("digits")
    url = pl.format("https://host-{}.example.org/photos/{}.jpg", d.str.slice(0, 2), "path")
    return frame.lazy().select(
        id=pl.concat_str([d.str.slice(a, n) for a, n in ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))], separator="-"),
        source=pl.lit(shard.split("-")[0]),
        shard=pl.lit(shard),
        source_file=pl.lit(f"s3://lists/{shard}.parquet"),
        source_row=pl.int_range(pl.len(), dtype=pl.Int64),
        url=url,
        url_key=url,
        caption=pl.format("A photograph of {} and {} in black and white", d.str.slice(3, 9), d.str.slice(14, 7)),
        creator=pl.format("Photographer {}", d.str.slice(0, 3)),
        license=pl.lit("https://creativecommons.org/publicdomain/zero/1.0/"),
        width=pl.int_range(pl.len()) % 3_000 + 300,
        height=pl.int_range(pl.len()) % 2_000 + 300,
        mime_type=pl.lit("image/jpeg"),
        similarity=(pl.int_range(pl.len()) % 1_000) / 1_000,
    )


def write_shard(lake: Lake, number: int, rows: int) -> None:
    """One shard through every stage, with its fetches and link checks."""
    random, shard = np.random.default_rng(number), f"made-{number:05d}"
    here = raw_rows(shard, rows, random).collect()
    hashes = pl.DataFrame({"id": here["id"], "sha256": digits(random, rows, 32), "md5": digits(random, rows, 16)})
    hashes = hashes.with_columns(phash=pl.col("sha256").hash())
    repeats = pl.col("id").hash(2) % 4 == 0
    for table in STAGES:
        frame = goes_on(here.lazy()) if table is not RAW_METADATA else here.lazy()
        if table is LICENSE_FILTERED:
            frame = frame.with_columns(rejected("license_unknown", 0.02), license_id=pl.lit("CC0-1.0"))
        elif table is FINGERPRINTS:
            frame = frame.join(hashes.lazy(), on="id", maintain_order="left")
            frame = frame.rename({"sha256": "fingerprint_sha256"}).with_columns(fingerprint_of=pl.lit("original"))
        elif table is DEDUPLICATED:
            pair = pl.when(repeats).then(pl.col("id").str.slice(0, 4))
            frame = frame.with_columns(rejected("near_duplicate", 0.05), cluster_id=pair, keeper_id=pair)
        elif table is RESOLUTION_FILTERED:
            frame = frame.with_columns(rejected("too_small", 0.02))
        elif table is DOWNLOADED:
            frame = frame.with_columns(
                rejected("gone", 0.05),
                sha256="fingerprint_sha256",
                measured_md5="md5",
                bytes=pl.lit(190_000),
                http_status=pl.lit(200),
                final_url="url",
                etag=pl.col("md5").str.slice(0, 16),
                fetched_at=pl.lit(AT),
                attempts=pl.lit(1),
            )
        elif table is VERIFIED:
            frame = frame.with_columns(rejected("too_small", 0.01))
        here = table.conform(frame).collect()
        lake.tables.write(table.name, here, shard)
        if table.name in KEYS:
            lake.row_keys.write(table.name, here, KEYS[table.name], shard)
        if table is DOWNLOADED:
            answers = here.with_columns(outcome=pl.lit("ok"), passing=False).sort("url_key").lazy()
            lake.tables.append(FETCHES.name, FETCHES.conform(answers), shard)
    for number in range(ROUNDS):
        seen = goes_on(here.lazy()).filter(pl.col("id").hash(number) % 8 == 0)
        at = AT + timedelta(days=30 * number)
        seen = seen.with_columns(
            host=pl.lit("a"), state=pl.lit("alive"), checked_at=pl.lit(at), outcome=pl.lit("not_modified")
        )
        lake.tables.append(LINK_CHECKS.name, LINK_CHECKS.conform(seen), shard)


def write_rest(lake: Lake) -> None:
    """The tables over all shards: clusters, tombstones, releases (sorted as the project's are, and their manifests)."""
    deduplicated = lake.tables.scan(DEDUPLICATED.name, DEDUPLICATED.schema).filter(pl.col("cluster_id").is_not_null())
    clusters = deduplicated.with_columns(
        keeper_shard=pl.lit("made-00000"), rule=pl.lit("near_duplicate"), cluster_id=pl.col("id").str.slice(0, 5)
    )
    lake.tables.write(DUPLICATE_CLUSTERS.name, DUPLICATE_CLUSTERS.conform(clusters).sort("shard", "id"))
    stones = pl.LazyFrame({"value": digits(np.random.default_rng(0), TOMBSTONES, 18)}).with_columns(
        kind=pl.lit("id"), reason=pl.lit("asked to"), removed_at=pl.lit(AT)
    )
    lake.tables.append(REMOVALS.name, REMOVALS.conform(stones))
    write_releases(lake)


def write_releases(lake: Lake) -> None:
    """Releases of all rows, a month each; made by the first digit of their ids, for all rows at once are 14 GB."""
    versions = [f"{2025 + month // 12}.{month % 12 + 1}.0" for month in range(RELEASES)]
    first, files = Path(lake.releases.url(versions[0])), count()
    (first / "metadata").mkdir(parents=True)
    for digit in "0123456789abcdef":
        rows = lake.tables.scan(VERIFIED.name, VERIFIED.schema).filter(pl.col("id").str.starts_with(digit))
        part = release_rows(rows).collect(engine="streaming")
        for place in range(0, part.height, SHARD):
            file = first / f"metadata/imgtext.{next(files):03d}.parquet"
            part[place : place + SHARD].write_parquet(file, row_group_size=ROW_GROUP)
    (first / "manifest.json").write_text(json.dumps({"files": with_ends(first, listed(first))}))
    for version in versions[1:]:
        shutil.copytree(first, first.with_name(version), copy_function=os.link)


def make(folder: Path, rows: int) -> Lake:
    """The lake, made unless it is there."""
    lake, done = Lake(str(folder)), folder / f"made-of-{rows}"
    if not done.exists():
        start = time.perf_counter()
        for number in range(rows // SHARD):
            write_shard(lake, number, SHARD)
        write_rest(lake)
        done.touch()
        print(f"made {rows:,} rows in {time.perf_counter() - start:.0f} s", flush=True)
    return lake


def by_hand(folder: Path, row_id: str) -> tuple[float, float, int]:
    """DuckDB from opening to the last answer, in this process: seconds, those of the processor, and rows found."""
    start, processor, found = time.perf_counter(), time.process_time(), 0
    with duckdb.connect() as connection:
        for files in (
            *(f"{name}/*.parquet" for name in BY_NAME_STAGES),
            "duplicate_clusters.parquet",
            "link_checks/*/*.parquet",
            "releases/*/metadata/*.parquet",
        ):
            query = f"SELECT * FROM read_parquet('{folder}/{files}') WHERE id = ?"
            found += len(connection.execute(query, [row_id]).fetchall())
    return time.perf_counter() - start, time.process_time() - processor, found


def command(*arguments: str) -> tuple[float, float, int, str]:
    """The whole command: seconds, those of the processor, the most memory in MiB, and what it printed."""
    start, before = time.perf_counter(), cpu_seconds()
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=True)
    peak = re.findall(r"VmHWM:\s*([0-9]+) kB", done.stderr)[-1]
    return time.perf_counter() - start, cpu_seconds() - before, int(peak) // 1024, done.stdout


def cpu_seconds() -> float:
    """Of all processes that this one waited for."""
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def main() -> None:
    """Make the lake, and print one line for each way of asking."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    lake = make(options.folder.resolve(), options.rows)
    catalog = options.folder / "catalog.yaml"
    catalog.write_text(f"lake: {lake.root}\nsources: [{{name: made, format: table, paths: 'x/*.parquet'}}]\n")
    shards = lake.tables.shards(VERIFIED.name)
    picked = pl.concat(
        [
            goes_on(lake.tables.scan(VERIFIED.name, BY_NAME[VERIFIED.name].schema, [shard])).slice(40_000, 1)
            for shard in shards[:: max(1, len(shards) // options.times)]
        ]
    ).select("id", "url", "sha256")
    rows = picked.collect().to_dicts()

    def line(what: str, runs: Sequence[tuple[Any, ...]], note: str) -> None:
        wall, processor = [run[0] for run in runs], statistics.median(run[1] for run in runs)
        median = statistics.median(wall)
        print(f"{what:40} {median:6.2f} s  worst {max(wall):5.2f} s  processor {processor:5.2f} s  {note}", flush=True)

    print(f"{len(shards) * SHARD:,} rows in {len(shards)} shards; {len(rows)} rows asked for")
    line("start of the command (trace --help)", [command("trace", "--help") for _ in rows], "")
    keys, aside = options.folder / "row_keys", options.folder / "row_keys.aside"
    for note in ("", "without keys"):
        if note:
            keys.rename(aside)
        for key in ("id", "url", "sha256"):
            runs = [command("--catalog", str(catalog), "trace", row[key], "--json") for row in rows]
            assert all(row["id"] in said for row, (*_, said) in zip(rows, runs, strict=True))
            line(f"imgtext trace, by {key}", runs, f"{max(run[2] for run in runs)} MiB  {note}")
    aside.rename(keys)
    hand = [by_hand(Path(lake.root), row["id"]) for row in rows]
    line("DuckDB by hand, by id, without its start", hand, f"{hand[0][2]} rows found")


if __name__ == "__main__":
    main()
