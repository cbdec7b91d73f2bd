"""Reports: pages for people below `reports/`, each written whole in place of the one before.

What belongs here: where they lie. What does not: what they say.
"""

from __future__ import annotations

from pathlib import Path

from imgtext_assets.lake.durable import DurableFolder
from imgtext_assets.lake.stores import is_local, open_store, put_object, store_errors


class Reports:
    """The reports under one root, a local folder or `s3://bucket/prefix`. `fsync` as in `Tables`."""

    def __init__(self, root: str, fsync: bool = False) -> None:
        self.root = root.rstrip("/")
        self._store = open_store(self.root)
        self._durable = DurableFolder(Path(self.root)) if fsync and is_local(self.root) else None

    def write(self, name: str, text: str) -> str:
        """Write a page, such as `link-decay.html`. Returns its address. Raises LakeError."""
        path, data = f"reports/{name}", text.encode()
        url = f"{self.root}/{path}"
        with store_errors(url):
            if self._durable is not None:
                self._durable.replace(path, lambda staged: staged.write_bytes(data))
            else:
                put_object(self._store, path, data)
        return url
