"""Bringing a release onto this machine: whole, checked against its manifest, or not there at all.

Files come into a hidden folder beside the one they are for, which gets its name once everything is there and right. A
run that is killed leaves that folder, and the next goes on where it stopped, in the middle of a file too.

Nothing that comes is believed: a manifest may name only files of its release (`manifest`), no more is written than it
says, and only if there is room for it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from imgtext_assets.lake.copies.files import PIECE, Files, StoreFiles, manifest_of
from imgtext_assets.lake.copies.together import Report, quietly, together
from imgtext_assets.lake.stores import LakeError
from imgtext_assets.manifest import MANIFEST, ListedFile, Manifest


def fetch_release(files: Files, folder: Path, manifest: Manifest | None = None, report: Report = quietly) -> Manifest:
    """Copy a release into `folder`, which is new or empty, or has that release already. Returns its manifest.

    Every file's size, SHA-256 and, of parquet, number of rows is checked, also of those that are there already.
    `manifest` is that of `files` where it has been read before; `report` is told of bytes as they come or are found.
    Raises LakeError where something is not as the manifest says, and where the folder has something else.
    """
    manifest = manifest or manifest_of(files)
    if (folder / MANIFEST).is_file():
        _check_present(folder, manifest, report)
        return manifest
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LakeError(f"{folder}: is no empty folder; name another for the release")
    partial = folder.absolute().with_name(f".{folder.absolute().name}.partial")
    with _alone(partial):
        _tidy(partial, manifest)
        _check_room(partial, manifest)

        def bring(path: str, report: Report) -> None:
            _bring(files, path, manifest.files[path], partial / path, report)

        together(bring, manifest.files, report)
        (partial / MANIFEST).write_bytes(manifest.text)
        report(len(manifest.text))
        partial.replace(folder)
    return manifest


def _check_present(folder: Path, manifest: Manifest, report: Report) -> None:
    """Check a release that is there; it is never mended in place, for somebody may be reading it."""
    text = (folder / MANIFEST).read_bytes()
    if text != manifest.text:
        there = manifest_of(StoreFiles(str(folder))).version
        raise LakeError(f"{folder}: has another release, {there}; name another folder")

    def check(path: str, report: Report) -> None:
        target, listed = folder / path, manifest.files[path]
        size, digest = _taken(target, report)
        if size != listed.bytes or digest.hexdigest() != listed.sha256:
            raise LakeError(f"{target}: is not what {MANIFEST} says; remove {folder} and fetch it again")

    together(check, manifest.files, report)
    report(len(text))


@contextmanager
def _alone(partial: Path) -> Iterator[None]:
    """Hold the hidden folder for this process; another that fetches into it is told, not waited for."""
    partial.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # gone with the process, however it ends
        yield
    except BlockingIOError:
        raise LakeError(f"{partial}: another process fetches into it") from None
    finally:
        os.close(descriptor)


def _tidy(partial: Path, manifest: Manifest) -> None:
    """Take away what is not of this release: the folder may be left from another version."""
    for path in partial.rglob("*"):
        if path.is_symlink() or (path.is_file() and path.relative_to(partial).as_posix() not in manifest.files):
            path.unlink()
    for path in sorted((path for path in partial.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()


def _check_room(partial: Path, manifest: Manifest) -> None:
    there = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
    needed, free = manifest.total - there, shutil.disk_usage(partial).free
    if needed > free:
        raise LakeError(f"{partial.parent}: the release needs {needed:,} bytes more, and there is room for {free:,}")


def _bring(files: Files, path: str, listed: ListedFile, target: Path, report: Report) -> None:
    """Bring one file, or the rest of it. One whose rest does not fit is asked for once more, whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size, digest = _taken(target, report)
    resumed = 0 < size < listed.bytes
    if size > listed.bytes or (size == listed.bytes and digest.hexdigest() != listed.sha256):
        size = _drop(target, size, report)
        digest = hashlib.sha256()
    with target.open("ab") as file:
        for piece in files.read(path, size, listed.bytes) if size < listed.bytes else ():
            if size + len(piece) > listed.bytes:
                break  # a host that sends more than it said fills no disk
            size += len(piece)
            file.write(piece)
            digest.update(piece)
            report(len(piece))
    if size == listed.bytes and digest.hexdigest() == listed.sha256:
        _check_rows(target, listed, f"{files.where}/{path}")
        return
    _drop(target, size, report)
    if resumed:
        _bring(files, path, listed, target, report)
        return
    told = f"{size:,} bytes with SHA-256 {digest.hexdigest()[:16]}..."
    raise LakeError(
        f"{files.where}/{path}: is not what {MANIFEST} says: {told}, not {listed.bytes:,} with {listed.sha256[:16]}..."
    )


def _taken(target: Path, report: Report) -> tuple[int, Any]:
    """How many bytes of a file are there, and their digest."""
    size, digest = 0, hashlib.sha256()
    if target.exists():
        with target.open("rb") as file:
            while piece := file.read(PIECE):
                size += len(piece)
                digest.update(piece)
                report(len(piece))
    return size, digest


def _drop(target: Path, size: int, report: Report) -> int:
    target.unlink(missing_ok=True)
    report(-size)
    return 0


def _check_rows(target: Path, listed: ListedFile, where: str) -> None:
    """pyarrow reads footers of malformed files without harm, where polars' reader may bring the process down."""
    if listed.rows is None:
        return
    try:
        rows = pq.read_metadata(target).num_rows
    except (pa.ArrowException, OSError) as error:
        raise LakeError(f"{where}: is no parquet file: {' '.join(str(error).split())[:200]}") from None
    if rows != listed.rows:
        raise LakeError(f"{where}: has {rows:,} rows, not {listed.rows:,} as {MANIFEST} says")
