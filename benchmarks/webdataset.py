"""How fast pairs are put into archives, beside `tar` over the same files.

    python -m benchmarks.webdataset [--pairs 10000] [--bytes 190000] [--rounds 5] [--folder DIR]

Makes a lake of pictures that are all different, writes the archives of a release from it, and has `tar` pack what
they hold once more from loose files, round by round in turn. Both read files that are in the page cache and write to
the same disk, flushed at the end. Ours also checks the SHA-256 of every picture and makes the JSON. Prints the seconds
of each, their medians, and the ratio; the CPU seconds, which say more where others use the machine; and the memory
that ours takes at most. `--folder /dev/shm` leaves the disk out.

What belongs here: measuring. What does not: whether archives are right (the tests).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

from imgtext_assets.lake.blobs import Blobs
from imgtext_assets.publish.pairs import as_stored
from imgtext_assets.publish.webdataset import write_webdataset
from imgtext_assets.tables import RELEASE


def make(folder: Path, pairs: int, size: int) -> pl.LazyFrame:
    """A lake of files of about `size` bytes (half to one and a half times), and the rows of a release of them."""
    blobs, random = Blobs(str(folder / "lake")), np.random.default_rng(0)
    hashes = []
    for length in random.integers(size // 2, size + size // 2, pairs):
        data = random.bytes(int(length))
        hashes.append(hashlib.sha256(data).hexdigest())
        blobs.put(hashes[-1], data)
    rows = RELEASE.conform(
        pl.LazyFrame(
            {
                "id": [f"{n:012d}" for n in range(pairs)],
                "source": "made",
                "url": [f"https://pictures.example/a/long/path/{n}.jpg" for n in range(pairs)],
                "caption": [
                    f"A picture of something, number {n}, with a caption of common length" for n in range(pairs)
                ],
                "width": 1024,
                "height": 768,
                "mime_type": "image/jpeg",
                "license": "https://creativecommons.org/publicdomain/zero/1.0/",
                "license_id": "CC0-1.0",
                "hash": [sha256[:32] for sha256 in hashes],
                "sha256": hashes,
            }
        )
    )
    rows.sink_parquet(folder / "rows.parquet")
    return pl.scan_parquet(folder / "rows.parquet")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=10_000)
    options.add_argument("--bytes", type=int, default=190_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--folder", type=Path)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        rows, blobs = make(folder, asked.pairs, asked.bytes), Blobs(str(folder / "lake"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        def ours() -> None:
            write_webdataset(folder / "ours", rows, as_stored(blobs.get))

        def tars() -> None:
            (folder / "tar").mkdir()
            for part in sorted((folder / "loose").iterdir()):
                archive = folder / "tar" / f"{part.name}.tar"
                subprocess.run(["tar", "--format=ustar", "-cf", archive, "-C", part, "."], check=True)

        ours()
        unpack(folder / "ours", folder / "loose")
        packed = sum(file.stat().st_size for file in (folder / "ours").iterdir())
        seconds: dict[str, list[float]] = {"ours": [], "tar": []}
        cpu = dict.fromkeys(seconds, 0.0)
        for _ in range(asked.rounds):
            for side, work in (("ours", ours), ("tar", tars)):
                shutil.rmtree(folder / side, ignore_errors=True)
                os.sync()
                used = cpu_seconds()
                seconds[side].append(timed(work))
                cpu[side] += (cpu_seconds() - used) / asked.rounds
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{asked.pairs:,} pairs, {packed / 1e9:.2f} GB, {os.cpu_count()} cores")
    for side, rounds in seconds.items():
        shown = " ".join(f"{one:.2f}" for one in rounds)
        took = median(rounds)
        print(f"{side:5} {shown} s; median {took:.2f} s, {packed / took / 1e6:,.0f} MB/s; CPU {cpu[side]:.2f} s")
    print(f"speed of ours: {median(seconds['tar']) / median(seconds['ours']):.0%} of tar's")
    print(f"memory: {after / 1024:,.0f} MiB at most, {before / 1024:,.0f} MiB of them before")


def unpack(archives: Path, loose: Path) -> None:
    """The members of each archive as files of a folder."""
    for archive in archives.iterdir():
        with tarfile.open(archive) as opened:
            opened.extractall(loose / archive.stem, filter="data")


def timed(work: Callable[[], None]) -> float:
    """Seconds until it is done and on the disk."""
    start = time.perf_counter()
    work()
    os.sync()
    return time.perf_counter() - start


def cpu_seconds() -> float:
    """Of this process and of all that it waited for."""
    return sum(sum(resource.getrusage(whose)[:2]) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    main()
