"""The files of one folder, local or on a store: a place where people put files for us.

What belongs here: listing it. What does not: globs over metadata (`files`), and what the files say.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from imgtext_assets.lake.stores import is_local, listed_folder, open_store, store_errors


class Dropped(NamedTuple):
    """A file: its name in the folder, its full address, its size in bytes, and when it was last written (UTC)."""

    name: str
    url: str
    bytes: int
    written_at: datetime


def files_in(folder: str, suffix: str) -> list[Dropped]:
    """The files directly in `folder` whose names end with `suffix`, in any case, by name; hidden ones are passed over.

    Raises LakeError where there is no such folder, or it cannot be listed. On a store an empty folder is one that there
    is not, and has no files.
    """
    root = folder.rstrip("/") or "/"
    with store_errors(folder):
        found = _local(Path(root)) if is_local(folder) else _on_store(root)
    wanted = (file for file in found if file.name.lower().endswith(suffix) and not file.name.startswith("."))
    return sorted(wanted)


def _local(folder: Path) -> list[Dropped]:
    files = [(path, path.stat()) for path in folder.iterdir() if path.is_file()]
    return [
        Dropped(path.name, str(path), stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC)) for path, stat in files
    ]


def _on_store(folder: str) -> list[Dropped]:
    objects = listed_folder(open_store(folder))["objects"]
    return [Dropped(m["path"], f"{folder}/{m['path']}", m["size"], m["last_modified"]) for m in objects]
