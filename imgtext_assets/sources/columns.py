"""The columns of one file by somebody else, asked for by name and turned into text or numbers.

What belongs here: types that were not promised, and names that were. What does not: what a column means.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl


class SourceError(Exception):
    """A file is not what its format promises; the message names the file, the column and what was expected."""

    def __init__(self, file: str, column: str, expected: str) -> None:
        super().__init__(f"{file}: column `{column}`: {expected}")
        self.file, self.column, self.expected = file, column, expected


class FileColumns:
    """The columns of `file`. It remembers which were asked for: `others` are those that were not."""

    def __init__(self, file: str, schema: Mapping[str, pl.DataType]) -> None:
        self._file, self._schema = file, schema
        self._used: set[str] = set()

    def text(self, *names: str) -> pl.Expr:
        """The first column there is of `names` as String: null where it is blank, nested, or none is there."""
        if (name := self._find(names)) is None:
            return pl.lit(None, pl.String)
        text = _as_text(pl.col(name), self._schema[name])
        return pl.when(text.str.strip_chars() != "").then(text)

    def number(self, *names: str) -> pl.Expr:
        """The first column there is of `names` as Float64: null where it is no number, or none is there."""
        name = self._find(names)
        dtype = self._schema[name] if name else pl.Null()
        if name is None or not (dtype.is_numeric() or dtype == pl.String):
            return pl.lit(None, pl.Float64)
        return pl.col(name).cast(pl.Float64, strict=False)

    def require(self, *names: str) -> None:
        """Raise SourceError unless the file has one of `names`."""
        if self._find(names) is None:
            wanted = names[0] if len(names) == 1 else f"one of {', '.join(names)}"
            have = ", ".join(self._schema)
            raise SourceError(self._file, names[0], f"expected {wanted}; the file has {have or 'no columns'}")

    def others(self) -> pl.Expr:
        """The columns that nothing asked for, as one JSON object a row; null where there are none."""
        fields = [_for_json(pl.col(name), dtype) for name, dtype in self._schema.items() if name not in self._used]
        fields = [field for field in fields if field is not None]
        return pl.struct(fields).struct.json_encode() if fields else pl.lit(None, pl.String)

    def _find(self, names: tuple[str, ...]) -> str | None:
        name = next((name for name in names if name in self._schema), None)
        self._used.update([name] if name else [])
        return name


def _as_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Binary:  # polars' own cast stops at the first byte that is not UTF-8
        return column.map_batches(_decode, return_dtype=pl.String, is_elementwise=True)
    if dtype.is_nested() or dtype in (pl.Object, pl.Duration):
        return pl.lit(None, pl.String)
    return column.cast(pl.String, strict=False)


def _decode(column: pl.Series) -> pl.Series:
    texts = [None if value is None else value.decode("utf-8", "replace") for value in column]
    return pl.Series(column.name, texts, pl.String)


def _for_json(column: pl.Expr, dtype: pl.DataType) -> pl.Expr | None:
    """Bytes have no JSON form: a column of them becomes base64, one that holds them deeper is left out."""
    if dtype == pl.Binary:
        return column.bin.encode("base64")
    return None if any(kind in str(dtype) for kind in ("Binary", "Object")) else column
