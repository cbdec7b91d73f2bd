"""A file by somebody else as a file object, wherever it lies: local, S3, the web, or the Hugging Face hub."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO

import obstore

from imgtext_assets.lake.stores import LakeError, ObjectStore, is_local, open_store, store_errors


def open_file(url: str) -> BinaryIO:
    """The file at `url`, of which only what is read is asked for. Raises LakeError where there is none."""
    with store_errors(url):
        if is_local(url):
            return Path(url).open("rb")
        if url.startswith("hf://"):
            return hub().open(url, "rb")
        return io.BufferedReader(_RangeFile(*located(url)), _REQUEST)


def located(url: str) -> tuple[ObjectStore, str]:
    """The store that has the file at `url`, and the file's path in it.

    On the web the address as a whole is the store and the path empty: so a query is sent as it is, and what is
    percent-encoded is not encoded again.
    """
    if url.startswith("s3://"):
        folder, _, name = url.rpartition("/")
        return open_store(folder), name
    return open_store(url), ""


def hub() -> Any:
    """The Hugging Face hub as a file system. Raises LakeError where its client is not installed."""
    try:
        from huggingface_hub import HfFileSystem
    except ImportError:
        raise LakeError("hf:// paths need the hub's client: pip install 'imgtext-assets[hf]'") from None
    return HfFileSystem()


_REQUEST = 2**20  # bytes of the smallest request: a parquet footer in one, a text file in few


class _RangeFile(io.RawIOBase):
    """A file on a store, read by ranges."""

    def __init__(self, store: ObjectStore, path: str) -> None:
        self._store, self._path, self._at = store, path, 0
        self._size = obstore.head(store, path)["size"]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._size, self._at + len(buffer))
        if end <= self._at:
            return 0
        data = memoryview(obstore.get_range(self._store, self._path, start=self._at, end=end))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
