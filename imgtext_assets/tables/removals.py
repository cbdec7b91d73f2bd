"""Tables of what must go, and of what became of such orders."""

from __future__ import annotations

import polars as pl

from imgtext_assets.columns import UTC_TIME, Column
from imgtext_assets.tables.model import Table

REMOVALS = Table(
    "removals",
    "Tombstones: what must never come back.",
    (
        Column(
            "kind",
            pl.String(),
            "What `value` is: `id`, `url` (a url_key), `sha256`, `phash` (16 hex digits), `creator` or `account`.",
            required=True,
        ),
        Column("value", pl.String(), "What is removed.", required=True),
        Column("source", pl.String(), "The source whose rows it names; null: all."),
        Column("reason", pl.String(), "Why, in the words of who removed it.", required=True),
        Column("request", pl.String(), "Reference of the request, such as a ticket."),
        Column("removed_at", UTC_TIME, "When it was removed.", "UTC", required=True),
    ),
)
REMOVAL_FILES = Table(
    "removal_files",
    "Files of takedowns from the drop folder, and what became of each.",
    (
        Column("file", pl.String(), "Name of the file.", required=True),
        Column("version", pl.String(), "SHA-256 of its bytes.", required=True),
        Column("state", pl.String(), "`taken`, `held` (it names too many rows) or `unreadable`.", required=True),
        Column("orders", pl.Int64(), "Its lines."),
        Column("rows", pl.Int64(), "Rows that go by them now, those removed before too."),
        Column("tombstones", pl.Int64(), "Tombstones that were written."),
        Column("problem", pl.String(), "Why it was not taken, or which lines name no row, for people."),
        Column("looked_at", UTC_TIME, "When.", "UTC", required=True),
    ),
)
PURGES = Table(
    "purges",
    "What became of removed pictures' bytes: marked first, deleted after the days of grace.",
    (
        Column("sha256", pl.String(), "SHA-256 of the bytes.", required=True),
        Column(
            "state", pl.String(), "`marked`, `deleted`, or `spared` (a row that is not removed has it).", required=True
        ),
        Column("bytes", pl.Int64(), "Size of the file.", "bytes"),
        Column("reason", pl.String(), "Of the tombstone."),
        Column("at", UTC_TIME, "When.", "UTC", required=True),
    ),
)
