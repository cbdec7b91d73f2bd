"""From values as somebody gave them to values of our types; what cannot be used is named, not lost.

What belongs here: types, ranges, the limits on texts. What does not: which column is which (the formats' modules), and
what becomes of a row (`reading`).
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from typing import Any, NamedTuple

import polars as pl

from imgtext_assets import tables
from imgtext_assets.sources.columns import castable_to_text, decode

MAX_TEXT = 65_536
"""Longest text that is kept, UTF-8 bytes: our judgement. What is longer is a page, no caption."""
MAX_WHOLE = 2**53
"""Largest float that is sure to be the integer that it was made from (IEEE 754 binary64)."""
MAX_SHOWN = 200
"""Longest spelling of a value that is ignored, characters."""

# Published files hold nonsense (similarity 6016, height 0, width 39580): what is out of range counts as not given.
RANGES = {
    "width": (1, 32_767),  # 2^15 - 1 pixels, our judgement: a longer side is more often a wrong number than a picture
    "height": (1, 32_767),
    "similarity": (-1, 1),  # a cosine
    "punsafe": (0, 1),  # probabilities
    "pwatermark": (0, 1),
    "aesthetic": (0, 10),  # https://github.com/LAION-AI/laion-datasets/blob/main/laion-aesthetic.md
}
HEX_DIGITS = {"md5": 32, "declared_sha256": 64, "declared_phash": 16}  # RFC 1321, FIPS 180-4, 64 bits
# A row is of no use where one of these cannot be trusted: people read them, or rules go by them.
NEEDED_TEXTS = ("id", "caption", "title", "description", "creator", "account", "license")


class Checked(NamedTuple):
    """A column in our type; which rows have a value that is ignored; what is wrong with texts. None: no row."""

    values: pl.Series
    ignored: pl.Series | None = None
    fault: pl.Series | None = None


def checked(given: pl.LazyFrame) -> pl.LazyFrame:
    """`given` with our columns in our types, row by row; columns of other names stay as they are.

    Adds `ignored` (see `tables.RAW_METADATA`), `text_fault` (what is wrong with which of NEEDED_TEXTS) and `url_fault`
    (the same for `url`). A text that is blank counts as not given. One that is not UTF-8, holds NUL characters or is
    longer than MAX_TEXT has a fault and is kept mended: U+FFFD for what is wrong, cut where it is too long. Numbers
    and digests out of range, and values of types that cannot be cast, are null and `ignored`; so are texts with a
    fault that no row need be lost for.
    """
    ours = tables.RAW_METADATA.schema
    schema = {name: ours.get(name, dtype) for name, dtype in given.collect_schema().items()}
    added = dict.fromkeys(("ignored", "url_fault", "text_fault"), pl.String())
    return given.map_batches(_check, schema={**schema, **added}, streamable=True)


def count_ignored(rows: pl.DataFrame) -> dict[str, int]:
    """How many rows of `tables.RAW_METADATA` have a value that is ignored, by column, most first."""
    return dict(Counter(name for text in rows["ignored"].drop_nulls() for name in json.loads(text)).most_common())


def _check(given: pl.DataFrame) -> pl.DataFrame:
    columns = {column.name: _checked_column(column) for column in given}
    messages = [
        pl.format("{} {}", pl.lit(name), columns[name].fault)
        for name in NEEDED_TEXTS
        if name in columns and columns[name].fault is not None
    ]
    url_fault = columns["url"].fault if "url" in columns else None
    return given.with_columns(
        *(column.values for column in columns.values()),
        _as_json(given, {name: column.ignored for name, column in columns.items() if column.ignored is not None}),
        url_fault=pl.lit(None, pl.String) if url_fault is None else url_fault,
        text_fault=pl.coalesce(*messages) if messages else pl.lit(None, pl.String),
    )


def _checked_column(column: pl.Series) -> Checked:
    dtype = tables.RAW_METADATA.schema.get(column.name)
    if dtype is None or column.dtype == pl.Null:
        return Checked(column if dtype is None else column.cast(dtype))
    if column.name in RANGES:
        castable = column.dtype.is_numeric() or column.dtype in (pl.String, pl.Binary)
        return _number(column, dtype) if castable else _of_wrong_type(column, dtype)
    if dtype != pl.String:
        return Checked(column.cast(dtype))
    if not castable_to_text(column.dtype):
        return _of_wrong_type(column, dtype)
    text = _text(column)
    if column.name in HEX_DIGITS:
        return _digest(column, text.values)
    if column.name in NEEDED_TEXTS or column.name == "url" or text.fault is None:
        return text
    return Checked(_where(text.fault.is_null(), text.values), text.fault.is_not_null())


def _number(column: pl.Series, dtype: pl.DataType) -> Checked:
    given = column if column.dtype.is_numeric() else _text(column).values.str.strip_chars()
    numbers = given.cast(pl.Float64, strict=False)
    usable = numbers.is_between(*RANGES[column.name])
    if dtype.is_integer():
        usable &= numbers == numbers.floor()
    values = _where(usable, numbers).cast(dtype)
    return Checked(values, given.is_not_null() & values.is_null() if values.null_count() > given.null_count() else None)


def _digest(column: pl.Series, texts: pl.Series) -> Checked:
    digests = texts.str.strip_chars().str.to_lowercase()
    values = _where(digests.str.contains(f"^[0-9a-f]{{{HEX_DIGITS[column.name]}}}$"), digests)
    lost = values.null_count() > column.null_count()
    return Checked(values, column.is_not_null() & values.is_null() & ~_is_blank(texts) if lost else None)


def _text(column: pl.Series) -> Checked:
    """A column as texts that are UTF-8 without NUL characters, no longer than MAX_TEXT and not blank."""
    texts = _spelled(column)
    faults = {
        "holds NUL characters": texts.str.contains("\0", literal=True),
        f"is longer than {MAX_TEXT:,} bytes": texts.str.len_bytes() > MAX_TEXT,
    }
    if column.dtype == pl.Binary:
        faults = {"is not UTF-8": texts.cast(pl.Binary) != column, **faults}
    if not any(where.any() for where in faults.values()):
        return Checked(_where(~_is_blank(texts), texts))
    words = pl.coalesce(pl.when(where).then(pl.lit(word)) for word, where in faults.items())
    mended = [None if text is None else _mended(text) for text in texts]
    values = pl.Series(column.name, mended, pl.String)
    return Checked(_where(~_is_blank(values), values), fault=pl.select(words).to_series())


def _spelled(column: pl.Series) -> pl.Series:
    """Values as text. Whole floats are spelled as integers and NaN is null: integers with gaps come so from pandas."""
    if column.dtype == pl.Binary:
        return decode(column)
    if not column.dtype.is_float():
        return column.cast(pl.String)
    numbers = pl.lit(column.fill_nan(None))
    whole = (numbers == numbers.floor()) & (numbers.abs() <= MAX_WHOLE)
    spelled = (
        pl.when(whole).then(numbers.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(numbers.cast(pl.String))
    )
    return pl.select(spelled.alias(column.name)).to_series()


def _mended(text: str) -> str:
    encoded = text.replace("\0", "\ufffd").encode()
    return encoded[:MAX_TEXT].decode("utf-8", "ignore")


def _of_wrong_type(column: pl.Series, dtype: pl.DataType) -> Checked:
    return Checked(pl.Series(column.name, [None], dtype).new_from_index(0, len(column)), column.is_not_null())


def _is_blank(texts: pl.Series) -> pl.Series:
    return ~texts.str.contains(r"\S")


def _where(keep: pl.Series, values: pl.Series) -> pl.Series:
    """The values with null where `keep` is not true; the column itself, not a copy, where it is true everywhere."""
    return values if keep.null_count() == 0 and keep.all() else pl.select(pl.when(keep).then(values)).to_series()


def _as_json(given: pl.DataFrame, masks: dict[str, pl.Series]) -> pl.Series:
    """`ignored`: for every row, the given values where its column's mask holds, as a JSON object."""
    by_row: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for name, mask in masks.items():
        for row, value in zip(mask.arg_true(), given[name].filter(mask).to_list(), strict=True):
            by_row[row][name] = _shown(value)
    if not by_row:
        return pl.Series("ignored", [None], pl.String).new_from_index(0, given.height)
    rows = [json.dumps(by_row[row], ensure_ascii=False) if row in by_row else None for row in range(given.height)]
    return pl.Series("ignored", rows, pl.String)


def _shown(value: Any) -> float | str:
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, default=str)
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:MAX_SHOWN]
