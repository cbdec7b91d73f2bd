"""Columns that the rest of the program can be handed: truth values, numbers, text, bytes, and nothing else.

What is too large is left out here, cell by cell, so that it costs no row:

- text, and bytes that seem to be text: cut to just over 64 KiB, so that whoever wants it sees that it is too long
- other bytes (a picture among metadata) of more than that: null
- lists, structs and maps with more than about 4 KiB as JSON (an embedding, a picture with its path): null
- where the rows asked for are still too much for memory: whole columns of bytes that are no text, the widest first

What belongs here: types, names and sizes, whatever the format. What does not: opening and parsing.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import types
from pyarrow.compute import MatchSubstringOptions, call_function

# All are our judgement: far above any list of pictures that we know, far below what makes a process suffer.
MAX_COLUMNS = 1_000
MAX_NAME = 200  # characters of a column's name; the rest is cut off
# Bytes of a cell. Three more than the 65,537 that are too long for `sources`, so that whole characters are as many.
MAX_CELL = 2**16 + 4
MAX_JSON = 2**12  # characters of a nested value, as estimated
NUMBER = 16  # characters, about as many as a float has in JSON: 256 numbers fill MAX_JSON, embeddings have more
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
    sizes: Counter[str] = field(default_factory=Counter)
    dropped: set[str] = field(default_factory=set)

    def add(self, part: Part) -> None:
        """Add rows. Where they become more than memory should hold, columns of bytes that are no text are dropped, the
        widest first; raises UnreadableError, which names the widest column, where there are none left.
        """
        self.parts.append(part)
        self.rows += len(part.problems)
        for name in self.dropped:
            part.columns.pop(name, None)
        self.sizes.update({name: column.nbytes for name, column in part.columns.items()})
        while self.sizes.total() > MAX_GATHERED:
            self._drop_widest()

    def _drop_widest(self) -> None:
        for name, _ in self.sizes.most_common():
            columns = [part.columns[name] for part in self.parts if name in part.columns]
            if all(column.type == pa.binary() for column in columns) and any(map(_has_nul, columns)):
                break
        else:
            ((widest, size),) = self.sizes.most_common(1)
            raise UnreadableError(
                f"{self.rows:,} of its rows already have more than {MAX_GATHERED:,} bytes, {size:,} of them in column "
                f"{widest}; a smaller `shard_rows` in the catalog helps for files that are new"
            )
        self.dropped.add(name)
        del self.sizes[name]
        for part in self.parts:
            part.columns.pop(name, None)

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
    """Texts as a column of strings; of bytes, where some hold what is not UTF-8 (as surrogates). Long ones are cut."""
    try:
        return _within_limit(pa.array(values, pa.string()))
    except (UnicodeEncodeError, pa.ArrowInvalid):
        return _within_limit(pa.array([None if value is None else _encoded(value) for value in values], pa.binary()))


def plain(column: pa.Array) -> pa.Array | None:
    """A column of any Arrow type as one of a plain type, or null where that cannot be.

    Numbers stay numbers. Text that is not UTF-8 becomes bytes. Dates, times and decimals become text as Arrow writes
    them; lists, structs, maps and unions become JSON text, or null where that would be longer than about MAX_JSON
    characters. Text longer than MAX_CELL is cut, and so are bytes without a NUL; other bytes of that length become
    null. Raises ArrowInvalid where the column's buffers contradict each other.
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
        return _within_limit(column.cast(pa.binary()))
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        return None


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
        return _within_limit(as_bytes.cast(pa.string()))
    except pa.ArrowInvalid:
        return _within_limit(as_bytes)


def _within_limit(column: pa.Array) -> pa.Array:
    """Strings or bytes, those longer than MAX_CELL cut, or null where they are bytes that seem to be no text."""
    too_long = call_function("coalesce", [_longer(column, MAX_CELL), False])
    if not call_function("any", [too_long]).as_py():
        return column
    cut = [_cut(value) for value in column.filter(too_long).cast(pa.binary()).to_pylist()]
    if column.type == pa.binary():
        cut = [None if b"\0" in value else value for value in cut]
    return call_function("replace_with_mask", [column, too_long, pa.array(cut, pa.binary()).cast(column.type)])


def _cut(value: bytes) -> bytes:
    """The first MAX_CELL bytes, or up to three less where that would cut a character of UTF-8 (RFC 3629 3)."""
    ends = range(MAX_CELL, MAX_CELL - 4, -1)
    return value[: next((end for end in ends if value[end] & 0b1100_0000 != 0b1000_0000), MAX_CELL)]


def _has_nul(column: pa.Array) -> bool:
    """Whether there are NUL bytes, which pictures have and text has not."""
    return bool(call_function("any", [call_function("match_substring", [column], MatchSubstringOptions("\0"))]).as_py())


def _json_column(column: pa.Array) -> pa.Array | None:
    try:
        column.validate(full=True)
        keep = _json_sizes(column) <= MAX_JSON
        values = iter(column.filter(pa.array(keep)).to_pylist() if not keep.all() else column.to_pylist())
        kept = (next(values) if small else None for small in keep)
        return text_column([None if value is None else json_text(value) for value in kept])
    except (ValueError, OverflowError, RecursionError, pa.ArrowException):
        return None  # some of it is no text, or no time that Python knows, or a type that Arrow cannot filter


def _json_sizes(column: pa.Array) -> np.ndarray:
    """About how many characters each value has as JSON, without making any: a row of int64."""
    kind = column.type
    if isinstance(column, pa.ExtensionArray):
        return _json_sizes(column.storage)
    if types.is_struct(kind):
        fields = zip(kind.names, column.flatten(), strict=True)
        return sum((len(name) + _json_sizes(inner) for name, inner in fields), np.zeros(len(column), np.int64))
    if types.is_map(kind):
        entries = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        return _json_sizes(column.cast(pa.list_(entries)))
    if any(is_kind(kind) for is_kind in _LISTS):
        ends = np.cumsum(_filled(call_function("list_value_length", [column])))
        sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(_json_sizes(column.flatten()))])[np.r_[0, ends]]
        return np.diff(sums)
    if types.is_dictionary(kind):
        return np.append(_json_sizes(column.dictionary), 0)[_filled(column.indices)]
    try:
        return _filled(call_function("binary_length", [column]))
    except pa.ArrowException:
        return np.full(len(column), NUMBER, np.int64)


_LISTS = (
    types.is_list,
    types.is_large_list,
    types.is_fixed_size_list,
    types.is_list_view,
    types.is_large_list_view,
)


def _filled(lengths: pa.Array) -> np.ndarray:
    return call_function("coalesce", [lengths, 0]).to_numpy(zero_copy_only=False).astype(np.int64)


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
