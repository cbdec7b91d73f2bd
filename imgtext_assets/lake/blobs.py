"""Blobs: original bytes, never re-encoded, under the name of their SHA-256.

Content addresses make writing idempotent: two runs that store the same bytes cannot clash, and a rerun finds them.

What a local lake promises. Bytes go to a temporary name and get theirs once they are whole, so that whoever reads
meanwhile, and whatever process is killed, sees a whole blob or none. Without `fsync` a power cut, or a crash of the
system, may undo the writes of its last half minute or so; a blob may then be missing or empty though the journal of
fetches, also written then, has it. An empty one counts as missing: `present` leaves it out, so that it is asked for
again, and `put` writes over it. Other bytes than those of the name are told by `get`. With `fsync` every `put` that
returned is on the disk, its name too, before anything is journalled of it. On S3 the service promises that a put is
durable once it answers, and `fsync` changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import obstore
from obstore.exceptions import AlreadyExistsError, GenericError

from imgtext_assets.lake.durable import DurableFolder
from imgtext_assets.lake.stores import LakeError, delete_objects, has, is_local, open_store, store_errors

_AT_ONCE = 32
_EMPTY = hashlib.sha256().hexdigest()


def blob_path(sha256: str) -> str:
    """`blobs/sha256/ab/cd/<sha256>` for 64 hex digits."""
    return f"blobs/sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"


class Blobs:
    """The blob store under one root, a local folder or `s3://bucket/prefix`.

    `fsync`: where the root is local, a put returns once the bytes and their name are on the disk.
    """

    def __init__(self, root: str, fsync: bool = False) -> None:
        self.root = root.rstrip("/")
        self._store = open_store(self.root)
        self._folder = Path(self.root) if is_local(self.root) else None
        self._durable = DurableFolder(self._folder) if fsync and self._folder is not None else None

    def put(self, sha256: str, body: IO[bytes] | bytes) -> None:
        """Store `body` under its hash, unless it is there. Raises LakeError.

        What a power cut left empty is replaced, by one rename, so that a run that does the same takes no harm.
        Locally it is looked for first, which costs next to nothing. S3 is not asked: a request would cost as much as
        the bytes of most pictures, and nearly none is there, so they are sent on condition that nothing is.
        """
        path = blob_path(sha256)
        with store_errors(f"{self.root}/{path}"):
            size = self._size(path)
            if size is not None and _is_whole(sha256, size):
                if self._durable is not None:
                    self._durable.flush(path)
                return
            data = _bytes_of(body)
            if self._durable is None:
                self._create(path, data, over=size is not None)
            elif size is None:
                self._durable.create(path, data)
            else:
                self._durable.replace(path, lambda staged: staged.write_bytes(data))

    def get(self, sha256: str) -> bytes:
        """The bytes of that hash. Raises LakeError where they are missing or not those bytes."""
        path = blob_path(sha256)
        with store_errors(f"{self.root}/{path}"):
            data = self._read(path)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise LakeError(f"{self.root}/{path}: the bytes are not those of its name; delete it and run again")
        return data

    def present(self, hashes: Iterable[str]) -> set[str]:
        """Those of the hashes whose bytes are in the store."""
        with store_errors(self.root):
            if self._folder is not None:
                return {sha256 for sha256 in hashes if self._has(sha256)}
            wanted = list(hashes)
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                return {sha256 for sha256, found in zip(wanted, pool.map(self._has, wanted), strict=True) if found}

    def sizes(self, hashes: Iterable[str]) -> dict[str, int]:
        """Bytes of each of the hashes that has a file in the store, an empty one too. Raises LakeError."""
        wanted = list(hashes)
        with store_errors(self.root), ThreadPoolExecutor(_AT_ONCE) as pool:
            found = zip(wanted, pool.map(self._stored_size, wanted), strict=True)
            return {sha256: size for sha256, size in found if size is not None}

    def delete(self, hashes: Iterable[str]) -> None:
        """Delete the bytes of these hashes for good; what is not there is passed over. Raises LakeError.

        On S3 with versioning the bucket keeps the deleted version for as long as its lifecycle says
        (`storage.keep_versions_days`). Without `fsync` a power cut may bring a local file back.
        """
        with store_errors(self.root), ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._delete, map(blob_path, hashes)))

    def _read(self, path: str) -> bytes:
        if self._folder is not None:  # obstore would copy them once more and go through threads of its own
            with (self._folder / path).open("rb", buffering=0) as file:
                return file.read()
        return bytes(obstore.get(self._store, path).bytes())

    def _delete(self, path: str) -> None:
        if self._folder is not None:
            (self._folder / path).unlink(missing_ok=True)
        else:
            delete_objects(self._store, path)

    def _stored_size(self, sha256: str) -> int | None:
        if self._folder is not None:
            return self._size(blob_path(sha256))
        try:
            return obstore.head(self._store, blob_path(sha256))["size"]
        except FileNotFoundError:
            return None

    def _create(self, path: str, data: bytes, over: bool) -> None:
        try:
            obstore.put(self._store, path, data, mode="overwrite" if over else "create", use_multipart=False)
        except AlreadyExistsError:
            return  # another run was quicker: the same bytes
        except GenericError:  # obstore does not repeat a conditional put that broke off; one without it may be
            obstore.put(self._store, path, data, use_multipart=False)

    def _has(self, sha256: str) -> bool:
        if self._folder is None:
            return has(self._store, blob_path(sha256))
        size = self._size(blob_path(sha256))
        return size is not None and _is_whole(sha256, size)

    def _size(self, path: str) -> int | None:
        """How many bytes a local file has; null where there is none, and on S3, which is not asked."""
        if self._folder is None:
            return None
        try:
            return (self._folder / path).stat().st_size
        except FileNotFoundError:
            return None


def _is_whole(sha256: str, size: int) -> bool:
    """Whether a file of that size may hold the bytes: after a power cut it may be empty, as the blob of none is."""
    return size > 0 or sha256 == _EMPTY


def _bytes_of(body: IO[bytes] | bytes) -> bytes:
    """Bytes travel to the store without being copied; of a file, obstore would call back for each piece."""
    return body if isinstance(body, bytes) else body.read()
