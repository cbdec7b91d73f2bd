"""Rows of JSON Lines files by somebody else (https://jsonlines.org): an object a line, of which any may be broken.

All columns are text: strings as they are, numbers, `true` and `false` as JSON writes them, nested values as JSON (null
where that is longer than 4 KiB, as an embedding is). So a key's column has one type, whatever single lines say.

What belongs here: lines to rows. What does not: files and encodings (`lines`).
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from typing import Any

from imgtext_assets.lake.foreign.lines import MAX_LINE, Unreadable, too_long
from imgtext_assets.lake.foreign.plain import (
    MAX_COLUMNS,
    MAX_JSON,
    Part,
    UnreadableError,
    json_text,
    names,
    text_column,
)

_Fields = dict[str, str | None]


class JsonRows:
    """A file's rows; the columns are the keys of its first object and of all rows that were asked for.

    A line that is no object is a row that cannot be read. Blank lines are no rows. Raises UnreadableError where the
    file is one JSON array.
    """

    def __init__(self, chunks: Iterator[list[str]]) -> None:
        self._chunks = chunks
        self._first = next(chunks, [])
        if next((line for line in self._first if line.strip()), "").lstrip().startswith("["):
            raise UnreadableError("it is one JSON array; expected JSON Lines, an object a line")
        self._keys: dict[str, None] = {}
        for line in self._first:
            if not isinstance(self._known(self._fields(line)), Unreadable):
                break

    def rows(self) -> Iterator[list[str]]:
        """All rows, once, still as text, some thousands at a time."""
        for chunk in itertools.chain([self._first], self._chunks):
            yield [line for line in chunk if not line.isspace()]

    def part(self, rows: list[str]) -> Part:
        """Rows as columns of text."""
        read = [self._known(self._fields(line)) for line in rows]
        given: list[_Fields] = [{} if isinstance(row, Unreadable) else row for row in read]
        columns = [text_column([row.get(key) for row in given]) for key in self._keys]
        problems = text_column([row if isinstance(row, Unreadable) else None for row in read])
        return Part(dict(zip(names(self._keys), columns, strict=True)), problems)

    def _known(self, row: _Fields | Unreadable) -> _Fields | Unreadable:
        """The row, its keys noted; not readable if they would become too many."""
        if isinstance(row, Unreadable) or row.keys() <= self._keys.keys():
            return row
        keys = self._keys | dict.fromkeys(row)
        if len(keys) > MAX_COLUMNS:
            return Unreadable(f"more than {MAX_COLUMNS:,} different keys up to this row")
        self._keys = keys
        return row

    def _fields(self, line: str) -> _Fields | Unreadable:
        if too_long(line):
            return Unreadable.because(f"longer than {MAX_LINE:,} characters", line)
        try:
            row = _DECODER.decode(line)
            if isinstance(row, dict):
                return {key: _text(value) for key, value in row.items()}
            problem = "no object"
        except (ValueError, RecursionError) as error:
            problem = f"no JSON ({str(error)[:100]})" if isinstance(error, ValueError) else "nested too deeply"
        return Unreadable.because(problem, line)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else None  # a number too large for any
    said = json_text(value)
    return said if len(said) <= MAX_JSON else None


def _no_number(_: str) -> None:
    """NaN and Infinity, which Python's writer makes and JSON does not know (RFC 8259 6)."""


_DECODER = json.JSONDecoder(parse_constant=_no_number, strict=False)  # not strict: control characters are let be
