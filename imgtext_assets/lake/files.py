"""Files by others: the metadata files that a catalog's globs name, local, on S3, on the Hugging Face hub or on the web.

What belongs here: listing with sizes and versions, counting rows from the footer alone, scanning a row range. What
does not: what the columns mean (`sources/`). Foreign files are hostile: footers are read with pyarrow, which fails
cleanly where other readers abort.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

import obstore
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from imgtext_assets.lake.stores import LakeError, ObjectStore, has, is_local, open_store, storage_options, store_errors

LISTING_SCHEMA = pl.Schema(
    {"source_file": pl.String(), "rows": pl.Int64(), "file_version": pl.String(), "problem": pl.String()}
)
_AT_ONCE = 8


@dataclass(frozen=True)
class _Found:
    """A file as listed: where it is, and what changes when it does."""

    url: str
    version: str


def list_files(patterns: Iterable[str], known: pl.DataFrame | None = None) -> pl.DataFrame:
    """The files that the patterns name, in order: `source_file`, `rows`, `file_version`, `problem`.

    `rows` comes from the parquet footer (of files whose version is not in `known`, a frame of the same columns); a
    file that cannot be read has `rows` null and says so in `problem`. Raises LakeError where a listing is refused.
    """
    found = sorted({file.url: file for pattern in patterns for file in _expand(pattern)}.values(), key=lambda f: f.url)
    counted = _counted(known)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        rows = list(pool.map(lambda file: counted.get((file.url, file.version)) or count_rows(file.url), found))
    return pl.DataFrame(
        [(file.url, n, file.version, problem) for file, (n, problem) in zip(found, rows, strict=True)],
        schema=LISTING_SCHEMA,
        orient="row",
    )


def _counted(known: pl.DataFrame | None) -> dict[tuple[str, str], tuple[int | None, str | None]]:
    if known is None:
        return {}
    rows = known.filter(pl.col("problem").is_null()).select("source_file", "file_version", "rows").iter_rows()
    return {(file, version): (count, None) for file, version, count in rows}


def count_rows(url: str) -> tuple[int | None, str | None]:
    """Number of rows by the parquet footer, and None; or None and what is wrong with the file."""
    try:
        with store_errors(url), closing(_open(url)) as file:
            return pq.read_metadata(file).num_rows, None
    except (LakeError, OSError, pa.ArrowException) as error:
        return None, f"{url}: cannot be read as parquet: {' '.join(str(error).split())[:200]}"


def scan_file(url: str) -> pl.LazyFrame:
    """The rows of a parquet file, lazily: of a slice, only the row groups that it needs are read."""
    return pl.scan_parquet(url, storage_options=storage_options(url) or None, glob=False)


def _open(url: str) -> Any:
    """A file-like object that reads only what is asked for."""
    if is_local(url):
        return Path(url).open("rb")
    if url.startswith("hf://"):
        with store_errors(url):
            return _hub().open(url, "rb")
    folder, _, name = url.rpartition("/")
    with store_errors(url):
        return _RangeFile(open_store(folder), name)


class _RangeFile(io.RawIOBase):
    """A file on a store, of which only the ranges that are read are asked for."""

    def __init__(self, store: ObjectStore, path: str) -> None:
        self._store, self._path, self._at = store, path, 0
        self._size = obstore.head(store, path)["size"]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._at + size)
        if end <= self._at:
            return b""
        data = bytes(obstore.get_range(self._store, self._path, start=self._at, end=end))
        self._at += len(data)
        return data


def _expand(pattern: str) -> Sequence[_Found]:
    if is_local(pattern):
        return _expand_local(pattern)
    if pattern.startswith("hf://"):
        return _expand_hub(pattern)
    return _expand_store(pattern)


def _expand_local(pattern: str) -> list[_Found]:
    files = [Path(found) for found in glob(pattern, recursive=True)]  # noqa: PTH207 - reads folders' patterns as S3's are
    stats = [(file, file.stat()) for file in files if file.is_file()]
    return [_Found(str(file), f"{stat.st_size}-{stat.st_mtime_ns}") for file, stat in stats]


def _expand_store(pattern: str) -> list[_Found]:
    fixed = pattern[: min((pattern.find(c) for c in "*?[" if c in pattern), default=len(pattern))]
    folder, _, name = fixed.rpartition("/")
    with store_errors(pattern):
        store = open_store(folder)
        if fixed != pattern and pattern.startswith("https://"):
            raise LakeError(f"{pattern}: a web server cannot list files; name each file in the catalog")
        if fixed != pattern:
            metas = [meta for batch in obstore.list(store) for meta in batch]
        else:
            metas = [obstore.head(store, name)] if has(store, name) else []
    found = [(f"{folder}/{meta['path']}", f"{meta['size']}-{meta['e_tag'] or meta['last_modified']}") for meta in metas]
    wanted = re.compile(_as_regex(pattern))
    return [_Found(url, version) for url, version in found if fixed == pattern or wanted.fullmatch(url)]


def _as_regex(pattern: str) -> str:
    """A glob as `glob` reads it: `*` and `?` stay within a folder, `**/` is any number of folders."""
    parts = re.split(r"(\*\*/|\*|\?|\[[^]]+\])", pattern)
    special = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return "".join(special.get(part) or (part if part.startswith("[") else re.escape(part)) for part in parts)


def _expand_hub(pattern: str) -> list[_Found]:
    with store_errors(pattern):
        files = _hub().glob(pattern, detail=True)
    return [_Found(f"hf://{path}", f"{info['size']}-{info['blob_id']}") for path, info in files.items()]


def _hub() -> Any:
    try:
        from huggingface_hub import HfFileSystem
    except ImportError:
        raise LakeError("hf:// paths need the hub's client: pip install 'imgtext-assets[hf]'") from None
    return HfFileSystem()
