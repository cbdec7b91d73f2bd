"""Tables of what a release publishes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from imgtext_assets.columns import FETCH, RAW, UTC_TIME, Column
from imgtext_assets.tables.model import Table


def _named(columns: Sequence[Column], *names: str) -> Iterator[Column]:
    return (column for name in names for column in columns if column.name == name)


RELEASE = Table(
    "release",
    "What a release publishes: PD12M's columns and where each row is from.",
    (
        Column(
            "id", pl.String(), "The source's own id where that is unique everywhere, else UUIDv5 of source and URL."
        ),
        Column(
            "url",
            pl.String(),
            "Address of the picture as clients can ask for it, percent-encoded: the source's, or ours where we serve "
            "the bytes.",
        ),
        *_named(RAW, "caption", "width", "height", "mime_type"),
        Column("hash", pl.String(), "MD5 of the file, 32 hex digits."),
        Column("license", pl.String(), "Address of the licence."),
        Column("license_id", pl.String(), "The licence: an SPDX id where there is one."),
        Column("attribution", pl.String(), "The credit line that the licence asks for; null where it asks for none."),
        *_named(RAW, "source"),
        *_named(FETCH, "sha256"),
        Column(
            "phash", pl.String(), "64-bit perceptual hash (`imagehash.phash`), 16 hex digits; null where none was had."
        ),
        *_named(RAW, "landing_url", "creator"),
        Column("source_url", pl.String(), "Address of the picture as the source gives it."),
        *_named(RAW, "similarity", "nsfw"),
        Column("retrieved_at", UTC_TIME, "When the picture was fetched.", "UTC"),
        Column(
            "source_file",
            pl.String(),
            "The metadata file that the row came from, as the catalog names it; of an absolute path the last part.",
        ),
        *_named(RAW, "source_row"),
        Column("shard", pl.String(), "The part of the source that the row was built in: `<source>-<00000>`."),
    ),
)
PLACES = ("retrieved_at", "source_file", "source_row", "shard")
"""Columns of RELEASE that say when and from where a row was read. A list that has one row more moves all the others."""
CHANGES = Table(
    "release_changes",
    "What `changes.parquet` of a release lists: every row that differs from the release before, and why rows left.",
    (
        Column("source", pl.String(), "Name of the source in the catalog.", required=True),
        Column("id", pl.String(), "The row's id; null where a takedown removed it and releases name none such."),
        Column("url", pl.String(), "Its address in this release, else in the one before; null likewise."),
        Column(
            "change",
            pl.String(),
            "`added`, `changed` (some value of it; not when and from where it was read), `removed`, or `replaced`: "
            "another row came in its place.",
            required=True,
        ),
        Column("stage", pl.String(), "The stage that rejected it, where one did."),
        Column(
            "reason",
            pl.String(),
            "Why it left: the stage's word, `removed` (a takedown), `dead_link`, or `vanished` (its list no longer "
            "has it).",
        ),
        Column("replaced_by_source", pl.String(), "Source of the row that came in its place."),
        Column("replaced_by_id", pl.String(), "Id of that row."),
    ),
)
REMOVED_HASHES = Table(
    "release_removals",
    "What `removals.parquet` of a release lists: all that takedowns removed of any release before, by salted hashes.",
    (
        Column(
            "kind",
            pl.String(),
            "What was hashed: `id` (source, a slash, id), `url` (the normalised address) or `sha256` (64 hex digits).",
            required=True,
        ),
        Column("salt", pl.String(), "The salt of the hash: that of all of the dataset's releases.", required=True),
        Column(
            "hash",
            pl.String(),
            "SHA-256, 64 hex digits, of salt, kind and value with a line feed between, in UTF-8.",
            required=True,
        ),
    ),
)
