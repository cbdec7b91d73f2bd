"""Files by others: the metadata files that a catalog's globs name, local, on S3, on the Hugging Face hub or on the web.

What belongs here: listing with versions and numbers of rows. What does not: opening a file (`foreign`), and what its
columns mean (`sources/`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from glob import glob
from pathlib import Path

import obstore
import polars as pl

from imgtext_assets.lake.foreign.opening import hub, located
from imgtext_assets.lake.foreign.reading import Counted, Run, count_rows
from imgtext_assets.lake.stores import LakeError, has, is_local, listed, open_store, store_errors

LISTING_SCHEMA = pl.Schema(
    {"source_file": pl.String(), "rows": pl.Int64(), "file_version": pl.String(), "problem": pl.String()}
)


@dataclass(frozen=True)
class _Found:
    """A file as listed: its name, where it is, and what changes when it does."""

    name: str
    place: str
    version: str


def list_files(
    patterns: Iterable[str],
    known: pl.DataFrame | None = None,
    *,
    run: Run,
    header: bool = True,
    root: str | None = None,
) -> pl.DataFrame:
    """The files that the patterns name, in order: `source_file`, `rows`, `file_version`, `problem`.

    A relative pattern is of files below `root`, a folder whose own name is no pattern (else below the working
    directory), and so are the names of its files, here and in `known`.

    Rows are counted by `run` in processes that may die, of files whose version is not in `known` (a frame of the same
    columns); `header` says whether the first line of a CSV or TSV names its columns. A file that cannot be read has
    `rows` null and says so in `problem`. Raises LakeError where a listing is refused.
    """
    by_name = {file.name: file for pattern in patterns for file in _expand(pattern, root)}
    found = [by_name[name] for name in sorted(by_name)]
    before = _counted(known)
    new = [file.place for file in found if (file.name, file.version) not in before]
    counted = dict(zip(new, count_rows(new, run, header=header), strict=True))
    listed = [(file, counted.get(file.place) or before[file.name, file.version]) for file in found]
    return pl.DataFrame(
        [(file.name, of_file.rows, file.version, of_file.problem) for file, of_file in listed],
        schema=LISTING_SCHEMA,
        orient="row",
    )


def file_versions(patterns: Iterable[str], root: str | None = None) -> dict[str, str]:
    """The files that the patterns name, and of each what changes when it does; none is opened.

    Names and `root` as in `list_files`. Raises LakeError where a listing is refused.
    """
    found = {file.name: file.version for pattern in patterns for file in _expand(pattern, root)}
    return dict(sorted(found.items()))


def _counted(known: pl.DataFrame | None) -> dict[tuple[str, str], Counted]:
    if known is None:
        return {}
    rows = known.filter(pl.col("problem").is_null()).select("source_file", "file_version", "rows").iter_rows()
    return {(file, version): Counted(count) for file, version, count in rows}


def _expand(pattern: str, root: str | None) -> Sequence[_Found]:
    if is_local(pattern):
        return _expand_local(pattern, root)
    if pattern.startswith("hf://"):
        return _expand_hub(pattern)
    if pattern.startswith("s3://"):
        return _expand_store(pattern)
    return _on_the_web(pattern)


def _expand_local(pattern: str, root: str | None) -> list[_Found]:
    names = glob(pattern, root_dir=root, recursive=True)  # noqa: PTH207 - reads folders' patterns as S3's are
    files = [(str(Path(name)), Path(root or "", name)) for name in names]
    stats = [(name, file, file.stat()) for name, file in files if file.is_file()]
    return [_Found(name, str(file), f"{stat.st_size}-{stat.st_mtime_ns}") for name, file, stat in stats]


def _expand_store(pattern: str) -> list[_Found]:
    fixed = pattern[: min((pattern.find(c) for c in "*?[" if c in pattern), default=len(pattern))]
    if fixed == pattern:
        return _one(pattern)
    folder, wanted = fixed.rpartition("/")[0], re.compile(_as_regex(pattern))
    with store_errors(pattern):
        metas = listed(open_store(folder))
    urls = [(f"{folder}/{meta['path']}", meta) for meta in metas]
    return [_Found(url, url, _version(meta)) for url, meta in urls if wanted.fullmatch(url)]


def _on_the_web(url: str) -> list[_Found]:
    """One file: `?` begins a query (RFC 3986 3.4), and is no pattern."""
    if any(c in url.partition("?")[0] for c in "*["):
        raise LakeError(f"{url}: a web server cannot list files; name each file in the catalog")
    return _one(url)


def _one(url: str) -> list[_Found]:
    with store_errors(url):
        store, path = located(url)
        return [_Found(url, url, _version(obstore.head(store, path)))] if has(store, path) else []


def _version(meta: obstore.ObjectMeta) -> str:
    return f"{meta['size']}-{meta['e_tag'] or meta['last_modified']}"


def _as_regex(pattern: str) -> str:
    """A glob as `glob` reads it: `*`, `?` and `[]` stay within a folder, `**` by itself is any number of folders."""
    parts = re.split(r"((?:^|(?<=/))\*\*(?:/|$)|\*|\?|\[!?\]?[^]/]*\])", pattern)
    special = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(special.get(part) or (_class(part) if part.startswith("[") else re.escape(part)) for part in parts)


def _class(glob: str) -> str:
    """`[...]`, as `fnmatch` translates it, of which only what is between `(?s:` and `)\\Z` is wanted."""
    return "(?!/)" + translate(glob)[4:-3]


def _expand_hub(pattern: str) -> list[_Found]:
    with store_errors(pattern):
        files = hub().glob(pattern, detail=True)
    urls = [(f"hf://{path}", f"{info['size']}-{info['blob_id']}") for path, info in files.items()]
    return [_Found(url, url, version) for url, version in urls]
