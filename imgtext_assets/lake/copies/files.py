"""Where a release's files are read from: a folder, S3, or a dataset on the Hugging Face hub.

What belongs here: reading pieces of files, and finding a version. What does not: what is done with them. The web is
read by the room `fetch`, which guards every address; its files have the same form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import obstore

from imgtext_assets.lake.copies.hub import api, file_system, hub_errors
from imgtext_assets.lake.stores import (
    LakeError,
    LakeNotFoundError,
    has,
    is_local,
    listed_folder,
    open_store,
    store_errors,
)
from imgtext_assets.manifest import MANIFEST, MAX_MANIFEST, Manifest, ManifestError, is_version, parse_manifest
from imgtext_assets.text import plain

PIECE = 8 * 2**20
"""Bytes that are asked for at once, and the smallest part of an upload: S3 takes parts from 5 MiB on."""
_HUB = re.compile(r"hf://datasets/([A-Za-z0-9._-]+/[A-Za-z0-9._-]+)/?")


class Files(Protocol):
    """The files of one release. Failures are LakeError or OSError, with one line that says what to do."""

    @property
    def where(self) -> str:
        """The release's address, for people."""
        ...

    def whole(self, path: str, at_most: int) -> bytes:
        """A small file; cut off behind `at_most` bytes and one more, where it is larger."""
        ...

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes of a file from `start` up to `end`, in pieces of any size; fewer where the file ends early."""
        ...


class StoreFiles:
    """The files below a folder, `s3://bucket/prefix` or what else `open_store` opens."""

    def __init__(self, root: str) -> None:
        self.where = root.rstrip("/")
        self._store = open_store(self.where)

    def whole(self, path: str, at_most: int) -> bytes:
        """A small file, cut off where it is larger. Raises LakeNotFoundError where there is none."""
        with store_errors(f"{self.where}/{path}"):
            size = obstore.head(self._store, path)["size"]
        return b"".join(self.read(path, 0, min(size, at_most + 1)))

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, at most `PIECE` at a time; each request is repeated where it fails."""
        for at in range(start, end, PIECE):
            with store_errors(f"{self.where}/{path}"):
                yield bytes(obstore.get_range(self._store, path, start=at, end=min(end, at + PIECE)))


class HubFiles:
    """The files of a dataset on the hub, as they are at a tag or branch when this is made."""

    def __init__(self, repo: str, revision: str) -> None:
        self.where = f"hf://datasets/{repo}@{revision}"
        with hub_errors(self.where):
            # The commit, not the branch: somebody may push a newer release meanwhile.
            commit = api().repo_info(repo, repo_type="dataset", revision=revision).sha
        self._root, self._system = f"datasets/{repo}@{commit}", file_system()

    def whole(self, path: str, at_most: int) -> bytes:
        """A small file, cut off where it is larger. Raises LakeNotFoundError where there is none."""
        with hub_errors(f"{self.where}/{path}"):
            size = int(self._system.info(f"{self._root}/{path}")["size"])
        return b"".join(self.read(path, 0, min(size, at_most + 1)))

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, at most `PIECE` at a time; each request is repeated where it fails."""
        with hub_errors(f"{self.where}/{path}"):
            file: Any = self._system.open(f"{self._root}/{path}", "rb", block_size=PIECE, cache_type="none")
        with file:
            for at in range(start, end, PIECE):
                with hub_errors(f"{self.where}/{path}"):
                    file.seek(at)
                    piece = file.read(min(end, at + PIECE) - at)
                yield piece


def manifest_of(files: Files) -> Manifest:
    """The manifest of a release, read whole. Raises LakeError or OSError where there is none, or a hostile one."""
    try:
        return parse_manifest(files.whole(MANIFEST, MAX_MANIFEST), f"{files.where}/{MANIFEST}")
    except ManifestError as error:
        raise LakeError(str(error)) from None


def hub_dataset(address: str) -> str | None:
    """`ORG/NAME` of `hf://datasets/ORG/NAME`; None where the address is not of the hub. Raises LakeError."""
    if not address.startswith("hf://"):
        return None
    if match := _HUB.fullmatch(address):
        return match[1]
    raise LakeError(f"{plain(address)}: expected hf://datasets/ORG/NAME")


def release_files(source: str, version: str | None = None) -> Files:
    """The files of a release at `source`: a folder, `s3://bucket/prefix` or `hf://datasets/ORG/NAME`.

    A folder or prefix is the release itself, or has versions below it, of which the newest is taken unless `version`
    names one; on the hub a version is a tag. Raises LakeError where it is not there.
    """
    if version is not None and not is_version(version):
        raise LakeError(f"{plain(repr(version))} is no version; expected one such as 2026.11.0")
    if repo := hub_dataset(source):
        return HubFiles(repo, version or "main")
    if is_local(source) and not Path(source).is_dir():
        raise LakeError(f"{source}: no such folder")
    root = source.rstrip("/") or "/"
    store = open_store(root)
    if version is None and has(store, MANIFEST):
        return StoreFiles(root)
    with store_errors(root):
        below = [str(prefix).strip("/") for prefix in listed_folder(store)["common_prefixes"]]
    names = [name for name in below if is_version(name)] if version is None else [version]
    for name in sorted(names, key=lambda name: [int(part) for part in name.split(".")], reverse=True):
        if has(store, f"{name}/{MANIFEST}"):
            return StoreFiles(f"{root}/{name}")
    raise LakeNotFoundError(f"{root}: has no release{f' {version}' if version else ''}")
