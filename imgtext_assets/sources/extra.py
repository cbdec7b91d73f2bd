"""`extra`: what the source said of a row besides our columns, as one JSON object.

What belongs here: values to JSON, and how much of it. What does not: which columns these are (`columns`).

Only what a row has is written: lists with hundreds of keys of which a row has few are common, and their nulls would be
most of the table. A `null` in `extra` says instead that there was a value, but too long a one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

import polars as pl

MAX_EXTRA = 65_536
"""Longest `extra`, UTF-8 bytes: our judgement. What is longer is a page, no remark."""
_SLICE = 8192
"""Rows that are written at once, whatever the engine hands over, so that what is made on the way stays small."""


def expressible(column: pl.Expr, dtype: pl.DataType) -> pl.Expr | None:
    """Bytes have no JSON form: a column of them becomes base64, one that holds them deeper is left out."""
    if dtype == pl.Binary:
        return column.bin.encode("base64")
    return None if any(kind in str(dtype) for kind in ("Binary", "Object")) else column


def json_objects(rows: pl.Series) -> pl.Series:
    """Each struct of `rows` as a JSON object of the fields that it has; null where it has none.

    NaN and infinities have no JSON form (RFC 8259 6) and count as nulls. Of a row whose object would be longer than
    MAX_EXTRA, the longest fields are null.

    >>> json_objects(pl.Series([{"a": 1, "b": None}, {"a": None, "b": None}])).to_list()
    ['{"a":1}', None]
    """
    parts = [_objects(part) for part in rows.struct.unnest().iter_slices(_SLICE)]
    return pl.concat(parts).alias(rows.name) if parts else pl.Series(rows.name, [], pl.String)


def _objects(rows: pl.DataFrame) -> pl.Series:
    given = rows.select(column.name for column in rows if column.null_count() < rows.height)
    if not given.width:
        return pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
    sparse = [column.name for column in given if column.dtype == pl.String and 2 * column.null_count() > rows.height]
    fields = [*_fields(given.drop(sparse)), *([pl.lit(_sparse_fields(given.select(sparse)))] if sparse else [])]
    joined = pl.concat_str(fields, separator=",", ignore_nulls=True)
    objects = given.select(pl.when(joined != "").then("{" + joined + "}")).to_series()
    too_long = (objects.str.len_bytes() > MAX_EXTRA).fill_null(value=False)
    if not too_long.any():
        return objects
    each = given.filter(too_long).select(_field([column]) for column in given)
    return objects.scatter(too_long.arg_true(), [_shortened(given.columns, row) for row in each.iter_rows()])


def _fields(rows: pl.DataFrame) -> list[pl.Expr]:
    """All columns in their order, those at once that all rows have: these need no look for nulls, which saves time."""
    runs = groupby(rows, key=lambda column: column.null_count() == 0 and not column.dtype.is_float())
    groups = [group for whole, run in runs for group in ([[*run]] if whole else [[column] for column in run])]
    return [_field(columns) for columns in groups]


def _sparse_fields(texts: pl.DataFrame) -> pl.Series:
    """`"name":value,"name":value` of the texts that a row has. Hundreds of columns go far faster in long form."""
    names = [f"{json.dumps(name, ensure_ascii=False)}:" for name in texts.columns]
    numbers = [str(number) for number in range(texts.width)]
    numbered = texts.rename(dict(zip(texts.columns, numbers, strict=True))).with_row_index("row")
    long = numbered.lazy().unpivot(index="row", variable_name="name", value_name="text").drop_nulls("text")
    value = pl.struct("text").struct.json_encode().str.strip_prefix('{"text":').str.strip_suffix("}")
    field = pl.col("name").replace_strict(numbers, names) + value
    by_row = long.select("row", field=field).group_by("row", maintain_order=True).agg(pl.col("field").str.join(","))
    return numbered.lazy().select("row").join(by_row, "row", how="left", maintain_order="left").collect()["field"]


def _field(columns: Sequence[pl.Series]) -> pl.Expr:
    """`"name":value,"name":value`; null where the row does not have the first of `columns`."""
    first = pl.col(columns[0].name)
    has = first.is_finite() if columns[0].dtype.is_float() else first.is_not_null()
    encoded = pl.struct(column.name for column in columns).struct.json_encode()
    return pl.when(has).then(encoded.str.strip_prefix("{").str.strip_suffix("}")).alias(columns[0].name)


def _shortened(names: Sequence[str], fields: Sequence[str | None]) -> str:
    """The object with its longest values as null, as many as it takes."""
    kept = {name: field for name, field in zip(names, fields, strict=True) if field is not None}
    excess = sum(len(field.encode()) + 1 for field in kept.values()) + 1 - MAX_EXTRA
    for name in sorted(kept, key=lambda name: len(kept[name]), reverse=True):
        if excess <= 0:
            break
        nothing = f"{json.dumps(name, ensure_ascii=False)}:null"
        excess -= len(kept[name].encode()) - len(nothing.encode())
        kept[name] = nothing
    return "{" + ",".join(kept.values()) + "}"
