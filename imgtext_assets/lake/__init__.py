"""Tables and blobs under one root, a local folder or S3, and the metadata files of others. Knows no other room."""

from imgtext_assets.lake.blobs import Blobs
from imgtext_assets.lake.files import list_files
from imgtext_assets.lake.foreign import read_foreign
from imgtext_assets.lake.releases import Releases
from imgtext_assets.lake.stores import LakeError, read_bytes, read_text, store_errors
from imgtext_assets.lake.tables import Tables

__all__ = [
    "Blobs",
    "Lake",
    "LakeError",
    "Releases",
    "Tables",
    "list_files",
    "read_bytes",
    "read_foreign",
    "read_text",
    "store_errors",
]


class Lake:
    """Everything under one root: `tables`, `blobs` and `releases`. `fsync` as in `Blobs` and `Tables`."""

    def __init__(self, root: str, fsync: bool = False) -> None:
        self.root = root
        self.tables = Tables(root, fsync)
        self.blobs = Blobs(root, fsync)
        self.releases = Releases(root)
