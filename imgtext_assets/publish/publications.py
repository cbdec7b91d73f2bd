"""Which releases have a row, and what a release by itself tells of one: for consumers who do not have the lake.

What belongs here: looking up. What does not: where releases lie (the caller's frames), and how it is shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import polars as pl

from imgtext_assets.publish.finding import UrlKey

_AT_ONCE = 8
_ADDRESSES = ("url", "source_url")


@dataclass(frozen=True)
class Published:
    """What a release tells of a row: its columns, and how it differs from the release before (null: it does not).

    `row` is null where the release no longer has it. `withdrawn`: a takedown removed it, so it is not to be used.
    """

    row: dict[str, Any] | None
    change: dict[str, Any] | None
    withdrawn: bool = False


def releases_with(
    scan: Callable[[str, Sequence[str]], pl.LazyFrame], versions: Sequence[str], source: str, row_id: str
) -> list[str]:
    """Those of the versions that hold a source's row of that id.

    `scan` gives rows of a version, all among which one of this source and id may be (see `lake.Releases.scan`).
    Releases are sorted by these, so that of each one row group of one file is read.
    """
    is_it = (pl.col("source") == source) & (pl.col("id") == row_id)

    def has(version: str) -> bool:
        return scan(version, (source, row_id)).filter(is_it).select(pl.len()).collect(engine="streaming").item() > 0

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [version for version, found in zip(versions, pool.map(has, versions), strict=True) if found]


def in_release(
    rows: pl.LazyFrame,
    changes: pl.LazyFrame | None,
    removals: pl.LazyFrame | None,
    sources: Iterable[str],
    key: str,
    url_key: UrlKey,
) -> list[Published]:
    """What a release tells of all rows that go by `key`: an id, an address, a SHA-256 or an MD5.

    The frames are its metadata, `changes.parquet` and `removals.parquet`, of whichever version of the program: only
    columns that they have are asked. `sources` are the names of its sources, by which ids were hashed that takedowns
    removed. Constant in memory: all files are read through, of most columns only those that are compared.
    """
    found = _named(rows, key, url_key)
    changed = {} if changes is None else {_name_of(change): change for change in _changes(changes, found, key, url_key)}
    told = [Published(row, changed.pop(_name_of(row), None)) for row in found]
    told += [Published(None, change) for change in changed.values()]
    if not found and removals is not None and _is_withdrawn(removals, sources, key, url_key):
        return [Published(None, said.change, withdrawn=True) for said in told] or [Published(None, None, True)]
    return told


def _named(rows: pl.LazyFrame, key: str, url_key: UrlKey) -> list[dict[str, Any]]:
    have = rows.collect_schema()
    is_it = [pl.col("id") == key] if "id" in have else []
    if digest := {64: "sha256", 32: "hash"}.get(len(key) if re.fullmatch(r"[0-9a-fA-F]*", key) else 0):
        is_it += [pl.col(digest) == key.lower()] if digest in have else []
    if "://" in key:
        wanted = pl.lit(pl.select(url_key(pl.lit(key))).item(), pl.String)
        for column in (pl.col(name) for name in _ADDRESSES if name in have):
            is_it += [column == key, url_key(column) == wanted]
    return rows.filter(pl.any_horizontal(is_it)).collect(engine="streaming").to_dicts() if is_it else []


def _changes(changes: pl.LazyFrame, found: Sequence[dict[str, Any]], key: str, url_key: UrlKey) -> list[dict[str, Any]]:
    """The changes of the rows that were found, and of rows that are gone but went by the name."""
    if not {"source", "id"} <= {*changes.collect_schema()}:
        return []
    of_found = pl.LazyFrame([_name_of(row) for row in found], {"source": pl.String, "id": pl.String}, orient="row")
    of_rows = changes.join(of_found, on=["source", "id"], how="semi").collect(engine="streaming").to_dicts()
    return [*of_rows, *(change for change in _named(changes, key, url_key) if change not in of_rows)]


def _name_of(row: dict[str, Any]) -> tuple[Any, Any]:
    return row.get("source"), row.get("id")


def _is_withdrawn(removals: pl.LazyFrame, sources: Iterable[str], key: str, url_key: UrlKey) -> bool:
    """Whether a salted hash of what takedowns removed is of this name: SHA-256 of salt, kind and value, a line each."""
    if not {"kind", "salt", "hash"} <= {*removals.collect_schema()}:
        return False
    names = [("id", f"{source}/{key}") for source in sources] + [("sha256", key.lower())]
    if "://" in key:
        names.append(("url", pl.select(url_key(pl.lit(key))).item() or key))
    salts = removals.select(pl.col("salt").unique()).collect()["salt"].drop_nulls().to_list()
    digests = [
        hashlib.sha256(f"{salt}\n{kind}\n{value}".encode("utf-8", "surrogateescape")).hexdigest()
        for salt in salts
        for kind, value in names
    ]
    return removals.filter(pl.col("hash").is_in(digests)).select(pl.len()).collect().item() > 0
