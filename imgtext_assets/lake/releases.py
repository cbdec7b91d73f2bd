"""Releases of the lake: immutable folders that are there whole or not at all.

A release exists once its `manifest.json` does. That file is uploaded last, and nothing under a version that exists
is ever written again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import obstore
import polars as pl

from imgtext_assets.lake.stores import (
    LakeError,
    delete_objects,
    has,
    listed,
    listed_folder,
    open_store,
    put_object,
    scan_paths,
    store_errors,
)
from imgtext_assets.manifest import MANIFEST, is_version

_AT_ONCE = 16


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
        # Not all files are listed: the archives of years are many.
        with store_errors(f"{self.root}/releases"), ThreadPoolExecutor(_AT_ONCE) as pool:
            folders = listed_folder(self._store, "releases")["common_prefixes"]
            names = [name for folder in folders if is_version(name := PurePosixPath(folder).name)]
            whole = pool.map(lambda name: has(self._store, f"releases/{name}/{MANIFEST}"), names)
            complete = [name for name, is_whole in zip(names, whole, strict=True) if is_whole]
        return sorted(complete, key=lambda version: [int(part) for part in version.split(".")])

    def manifest(self, version: str) -> dict[str, Any]:
        """The manifest of a release. Raises LakeError where there is none."""
        with store_errors(self.url(version)):
            return json.loads(bytes(obstore.get(self._store, f"releases/{version}/{MANIFEST}").bytes()))

    def scan(self, version: str, key: Sequence[str] | None = None) -> pl.LazyFrame:
        """The rows of a release's metadata, lazily; with `key`, those of the files that may have a row of this key.

        Rows are sorted by their key, and the manifest says the first and the last of each file. Where it does not, as
        in releases from before it did, any file may have it. Where none has it, the first file stands for its columns.
        """
        files: dict[str, Any] = {
            name: said for name, said in self.manifest(version)["files"].items() if name.startswith("metadata/")
        }
        names = [name for name, said in files.items() if key is None or _may_have(said, [*key])]
        return scan_paths(self.root, [f"releases/{version}/{name}" for name in names or [*files][:1]])

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
        if folder / MANIFEST not in files:
            raise LakeError(f"{folder}: has no {MANIFEST}, so it is no finished release")
        with store_errors(self.url(version)):
            self._clear(version)
            for file in sorted(files, key=lambda path: path.name == MANIFEST):
                put_object(self._store, f"releases/{version}/{file.relative_to(folder).as_posix()}", file)
        return self.url(version)

    def _clear(self, version: str) -> None:
        """Remove what a killed run left of a version that never became whole."""
        delete_objects(self._store, [meta["path"] for meta in listed(self._store, f"releases/{version}")])


def _may_have(said: Any, key: list[str]) -> bool:
    """Whether a file of sorted rows may have one of this key, by the `keys` that the manifest says of it."""
    match said:
        case {"keys": [first, last]}:
            return first <= key <= last
        case _:
            return True
