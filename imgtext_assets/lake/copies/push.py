"""Sending a release to where consumers get it: S3, or a folder such as a mounted disk.

A reader never sees a half: the manifest, by which a release is known, goes last. What is there already is not sent
again, so that a push that was killed goes on with the file it was at.

How what arrived is compared. Every part goes out with its SHA-256 in the request's signature (AWS Signature Version 4,
`x-amz-content-sha256`), so a store takes no part that was damaged on the way. Of what it then holds a store tells the
ETag: the MD5 of an object that was put in one request, and the MD5 of the parts' MD5s and their number of one in parts
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html, "Using Content-MD5 and the
ETag"). Where it is something else, as with keys of AWS KMS, the object is read back and its SHA-256 is compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import obstore
from obstore.exceptions import GenericError

from imgtext_assets.lake.copies.files import PIECE, Files, StoreFiles, manifest_of
from imgtext_assets.lake.copies.together import Report, quietly, together
from imgtext_assets.lake.stores import LakeError, ObjectStore, listed, open_store, put_object, store_errors, unbroken
from imgtext_assets.manifest import MANIFEST, ListedFile, Manifest

_MAX_PARTS = 10_000  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
_PARTS_AT_ONCE = 4  # of one file: with four files that is 128 MiB of parts


def push_to_store(release: Files, destination: str, report: Report = quietly) -> str:
    """Copy a release below `destination`, a folder or `s3://bucket/prefix`, under its version. Returns its address.

    `report` is told of bytes as they arrive (or are found to be there). Raises LakeError where another release of
    that version is there, where something does not arrive as it is, and where the release itself is damaged.
    """
    manifest = manifest_of(release)
    root = f"{destination.rstrip('/')}/{manifest.version}"
    store = open_store(root)
    there = _listed(store, root)
    _refuse_others(store, root, there, manifest)

    def send(path: str, report: Report) -> None:
        _Copy(release, store, root, path, manifest.files[path]).send(there.get(path), report)

    together(send, manifest.files, report)
    if MANIFEST not in there:
        with store_errors(f"{root}/{MANIFEST}"):
            put_object(store, MANIFEST, manifest.text)
    report(len(manifest.text))
    return root


def _listed(store: ObjectStore, root: str) -> dict[str, Any]:
    with store_errors(root):
        return {meta["path"]: meta for meta in listed(store)}


def _refuse_others(store: ObjectStore, root: str, there: dict[str, Any], manifest: Manifest) -> None:
    if MANIFEST in there:
        with store_errors(root):
            text = bytes(obstore.get(store, MANIFEST).bytes())
        if text != manifest.text:
            raise LakeError(
                f"{root}: another release of that version is there, and a release is never changed; "
                "push elsewhere, or cut a new version"
            )
    elif strange := sorted(there.keys() - manifest.files.keys()):
        raise LakeError(f"{root}: has files that are none of this release, such as {strange[0]}; remove them first")


@dataclass(frozen=True)
class _Copy:
    """One file on its way."""

    release: Files
    store: ObjectStore
    root: str
    path: str
    listed: ListedFile

    def send(self, there: Any, report: Report) -> None:
        """Send the file, unless it is there as it should be."""
        if there is not None and there["size"] == self.listed.bytes and self._is(there["e_tag"], self._digest()):
            report(self.listed.bytes)
            return
        with store_errors(f"{self.root}/{self.path}"):
            digest = unbroken(lambda: self._upload(report))
            arrived = obstore.head(self.store, self.path)
        if not self._is(arrived["e_tag"], digest):
            raise LakeError(f"{self.root}/{self.path}: did not arrive as it was sent; run again")

    def _upload(self, report: Report) -> _Digest:
        """Send it once. `report` takes back what it told where that fails. Raises obstore's errors, and LakeError."""
        digest, sent = _Digest(), 0
        size = part_size(self.listed.bytes)
        writer = obstore.open_writer(self.store, self.path, buffer_size=size, max_concurrency=_PARTS_AT_ONCE)
        try:
            for part in self._parts(digest):
                writer.write(part)
                sent += len(part)
                report(len(part))
            writer.close()  # only what is closed ever appears, so where something fails it is left open
        except (GenericError, OSError):
            report(-sent)
            raise
        return digest

    def _digest(self) -> _Digest:
        digest = _Digest()
        for _ in self._parts(digest):
            pass
        return digest

    def _parts(self, digest: _Digest) -> Iterator[bytes]:
        """The file's parts, which `digest` takes in. Raises LakeError before the last one where they are not the file.

        So a damaged file is never made whole at the destination: its upload is given up.
        """
        size = self.listed.bytes
        left = size
        for part in _parts(self.release.read(self.path, 0, size), part_size(size)):
            digest.add(part)
            left -= len(part)
            if left <= 0 and digest.sha256.hexdigest() != self.listed.sha256:
                break
            yield part
        if digest.sha256.hexdigest() != self.listed.sha256:
            raise LakeError(f"{self.release.where}/{self.path}: is damaged, for it is not what {MANIFEST} says")

    def _is(self, e_tag: str | None, sent: _Digest) -> bool:
        """Whether the destination holds the file: by its ETag, else by reading it back."""
        if (e_tag or "").strip('"').lower() == sent.e_tag:
            return True
        back = hashlib.sha256()
        for piece in StoreFiles(self.root).read(self.path, 0, self.listed.bytes):
            back.update(piece)
        return back.hexdigest() == self.listed.sha256


@dataclass
class _Digest:
    """What is known of a file once all its parts have been added."""

    sha256: Any = field(default_factory=hashlib.sha256)
    parts: list[bytes] = field(default_factory=list)

    def add(self, part: bytes) -> None:
        self.sha256.update(part)
        self.parts.append(hashlib.md5(part, usedforsecurity=False).digest())

    @property
    def e_tag(self) -> str:
        if len(self.parts) == 1:
            return self.parts[0].hex()
        whole = hashlib.md5(b"".join(self.parts), usedforsecurity=False).hexdigest()
        return f"{whole}-{len(self.parts)}"


def part_size(size: int) -> int:
    """Bytes of each part of a file but the last, so that there are not more than S3 takes."""
    return PIECE * max(1, ceil(size / (PIECE * _MAX_PARTS)))


def _parts(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in parts of `size`, the last one shorter; one empty part where there are none."""
    held, any_ = bytearray(), False
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            any_ = True
            del held[:size]
    if held or not any_:
        yield bytes(held)
