"""Is a release what it says it is: complete, unchanged, aligned, without repeats, without what was removed.

Reads nothing but the release's folder, so that whoever has a copy can ask. What belongs here: finding what is wrong.
What does not: mending it, and what the formats hold besides rows (`tars`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from imgtext_assets.tables import RELEASE

MANIFEST = "manifest.json"
_SHOWN = 5


class NoReleaseError(Exception):
    """The folder holds no release; the message says why."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a release's folder. Raises NoReleaseError where there is none that can be read.

    Names of files that lead out of the folder are refused: the release may be anybody's.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files, rows = manifest["files"], manifest["rows"]
        well_formed = isinstance(rows, int) and all(
            isinstance(facts["bytes"], int) and isinstance(facts["sha256"], str) for facts in files.values()
        )
    except FileNotFoundError:
        raise NoReleaseError(f"{folder}: no {MANIFEST}, so it is no release, or not a whole one") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoReleaseError(f"{folder / MANIFEST}: cannot be read: {type(error).__name__}: {error}") from None
    strange = [name for name in files if not _is_inside(name)]
    if strange or not well_formed:
        raise NoReleaseError(f"{folder / MANIFEST}: not that of a release: {strange[:1] or 'files without bytes'}")
    return manifest


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and "\0" not in name


def problems(
    folder: Path, url_key: Callable[[pl.Expr], pl.Expr], removals: pl.LazyFrame | None = None
) -> Iterator[str]:
    """What is wrong with the release in a folder, a line each; nothing where all is well.

    `url_key` normalises addresses (`sources.url_key`). `removals` are tombstones (`tables.REMOVALS`) that no row may
    have; without them only what the release itself says of removals counts. Raises NoReleaseError.
    """
    manifest = read_manifest(folder)
    broken = list(_files(folder, manifest))
    yield from broken
    if broken:
        return  # what the rows say would only repeat it
    yield from _rows(folder, manifest)
    rows = pl.scan_parquet(folder / "metadata" / "*.parquet")
    if missing := [name for name in RELEASE.schema if name not in rows.collect_schema()]:
        yield f"metadata: columns are missing: {', '.join(missing)}"
        return
    address = url_key(pl.col("source_url"))
    yield from _repeats(rows, address)
    if removals is not None:
        yield from _removed(rows, address, removals)


def _files(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Files that are missing, changed, or that nobody has listed."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    listed = manifest["files"]
    yield from (f"{name}: missing" for name in sorted(listed.keys() - there))
    yield from (f"{name}: not in {MANIFEST}" for name in sorted(there - listed.keys()))
    for name in sorted(listed.keys() & there):
        facts, path = listed[name], folder / name
        if path.stat().st_size != facts["bytes"]:
            yield f"{name}: {path.stat().st_size:,} bytes, {facts['bytes']:,} expected"
        elif (found := _sha256(path)) != facts["sha256"]:
            yield f"{name}: SHA-256 {found}, {facts['sha256']} expected"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rows(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Files of rows that are not numbered from 0 on without a gap, or whose rows are not as many as they say."""
    names = sorted(path.name for path in (folder / "metadata").glob("*.parquet"))
    expected = [f"{manifest['name']}.{number:03d}.parquet" for number in range(len(names))]
    if names != expected:
        yield f"metadata: expected {expected[0]} to {expected[-1]}" if names else "metadata: no file of rows"
        return
    total = 0
    for name in names:
        rows = pl.scan_parquet(folder / "metadata" / name).select(pl.len()).collect().item()
        total += rows
        said = manifest["files"][f"metadata/{name}"].get("rows")
        if rows != said:
            yield f"metadata/{name}: {rows:,} rows, {said} expected"
    if total != manifest["rows"]:
        yield f"metadata: {total:,} rows in all, {manifest['rows']:,} expected"


def _repeats(rows: pl.LazyFrame, address: pl.Expr) -> Iterator[str]:
    """Ids that a source has twice, and addresses that two rows have, by their normalised form."""
    for what, key in (("id", pl.struct("source", "id")), ("address", address)):
        keys = rows.select(key=key.hash()).group_by("key").len().filter(pl.col("len") > 1)
        count = keys.select(pl.len()).collect(engine="streaming").item()
        if count:
            some = rows.filter(key.hash().is_in(keys.head(_SHOWN).collect()["key"].implode())).select("source", "id")
            named = ", ".join(f"{source}/{name}" for source, name in some.head(_SHOWN).collect().iter_rows())
            yield f"metadata: {count:,} {what}s are there more than once, such as of {named}"


def _removed(rows: pl.LazyFrame, address: pl.Expr, removals: pl.LazyFrame) -> Iterator[str]:
    for kind, column in (("id", pl.col("id")), ("url", address), ("sha256", pl.col("sha256"))):
        named = removals.filter(kind=kind).select(value="value")
        found = rows.with_columns(value=column).join(named, on="value", how="semi").select("source", "id").collect()
        if found.height:
            source, name = found.row(0)
            yield f"metadata: {found.height:,} rows are removed by their {kind}, such as {source}/{name}"
