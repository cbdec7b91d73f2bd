"""Blobs: original bytes, never re-encoded, under the name of their SHA-256.

Content addresses make writing idempotent: two runs that store the same bytes cannot clash, and a rerun finds them.
Local writes go to a temporary name and are renamed; they are not fsynced, so a power cut (not a crash) may lose the
last seconds, and `verified` tells, since it reads every blob back against its name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO

import obstore
from obstore.exceptions import AlreadyExistsError

from imgtext_assets.lake.stores import LakeError, has, open_store, store_errors

_AT_ONCE = 32


def blob_path(sha256: str) -> str:
    """`blobs/sha256/ab/cd/<sha256>` for 64 hex digits."""
    return f"blobs/sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"


class Blobs:
    """The blob store under one root, a local folder or `s3://bucket/prefix`."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        self._store = open_store(self.root)

    def put(self, sha256: str, body: IO[bytes] | bytes) -> None:
        """Store `body` under its hash, unless it is there. Raises LakeError."""
        with store_errors(f"{self.root}/{blob_path(sha256)}"):
            if self._has(sha256):
                return
            try:
                obstore.put(self._store, blob_path(sha256), body, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return  # another run was quicker: the same bytes

    def get(self, sha256: str) -> bytes:
        """The bytes of that hash. Raises LakeError where they are missing or not those bytes."""
        path = blob_path(sha256)
        with store_errors(f"{self.root}/{path}"):
            data = bytes(obstore.get(self._store, path).bytes())
        if hashlib.sha256(data).hexdigest() != sha256:
            raise LakeError(f"{self.root}/{path}: the bytes are not those of its name; delete it and run again")
        return data

    def present(self, hashes: Iterable[str]) -> set[str]:
        """Those of the hashes whose bytes are in the store."""
        wanted = list(hashes)
        with ThreadPoolExecutor(_AT_ONCE) as pool, store_errors(self.root):
            return {sha256 for sha256, found in zip(wanted, pool.map(self._has, wanted), strict=True) if found}

    def _has(self, sha256: str) -> bool:
        return has(self._store, blob_path(sha256))
