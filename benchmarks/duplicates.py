"""How long it takes to find every near pair of hashes, beside other searches on the same hashes.

    python -m benchmarks.duplicates --count 1000000 --radius 4 --radius 6 --peers
    python -m benchmarks.duplicates --count 12400000 --radius 4 --radius 6
    python -m benchmarks.duplicates --count 400000000 --radius 4 --random

The hashes are not even: 30% of the bits repeat another bit, 9 times in 10; 2% are chains of five, each two flips from
the last; 0.1% are one hash, which is collapsed first, as for everyone. Exactness is checked at full size: every planted
pair within the radius must be found, and each peer's queries must agree. Peers get an environment of their own (made
in a temporary folder, or kept with --environment); where they would take hours they are asked a sample of queries, and
the line says so. Ratios are of the whole search for all pairs, to ours. Each side runs alone, in a process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.duplicates_peers import PEERS, install
from imgtext_assets.duplicates.masks import mask_family
from imgtext_assets.duplicates.near import near_pairs, neighbours

PLANTED, CHAIN, FLIPS, ALIKE, REPEATED_BITS, NOISE = 0.02, 5, 2, 0.001, 19, 0.1
QUERIES = 50_000


def skewed(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """About `count` distinct ascending hashes, and the planted pairs of neighbours in chains, shape (pairs, 2)."""
    generator = np.random.default_rng(seed)
    hashes = generator.integers(0, 2**64, count, dtype=np.uint64)
    order = generator.permutation(64).astype(np.uint64)
    for bit, repeated in zip(order[:REPEATED_BITS], order[REPEATED_BITS : 2 * REPEATED_BITS], strict=True):
        copied = (hashes >> repeated ^ (generator.random(count, np.float32) < NOISE)) & np.uint64(1)
        hashes = hashes & ~(np.uint64(1) << bit) | copied << bit
    length = int(count * PLANTED / CHAIN)
    chain = [hashes[:length]]
    for link in range(1, CHAIN):
        flips = np.uint64(1) << generator.integers(0, 64, (FLIPS, length), dtype=np.uint64)
        chain.append(chain[-1] ^ np.bitwise_xor.reduce(flips))
        hashes[link * length : (link + 1) * length] = chain[-1]
    hashes[count - int(count * ALIKE) :] = hashes[-1]
    pairs = np.concatenate([np.stack(links, axis=1) for links in pairwise(chain)])
    return _distinct(hashes), pairs[pairs[:, 0] != pairs[:, 1]]


def even(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """About `count` distinct ascending random hashes, and no planted pairs."""
    hashes = np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)
    return _distinct(hashes), np.empty((0, 2), np.uint64)


def _distinct(hashes: np.ndarray) -> np.ndarray:
    hashes.sort()
    new = np.ones(len(hashes), np.bool_)
    np.not_equal(hashes[1:], hashes[:-1], out=new[1:])
    return hashes[new] if not new.all() else hashes


def ours(file: Path, radius: int) -> None:
    """Run our search on a file of hashes, print what it took, and leave the flags beside the file."""
    hashes = np.load(file)
    start = time.perf_counter()
    neighbours(hashes[:1], 0)  # machine code is loaded
    loaded = time.perf_counter()
    found = neighbours(hashes, radius)
    took = time.perf_counter() - loaded
    used = resource.getrusage(resource.RUSAGE_SELF)
    np.save(file.with_suffix(".near.npy"), found.near)
    said = {
        "seconds": took,
        "loading": loaded - start,
        "megabytes": used.ru_maxrss / 1024,
        "masks": len(mask_family(len(hashes), radius)),
        "by_distance": found.by_distance.tolist(),
    }
    print(json.dumps(said))


def check_planted(hashes: np.ndarray, planted: np.ndarray, radius: int) -> str:
    """Raises AssertionError where a planted pair is not found."""
    expected = planted[np.bitwise_count(planted[:, 0] ^ planted[:, 1]) <= radius]
    rows = np.unique(np.sort(np.searchsorted(hashes, expected), axis=1), axis=0)
    found = near_pairs(hashes, radius)
    both = np.unique(np.concatenate([found, rows]), axis=0)
    assert len(both) == len(found), f"{len(both) - len(found)} planted pairs were missed"
    return f"{len(rows):,} planted pairs, all among the {len(found):,} found"


def run(command: list[Any], patience: float | None = None) -> dict[str, Any]:
    """What a program says in JSON; where it takes longer than `patience` seconds, only that."""
    try:
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, check=True, timeout=patience)
    except subprocess.TimeoutExpired:
        return {"over": patience}
    return json.loads(done.stdout)


def main(
    count: int = 1_000_000,
    radius: Annotated[list[int] | None, typer.Option()] = None,
    random: Annotated[bool, typer.Option(help="Even hashes, none planted.")] = False,
    peers: Annotated[bool, typer.Option(help="Run the other searches as well.")] = False,
    environment: Annotated[Path | None, typer.Option(help="Where the peers are installed, or will be.")] = None,
    patience: Annotated[float, typer.Option(help="Seconds after which a peer is stopped.")] = 300,
) -> None:
    """Measure ours, and the peers where wanted."""
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "hashes.npy"
        hashes, planted = even(count) if random else skewed(count)
        np.save(file, hashes)
        total = len(hashes)
        if not len(planted):
            del hashes
        python = install(environment or Path(temporary) / "peers") if peers else Path(sys.executable)
        for bits in radius or [4]:
            print(f"{total:,} distinct hashes, radius {bits}")
            mine = run([sys.executable, "-m", "benchmarks.duplicates", "ours", file, bits])
            print(f"  {'ours':28} {mine['seconds']:10.2f} s {mine['megabytes']:7.0f} MB  {mine['masks']} masks")
            print(f"    pairs by distance {mine['by_distance']}; machine code loaded in {mine['loading']:.1f} s")
            if len(planted):
                print(f"    {check_planted(hashes, planted, bits)}")
            near = np.load(file.with_suffix(".near.npy"))
            for peer, (name, _) in PEERS.items() if peers else ():
                script = Path(__file__).with_name("duplicates_peers.py")
                said = run([python, script, peer, file, bits, QUERIES], patience)
                print(f"  {name:28} {_line(said, mine['seconds'], total, near)}", flush=True)


def _line(said: dict[str, Any], mine: float, total: int, near: np.ndarray) -> str:
    if "over" in said:
        return f"over {said['over']:.0f} s: stopped, over {said['over'] / mine:,.0f} x"
    agrees = near[said["queries"]].tolist() == said["near"]
    assert agrees, "the answers differ"
    sampled = "" if said["asked"] == total else f"projected from {said['asked']:,} queries"
    checked = "answers agree" if said["near"] else ""
    remarks = "; ".join(filter(None, [said["remark"], sampled, checked]))
    return f"{said['seconds']:10.2f} s {said['megabytes']:7.0f} MB {said['seconds'] / mine:9,.0f} x  {remarks}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["ours"]:
        ours(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        typer.run(main)
