"""Lines of a text file by somebody else: UTF-8, plain or gzipped, of bounded length.

What belongs here: bytes to lines. What does not: what a line means.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from typing import Any, BinaryIO, Protocol, TypeVar, cast

from imgtext_assets.lake.foreign.plain import Part, UnreadableError
from imgtext_assets.text import plain as harmless

# Our judgement: ten times the longest captions that we know.
MAX_LINE = 2**20  # characters, and those of a record of several lines
CHUNK_LINES = 2_000
CHUNK_CHARACTERS = 2**24
# Deflate makes at most 1,032 bytes of one (https://zlib.net/zlib_tech.html), lists of pictures seldom more than ten.
MAX_EXPANSION = 200
_FREE = 2**26  # bytes after which the expansion counts


Row = TypeVar("Row")


class Format(Protocol[Row]):
    """What a format makes of lines."""

    def rows(self) -> Iterator[list[Row]]:
        """All rows, once, some at a time."""
        ...

    def part(self, rows: list[Row]) -> Part:
        """Rows as columns."""
        ...


class TextRows:
    """The rows of a text file, which has to be read from its start to find any."""

    def __init__(self, format_: Format[Any]) -> None:
        self._format = format_

    def count(self) -> int:
        """The number of rows."""
        return sum(map(len, self._format.rows()))

    def parts(self, first: int, rows: int) -> Iterator[Part]:
        """Rows `first` to `first + rows`, of at least one part."""
        yield self._format.part([])
        start = 0
        for chunk in self._format.rows():
            if wanted := chunk[max(0, first - start) : max(0, first + rows - start)]:
                yield self._format.part(wanted)
            start += len(chunk)
            if start >= first + rows:
                return


class Unreadable(str):
    """Stands in for a row that cannot be read: what is wrong with it, and how it begins."""

    __slots__ = ()

    @classmethod
    def because(cls, problem: str, line: str) -> Unreadable:
        """The problem, and the line's beginning made harmless."""
        return cls(f"{problem}: {harmless(line[:200], 120)}")


def chunks_of_lines(file: BinaryIO, *, gzipped: bool) -> Iterator[list[str]]:
    """The lines with their ends, some thousands at a time. Bytes that are not UTF-8 come as surrogates (PEP 383).

    A line of MAX_LINE characters or more is cut there and has no end. A byte order mark is dropped. Raises
    UnreadableError where the file is UTF-16, or unpacks to far more than it is.
    """
    binary = io.BufferedReader(_Unpacked(file), 2**18) if gzipped else file
    _refuse_utf16(binary)
    text = io.TextIOWrapper(cast(Any, binary), encoding="utf-8-sig", errors="surrogateescape", newline="\n")
    chunk: list[str] = []
    characters = 0
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith("\n"):
            _skip_line(text)
        chunk.append(line)
        characters += len(line)
        if len(chunk) == CHUNK_LINES or characters > CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def too_long(line: str) -> bool:
    """Whether the line was cut."""
    return len(line) >= MAX_LINE


def _skip_line(text: io.TextIOWrapper) -> None:
    while (rest := text.readline(MAX_LINE)) and not rest.endswith("\n"):
        pass


def _refuse_utf16(binary: Any) -> None:
    """UTF-16 begins with a byte order mark where it is a file's encoding (RFC 2781, 3.2)."""
    start = binary.read(2)
    if start in (b"\xff\xfe", b"\xfe\xff"):
        raise UnreadableError("it is UTF-16; only UTF-8 is read")
    binary.seek(0)


class _Unpacked(io.RawIOBase):
    """What a gzipped file holds, unless that is absurdly much."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed, self._file = packed, gzip.GzipFile(fileobj=packed)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        if (unpacked := self._file.tell()) > _FREE and unpacked > MAX_EXPANSION * self._packed.tell():
            raise UnreadableError(f"it unpacks to more than {MAX_EXPANSION} times its size")
        return len(data)
