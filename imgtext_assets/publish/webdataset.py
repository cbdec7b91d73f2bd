"""Pictures and captions in tar archives, as WebDataset reads them (https://github.com/webdataset/webdataset).

What belongs here: cutting a release into archives. What does not: what is in one (`pairs`), and its bytes (`tar`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from imgtext_assets.publish.pairs import Pictures, write_pairs

Report = Callable[[int, int], None]
"""Told of progress: pairs written, and of how many."""


def write_webdataset(
    folder: Path, rows: pl.LazyFrame, pictures: Pictures, pairs_per_tar: int = 10_000, report: Report | None = None
) -> None:
    """Write the rows of a release with their pictures as `00000.tar`, `00001.tar` and so on into `folder`.

    `rows` scans files with at least the columns `id, source, caption, width, height, mime_type, sha256` of RELEASE,
    the first `pairs_per_tar` of them go into the first archive and so on; see `write_pairs` for what is in one. Keys
    run on from archive to archive, so that a pair's key is the number of its row, from 0. At most `pairs_per_tar` rows
    and `AT_ONCE` pictures are in memory. No rows make one archive with nothing in it, for clients want one.

    The same rows and pictures make the same bytes. Raises ReleaseError, which names the row, where a picture cannot
    be had, and ValueError where a folder of that name has files.
    """
    for number, part in parts(folder, rows, pairs_per_tar, report):
        write_pairs(folder / f"{number:05d}.tar", part, pictures, first=number * pairs_per_tar)


def parts(
    folder: Path, rows: pl.LazyFrame, size: int, report: Report | None = None
) -> Iterator[tuple[int, pl.DataFrame]]:
    """`size` rows at a time with their running number, at least one part; reported once the next is asked for.

    `folder` is made. Raises ValueError where it has files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f"{folder}: archives are written into an empty folder")
    total = rows.select(pl.len()).collect().item()
    for number, start in enumerate(range(0, max(total, 1), size)):
        yield number, rows.slice(start, size).collect(engine="streaming")
        if report is not None:
            report(min(start + size, total), total)
