"""Files by others: the metadata files that a catalog's globs name, local, on S3, on the Hugging Face hub or on the web.

What belongs here: listing with versions and numbers of rows. What does not: opening a file (`foreign`), and what its
columns mean (`sources/`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import obstore
import polars as pl

from imgtext_assets.lake.foreign.opening import hub
from imgtext_assets.lake.foreign.reading import Counted, Run, count_rows
from imgtext_assets.lake.stores import LakeError, has, is_local, open_store, store_errors

LISTING_SCHEMA = pl.Schema(
    {"source_file": pl.String(), "rows": pl.Int64(), "file_version": pl.String(), "problem": pl.String()}
)


@dataclass(frozen=True)
class _Found:
    """A file as listed: where it is, and what changes when it does."""

    url: str
    version: str


def list_files(
    patterns: Iterable[str], known: pl.DataFrame | None = None, *, run: Run, header: bool = True
) -> pl.DataFrame:
    """The files that the patterns name, in order: `source_file`, `rows`, `file_version`, `problem`.

    Rows are counted by `run` in processes that may die, of files whose version is not in `known` (a frame of the same
    columns); `header` says whether the first line of a CSV or TSV names its columns. A file that cannot be read has
    `rows` null and says so in `problem`. Raises LakeError where a listing is refused.
    """
    found = sorted({file.url: file for pattern in patterns for file in _expand(pattern)}.values(), key=lambda f: f.url)
    before = _counted(known)
    new = [file.url for file in found if (file.url, file.version) not in before]
    counted = dict(zip(new, count_rows(new, run, header=header), strict=True))
    listed = [(file, counted.get(file.url) or before[file.url, file.version]) for file in found]
    return pl.DataFrame(
        [(file.url, of_file.rows, file.version, of_file.problem) for file, of_file in listed],
        schema=LISTING_SCHEMA,
        orient="row",
    )


def _counted(known: pl.DataFrame | None) -> dict[tuple[str, str], Counted]:
    if known is None:
        return {}
    rows = known.filter(pl.col("problem").is_null()).select("source_file", "file_version", "rows").iter_rows()
    return {(file, version): Counted(count) for file, version, count in rows}


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
        files = hub().glob(pattern, detail=True)
    return [_Found(f"hf://{path}", f"{info['size']}-{info['blob_id']}") for path, info in files.items()]
