"""Tables of the lake: parquet files under fixed names, written atomically.

A reader sees a whole file or none: a table is written to a temporary file and handed over by one rename (local) or
one upload (S3). With `fsync` a local table is on the disk, its name too, once a write returned; without, a power cut
may undo the writes of the last half minute. Append-only tables are folders of files whose names sort by time.

What belongs here: names, reading, writing. What does not: what the columns mean.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import polars as pl

from imgtext_assets.lake.durable import DurableFolder
from imgtext_assets.lake.stores import (
    LakeError,
    ObjectStore,
    delete_objects,
    has,
    is_local,
    listed,
    open_store,
    put_object,
    scan_paths,
    store_errors,
)

ROW_GROUP = 16_384
"""Rows a row group: of a shard of 100,000 rows, whoever wants one reads a seventh, and the file is 1% larger."""


class Tables:
    """The tables under one root, a local folder or `s3://bucket/prefix`.

    `fsync`: where the root is local, a write returns once the file and its name are on the disk.

    >>> tables = Tables("data/lake")
    >>> tables.write("verified", frame, shard="pd12m-00000")
    >>> tables.scan("verified", schema).collect()
    """

    def __init__(self, root: str, fsync: bool = False) -> None:
        self.root = root.rstrip("/")
        self._store: ObjectStore = open_store(self.root)
        self._durable = DurableFolder(Path(self.root)) if fsync and is_local(self.root) else None

    def path(self, name: str, shard: str | None = None) -> str:
        """Where a table, or one shard of it, lies below the root."""
        return f"{name}/{shard}.parquet" if shard else f"{name}.parquet"

    def url(self, path: str) -> str:
        """The full address of a path below the root."""
        return f"{self.root}/{path}"

    def write(self, name: str, frame: pl.LazyFrame | pl.DataFrame, shard: str | None = None) -> str:
        """Write a table, or one shard of it, in place of what was there. Returns its path. Raises LakeError."""
        return self._put(self.path(name, shard), frame)

    def delete(self, name: str, shard: str) -> None:
        """Delete one shard of a table, if it is there. Raises LakeError."""
        with store_errors(self.url(self.path(name, shard))), suppress(FileNotFoundError):
            delete_objects(self._store, self.path(name, shard))

    def append(
        self,
        name: str,
        frame: pl.LazyFrame | pl.DataFrame,
        shard: str | None = None,
        in_place_of: str | None = None,
    ) -> str:
        """Add one file to an append-only table; its name is the time (UTC). Returns its path. Raises LakeError.

        `in_place_of` is the path of one that the same work added before, and that `frame` holds with more.
        """
        if in_place_of is not None:
            return self._put(in_place_of, frame)
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"
        folder = f"{name}/{shard}" if shard else name
        return self._put(f"{folder}/{stamp}.parquet", frame)

    def compact(self, name: str, frame: pl.DataFrame, merged: Iterable[str], shard: str) -> None:
        """Replace the files `merged` of an append-only table by one that holds `frame`.

        The new file is there before the old ones go, so a reader may see rows twice but never too few.
        """
        new = self.append(name, frame, shard)
        with store_errors(self.url(name)):
            delete_objects(self._store, [path for path in merged if path != new])

    def files(self, name: str, shard: str | None = None) -> list[str]:
        """Paths of a table's parquet files, sorted: one a shard, or all files of an append-only table."""
        folder = f"{name}/{shard}" if shard else name
        with store_errors(self.url(folder)):
            found = [meta["path"] for meta in listed(self._store, folder)]
        return sorted(path for path in found if path.endswith(".parquet") and not _is_hidden(path))

    def written(self, name: str) -> dict[str, datetime]:
        """When each shard of a table was written, by the clock of the store: keys sorted. Raises LakeError."""
        with store_errors(self.url(name)):
            found = listed(self._store, name)
        files = sorted((PurePosixPath(meta["path"]), meta["last_modified"]) for meta in found)
        return {path.stem: at for path, at in files if path.suffix == ".parquet" and not _is_hidden(str(path))}

    def shards(self, name: str) -> list[str]:
        """Keys of the shards that a table has, sorted."""
        return sorted({_shard_of(name, path) for path in self.files(name)})

    def exists(self, name: str, shard: str | None = None) -> bool:
        """Whether the table, or that shard of it, is there."""
        return has(self._store, self.path(name, shard))

    def scan(
        self,
        name: str,
        schema: pl.Schema,
        shards: Iterable[str] | None = None,
        *,
        as_written: bool = False,
        file_column: str | None = None,
    ) -> pl.LazyFrame:
        """The rows of a table, lazily: of all shards, or of those named. What is not there yet has no rows.

        A column of `schema` that an older file lacks is null, and one that it has beyond is left out; `as_written`
        gives the columns as they are in the files. `file_column` is one more, last, with the file of each row.
        """
        wanted = None if shards is None else set(shards)
        if self.exists(name):
            paths = [self.path(name)]
        elif wanted is not None and len(wanted) == 1:
            paths = self._of_shard(name, next(iter(wanted)))
        else:
            paths = [path for path in self.files(name) if wanted is None or _shard_of(name, path) in wanted]
        columns = None if as_written else schema
        if paths:
            return scan_paths(self.root, paths, columns, file_column)
        return pl.LazyFrame(schema={**schema, file_column: pl.String} if file_column else schema)

    def _of_shard(self, name: str, shard: str) -> list[str]:
        return [self.path(name, shard)] if self.exists(name, shard) else self.files(name, shard)

    def _put(self, path: str, frame: pl.LazyFrame | pl.DataFrame) -> str:
        if self._durable is not None:
            with store_errors(self.url(path)):
                self._durable.replace(path, lambda staged: _sink(frame, staged))
            return path
        with tempfile.TemporaryDirectory(prefix="imgtext-") as folder, store_errors(self.url(path)):
            staged = Path(folder) / "table.parquet"
            _sink(frame, staged)
            put_object(self._store, path, staged)
        return path


def _sink(frame: pl.LazyFrame | pl.DataFrame, file: Path) -> None:
    frame.lazy().sink_parquet(file, compression="zstd", mkdir=False, row_group_size=ROW_GROUP)


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(path).parts)


def _shard_of(name: str, path: str) -> str:
    """`name/<shard>.parquet` or `name/<shard>/<time>.parquet`."""
    return path.removeprefix(f"{name}/").split("/", 1)[0].removesuffix(".parquet")


__all__ = ["LakeError", "Tables", "is_local"]
