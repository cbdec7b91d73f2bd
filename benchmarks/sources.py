"""How fast `raw_metadata` and `license_filtered` are, beside the same filter written by hand in DuckDB.

    python -m benchmarks.sources --rows 10000000

Made-up metadata in LAION-400M's schema is written once; then each side runs in a process of its own, so that its
memory is its own: this project as its assets do it (each shard read by a process that may die, both tables of the lake
written), DuckDB with the same two tables, and DuckDB with nothing but the kept rows. The kept rows have to be the same
by id. Memory is the resident set of all processes of a side together, taken ten times a second.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.laion import ROW_GROUP, write_laion

SHARD_ROWS = 100_000


def this_project(files: list[Path], folder: Path) -> None:
    """The first two stages of every shard, as many shards at once as there are cores."""
    from imgtext_assets import rights, sources, tables
    from imgtext_assets.catalog import LicensePolicy, Source
    from imgtext_assets.defs.engines import new_reader
    from imgtext_assets.lake import Tables, list_files, read_foreign

    lake = Tables(str(folder))
    source = Source(name="laion400m", format="laion400m", paths=[str(file) for file in files])

    def build(shard: dict[str, object]) -> None:
        key = str(shard["shard"])
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            given = read_foreign(
                str(shard["source_file"]),
                int(str(shard["first_row"])),
                int(str(shard["rows"])),
                Path(scratch),
                reader.map,
            )
            raw = sources.read(given, source, shard).collect(engine="streaming")
        lake.write("raw_metadata", raw, key)
        kept = lake.scan("raw_metadata", tables.RAW_METADATA.schema, [key]).pipe(tables.goes_on)
        removals = pl.LazyFrame(schema=tables.REMOVALS.schema)
        judged = rights.license_filter(
            kept,
            policy=LicensePolicy(),
            scheme=None,
            removals=removals,
            decisions=rights.DECISIONS.to_frame(),
            opt_outs=rights.OPT_OUTS.to_frame(),
        )
        lake.write("license_filtered", judged.collect(engine="streaming"), key)

    with new_reader() as reader, ThreadPoolExecutor(os.cpu_count()) as pool:
        listing = list_files(source.paths, run=reader.map)
        shards = sources.plan_shards(tables.SHARDS.schema.to_frame(), listing, source, SHARD_ROWS)
        list(pool.map(build, shards.iter_rows(named=True)))


def duckdb_two_tables(files: list[Path], folder: Path) -> None:
    """The same two tables by DuckDB."""
    from benchmarks.duckdb_by_hand import two_tables

    two_tables(files, folder)


def duckdb_kept_rows(files: list[Path], folder: Path) -> None:
    """The kept rows alone by DuckDB."""
    from benchmarks.duckdb_by_hand import kept_rows

    kept_rows(files, folder)


SIDES: dict[str, Callable[[list[Path], Path], None]] = {
    "this project": this_project,
    "DuckDB, two tables": duckdb_two_tables,
    "DuckDB, kept rows only": duckdb_kept_rows,
}


def main(
    rows: Annotated[int, typer.Option(help="rows in all")] = 10_000_000,
    row_group: Annotated[int, typer.Option(help="rows of a row group of the files")] = ROW_GROUP,
    side: Annotated[str | None, typer.Option(hidden=True)] = None,
    folder: Annotated[Path | None, typer.Option(help="where there is room; default: the temporary folder")] = None,
) -> None:
    """Run all sides one after the other and print what they took."""
    if side is not None and folder is not None:
        out = folder / side
        out.mkdir()
        SIDES[side](sorted((folder / "files").glob("*.parquet")), out)
        return
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        files = Path(scratch) / "files"
        files.mkdir()
        write_laion(files, rows, row_group=row_group)
        _report(rows, {name: _measured(name, Path(scratch)) for name in SIDES}, Path(scratch))


def _measured(side: str, folder: Path) -> tuple[float, int]:
    """Seconds that a side takes from start to end of its process, and its most memory, bytes."""
    start, most = time.perf_counter(), 0
    with subprocess.Popen([sys.executable, "-m", "benchmarks.sources", "--side", side, "--folder", folder]) as process:
        while process.poll() is None:
            most = max(most, _resident(process.pid))
            time.sleep(0.1)
    if process.returncode:
        raise typer.Exit(process.returncode)
    return time.perf_counter() - start, most


def _resident(pid: int) -> int:
    """Resident memory of a process and all that descend from it, bytes (proc(5)); pages they share count for each."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    except (OSError, IndexError):  # it has ended
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(
        _resident(int(child)) for text in children for child in text.split()
    )


def _report(rows: int, measured: dict[str, tuple[float, int]], folder: Path) -> None:
    kept = {name: _kept_ids(folder / name) for name in measured}
    table = Table("side", "seconds", "rows/s", "peak memory, MB", "speed / this project's", "rows kept")
    own = measured["this project"][0]
    for name, (seconds, memory) in measured.items():
        figures = (f"{seconds:.1f}", f"{rows / seconds:,.0f}", f"{memory / 1e6:,.0f}", f"{own / seconds:.2f}")
        table.add_row(name, *figures, f"{kept[name].height:,}")
    Console(width=110).print(table)
    if any(not ids.equals(kept["this project"]) for ids in kept.values()):
        print("the sides keep different rows")
        raise typer.Exit(1)
    print("all keep the same rows, by id and place")


def _kept_ids(folder: Path) -> pl.DataFrame:
    rows = pl.scan_parquet(folder / "license_filtered" / "*.parquet").filter(pl.col("reject_reason").is_null())
    return rows.select("id", pl.col("url").alias("address")).sort("id", "address").collect()


if __name__ == "__main__":
    typer.run(main)
