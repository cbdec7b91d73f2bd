"""Do a release's archives hold what its rows say: a picture, its caption and its row for each, in their order.

A pair that is missing from an archive, or counted wrongly, gives every picture after it the text of another. What
belongs here: looking into `webdataset/` and `laion400m/`. What does not: files and rows (`check`), writing (`pairs`).
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import polars as pl

from imgtext_assets.manifest import Manifest
from imgtext_assets.publish.tar import contents, plain_members
from imgtext_assets.text import plain

ARCHIVES = ("webdataset", "laion400m")
"""Folders of a release that have archives (`release.formats`)."""
_TEXTS = ("json", "txt")
MAX_TEXT = 2**24
"""Largest `.json` or `.txt` that is read, bytes."""
_CHUNK = 2**20
_COLUMNS = ("id", "source", "sha256", "caption")
Row = Mapping[str, Any]


@dataclass
class _Pair:
    """The members of an archive that have one stem: texts by their ending, the SHA-256 of each picture."""

    stem: str
    texts: dict[str, bytes] = field(default_factory=dict)
    pictures: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)


def problems(folder: Path, manifest: Manifest) -> Iterator[str]:
    """What is wrong with the archives of the release in `folder`: at most a line for each of them, none if all is well.

    In constant memory: archives are read as streams and pictures piece by piece, with a file's rows beside them.
    """
    formats = manifest.said.get("formats")
    for name in formats if isinstance(formats, list) else ():
        if name in ARCHIVES and not (folder / name).is_dir():
            yield f"{name}: missing"
    if (folder / "webdataset").is_dir():
        yield from _webdataset(folder, "cleaned" in manifest.said)
    if (folder / "laion400m").is_dir():
        yield from _laion400m(folder, manifest.rows)


def _webdataset(folder: Path, gaps: bool) -> Iterator[str]:
    """Keys run on over all archives, each that of the row of this number; with gaps in a copy that was cleaned."""
    rows, first, pairs = _rows(sorted((folder / "metadata").glob("*.parquet"))), 0, 0
    archives = sorted((folder / "webdataset").glob("*.tar"))
    yield from _gaps("webdataset", archives)
    for archive in archives:
        count, first, problem = _compare(archive, rows, first, gaps)
        if problem is not None:
            yield f"webdataset/{archive.name}: {problem}"
            return  # all that follows is shifted
        pairs += count
    left = sum(1 for _ in rows)
    if left:
        yield f"webdataset: {pairs:,} pairs, {pairs + left:,} expected"


def _laion400m(folder: Path, expected: int) -> Iterator[str]:
    """Stems are the numbers of the rows in the parquet file beside each archive, from 0."""
    archives = sorted((folder / "laion400m").glob("*.tar"))
    yield from _gaps("laion400m", archives)
    total = 0
    for archive in archives:
        rows = archive.with_suffix(".parquet")
        if not rows.is_file():
            yield f"laion400m/{rows.name}: missing"
            continue
        beside = _rows([rows])
        count, _, problem = _compare(archive, beside, 0)
        if problem is None and (left := sum(1 for _ in beside)):
            problem = f"{count:,} pairs, {count + left:,} rows in {rows.name}"
        if problem is not None:
            yield f"laion400m/{archive.name}: {problem}"
        total += pl.scan_parquet(rows).select(pl.len()).collect().item()
    if total != expected:
        yield f"laion400m: {total:,} rows in all, {expected:,} expected"


def _gaps(name: str, archives: list[Path]) -> Iterator[str]:
    expected = [f"{number:05d}.tar" for number in range(len(archives))]
    if not archives:
        yield f"{name}: no archive"
    elif [archive.name for archive in archives] != expected:
        yield f"{name}: expected {expected[0]} to {expected[-1]}, found {plain(', '.join(a.name for a in archives))}"


def _rows(files: list[Path]) -> Iterator[Row]:
    for file in files:
        columns = [name for name in _COLUMNS if name in pl.read_parquet_schema(file)]
        yield from pl.read_parquet(file, columns=columns).iter_rows(named=True)


def _compare(archive: Path, rows: Iterator[Row], first: int, gaps: bool = False) -> tuple[int, int, str | None]:
    """How many pairs of the archive are those of the next rows, the number after theirs, and what is wrong with one.

    Pairs are numbered from `first` on; with `gaps`, by any numbers that ascend from there.
    """
    count = 0
    try:
        for pair in _pairs(archive):
            row = next(rows, None)
            if gaps and _number(pair.stem) > first:
                first = _number(pair.stem)
            problem = "no row has this number" if row is None else _wrong(pair, row, first)
            if problem is not None:
                return count, first, f"{pair.stem}: {problem}"
            count, first = count + 1, first + 1
    except (tarfile.TarError, EOFError, OSError) as error:
        return count, first, f"cannot be read: {plain(error)}"
    return count, first, None


def _number(stem: str) -> int:
    """The number that a pair is called by; -1 where it is none."""
    return int(stem) if re.fullmatch(r"[0-9]{1,18}", stem) else -1


def _wrong(pair: _Pair, row: Row, number: int) -> str | None:
    """What is wrong with the pair that should be that of a row."""
    if _number(pair.stem) != number:
        return f"expected number {number}"
    if pair.repeated:
        return f"more than one .{pair.repeated[0]}"
    if len(pair.pictures) != 1:
        return f"{len(pair.pictures)} pictures, 1 expected"
    if missing := [ending for ending in _TEXTS if ending not in pair.texts]:
        return f"no .{missing[0]}"
    try:
        said = json.loads(pair.texts["json"])
        named = {name: said[name] for name in ("id", "source", "sha256")}
        resized = said.get("resized") is True
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "its .json says no id, source and sha256"
    if other := [name for name, value in named.items() if value != row.get(name)]:
        return f"its .json says another {other[0]} than row {number}"
    if pair.texts["txt"] != (row.get("caption") or "").encode():
        return f"its .txt is another caption than that of row {number}"
    if not resized and pair.pictures[0] != row.get("sha256"):
        return f"the picture's SHA-256 is {pair.pictures[0]}"
    return None


def _pairs(archive: Path) -> Iterator[_Pair]:
    """Members that follow each other and have the same stem. Raises tarfile.TarError where it is no whole archive."""
    pair: _Pair | None = None
    with tarfile.open(archive, "r|", bufsize=_CHUNK) as members:
        for member in plain_members(members):
            stem, _, ending = member.name.partition(".")
            if pair is None or pair.stem != stem:
                if pair is not None:
                    yield pair
                pair = _Pair(plain(stem))
            content = contents(members, member)
            if ending not in _TEXTS:
                pair.pictures.append(_sha256(content))
            elif member.size > MAX_TEXT:
                raise tarfile.ReadError(f"{plain(member.name)}: {member.size:,} bytes")
            elif ending in pair.texts:
                pair.repeated.append(ending)
            else:
                pair.texts[ending] = content.read()
    if pair is not None:
        yield pair


def _sha256(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
