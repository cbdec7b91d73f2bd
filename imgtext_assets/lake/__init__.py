"""Tables and blobs under one root, a local folder or S3, and the metadata files of others. Knows no other room.

What reads the files of others is imported when it is asked for (PEP 562): it takes longer than to look up a row.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgtext_assets.lake.blobs import Blobs
from imgtext_assets.lake.folder import files_in
from imgtext_assets.lake.releases import Releases
from imgtext_assets.lake.reports import Reports
from imgtext_assets.lake.row_keys import RowKeys
from imgtext_assets.lake.stores import LakeError, read_bytes, read_text, store_errors
from imgtext_assets.lake.tables import Tables

if TYPE_CHECKING:
    from imgtext_assets.lake.files import file_versions, list_files
    from imgtext_assets.lake.foreign import read_foreign

_OF_OTHERS = {"file_versions": "files", "list_files": "files", "read_foreign": "foreign"}

__all__ = [
    "Blobs",
    "Lake",
    "LakeError",
    "Releases",
    "Reports",
    "RowKeys",
    "Tables",
    "file_versions",
    "files_in",
    "list_files",
    "read_bytes",
    "read_foreign",
    "read_text",
    "store_errors",
]


class Lake:
    """Everything under one root: `tables`, `row_keys`, `blobs`, `releases` and `reports`. `fsync` as in `Tables`."""

    def __init__(self, root: str, fsync: bool = False) -> None:
        self.root = root
        self.tables = Tables(root, fsync)
        self.row_keys = RowKeys(self.tables)
        self.blobs = Blobs(root, fsync)
        self.releases = Releases(root)
        self.reports = Reports(root, fsync)


def __getattr__(name: str) -> Any:
    if name not in _OF_OTHERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_OF_OTHERS[name]}"), name)
