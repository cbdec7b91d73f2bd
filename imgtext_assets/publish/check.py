"""Is a release what it says it is: complete, unchanged, aligned, without repeats, without what was removed.

Reads nothing but the release's folder, so that whoever has a copy can ask. What belongs here: finding what is wrong.
What does not: mending it, and what archives hold (`archives`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from imgtext_assets.manifest import MANIFEST, Manifest, read_manifest
from imgtext_assets.publish import archives
from imgtext_assets.publish.history import compared
from imgtext_assets.publish.withdrawn import row_name, salted
from imgtext_assets.tables import RELEASE
from imgtext_assets.text import plain

_SHOWN = 5
_BATCH = 25_000


def problems(
    folder: Path, url_key: Callable[[pl.Expr], pl.Expr], removals: pl.LazyFrame | None = None
) -> Iterator[str]:
    """What is wrong with the release in a folder, a line each; nothing where all is well.

    - Every file of the manifest is there, with its size, its SHA-256 and its rows, and no other is.
    - The files of rows are numbered without a gap, have the columns of a release, and as many rows as it says.
    - No id of a source and no address is there twice, by `url_key` (`sources.url_key`).
    - No row is one that a takedown removed, by the release's own `removals.parquet`, and by `removals`, tombstones
      (REMOVALS) of a lake, where they are given.
    - Archives have the picture, the caption and the row of every row, in their order (see `archives`).

    Files are read in streams, so that memory does not grow with them; but of rows, ids and addresses are compared by
    64 bits of each. Raises ManifestError.
    """
    manifest = read_manifest(folder)
    broken = [*_files(folder, manifest), *_counts(folder, manifest)]
    yield from broken
    if broken:
        return  # what the rows say would only repeat it
    yield from _in_order(folder, manifest)
    rows = pl.scan_parquet(folder / "metadata" / "*.parquet")
    if missing := [name for name in RELEASE.schema if name not in rows.collect_schema()]:
        yield f"metadata: columns are missing: {', '.join(missing)}"
        return
    yield from _adds_up(manifest)
    address = url_key(pl.col("source_url"))
    yield from _repeats(rows, address)
    yield from _hashed(folder, rows, address)
    if removals is not None:
        yield from _removed(rows, address, removals)
    yield from archives.problems(folder, manifest)


def _files(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Files that are missing, changed, or that nobody has listed."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    listed = manifest.files
    yield from (f"{plain(name)}: missing" for name in sorted(listed.keys() - there))
    yield from (f"{plain(name)}: not in {MANIFEST}" for name in sorted(there - listed.keys()))
    for name in sorted(listed.keys() & there):
        facts, path = listed[name], folder / name
        if path.stat().st_size != facts.bytes:
            yield f"{plain(name)}: {path.stat().st_size:,} bytes, {facts.bytes:,} expected"
        elif (found := _sha256(path)) != facts.sha256:
            yield f"{plain(name)}: SHA-256 {found}, {plain(facts.sha256)} expected"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _counts(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Files of rows that cannot be read, or have other rows than the manifest says."""
    for name, facts in manifest.files.items():
        if not name.endswith(".parquet") or not (folder / name).is_file():
            continue
        try:
            rows = _read_whole(folder / name)
        except (pa.ArrowException, OSError) as error:
            yield f"{plain(name)}: cannot be read: {plain(error)}"
            continue
        if rows != facts.rows:
            yield f"{plain(name)}: {rows:,} rows, {facts.rows:,} expected"


def _read_whole(file: Path) -> int:
    """Decode every value, with pyarrow, which fails cleanly on what is broken; returns the rows."""
    with pq.ParquetFile(file, page_checksum_verification=True, arrow_extensions_enabled=False) as parquet:
        return sum(batch.num_rows for batch in parquet.iter_batches(_BATCH, use_threads=False))


def _in_order(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Files of rows that are not numbered from 0 on without a gap, or that have not as many rows as the release."""
    names = sorted(path.name for path in (folder / "metadata").glob("*.parquet"))
    expected = [f"{manifest.said.get('name')}.{number:03d}.parquet" for number in range(len(names))]
    if not names:
        yield "metadata: no file of rows"
    elif sorted(expected) != names:
        yield f"metadata: expected {plain(expected[0])} to {plain(expected[-1])}, found {plain(', '.join(names))}"
    total = sum(manifest.files[f"metadata/{name}"].rows or 0 for name in names)
    if total != manifest.rows:
        yield f"metadata: {total:,} rows in all, {manifest.rows:,} expected"


def _adds_up(manifest: Manifest) -> Iterator[str]:
    """Whether the rows before, with what changed, are the rows now. A copy that was cleaned has fewer."""
    changes, before = manifest.said.get("changes"), manifest.said.get("previous_rows")
    if not isinstance(changes, dict) or not isinstance(before, int) or "cleaned" in manifest.said:
        return
    now = before + changes.get("added", 0) - changes.get("removed", 0) - changes.get("replaced", 0)
    if now != manifest.rows:
        yield f"{MANIFEST}: {before:,} rows before and what changed since make {now:,}, not {manifest.rows:,}"


def _repeats(rows: pl.LazyFrame, address: pl.Expr) -> Iterator[str]:
    """Ids that a source has twice, and addresses that two rows have, by their normalised form."""
    for what, key in (("ids", pl.struct("source", "id")), ("addresses", address)):
        keys = rows.select(key=key.hash()).group_by("key").len().filter(pl.col("len") > 1)
        count = keys.select(pl.len()).collect(engine="streaming").item()
        if count:
            some = rows.filter(key.hash().is_in(keys.head(_SHOWN).collect()["key"].implode())).select("source", "id")
            named = ", ".join(
                f"{plain(source)}/{plain(name)}" for source, name in some.head(_SHOWN).collect().iter_rows()
            )
            yield f"metadata: {count:,} {what} there more than once, of {named}"


def _hashed(folder: Path, rows: pl.LazyFrame, address: pl.Expr) -> Iterator[str]:
    """Rows that `removals.parquet` names by the hash of their id, address or bytes (REMOVED_HASHES)."""
    file = folder / "removals.parquet"
    if not file.is_file():
        return
    listed, columns = pl.scan_parquet(file), {"id": row_name(), "url": address, "sha256": pl.col("sha256")}
    kinds, salts = (listed.select(pl.col(name).unique()).collect()[name].drop_nulls() for name in ("kind", "salt"))
    if unknown := sorted({*kinds} - {*columns}):
        yield f"removals.parquet: has hashes of a kind that is not known, and not looked for: {plain(unknown[0])}"
    for salt in salts:
        for kind, column in columns.items():
            of_kind = listed.filter(kind=kind, salt=salt).select("hash").collect()
            if of_kind.is_empty():
                continue
            named = rows.select("source", "id", hash=salted(column, kind, salt)).join(
                of_kind.lazy(), on="hash", how="semi"
            )
            yield from _told(named, kind)


def _removed(rows: pl.LazyFrame, address: pl.Expr, removals: pl.LazyFrame) -> Iterator[str]:
    """Rows that a tombstone names, for their source or for all, by what a release says of a row.

    It tells no account. It tells the look, but not whether the policy refuses what looks alike.
    """
    columns = {"id": pl.col("id"), "url": address, "sha256": pl.col("sha256"), "creator": compared(pl.col("creator"))}
    for kind, column in columns.items():
        value = compared(pl.col("value")) if kind == "creator" else pl.col("value")
        named = removals.filter(kind=kind).select(value, of="source").unique()
        found = rows.select("source", "id", value=column).join(named, on="value")
        yield from _told(found.filter(pl.col("of").is_null() | (pl.col("of") == pl.col("source"))), kind)


def _told(named: pl.LazyFrame, kind: str) -> Iterator[str]:
    found = named.select("source", "id").unique().sort("source", "id").collect(engine="streaming")
    if found.height:
        source, name = found.row(0)
        count = "1 row is" if found.height == 1 else f"{found.height:,} rows are"
        yield f"metadata: {count} removed by {kind}, such as {plain(source)}/{plain(name)}"
