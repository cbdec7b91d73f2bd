"""The drop folder: files of takedowns that people, or another system, put down for us, each taken once.

What belongs here: which files there are, and what became of each. What does not: reading their lines
(`rights.takedowns`), carrying them out (`takedowns`).
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import NamedTuple

import polars as pl

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.takedowns import Takedown, carry_out, plan
from imgtext_assets.lake import Lake, LakeError, files_in, read_bytes
from imgtext_assets.lake.folder import Dropped
from imgtext_assets.rights import parse_takedowns
from imgtext_assets.rights.takedowns import MAX_BYTES
from imgtext_assets.sources.urls import normalise
from imgtext_assets.tables import REMOVAL_FILES

SETTLED = timedelta(seconds=10)
"""A file that was written to more lately may not be whole yet: it waits for the next look."""
_TOO_LARGE = f"is larger than {MAX_BYTES // 2**20} MiB; cut it into smaller files"


def read_takedowns(url: str, now: datetime, reason: str | None = None) -> tuple[pl.DataFrame, str]:
    """The orders (REMOVALS) of a CSV file, and its version. Raises LakeError, which says what is wrong."""
    data = read_bytes(url)
    return _parsed(data, PurePath(url).name, now, reason), _version(data)


def settled_files(catalog: Catalog, now: datetime) -> list[Dropped]:
    """The CSV files of the catalog's drop folder that nobody is writing any more, by name. Raises LakeError."""
    folder = catalog.policy.removals.drop_folder
    if folder is None:
        return []
    # A time in the future is another machine's clock, and says nothing.
    return [file for file in files_in(folder, ".csv") if not timedelta() <= now - file.written_at < SETTLED]


class Look(NamedTuple):
    """A file as it is now: its version, and why its bytes cannot be had, if so."""

    file: Dropped
    version: str
    problem: str | None


def look_at(files: list[Dropped]) -> list[Look]:
    """The files as they are now. One that cannot be read says so, and keeps no other from being looked at."""
    return [_look(file) for file in files]


def untaken(lake: Lake, looks: list[Look]) -> list[Look]:
    """Those of the files that nobody has looked at as they are now. Raises LakeError."""
    looked_at = lake.tables.scan(REMOVAL_FILES.name, REMOVAL_FILES.schema).select("file", "version").unique()
    seen = set(looked_at.collect().iter_rows())
    return [look for look in looks if (look.file.name, look.version) not in seen]


def take(catalog: Catalog, lake: Lake, now: datetime) -> pl.DataFrame:
    """Carry out the files of the drop folder that are new, each whole or not at all: rows of REMOVAL_FILES.

    A file that cannot be read, that makes no sense, or that names too many rows, is said and left alone until it is
    another one, or until somebody takes it by `imgtext remove --from`. Raises LakeError where folder or lake fail.
    """
    looks = untaken(lake, look_at(settled_files(catalog, now)))
    rows = [_taken(catalog, lake, look, now) for look in looks]
    return pl.DataFrame(rows, schema=REMOVAL_FILES.schema)


def record_taken(lake: Lake, name: str, version: str, takedown: Takedown, now: datetime) -> None:
    """Note that somebody carried out a file by hand, so that it is not taken again. Raises LakeError."""
    row = {"file": name, "version": version, "state": "taken", **_counts(takedown), "looked_at": now}
    row["problem"] = takedown.unheard_of()
    lake.tables.append(REMOVAL_FILES.name, pl.DataFrame([row], schema=REMOVAL_FILES.schema))


def _taken(catalog: Catalog, lake: Lake, look: Look, now: datetime) -> dict[str, object]:
    file = look.file
    row: dict[str, object] = {"file": file.name, "version": look.version, "looked_at": now}
    if look.problem is not None:
        return row | {"state": "unreadable", "problem": look.problem}
    try:
        orders = _parsed(_body(file), file.name, now, None)
    except _UnreadableError as error:
        return row | {"state": "unreadable", "problem": str(error)}
    policy = catalog.policy.removals
    takedown = plan(lake, orders, policy)
    problem = takedown.too_many(policy)
    if problem is None:
        carry_out(lake, takedown)
        return row | {"state": "taken", **_counts(takedown), "problem": takedown.unheard_of()}
    how = f"{file.name} {problem}; if that is meant: `imgtext remove --from {file.url} --yes`"
    return row | {"state": "held", **_counts(takedown), "tombstones": 0, "problem": how}


class _UnreadableError(LakeError):
    """A file of takedowns is not one."""


def _counts(takedown: Takedown) -> dict[str, int]:
    return {
        "orders": takedown.orders.height,
        "rows": takedown.rows.height,
        "tombstones": takedown.stones.height,
    }


def _parsed(data: bytes, name: str, now: datetime, reason: str | None) -> pl.DataFrame:
    if len(data) > MAX_BYTES:
        raise _UnreadableError(f"{name} {_TOO_LARGE}")
    try:
        return parse_takedowns(data.decode(), name, normalise, now, reason)
    except UnicodeDecodeError as error:
        raise _UnreadableError(f"{name}: expected UTF-8; byte {error.start} is none") from None
    except ValueError as error:
        raise _UnreadableError(str(error)) from None


def _body(file: Dropped) -> bytes:
    if file.bytes > MAX_BYTES:
        raise _UnreadableError(f"{file.name} {_TOO_LARGE}")
    try:
        return read_bytes(file.url)
    except LakeError as error:
        raise _UnreadableError(str(error)) from None


def _look(file: Dropped) -> Look:
    """A file's version is the SHA-256 of its bytes; where these are not to be had, of its size and time.

    So a file that can be read later is another version, and taken then.
    """
    try:
        return Look(file, _version(_body(file)), None)
    except _UnreadableError as error:
        return Look(file, _version(f"{file.bytes} {file.written_at}".encode()), str(error))


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
