"""The columns of one file by somebody else, asked for by name.

What belongs here: names, and what to say where one is missing. What does not: what a column means (the formats'
modules), or whether its values can be used (`values`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

import polars as pl

from imgtext_assets.sources.extra import expressible, json_objects
from imgtext_assets.text import plain

UNREADABLE = "_unreadable"
"""A column that whoever parsed a text file may add: why the row's line could not be parsed, else null."""


class SourceError(Exception):
    """A file is not what its format promises; the message names the file, the columns and what was expected."""

    def __init__(self, file: str, column: str, expected: str) -> None:
        super().__init__(f"{file}: column `{column}`: {expected}")
        self.file, self.column, self.expected = file, column, expected


class FileColumns:
    """The columns of `file`. It remembers which were asked for: `others` are those that were not."""

    def __init__(self, file: str, schema: Mapping[str, pl.DataType]) -> None:
        self._file = file
        # Polars takes `*` and `^...$` for patterns of names: columns named so cannot be asked for, and are left out.
        patterns = {name for name in schema if name == "*" or (name.startswith("^") and name.endswith("$"))}
        self._schema = {name: dtype for name, dtype in schema.items() if name not in {UNREADABLE, *patterns}}
        self._used: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether the file has the column."""
        return name in self._schema

    def first(self, *names: str, nothing: str | None = None) -> pl.Expr:
        """The first column there is of `names`, of the type that the file has; nulls where none is there.

        `nothing` is a text by which the file says that it has no value.
        """
        if (name := self._find(names)) is None:
            return pl.lit(None)
        dtype = self._schema[name]
        if nothing is None or dtype not in (pl.String, pl.Binary):
            return pl.col(name)
        said = pl.lit(nothing) if dtype == pl.String else pl.lit(nothing.encode())
        return pl.when(pl.col(name) != said).then(pl.col(name))

    def text(self, *names: str) -> pl.Expr:
        """The same as String, to derive something from: null where it is nested, or not UTF-8."""
        name = self._find(names)
        dtype = self._schema[name] if name else pl.Null()
        if name is None or not castable_to_text(dtype):
            return pl.lit(None, pl.String)
        if dtype == pl.Binary:
            return pl.col(name).map_batches(_whole, return_dtype=pl.String, is_elementwise=True)
        return pl.col(name).cast(pl.String)

    def spelled(self, name: str) -> str:
        """The file's spelling of `name` (see `spelled`), or `name` where it has none."""
        return spelled(name, self._schema) or name

    def require(self, *names: str) -> None:
        """Raise SourceError unless the file has one of `names`."""
        if self._find(names) is None:
            wanted = names[0] if len(names) == 1 else f"one of {', '.join(names)}"
            raise SourceError(self._file, names[0], f"expected {wanted}; {self._what_there_is(names)}")

    def others(self, derived: Mapping[str, pl.Expr]) -> pl.Expr:
        """The columns that nothing asked for, then `derived`, as `extra.json_objects` has them."""
        unused = [(pl.col(name), dtype) for name, dtype in self._schema.items() if name not in {*self._used, *derived}]
        fields = [expressible(column, dtype) for column, dtype in unused]
        fields = [field for field in fields if field is not None] + [value.alias(key) for key, value in derived.items()]
        if not fields:
            return pl.lit(None, pl.String)
        return pl.struct(fields).map_batches(json_objects, return_dtype=pl.String, is_elementwise=True)

    def _find(self, names: Collection[str]) -> str | None:
        name = next((name for name in names if name in self._schema), None)
        self._used.update([name] if name else [])
        return name

    def _what_there_is(self, wanted: Collection[str]) -> str:
        by_lower_case = {name.lower(): name for name in self._schema}
        near = {by_lower_case[n] for w in wanted for n in get_close_matches(w.lower(), by_lower_case)}
        nearest = f", of which {listed(sorted(near))} is nearest" if near else ""
        return f"the file has {listed(self._schema)}{nearest}"


def spelled(name: str, names: Collection[str]) -> str | None:
    """Which of a file's columns has this name: that of exactly this, else the first regardless of case and blanks.

    >>> spelled("url", ["caption", " URL"])
    ' URL'
    """
    if name in names:
        return name
    return next((theirs for theirs in names if theirs.strip().casefold() == name.strip().casefold()), None)


def listed(names: Collection[str]) -> str:
    """Names of somebody's columns for a message: `a, b, c`, each and all cut short."""
    shown = ", ".join(plain(name, 60) for name in list(names)[:30])
    return f"{shown} and {len(names) - 30} more" if len(names) > 30 else shown or "no columns"


def castable_to_text(dtype: pl.DataType) -> bool:
    """Whether values of this type have one spelling as text: not lists, structs, Python objects and time spans."""
    return not (dtype.is_nested() or dtype in (pl.Object, pl.Duration))


def decode(column: pl.Series) -> pl.Series:
    """Bytes as UTF-8; what is none becomes U+FFFD, as Python's `replace` does it."""
    try:
        return column.cast(pl.String)
    except pl.exceptions.ComputeError:  # polars' own cast stops at the first byte that is not UTF-8
        texts = [None if value is None else value.decode("utf-8", "replace") for value in column]
        return pl.Series(column.name, texts, pl.String)


def _whole(column: pl.Series) -> pl.Series:
    texts = decode(column)
    return pl.select(pl.when(texts.cast(pl.Binary) == column).then(texts)).to_series()
