"""Cleaning a copy of a release of what was removed since: rows, pictures beside them, archives, and the manifest.

A consumer has a copy of a release, perhaps with pictures, and a list that a later release came with. No lake is needed,
and nothing is asked of the web. Files are replaced by one rename each. Pictures go first, then archives, then rows, and
the manifest last, so that whoever was interrupted runs it again.

What belongs here: finding and deleting below one folder. What does not: what a list names (`orders`), one file of rows
(`parquet`), one archive (`repack`), reading a list that may be hostile (its caller does, in another process).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from imgtext_assets.manifest import MANIFEST, Manifest, ManifestError, read_manifest
from imgtext_assets.publish.archives import ARCHIVES
from imgtext_assets.publish.croissant import CROISSANT_FILE, croissant
from imgtext_assets.publish.orders import ListError, Orders
from imgtext_assets.publish.parquet import batches, beside, is_named, marked, rewrite
from imgtext_assets.publish.repack import repack, repackings, rewrite_beside

_CHANGES = "changes.parquet"
_OURS = frozenset({MANIFEST, _CHANGES, "removals.parquet", "README.md", "LICENSE", CROISSANT_FILE})
_METADATA = "metadata"
_NAMES = ("sha256", "hash", "id")
"""Columns whose value may be the name of a picture's file, without its ending."""
_ENDINGS = frozenset(
    {"", ".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif", ".txt", ".json", ".caption", ".npy"}
)
"""Of pictures and of what goes with one. Others hold many rows, and an id may be called as they are: `00000.tar`."""

_PACKED = tuple(f"{name}/" for name in ARCHIVES)


@dataclass
class Cleaned:
    """What was cleaned, or would be: rows of the metadata and of the list of changes, files beside them, archives."""

    rows: int = 0
    changes: int = 0
    files: list[Path] = field(default_factory=list)
    archives: list[Path] = field(default_factory=list)
    """The release's own archives that held such rows."""
    unopened: list[Path] = field(default_factory=list)
    """Files beside them that may hold such pictures, and that nobody looked into."""


def clean(folder: Path, orders: Orders, *, dry_run: bool = False) -> Cleaned:
    """Delete from the copy of a release at `folder` all that `orders` name, or with `dry_run` only find it.

    - Rows of `metadata/*.parquet`, and of `changes.parquet` those that name what takedowns removed.
    - Files of single pictures anywhere below whose name before the ending is the SHA-256, the MD5 or the id of such a
      row, as pictures and what goes with them are called; not where a row that stays has that name too. Links are
      deleted, not followed.
    - The pairs of such rows in the archives that the manifest lists, and what goes by their numbers (see `repack`).
      Other archives are only told of.
    - In `manifest.json`, the sizes, hashes and counts of what changed; `cleaned` has the rows that went so far.

    A second run finds nothing left. Raises ListError where the folder is no copy of a release or cannot be read.
    """
    try:
        manifest = read_manifest(folder)
    except ManifestError as error:
        raise ListError(str(error)) from None
    metadata = sorted((folder / _METADATA).glob("*.parquet"))
    if not metadata:
        raise ListError(f"{folder}: no {_METADATA}/*.parquet, so it is no copy of a release")
    try:
        return _clean(folder, manifest, metadata, orders, dry_run)
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        raise ListError(f"{folder}: {' '.join(str(error).split())[:300]}") from None


def _clean(folder: Path, manifest: Manifest, metadata: list[Path], orders: Orders, dry_run: bool) -> Cleaned:
    found, secret, doomed = Cleaned(), orders.of_takedowns, set[str]()
    for file in metadata:
        for keys, goes in marked(file, orders, *_NAMES):
            found.rows += int(goes.sum())
            doomed |= _stems(keys.filter(goes))
    if doomed:
        for file in metadata:
            for keys, goes in marked(file, orders, *_NAMES):
                doomed -= _stems(keys.filter(~goes))
    packed = [folder / name for name in sorted(manifest.files) if name.startswith(_PACKED)]
    packed = [path for path in packed if path.is_file()]
    others = sorted({*_others(folder)} - {*packed})
    single = [path for path in others if path.suffix.lower() in _ENDINGS]
    found.files = [path for path in single if _is_named(path.name, doomed, orders)]
    found.unopened = [path for path in others if path.suffix.lower() not in _ENDINGS]
    changes = folder / _CHANGES
    listed = [changes] if changes.is_file() else []
    found.changes = sum(int(goes.sum()) for file in listed for _, goes in marked(file, secret))
    archived, known = repackings([path for path in packed if path.suffix == ".tar"], orders)
    found.archives = [one.archive for one in archived]
    if dry_run:
        return found
    for path in found.files:
        path.unlink(missing_ok=True)
    for one in archived:
        repack(one)
    rewrite_beside([path for path in packed if path.suffix == ".parquet"], known)
    for files, named in ((metadata, orders), (listed, secret)):
        for file in files:
            if is_named(file, named):
                rewrite(file, named)
    _renew(folder, manifest, metadata, [*metadata, *listed, *packed])
    return found


def _stems(keys: pl.DataFrame) -> set[str]:
    named = (keys[name].drop_nulls().cast(pl.String) for name in _NAMES if name in keys.columns)
    return {stem for values in named for stem in values if stem}


def _others(folder: Path) -> Iterator[Path]:
    """Files below the folder that are none of the release's own, links included and not followed."""
    for root, folders, names in os.walk(folder):
        at_top = Path(root) == folder
        if at_top and _METADATA in folders:
            folders.remove(_METADATA)
        yield from sorted(Path(root, name) for name in names if not (at_top and name in _OURS))


def _is_named(name: str, doomed: set[str], orders: Orders) -> bool:
    stems = {name.partition(".")[0], name.rpartition(".")[0] or name}
    return bool(stems & doomed) or any(orders.names_bytes(stem) for stem in stems)


def _renew(folder: Path, manifest: Manifest, metadata: list[Path], files: list[Path]) -> None:
    """Make the manifest say what is there, where it does not: also after a run that was interrupted.

    What was replaced since the manifest was written is read anew: an archive may be another and as long as before.
    """
    said = {**manifest.said, "files": dict(manifest.said["files"])}
    since = (folder / MANIFEST).stat().st_mtime_ns
    for file in files:
        name, there = file.relative_to(folder).as_posix(), file.stat()
        listed = manifest.files.get(name)
        if listed is None or listed.bytes != there.st_size or there.st_mtime_ns >= since:
            facts = _facts(file)
            if listed is None or any(said["files"][name].get(key) != value for key, value in facts.items()):
                said["files"][name] = facts
    counts = {column: _count(metadata, column) for column in ("source", "license")}
    rows = sum(said["files"][file.relative_to(folder).as_posix()]["rows"] for file in metadata)
    if rows != manifest.rows:
        cleaned = manifest.said.get("cleaned")
        before = cleaned.get("rows", 0) if isinstance(cleaned, dict) else 0
        said["cleaned"] = {"rows": manifest.rows - rows + before}
    said |= {"rows": rows, "rows_by_source": counts["source"], "rows_by_license": counts["license"]}
    _renew_croissant(folder, said)
    text = (json.dumps(said, indent=2, ensure_ascii=False) + "\n").encode()
    if text != manifest.text:
        beside(folder / MANIFEST).write_bytes(text)
        beside(folder / MANIFEST).replace(folder / MANIFEST)


def _facts(file: Path) -> dict[str, Any]:
    """What a manifest says of a file, which is not believed to be one of ours."""
    with file.open("rb") as opened:
        facts = {"bytes": file.stat().st_size, "sha256": hashlib.file_digest(opened, "sha256").hexdigest()}
    return facts | ({"rows": pq.read_metadata(file).num_rows} if file.suffix == ".parquet" else {})


def _renew_croissant(folder: Path, manifest: dict[str, Any]) -> None:
    """Write `croissant.json` anew, where there is one: it has the hashes of the other files too."""
    files: dict[str, Any] = manifest["files"]
    if CROISSANT_FILE not in files or not (folder / CROISSANT_FILE).is_file():
        return
    try:
        text = croissant(manifest | {"files": {n: f for n, f in files.items() if n != CROISSANT_FILE}}).encode()
    except (KeyError, TypeError, ValueError, AttributeError):
        return  # a manifest of somebody else's, of which it cannot be made
    if text != (folder / CROISSANT_FILE).read_bytes():
        beside(folder / CROISSANT_FILE).write_bytes(text)
        beside(folder / CROISSANT_FILE).replace(folder / CROISSANT_FILE)
    files[CROISSANT_FILE] = {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}


def _count(files: list[Path], column: str) -> dict[str, int]:
    """Rows by the value of a column, as the manifest has them; none where it is missing."""
    counts = Counter[str]()
    for file in files:
        for batch in batches(file, [column]):
            if column in batch.schema.names:
                values = cast(pl.Series, pl.from_arrow(batch.column(column)))
                counts.update(dict(zip(*(s.to_list() for s in values.cast(pl.String).value_counts()), strict=True)))
    return {str(value): rows for value, rows in sorted(counts.items(), key=lambda one: (one[0] is not None, one[0]))}
