"""Columns that the rest of the program can be handed: truth values, numbers, text, bytes, and nothing else.

What belongs here: types, names and sizes, whatever the format. What does not: opening and parsing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import types
from pyarrow.compute import call_function

# All are our judgement: far above any list of pictures that we know, far below what makes a process suffer.
MAX_COLUMNS = 1_000
MAX_NAME = 200  # characters of a column's name; the rest is cut off
MAX_TEXT = 2**20  # bytes of a text; a longer one is left out, and its row says so
MAX_BYTES = 2**16  # bytes of a cell that is no text; a longer one (a picture among metadata) is left out
MAX_GATHERED = 2**29  # bytes of all rows that are asked for at once


class UnreadableError(Exception):
    """The file cannot be read; the message says why, for people."""


@dataclass
class Part:
    """Some consecutive rows: plain columns, and what is wrong with each row (null: nothing), all of one length."""

    columns: dict[str, pa.Array]
    problems: pa.Array


@dataclass
class Gathered:
    """Parts on their way into one Arrow file. A column may be missing from some, or be text here and bytes there."""

    parts: list[Part] = field(default_factory=list)
    rows: int = 0
    size: int = 0

    def add(self, part: Part) -> None:
        """Add rows. Raises UnreadableError where they become more than memory should hold."""
        self.parts.append(part)
        self.rows += len(part.problems)
        self.size += sum(column.nbytes for column in part.columns.values())
        if self.size > MAX_GATHERED:
            raise UnreadableError(f"{self.rows:,} of its rows already have more than {MAX_GATHERED:,} bytes")

    def write(self, path: Path, problems: str) -> None:
        """Write an Arrow IPC file: the columns in the order of their first rows, then the problems, under that name."""
        kinds: dict[str, pa.DataType] = {}
        for part in self.parts:
            for name, column in part.columns.items():
                kinds[name] = column.type if kinds.get(name) != pa.binary() else pa.binary()
        kinds.pop(problems, None)
        kinds[problems] = pa.string()
        schema = pa.schema(list(kinds.items()))
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            for part in self.parts:
                have = part.columns | {problems: part.problems}
                columns = [
                    have[name].cast(kind) if name in have else pa.nulls(len(part.problems), kind)
                    for name, kind in kinds.items()
                ]
                writer.write_batch(pa.record_batch(columns, schema=schema))


def names(given: Iterable[str]) -> list[str]:
    """Names for columns that are text, not blank, not endless and not repeated.

    >>> names(["url", "", "url"])
    ['url', 'column_2', 'url_3']
    """
    tidy: dict[str, None] = {}
    for number, name in enumerate(given, 1):
        name = name.encode("utf-8", "replace").decode().replace("\x00", "?")[:MAX_NAME] or f"column_{number}"
        while name in tidy:
            name = f"{name}_{number}"
        tidy[name] = None
    return list(tidy)


def no_problems(rows: int) -> pa.Array:
    """The problems of rows that have none."""
    return pa.nulls(rows, pa.string())


def text_column(values: Sequence[str | None]) -> pa.Array:
    """Texts as a column of strings; of bytes, where some hold what is not UTF-8 (as surrogates)."""
    try:
        return pa.array(values, pa.string())
    except (UnicodeEncodeError, pa.ArrowInvalid):
        return pa.array([None if value is None else _encoded(value) for value in values], pa.binary())


def plain(column: pa.Array) -> pa.Array | None:
    """A column of any Arrow type as one of a plain type, or null where that cannot be.

    Numbers stay numbers. Text that is not UTF-8 becomes bytes. Dates, times and decimals become text as Arrow writes
    them; lists, structs, maps and unions become JSON text. Bytes longer than MAX_BYTES become null. Raises
    ArrowInvalid where the column's buffers contradict each other.
    """
    kind = column.type
    if isinstance(column, pa.ExtensionArray):
        return plain(column.storage)
    if types.is_dictionary(kind):
        column.validate(full=True)
        return plain(_decoded(column))
    if types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return _text_or_bytes(column)
    if types.is_nested(kind):
        return _json_column(column)
    column.validate(full=True)
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_float32(kind) or types.is_float64(kind):
        return column
    if types.is_float16(kind):
        return column.cast(pa.float32())
    if types.is_run_end_encoded(kind):
        return plain(call_function("run_end_decode", [column]))
    if types.is_fixed_size_binary(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        column = column.cast(pa.binary())
        return call_function("if_else", [_longer(column, MAX_BYTES), None, column])
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        return None


def within_limits(columns: dict[str, pa.Array], rows: int) -> Part:
    """The columns without the texts that are longer than MAX_TEXT, whose rows say so."""
    problems = no_problems(rows)
    for name, column in columns.items():
        if column.type == pa.string() and call_function("any", [too_long := _longer(column, MAX_TEXT)]).as_py():
            said = f"column {name}: the text is longer than {MAX_TEXT:,} bytes"
            problems = call_function("if_else", [too_long, pa.scalar(said), problems])
            columns = columns | {name: call_function("if_else", [too_long, None, column])}
    return Part(columns, problems)


def json_text(value: Any) -> str:
    """A nested value as JSON (RFC 8259): what JSON has no word for is null if it is a number, else text."""
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _ENCODER.encode(_finite(value))


def _text_or_bytes(column: pa.Array) -> pa.Array:
    as_bytes = column.cast(pa.large_binary()).cast(pa.binary())
    as_bytes.validate(full=True)
    try:
        return as_bytes.cast(pa.string())
    except pa.ArrowInvalid:
        return as_bytes


def _json_column(column: pa.Array) -> pa.Array | None:
    try:
        column.validate(full=True)
        return text_column([None if value is None else json_text(value) for value in column.to_pylist()])
    except (ValueError, OverflowError, RecursionError):  # some of it is no text, or no time that Python knows
        return None


def _decoded(column: pa.DictionaryArray) -> pa.Array:
    """The values in full; a dictionary of a few long ones can stand for more than there is memory."""
    values = column.dictionary
    if types.is_string(values.type) or types.is_binary(values.type):
        sizes = call_function("binary_length", [values]).cast(pa.int64()).take(column.indices)
        size = call_function("sum", [sizes]).as_py() or 0
        if size > MAX_GATHERED:
            raise UnreadableError(f"{len(column):,} of its rows have more than {MAX_GATHERED:,} bytes in one column")
    return column.dictionary_decode()


def _longer(column: pa.Array, size: int) -> pa.Array:
    return call_function("greater", [call_function("binary_length", [column]), size])


def _encoded(text: str) -> bytes:
    """Bytes that were not UTF-8 as they were (PEP 383); a lone surrogate, which JSON can name, as three bytes."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _worded(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_worded)
