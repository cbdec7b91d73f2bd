"""Releases for the tests of copies: real parquet, a manifest that says what is there, and one file in several parts."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import polars as pl

VERSION = "2026.11.0"
BIG = 20 * 2**20 + 17
"""Bytes of the file that goes out in three parts."""


def made_release(folder: Path, version: str = VERSION, *, seed: int = 0, big: int = BIG, name: str = "set") -> Path:
    """A finished release in `folder / version`; `seed` tells one from another."""
    root = folder / version
    (root / "metadata").mkdir(parents=True)
    for number in range(2):
        frame = pl.DataFrame({"id": [f"{seed}-{number}-{n}" for n in range(5)]})
        frame.write_parquet(root / f"metadata/{name}.{number:03d}.parquet")
    (root / "README.md").write_text("---\nlicense: cdla-permissive-2.0\n---\n\n# A card\n")
    (root / "LICENSE").write_bytes(b"")
    (root / "webdataset").mkdir()
    (root / "webdataset/00000.tar").write_bytes(random.Random(seed).randbytes(big))
    return listed(root, version)


def listed(root: Path, version: str = VERSION, **more: Any) -> Path:
    """Write the manifest of what lies in `root`, with `more` in place of what it says."""
    files = more.get("files") or {
        path.relative_to(root).as_posix(): facts(path) for path in sorted(root.rglob("*")) if path.is_file()
    }
    files.pop("manifest.json", None)
    (root / "manifest.json").write_text(json.dumps({"version": version, "rows": 10, "files": files} | more))
    return root


def facts(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    said: dict[str, Any] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return said | ({"rows": pl.read_parquet(path).height} if path.suffix == ".parquet" else {})


def contents(root: Path) -> dict[str, bytes]:
    """All files below a folder, by path."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
