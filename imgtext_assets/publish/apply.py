"""Cleaning a copy of a release of what was removed since: rows, pictures beside them, and the manifest.

A consumer has a copy of a release, perhaps with pictures, and a list that a later release came with. No lake is needed,
and nothing is asked of the web. Files are read batch by batch with pyarrow, which fails cleanly on what is broken, and
replaced by one rename each. Pictures go first and the manifest last, so that whoever was interrupted runs it again.

What belongs here: finding and deleting below one folder. What does not: what a list names (`orders`), reading a list
that may be hostile (its caller does, in another process).
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

from imgtext_assets.publish.croissant import CROISSANT_FILE, croissant
from imgtext_assets.publish.orders import ListError, Orders

_MANIFEST, _CHANGES = "manifest.json", "changes.parquet"
_OURS = frozenset({_MANIFEST, _CHANGES, "removals.parquet", "README.md", "LICENSE", CROISSANT_FILE})
_METADATA = "metadata"
_BATCH = 25_000
_LEFT_OVER = ".cleaning"
_NAMES = ("sha256", "hash", "id")
"""Columns whose value may be the name of a picture's file, without its ending."""
_ENDINGS = frozenset(
    {"", ".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif", ".txt", ".json", ".caption", ".npy"}
)
"""Of pictures and of what goes with one. Others hold many rows, and an id may be called as they are: `00000.tar`."""


@dataclass
class Cleaned:
    """What was cleaned, or would be: rows of the metadata and of the list of changes, and files beside them."""

    rows: int = 0
    changes: int = 0
    files: list[Path] = field(default_factory=list)
    unopened: list[Path] = field(default_factory=list)
    """Files beside them that may hold such pictures, and that nobody looked into."""


def clean(folder: Path, orders: Orders, *, dry_run: bool = False) -> Cleaned:
    """Delete from the copy of a release at `folder` all that `orders` name, or with `dry_run` only find it.

    - Rows of `metadata/*.parquet`, and of `changes.parquet` those that name what takedowns removed.
    - Files of single pictures anywhere below whose name before the ending is the SHA-256, the MD5 or the id of such a
      row, as pictures and what goes with them are called; not where a row that stays has that name too. Links are
      deleted, not followed. Archives are only told of.
    - In `manifest.json`, the sizes, hashes and counts of what changed; `cleaned` has the rows that went so far.

    A second run finds nothing left. Raises ListError where the folder is no copy of a release or cannot be read.
    """
    manifest = _manifest(folder)
    metadata = sorted((folder / _METADATA).glob("*.parquet"))
    if not metadata:
        raise ListError(f"{folder}: no {_METADATA}/*.parquet, so it is no copy of a release")
    try:
        return _clean(folder, manifest, metadata, orders, dry_run)
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        raise ListError(f"{folder}: {' '.join(str(error).split())[:300]}") from None


def _clean(folder: Path, manifest: dict[str, Any], metadata: list[Path], orders: Orders, dry_run: bool) -> Cleaned:
    found, doomed = Cleaned(), set[str]()
    for file in metadata:
        for keys, goes in _marked(file, orders):
            found.rows += int(goes.sum())
            doomed |= _stems(keys.filter(goes))
    if doomed:
        for file in metadata:
            for keys, goes in _marked(file, orders):
                doomed -= _stems(keys.filter(~goes))
    beside = list(_beside(folder))
    single = [path for path in beside if path.suffix.lower() in _ENDINGS]
    found.files = [path for path in single if _is_named(path.name, doomed, orders)]
    found.unopened = [path for path in beside if path.suffix.lower() not in _ENDINGS]
    changes = folder / _CHANGES
    listed = [changes] if changes.is_file() else []
    secret = orders.of_takedowns
    found.changes = sum(int(goes.sum()) for file in listed for _, goes in _marked(file, secret))
    if dry_run:
        return found
    for path in found.files:
        path.unlink(missing_ok=True)
    for files, named in ((metadata, orders), (listed, secret)):
        for file in files:
            if any(goes.any() for _, goes in _marked(file, named)):
                _rewrite(file, named)
    _renew(folder, manifest, metadata, listed)
    return found


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ListError(f"{folder}: no {_MANIFEST}, so it is no copy of a release") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ListError(f"{folder}/{_MANIFEST}: cannot be read: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ListError(f"{folder}/{_MANIFEST}: is no manifest of a release: it has no `files`")
    return cast(dict[str, Any], manifest)


def _batches(file: Path, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(file, page_checksum_verification=True, arrow_extensions_enabled=False) as parquet:
        have = parquet.schema_arrow.names
        wanted = have if columns is None else [name for name in have if name in columns]
        yield from parquet.iter_batches(_BATCH, columns=wanted, use_threads=False)


def _marked(file: Path, orders: Orders) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
    """Batch by batch what may name a row, and whether the row goes."""
    for batch in _batches(file, [*orders.columns, *_NAMES]):
        keys = cast(pl.DataFrame, pl.from_arrow(batch))
        yield keys, orders.marks(keys)


def _stems(keys: pl.DataFrame) -> set[str]:
    named = (keys[name].drop_nulls().cast(pl.String) for name in _NAMES if name in keys.columns)
    return {stem for values in named for stem in values if stem}


def _beside(folder: Path) -> Iterator[Path]:
    """Files below the folder that are none of the release's own, links included and not followed."""
    for root, folders, names in os.walk(folder):
        at_top = Path(root) == folder
        if at_top and _METADATA in folders:
            folders.remove(_METADATA)
        yield from sorted(Path(root, name) for name in names if not (at_top and name in _OURS))


def _is_named(name: str, doomed: set[str], orders: Orders) -> bool:
    stems = {name.partition(".")[0], name.rpartition(".")[0] or name}
    return bool(stems & doomed) or any(orders.names_bytes(stem) for stem in stems)


def _rewrite(file: Path, orders: Orders) -> None:
    """The same file without the rows that `orders` name, in its place at once."""
    staged = file.with_name(f".{file.name}{_LEFT_OVER}")
    with pq.ParquetFile(file, arrow_extensions_enabled=False) as parquet:
        schema = parquet.schema_arrow
    with pq.ParquetWriter(staged, schema, compression="zstd") as writer:
        for batch in _batches(file):
            keys = cast(pl.DataFrame, pl.from_arrow(batch.select([n for n in schema.names if n in orders.columns])))
            writer.write_batch(batch.filter((~orders.marks(keys)).to_arrow()))
    staged.replace(file)


def _renew(folder: Path, manifest: dict[str, Any], metadata: list[Path], listed: list[Path]) -> None:
    """Make the manifest say what is there, where it does not: also after a run that was interrupted."""
    files: dict[str, Any] = manifest["files"]
    for file in (*metadata, *listed):
        name, said = file.relative_to(folder).as_posix(), files.get(file.relative_to(folder).as_posix())
        rows = pq.read_metadata(file).num_rows
        if not isinstance(said, dict) or (said.get("bytes"), said.get("rows")) != (file.stat().st_size, rows):
            with file.open("rb") as opened:
                sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
            files[name] = {"bytes": file.stat().st_size, "sha256": sha256, "rows": rows}
    counts = {column: _count(metadata, column) for column in ("source", "license")}
    rows = sum(files[file.relative_to(folder).as_posix()]["rows"] for file in metadata)
    had = manifest.get("rows")
    if isinstance(had, int) and rows != had:
        cleaned = manifest.get("cleaned")
        before = cleaned.get("rows", 0) if isinstance(cleaned, dict) else 0
        manifest["cleaned"] = {"rows": had - rows + before}
    manifest |= {"rows": rows, "rows_by_source": counts["source"], "rows_by_license": counts["license"]}
    _renew_croissant(folder, manifest)
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    if text != (folder / _MANIFEST).read_text(encoding="utf-8"):
        staged = folder / f".{_MANIFEST}{_LEFT_OVER}"
        staged.write_text(text, encoding="utf-8")
        staged.replace(folder / _MANIFEST)


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
        staged = folder / f".{CROISSANT_FILE}{_LEFT_OVER}"
        staged.write_bytes(text)
        staged.replace(folder / CROISSANT_FILE)
    files[CROISSANT_FILE] = {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}


def _count(files: list[Path], column: str) -> dict[str, int]:
    """Rows by the value of a column, as the manifest has them; none where it is missing."""
    counts = Counter[str]()
    for file in files:
        for batch in _batches(file, [column]):
            if column in batch.schema.names:
                values = cast(pl.Series, pl.from_arrow(batch.column(column)))
                counts.update(dict(zip(*(s.to_list() for s in values.cast(pl.String).value_counts()), strict=True)))
    return {str(value): rows for value, rows in sorted(counts.items(), key=lambda one: (one[0] is not None, one[0]))}
