"""Tables and blobs under one root, a local folder or S3, and the metadata files of others. Knows no other room."""

from imgtext_assets.lake.blobs import Blobs
from imgtext_assets.lake.files import file_versions, list_files
from imgtext_assets.lake.folder import files_in
from imgtext_assets.lake.foreign import read_foreign
from imgtext_assets.lake.releases import Releases
from imgtext_assets.lake.reports import Reports
from imgtext_assets.lake.stores import LakeError, read_bytes, read_text, store_errors
from imgtext_assets.lake.tables import Tables

__all__ = [
    "Blobs",
    "Lake",
    "LakeError",
    "Releases",
    "Reports",
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
    """Everything under one root: `tables`, `blobs`, `releases` and `reports`. `fsync` as in `Blobs` and `Tables`."""

    def __init__(self, root: str, fsync: bool = False) -> None:
        self.root = root
        self.tables = Tables(root, fsync)
        self.blobs = Blobs(root, fsync)
        self.releases = Releases(root)
        self.reports = Reports(root, fsync)
