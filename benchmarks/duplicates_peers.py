"""Other searches for near hashes, each run on a file of hashes, in an environment of their own.

What belongs here: their installation and how each is asked. What does not: what is measured (`duplicates`). Run as a
program by that environment's Python, this file says in JSON what one search took; it must import nothing of ours.

A peer that answers query by query is asked a sample, and the time is projected to all hashes as queries; what has to
be built first is built whole and counted once. The answers come along, to be compared.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FAISS, IMAGEDEDUP, NUCLEUS = "faiss-cpu==1.15.1", "imagededup==0.3.3.post2", "scale-nucleus==0.22.3"
TREE = 100_000  # hashes in the BK-tree: to build it of a million takes minutes; queries of a smaller tree are faster
Answer = tuple[float, float, list[int], list[bool], str]  # seconds to build, to ask, the queries, their flags, remarks


def install(folder: Path) -> Path:
    """The Python of an environment in `folder` with all peers. Raises CalledProcessError without a network."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", FAISS], check=True)
        # Not what they depend on (torch, a client of a web service): the searches need none of it.
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", IMAGEDEDUP, NUCLEUS], check=True)
    return python


def flat(hashes: np.ndarray, radius: int, sample: np.ndarray) -> Answer:
    import faiss

    index = faiss.IndexBinaryFlat(64)
    start = time.perf_counter()
    index.add(_bytes(hashes))
    built = time.perf_counter()
    limits = index.range_search(_bytes(hashes[sample[:1_000]]), radius + 1)[0]  # its radius is strict
    return built - start, time.perf_counter() - built, *_flags(sample[:1_000], limits), ""


def multi_hash(hashes: np.ndarray, radius: int, sample: np.ndarray) -> Answer:
    """With the fastest of its exact settings: of `tables` blocks, one has no more errors than are flipped."""
    import faiss

    best: Answer | None = None
    for flips in range(3):
        tables = radius // (flips + 1) + 1
        bits = min(64 // tables, max(len(hashes).bit_length(), 16))
        start = time.perf_counter()
        index = faiss.IndexBinaryMultiHash(64, tables, bits)
        index.nflip = flips
        index.add(_bytes(hashes))
        built = time.perf_counter()
        few = sample[:2_000]
        index.range_search(_bytes(hashes[few]), radius + 1)
        asked = few if time.perf_counter() - built > 2 else sample
        begun = time.perf_counter()
        limits = index.range_search(_bytes(hashes[asked]), radius + 1)[0]
        remark = f"{tables} tables of {bits} bits, {flips} flips"
        answer = (built - start, time.perf_counter() - begun, *_flags(asked, limits), remark)
        if best is None or _seconds(answer, len(hashes)) < _seconds(best, len(hashes)):
            best = answer
    assert best is not None
    return best


def bk_tree(hashes: np.ndarray, radius: int, sample: np.ndarray) -> Answer:
    """With a distance that is faster than its own, which compares strings of bits."""
    from imagededup.handlers.search.bktree import BKTree

    kept = np.random.default_rng(0).permutation(len(hashes))[:TREE]
    start = time.perf_counter()
    tree = BKTree({str(row): int(hashes[row]) for row in kept}, lambda one, other: (one ^ other).bit_count())
    built = time.perf_counter()
    for row in sample[:30]:
        tree.search(int(hashes[row]), tol=radius)
    seconds = time.perf_counter() - built
    return (built - start) * len(hashes) / len(kept), seconds, sample[:30].tolist(), [], f"a tree of only {len(kept):,}"


def brute_force(hashes: np.ndarray, radius: int, sample: np.ndarray) -> Answer:
    from imagededup.handlers.search.brute_force_cython import BruteForceCython

    search = BruteForceCython({str(row): f"{value:016x}" for row, value in enumerate(hashes.tolist())}, len)
    start = time.perf_counter()
    found = [search.search(f"{hashes[row]:016x}", tol=radius) for row in sample[:5]]
    return 0.0, time.perf_counter() - start, sample[:5].tolist(), [len(each) > 1 for each in found], ""


def nucleus(hashes: np.ndarray, radius: int, _: np.ndarray) -> Answer:
    """It finds no pairs, only which hashes to keep, which is less work; by its compiled part alone."""
    import importlib.util

    package = importlib.util.find_spec("nucleus")
    assert package is not None
    assert package.origin is not None
    library = next(Path(package.origin).parent.glob("_native_dedup*.so"))
    spec = importlib.util.spec_from_file_location("nucleus._native_dedup", library)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    values = hashes.tolist()
    start = time.perf_counter()
    kept = module.deduplicate_phashes(values, radius)
    return 0.0, time.perf_counter() - start, list(range(len(hashes))), [], f"keeps {len(kept):,}"


PEERS: dict[str, tuple[str, Callable[[np.ndarray, int, np.ndarray], Answer]]] = {
    "flat": ("faiss IndexBinaryFlat", flat),
    "multi_hash": ("faiss IndexBinaryMultiHash", multi_hash),
    "bk_tree": ("imagededup, BK-tree", bk_tree),
    "brute_force": ("imagededup, C++ brute force", brute_force),
    "nucleus": ("scale-nucleus, C", nucleus),
}


def _bytes(hashes: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(hashes).view(np.uint8).reshape(-1, 8)


def _flags(asked: np.ndarray, limits: np.ndarray) -> tuple[list[int], list[bool]]:
    """The queries, and whether each found more than itself."""
    return asked.tolist(), (np.diff(limits) > 1).tolist()


def _seconds(answer: Answer, count: int) -> float:
    build, ask, queries, _, _ = answer
    return build + ask * count / len(queries)


def main() -> None:
    """Run the peer that is named on a file of hashes: PEER FILE RADIUS QUERIES."""
    peer, file, radius, queries = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    hashes = np.load(file)
    sample = np.sort(np.random.default_rng(1).permutation(len(hashes))[:queries])
    np.random.default_rng(2).shuffle(sample)
    answer = PEERS[peer][1](hashes, radius, sample)
    said: dict[str, Any] = {
        "seconds": _seconds(answer, len(hashes)),
        "asked": len(answer[2]),
        "queries": answer[2][: len(answer[3])],
        "near": answer[3],
        "remark": answer[4],
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
