"""A release that lies somewhere, without its lake: a folder that was downloaded, or `s3://bucket/prefix`.

What belongs here: its files, as they are there. What does not: what they say, and whether they are whole.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import obstore
import polars as pl

from imgtext_assets.lake.stores import (
    LakeError,
    LakeNotFoundError,
    is_local,
    listed,
    open_store,
    read_text,
    scan_paths,
    store_errors,
)
from imgtext_assets.manifest import MANIFEST


class ReleaseFolder:
    """One release: `root` is its folder, the one that has `manifest.json`. Raises LakeError where there is none."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/") or "/"
        if is_local(root) and not Path(root).is_dir():
            raise LakeError(f"{root}: no such folder; expected that of a release, with metadata/*.parquet in it")
        self._store = open_store(self.root)

    def manifest(self) -> dict[str, Any]:
        """What its `manifest.json` says; empty where it has none, as in a folder of the metadata alone."""
        try:
            said = json.loads(read_text(f"{self.root}/{MANIFEST}"))
        except LakeNotFoundError:
            return {}
        except ValueError:
            raise LakeError(f"{self.root}/{MANIFEST}: is no JSON; fetch the release again") from None
        return said if isinstance(said, dict) else {}

    def rows(self) -> pl.LazyFrame:
        """Its rows, in order: the columns that its files have, null where only some have one. Raises LakeError."""
        with store_errors(f"{self.root}/metadata"):
            paths = [meta["path"] for meta in listed(self._store, "metadata")]
        files = sorted(path for path in paths if path.endswith(".parquet"))
        if not files:
            raise LakeError(f"{self.root}: has no metadata/*.parquet, so it is no folder of a release")
        return scan_paths(self.root, files)

    def table(self, name: str) -> pl.LazyFrame | None:
        """Another table of it, such as `changes.parquet`; None where it has none. Raises LakeError."""
        try:
            with store_errors(f"{self.root}/{name}"):
                obstore.head(self._store, name)
        except LakeNotFoundError:
            return None
        return scan_paths(self.root, [name])
