"""Taking rows out of the archives of a copy of a release: `webdataset/` and `laion400m/` without the pairs that go.

Whether a pair goes is told by its own `.json`, never by its number: so whoever was interrupted, with some files written
and some not, runs it again. Pairs of `webdataset` keep their names, and their archive has gaps in its numbers; those of
`laion400m` are numbered anew, for a number there is the row of the parquet file beside.

What belongs here: archives, and what lies beside them and goes by their numbers. What does not: metadata and the
manifest (`apply`), bytes of an archive (`tar`).
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from imgtext_assets.publish.archives import MAX_TEXT
from imgtext_assets.publish.orders import ListError, Orders
from imgtext_assets.publish.parquet import beside, is_named, marked, rewrite
from imgtext_assets.publish.tar import copy_tar, read_tar
from imgtext_assets.text import plain

_BATCH = 25_000
_EMBEDDINGS = ("img_emb", "text_emb")


@dataclass(frozen=True)
class Repacking:
    """An archive, and the stems of its pairs that go."""

    archive: Path
    going: frozenset[str]

    @property
    def renumbered(self) -> bool:
        """Whether its pairs are numbered by the rows of the file beside."""
        return self.archive.parent.name == "laion400m"


def repackings(archives: list[Path], orders: Orders) -> tuple[list[Repacking], Orders]:
    """What goes of each archive that has something that goes, and `orders` with the ids of all these.

    Files beside an archive may say less of a row than it does, and so be named by its id alone. Raises ListError where
    an archive is none that a release has.
    """
    found: list[Repacking] = []
    for archive in archives:
        going = [rows.filter(orders.marks(rows)) for rows in _described(archive, orders.columns)]
        stems = frozenset(stem for rows in going for stem in rows["stem"])
        if stems:
            found.append(Repacking(archive, stems))
            orders = orders.with_rows(pl.concat(going))
    return found, orders


def repack(repacking: Repacking) -> None:
    """Write an archive once more, without the pairs that go, in the place of the old one at once."""
    number, last = -1, ""

    def numbered(name: str) -> str | None:
        nonlocal number, last
        stem, dot, ending = name.partition(".")
        if stem in repacking.going:
            return None
        number, last = number + (stem != last), stem
        return f"{number:09d}{dot}{ending}"

    def named(name: str) -> str | None:
        return None if name.partition(".")[0] in repacking.going else name

    with _refused(repacking.archive):
        copy_tar(repacking.archive, beside(repacking.archive), numbered if repacking.renumbered else named)
    beside(repacking.archive).replace(repacking.archive)


def rewrite_beside(files: list[Path], orders: Orders) -> None:
    """Take rows out of the parquet files of `laion400m/`, and out of embeddings, of which each row is one of these."""
    for file in files:
        if not is_named(file, orders):
            continue
        number = file.stem.removeprefix("metadata_")
        if number != file.stem:
            kept = ~np.concatenate([goes.to_numpy() for _, goes in marked(file, orders)])
            for name in _EMBEDDINGS:
                _cut(file.with_name(f"{name}_{number}.npy"), kept)
        rewrite(file, orders)  # last, for by its rows it is seen whether the others were cut


def _cut(file: Path, kept: np.ndarray) -> None:
    """The rows of an array that are `kept`, in its place; as it is where that was done before. Raises ListError."""
    if not file.is_file():
        return
    try:
        whole = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ListError(f"{file}: is no array: {plain(error, 200)}") from None
    rows, left = len(kept), int(kept.sum())
    if whole.shape[:1] == (left,):
        return
    if whole.shape[:1] != (rows,):
        raise ListError(f"{file}: is of shape {whole.shape}, {rows:,} rows expected")
    cut = np.lib.format.open_memmap(beside(file), "w+", whole.dtype, (left, *whole.shape[1:]))
    places = np.flatnonzero(kept)
    for start in range(0, left, _BATCH):
        cut[start : start + _BATCH] = whole[places[start : start + _BATCH]]
    cut.flush()
    beside(file).replace(file)


def _described(archive: Path, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    """What the `.json` of each pair says of its row, some at a time: its `stem`, and those of `columns`, as text."""
    schema = dict.fromkeys(("stem", *columns), pl.String)
    rows: list[dict[str, str]] = []
    pairs, described, last = 0, 0, None
    with _refused(archive):
        for member, content in read_tar(archive):
            stem, _, ending = member.name.partition(".")
            pairs, last = pairs + (stem != last), stem
            if ending != "json":
                continue
            if member.size > MAX_TEXT:
                raise tarfile.ReadError(f"{plain(member.name)}: {member.size:,} bytes")
            said = json.loads(content.read())
            if not isinstance(said, dict) or not isinstance(said.get("id"), str):
                raise tarfile.ReadError(f"{plain(member.name)}: names no row")
            texts = {name: value for name, value in said.items() if name in columns and isinstance(value, str)}
            rows.append(texts | {"stem": stem})
            described += 1
            if len(rows) == _BATCH:
                yield pl.DataFrame(rows, schema)
                rows = []
        if described != pairs:
            raise tarfile.ReadError(f"{pairs:,} pairs, {described:,} of them with a .json")
        yield pl.DataFrame(rows, schema)


@contextmanager
def _refused(archive: Path) -> Iterator[None]:
    """Turn what is wrong with an archive into a ListError."""
    try:
        yield
    except (tarfile.TarError, EOFError, ValueError, RecursionError) as error:
        raise ListError(f"{archive}: cannot be cleaned, make it anew or delete it: {plain(error, 200)}") from None
