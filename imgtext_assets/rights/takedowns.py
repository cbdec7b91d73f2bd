"""Orders to remove: what somebody asks for, in a command or in a file, made sure of before anything is removed.

What belongs here: reading orders, and saying plainly what is wrong with one. What does not: which rows they mean, and
carrying them out (`defs.takedowns`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl

from imgtext_assets.rights.removals import KINDS, SCOPED
from imgtext_assets.tables import REMOVALS
from imgtext_assets.text import key_kind

COLUMNS = ("key", "kind", "source", "reason", "request")
MAX_BYTES = 64 * 2**20
"""Larger files of orders are not opened: a million lines take less."""
_SHOWN = 80

Normalise = Callable[[str], str | None]


def order(kind: str, key: str, normalise: Normalise, source: str | None = None) -> tuple[str, str, str | None]:
    """Kind, value and source of the tombstone that a key asks for.

    `normalise` gives the url_key of an address, None for what is none. Raises ValueError, which says what was expected.
    """
    value = key.strip()
    if not value:
        raise ValueError("the key is empty; that removes nothing")
    if kind not in KINDS:
        raise ValueError(f"kind {kind[:_SHOWN]!r}: expected {', '.join(KINDS)}")
    if source and kind not in SCOPED:
        raise ValueError(f"a source is for {', '.join(SCOPED)}: an address, bytes and looks are removed everywhere")
    digits = {"sha256": 64, "phash": 16}.get(kind)
    if digits and not re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", value):
        raise ValueError(f"{value[:_SHOWN]!r} is no {kind}: expected {digits} hex digits")
    if digits:
        return kind, value.lower(), None
    if kind == "url":
        address = normalise(value)
        if address is None:
            raise ValueError(f"{value[:_SHOWN]!r} is no http(s) address")
        return kind, address, None
    return kind, value, source or None


def orders_frame(orders: Sequence[tuple[str, str, str | None, str, str | None]], removed_at: datetime) -> pl.DataFrame:
    """Orders (kind, value, source, reason, request) as a frame of REMOVALS, each name once."""
    columns = ["kind", "value", "source", "reason", "request"]
    frame = pl.DataFrame(orders, schema=dict.fromkeys(columns, pl.String), orient="row")
    at = pl.lit(removed_at, REMOVALS.schema["removed_at"])
    once = frame.unique(["kind", "value", "source"], keep="first", maintain_order=True)
    return once.with_columns(removed_at=at).select(REMOVALS.schema.names())


def parse_takedowns(
    text: str, name: str, normalise: Normalise, removed_at: datetime, reason: str | None = None
) -> pl.DataFrame:
    """The orders of a CSV file as a frame of REMOVALS: a line each, the first line names the columns.

    Columns are `key` and, as the file likes, `kind`, `source`, `reason`, `request`. A key without a kind is what it
    looks like (`key_kind`), a line without a reason has `reason`, else the file's name as its reason. Lines that are
    blank are passed over. Raises ValueError, which names the file and the line, where any line is wrong: a file is
    carried out whole or not at all. A file without a single order is wrong, too: an export may have failed.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    found: list[tuple[str, str, str | None, str, str | None]] = []
    fields: list[str] = []
    try:
        for row in rows:
            values = [value.strip() for value in row]
            if not any(values):
                continue
            if not fields:
                fields = _fields(values)
                continue
            if len(values) != len(fields):
                raise ValueError(f"{len(values)} values for {len(fields)} columns")
            given = dict(zip(fields, values, strict=True))
            kind = given.get("kind") or key_kind(given["key"])
            named = order(kind, given["key"], normalise, given.get("source"))
            why = given.get("reason") or reason or f"asked for in {name}"
            found.append((*named, why, given.get("request") or None))
    except (csv.Error, ValueError) as error:
        raise ValueError(f"{name}, line {max(rows.line_num, 1)}: {error}") from None
    if not found:
        raise ValueError(f"{name}: no takedown is in it; that removes nothing")
    return orders_frame(found, removed_at)


def _fields(values: list[str]) -> list[str]:
    """The columns that the first line names. Raises ValueError where it does not, or names others."""
    fields = [value.lower() for value in values]
    unknown = [field for field in fields if field not in COLUMNS]
    if "key" not in fields or unknown or len(set(fields)) < len(fields):
        raise ValueError(
            f"expected the columns key and, if you like, {', '.join(COLUMNS[1:])}, each once; found "
            f"{', '.join(values)[:_SHOWN]!r}"
        )
    return fields
