"""Tar archives whose bytes depend on nothing but names and contents.

The format is ustar (IEEE Std 1003.1, `pax`, "ustar Interchange Format"), which every client reads. What belongs here:
bytes of an archive, also of one that is read. What does not: what is in it (`webdataset`, `laion400m`).
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import FileIO
from pathlib import Path
from typing import IO

from imgtext_assets.text import plain

BLOCK = tarfile.BLOCKSIZE
MAX_BYTES = 8**11 - 1
"""The largest member: its size is 11 octal digits."""

_PIECE = 2**20
_GATHERED = 2**17  # bytes: a picture of common size with the texts of the one before it
_MOST_PIECES = 1024  # IOV_MAX of Linux and of macOS
_NAME, _SIZE, _CHECKSUM = slice(0, 100), slice(124, 136), slice(148, 156)


def write_tar(file: Path, members: Iterable[tuple[str, bytes]]) -> int:
    """Write an archive of these names and contents, as they come; returns its size in bytes.

    Owner, group and time are 0 and the mode is 0644 for all. Raises ValueError for a name that is not 1 to 100 ASCII
    characters, and for contents of 8 GiB and more.
    """
    with file.open("wb", buffering=0) as out:
        for pieces in _gathered(_pieces(members)):
            _write(out, pieces)
        return _end(out)


def _pieces(members: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    for name, data in members:
        yield _header(name, len(data))
        yield data
        yield bytes(-len(data) % BLOCK)


def _gathered(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """As many at a time as make a write that is worth its call."""
    some: list[bytes] = []
    size = 0
    for piece in pieces:
        some.append(piece)
        size += len(piece)
        if size >= _GATHERED or len(some) == _MOST_PIECES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _write(out: FileIO, pieces: Sequence[bytes]) -> None:
    """All of them by one call to the system, a quarter faster than through a buffer; the rest where it takes a part.

    It takes a part where the disk is nearly full, and of more than 2 GiB (writev(2)).
    """
    taken = os.writev(out.fileno(), pieces)
    for piece in pieces:
        left = memoryview(piece)[taken:]
        taken = max(taken - len(piece), 0)
        while left:
            left = left[out.write(left) :]


def copy_tar(archive: Path, into: Path, renamed: Callable[[str], str | None]) -> None:
    """Write an archive once more, without the members for whose names `renamed` gives null; the others as it says.

    Contents are copied piece by piece. Raises tarfile.TarError where it is no whole archive of plain files, and
    ValueError as `write_tar` does.
    """
    with into.open("wb") as out:
        for member, content in read_tar(archive):
            if (name := renamed(member.name)) is not None:
                out.write(_header(name, member.size))
                shutil.copyfileobj(content, out, _PIECE)
                out.write(bytes(-member.size % BLOCK))
        _end(out)


def read_tar(archive: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """The members of an archive and what they hold. Raises tarfile.TarError where it is no whole one of plain files."""
    with archive.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as opened:
        for member in plain_members(opened):
            yield member, contents(opened, member)
        # A header that is damaged ends an archive for `tarfile`, as the empty block does that should.
        file.seek(opened.offset)
        if file.read(BLOCK) != bytes(BLOCK):
            raise tarfile.ReadError(f"no member at byte {opened.offset:,}")


def plain_members(opened: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members one by one, of which none is remembered. Raises tarfile.ReadError where one is no plain file."""
    while (member := opened.next()) is not None:
        opened.members = []  # pyright: ignore[reportAttributeAccessIssue]
        if not member.isreg() or member.issparse():  # a sparse one of a kilobyte may say that it has a petabyte
            raise tarfile.ReadError(f"{plain(member.name)}: no plain file")
        yield member


def contents(opened: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    """What a member holds. Raises tarfile.ReadError where it is no plain file."""
    content = opened.extractfile(member)
    if content is None:
        raise tarfile.ReadError(f"{plain(member.name)}: no plain file")
    return content


def _end(out: IO[bytes]) -> int:
    """Two empty blocks end an archive, and it fills whole records, as `tar` writes it."""
    out.write(bytes(2 * BLOCK))
    out.write(bytes(-out.tell() % tarfile.RECORDSIZE))
    return out.tell()


def _template() -> bytes:
    """The header of a file without name, size and checksum, which is counted as if it were blanks."""
    header = bytearray(tarfile.TarInfo().tobuf(tarfile.USTAR_FORMAT, "ascii", "strict"))
    header[_SIZE], header[_CHECKSUM] = bytes(12), b" " * 8
    return bytes(header)


_TEMPLATE = _template()
_TEMPLATE_SUM = sum(_TEMPLATE)


def _header(name: str, size: int) -> bytes:
    """What `tarfile.TarInfo.tobuf` gives, thirty times as fast: three members a picture would take longer than it."""
    if not (name.isascii() and 0 < len(name) <= 100):
        raise ValueError(f"{name!r}: a name in an archive is 1 to 100 ASCII characters")
    if size > MAX_BYTES:
        raise ValueError(f"{name}: {size:,} bytes are more than a member of an archive may have")
    header, as_name, as_size = bytearray(_TEMPLATE), name.encode(), b"%011o\0" % size
    header[0 : len(as_name)], header[_SIZE] = as_name, as_size
    header[_CHECKSUM] = b"%06o\0 " % (_TEMPLATE_SUM + sum(as_name) + sum(as_size))
    return bytes(header)
