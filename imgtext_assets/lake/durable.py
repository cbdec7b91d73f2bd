"""Files that a power cut does not undo.

A rename or a link is atomic for whoever reads meanwhile, but both the bytes and the names reach the disk when the
system sees fit, and in any order: after a power cut a name may be missing, or lead to an empty file. So the bytes are
flushed before they get their name, and the folders that hold new names after (fsync(2): "calling fsync() does not
necessarily ensure that the entry in the directory containing the file has also reached disk").

What belongs here: writing one local file so. What does not: which files are written so (`blobs`, `tables`).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class DurableFolder:
    """A local folder, which is there, and files below it that are on the disk once a call returns.

    That is as far as the disk itself keeps what it was told to flush. Several threads and processes may use it at once.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._flushed: set[Path] = set()  # folders whose own name, and all names above, this process has flushed

    def __reduce__(self) -> tuple[type[DurableFolder], tuple[Path]]:
        return type(self), (self._root,)  # what was flushed may be long, and another process flushes again

    def create(self, path: str, data: bytes) -> None:
        """Write a file, with the folders that it needs; one that is there is left as it is. Raises OSError."""
        file = self._root / path
        with _staged(file, lambda staged: _write(staged, data)) as staged, suppress(FileExistsError):
            file.hardlink_to(staged)  # link(2) never replaces, as rename(2) does
        self._flush_names(file)

    def replace(self, path: str, write: Callable[[Path], object]) -> None:
        """Write a file, with the folders that it needs, in place of what is there. Raises OSError.

        `write` makes the file under the hidden name that it is given, in the same folder; it then gets its own.
        """
        file = self._root / path
        with _staged(file, write) as staged:
            staged.replace(file)
        self._flush_names(file)

    def flush(self, path: str) -> None:
        """Flush a file that is there, and its name: whoever wrote it may not have. Raises OSError."""
        _flush(self._root / path)
        self._flush_names(self._root / path)

    def _flush_names(self, file: Path) -> None:
        """Flush the file's name, and those of its folders that this process does not know to be flushed.

        Above the root too, as far up as names can be made: the root and its parents may have been made just before. A
        folder is known to be flushed only once all above it are, so that one that fails is flushed again.
        """
        _flush(file.parent)
        chain: list[Path] = []
        for folder in file.parents:
            above = folder.parent
            inside = folder.is_relative_to(self._root) and folder != self._root
            if folder in self._flushed or above == folder or not (inside or os.access(above, os.R_OK | os.W_OK)):
                break
            _flush(above)
            chain.append(folder)
        self._flushed.update(chain)


@contextmanager
def _staged(file: Path, write: Callable[[Path], object]) -> Iterator[Path]:
    """A file that `write` made under a hidden name beside `file`, flushed; the name is gone in the end."""
    file.parent.mkdir(parents=True, exist_ok=True)
    staged = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        write(staged)
        _flush(staged)
        yield staged
    finally:
        staged.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as body:
        body.write(data)


def _flush(path: Path) -> None:
    """Have a file's bytes, or a folder's names, written to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
