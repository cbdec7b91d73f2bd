"""Releases of the lake: immutable folders that are there whole or not at all.

A release exists once its `manifest.json` does. That file is uploaded last, and nothing under a version that exists
is ever written again.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import obstore
import polars as pl

from imgtext_assets.lake.stores import LakeError, delete_objects, listed, open_store, scan_paths, store_errors

_MANIFEST = "manifest.json"


class Releases:
    """The releases under one root, a local folder or `s3://bucket/prefix`."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        self._store = open_store(self.root)

    def url(self, version: str) -> str:
        """Where a release lies."""
        return f"{self.root}/releases/{version}"

    def versions(self) -> list[str]:
        """Versions that are complete, oldest first (`2026.9.0` before `2026.11.0`)."""
        with store_errors(f"{self.root}/releases"):
            paths = [meta["path"] for meta in listed(self._store, "releases")]
        found = (re.fullmatch(rf"releases/(\d+\.\d+\.\d+)/{re.escape(_MANIFEST)}", path) for path in paths)
        complete = {match[1] for match in found if match}
        return sorted(complete, key=lambda version: [int(part) for part in version.split(".")])

    def manifest(self, version: str) -> dict[str, Any]:
        """The manifest of a release. Raises LakeError where there is none."""
        with store_errors(self.url(version)):
            return json.loads(bytes(obstore.get(self._store, f"releases/{version}/{_MANIFEST}").bytes()))

    def scan(self, version: str) -> pl.LazyFrame:
        """The rows of a release's metadata, lazily."""
        files = [
            f"releases/{version}/{file}" for file in self.manifest(version)["files"] if file.startswith("metadata/")
        ]
        return scan_paths(self.root, files)

    def scan_file(self, version: str, file: str, schema: pl.Schema) -> pl.LazyFrame:
        """The rows of one parquet file of a release, such as `changes.parquet`: none where it has no such file.

        A column that the file lacks is null.
        """
        has_it = file in self.manifest(version)["files"]
        return scan_paths(self.root, [f"releases/{version}/{file}"], schema) if has_it else pl.LazyFrame(schema=schema)

    def publish(self, folder: Path, version: str) -> str:
        """Copy a finished local folder into the lake as `version`. Returns its address.

        Raises LakeError where that version exists or the folder has no manifest.
        """
        if version in self.versions():
            raise LakeError(f"{self.url(version)}: exists, and a release is never changed; cut a new version")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        if folder / _MANIFEST not in files:
            raise LakeError(f"{folder}: has no {_MANIFEST}, so it is no finished release")
        with store_errors(self.url(version)):
            self._clear(version)
            for file in sorted(files, key=lambda path: path.name == _MANIFEST):
                obstore.put(self._store, f"releases/{version}/{file.relative_to(folder).as_posix()}", file)
        return self.url(version)

    def _clear(self, version: str) -> None:
        """Remove what a killed run left of a version that never became whole."""
        delete_objects(self._store, [meta["path"] for meta in listed(self._store, f"releases/{version}")])
