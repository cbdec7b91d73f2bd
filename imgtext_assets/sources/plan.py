"""Which rows of which file each shard holds, and how that changes when the files do.

What belongs here: numbering and cutting. What does not: listing files or counting their rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import polars as pl

from imgtext_assets import tables
from imgtext_assets.catalog import Source

Row = dict[str, Any]


def plan_shards(known: pl.DataFrame, listing: pl.DataFrame, source: Source, shard_rows: int) -> pl.DataFrame:
    """The shards of `source`, after its files were listed anew: `tables.SHARDS`, in the order of their numbers.

    `known` is the plan before (`tables.SHARDS`; shards of other sources are left out). `listing` has a row for every
    file that is there now: `source_file`, `rows`, `file_version`, and `problem`, which is null unless the file
    could not be read. A shard is never renumbered, nor does it move to another file or first row, so that whatever
    was made of it stays its own:

    - a file that grew extends its last shard up to `shard_rows`, then gets further shards;
    - one that shrank keeps shards of fewer or no rows;
    - one that vanished, or that cannot be read, keeps its shards as they were, with that state;
    - a new file gets the next free numbers, in the order of file names; if it cannot be read, one shard without
      rows, so that it is seen. A new file without rows gets none.

    A changed `shard_rows` only shapes shards to come. Raises ValueError when `listing` names a file twice.
    """
    if listing["source_file"].is_duplicated().any():
        raise ValueError("the listing names a file twice")
    before: defaultdict[str, list[Row]] = defaultdict(list)
    for shard in known.filter(source=source.name).sort("first_row").iter_rows(named=True):
        before[shard["source_file"]].append(shard)

    number = 1 + max((_number(shard) for shards in before.values() for shard in shards), default=-1)
    plan: list[Row] = []
    for file in listing.sort("source_file").iter_rows(named=True):
        for shard in _shards_of(file, before.pop(file["source_file"], []), shard_rows):
            if "shard" not in shard:
                shard |= {"shard": f"{source.name}-{number:05d}", "source": source.name}
                number += 1
            plan.append(shard)
    gone = {"state": "vanished", "problem": "the file is no longer listed"}
    plan += (shard | gone for shards in before.values() for shard in shards)
    return pl.DataFrame(sorted(plan, key=_number), schema=tables.SHARDS.schema)


def _shards_of(file: Row, before: list[Row], shard_rows: int) -> Iterator[Row]:
    """The shards of a listed file, known ones first; new ones still without `shard` and `source`."""
    shared = {key: file[key] for key in ("source_file", "file_version", "problem")}
    if file["problem"] is not None:
        for shard in before or [{"first_row": 0, "rows": 0}]:
            yield shard | shared | {"state": "unreadable"}
        return
    shared["state"] = "present"
    covered = 0
    for shard, after in zip(before, [*before[1:], None], strict=False):
        covered = after["first_row"] if after else shard["first_row"] + max(shard["rows"], shard_rows)
        yield shard | shared | {"rows": max(0, min(covered, file["rows"]) - shard["first_row"])}
    for first_row in range(covered, file["rows"], shard_rows):
        yield shared | {"first_row": first_row, "rows": min(shard_rows, file["rows"] - first_row)}


def _number(shard: Row) -> int:
    return int(shard["shard"].rpartition("-")[2])
