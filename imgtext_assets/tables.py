"""The data dictionary: every table's columns with type, unit and meaning; the reasons are in `reasons`.

This module alone defines names and types. Stages conform their output to it, the checks compare with it, and the
UI's column schemas and `docs/data-dictionary.md` are generated from it.

What belongs here: names, types, units, meanings, and the two or three ways to conform a frame to them. What does
not: reading, writing, rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from imgtext_assets.columns import (
    CLUSTER,
    FETCH,
    FINGERPRINT,
    LICENSE,
    MEASURED,
    MEASURED_MD5,
    RAW,
    UTC_TIME,
    VERDICT,
    Column,
)
from imgtext_assets.reasons import REASONS

__all__ = ["REASONS", "STAGES", "TABLES", "UTC_TIME", "Column", "Table", "goes_on", "reject"]


@dataclass(frozen=True)
class Table:
    """One table of the lake. `adds` are the columns that this stage is the first to have (or to set anew)."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    adds: tuple[str, ...] = ()
    append_only: bool = False

    @property
    def schema(self) -> pl.Schema:
        """Names and types of the columns, in order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    def conform(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The same rows with exactly this table's columns, in order and type; missing columns are null.

        Raises polars' InvalidOperationError when a value does not fit its type.
        """
        have = frame.collect_schema()
        # Missing columns first: a selection of literals alone would have one row, whatever the frame has.
        missing = [pl.lit(None, c.dtype).alias(c.name) for c in self.columns if c.name not in have]
        return frame.with_columns(missing).select(pl.col(c.name).cast(c.dtype) for c in self.columns)


def _stage(name: str, meaning: str, before: Sequence[Column], adds: Sequence[Column]) -> Table:
    columns = (*(c for c in before if c not in VERDICT), *adds, *VERDICT)
    return Table(name, meaning, columns, tuple(c.name for c in adds))


RAW_METADATA = _stage("raw_metadata", "A source's rows in one schema.", (), RAW)
LICENSE_FILTERED = _stage(
    "license_filtered", "Judged by licence, account and stated claims.", RAW_METADATA.columns, LICENSE
)
FINGERPRINTS = _stage(
    "fingerprints",
    "A preview, or the picture, fetched once and its perceptual hashes taken.",
    LICENSE_FILTERED.columns,
    FINGERPRINT,
)
DEDUPLICATED = _stage("deduplicated", "Judged by the verdicts of `duplicate_clusters`.", FINGERPRINTS.columns, CLUSTER)
RESOLUTION_FILTERED = _stage(
    "resolution_filtered", "Judged by declared size; unknown size goes on.", DEDUPLICATED.columns, ()
)
DOWNLOADED = _stage(
    "downloaded", "The original bytes in the blob store.", RESOLUTION_FILTERED.columns, (*FETCH, MEASURED_MD5)
)
VERIFIED = _stage("verified", "Decoded whole, measured, compared with what was promised.", DOWNLOADED.columns, MEASURED)

DUPLICATE_CLUSTERS = Table(
    "duplicate_clusters",
    "Over all shards: who repeats whom, who is kept, why. Only rows that have a repeat.",
    (*(c for c in RAW if c.name in ("id", "source", "shard")), *CLUSTER),
)
NEAR_HASHES = Table(
    "near_hashes",
    "Every 64-bit hash that tells something, and whether another is near: from where the next search goes on.",
    (
        Column("hash", pl.UInt64(), "64-bit perceptual hash, each once, ascending.", required=True),
        Column("near", pl.Boolean(), "Another one is near it, or was in an earlier search.", required=True),
        Column("radius", pl.Int64(), "Within so many bits.", "bits", required=True),
        Column("mirrored", pl.Boolean(), "Mirror images were looked for too.", required=True),
        Column("version", pl.Int64(), "Version of the search.", required=True),
    ),
)
FETCHES = Table(
    "fetches",
    "Every answer to a request for a picture, as it came in: the journal that reruns start from.",
    (
        Column(
            "url_key",
            pl.String(),
            "The normalised address that it answers for; of spellings of one address, one is asked.",
            required=True,
        ),
        Column("url", pl.String(), "The address that was asked for.", required=True),
        Column("outcome", pl.String(), "`ok`, or the reason as at `downloaded`.", required=True),
        Column("detail", pl.String(), "The outcome in full, for people."),
        Column("passing", pl.Boolean(), "The failure may pass: the next run asks again.", required=True),
        Column("md5", pl.String(), "MD5 of the bytes, 32 hex digits."),
        Column("settings", pl.String(), "Digest of the settings that decided whether the address may be had."),
        Column(
            "not_before", UTC_TIME, "The host wants no request before then (Retry-After, up to a day is obeyed).", "UTC"
        ),
        *FETCH,
    ),
    append_only=True,
)
HOST_FILES = Table(
    "host_files",
    "Every answer to a request for a host's robots.txt or tdmrep.json, by day (UTC), of all shards.",
    FETCHES.columns,
    append_only=True,
)
HOST_USE = Table(
    "host_use",
    "What hosts with a budget (`fetch.hosts.bytes_per_day`) were asked for, by day (UTC), of all shards.",
    (
        Column("host", pl.String(), "Host name.", required=True),
        Column("bytes", pl.Int64(), "Received from the host, headers and broken transfers included.", "bytes", True),
        Column("counted_at", UTC_TIME, "When it was counted.", "UTC", True),
    ),
    append_only=True,
)
LINK_CHECKS = Table(
    "link_checks",
    "One observation a link and round.",
    (
        *(c for c in RAW if c.name in ("id", "source", "shard", "url")),
        Column("host", pl.String(), "Host name of the address.", required=True),
        Column(
            "state",
            pl.String(),
            "alive, moved, changed, gone, blocked, throttled, unreachable, opted_out.",
            required=True,
        ),
        Column("http_status", pl.Int64(), "Status of the last response (RFC 9110); null where there was none."),
        Column("final_url", pl.String(), "The address that answered, after redirects."),
        Column("etag", pl.String(), "ETag of the response."),
        Column("last_modified", pl.String(), "Last-Modified of the response, as sent."),
        Column("sha256", pl.String(), "SHA-256 of the body, where one was read."),
        *(c for c in FETCH if c.name == "consent"),
        Column("detail", pl.String(), "The observation in full, for people."),
        Column("checked_at", UTC_TIME, "When the link was asked.", "UTC", required=True),
    ),
    append_only=True,
)
LINK_DECAY = Table(
    "link_decay",
    "Links by state, for each source, host and day of observation.",
    (
        *(c for c in RAW if c.name == "source"),
        Column("host", pl.String(), "Host name of the links.", required=True),
        Column("checked_on", pl.Date(), "Day of the observations.", "UTC", required=True),
        Column("links", pl.Int64(), "Links of this source and host observed up to that day.", required=True),
        Column("alive", pl.Int64(), "Alive or moved, by each link's latest observation.", required=True),
        Column("changed", pl.Int64(), "Alive with other bytes.", required=True),
        Column("dead", pl.Int64(), "Dead: enough final observations over enough days.", required=True),
        Column("unknown", pl.Int64(), "Throttled, unreachable, or not yet often enough seen gone.", required=True),
    ),
)
REMOVALS = Table(
    "removals",
    "Tombstones: what must never come back.",
    (
        Column("kind", pl.String(), "What `value` is: `id`, `url` (a url_key) or `sha256`.", required=True),
        Column("value", pl.String(), "The id, url_key or SHA-256 that is removed.", required=True),
        Column("reason", pl.String(), "Why, in the words of who removed it.", required=True),
        Column("request", pl.String(), "Reference of the request, such as a ticket."),
        Column("removed_at", UTC_TIME, "When it was removed.", "UTC", required=True),
    ),
    append_only=True,
)
SHARDS = Table(
    "shards",
    "Which rows of which file each shard holds.",
    (
        Column("shard", pl.String(), "Key of the partition: `<source>-<00000>`.", required=True),
        Column("source", pl.String(), "Name of the source in the catalog.", required=True),
        Column("source_file", pl.String(), "The metadata file.", required=True),
        Column("first_row", pl.Int64(), "First row of the file that belongs to the shard, from 0.", required=True),
        Column("rows", pl.Int64(), "Number of rows; 0 where the file has shrunk.", required=True),
        Column("file_version", pl.String(), "Changes when the file does: size with ETag, else with mtime."),
        Column(
            "state", pl.String(), "`present`, `vanished` (the file is no longer listed), `unreadable`.", required=True
        ),
        Column("problem", pl.String(), "What is wrong with the file, for people."),
    ),
)
RELEASE = Table(
    "release",
    "What a release publishes: PD12M's columns and where each row is from.",
    (
        *(c for c in RAW if c.name in ("id", "url", "caption", "width", "height", "mime_type")),
        Column("hash", pl.String(), "MD5 of the file, 32 hex digits."),
        Column("license", pl.String(), "Address of the licence."),
        Column("license_id", pl.String(), "The licence: an SPDX id where there is one."),
        Column("attribution", pl.String(), "The credit line that the licence asks for; null where it asks for none."),
        *(c for c in RAW if c.name == "source"),
        *(c for c in FETCH if c.name == "sha256"),
    ),
)
ACCOUNTS = Table(
    "accounts",
    "What became of each account's rows over all shards, and what people decided of it.",
    (
        *(c for c in RAW if c.name == "source"),
        Column("account", pl.String(), "The account at the host that published the pictures.", required=True),
        Column("rows", pl.Int64(), "Rows of the account.", required=True),
        Column("kept", pl.Int64(), "Rows that no stage has rejected so far.", required=True),
        Column("kept_share", pl.Float64(), "kept / rows.", "0 to 1", required=True),
        Column("rejected", pl.String(), "Rejected rows by reason, most first: a JSON object.", required=True),
        Column("samples", pl.List(pl.String()), "Up to five of its pages, else of its pictures.", required=True),
        Column("verdict", pl.String(), "`include` or `exclude` by the decisions file; null: nobody has decided."),
        Column("who", pl.String(), "Who decided."),
        Column("when", pl.Date(), "When it was decided."),
        Column("why", pl.String(), "Why, in the words of who decided."),
    ),
)

STAGES = (RAW_METADATA, LICENSE_FILTERED, FINGERPRINTS, DEDUPLICATED, RESOLUTION_FILTERED, DOWNLOADED, VERIFIED)
_OTHERS = (
    DUPLICATE_CLUSTERS,
    FETCHES,
    HOST_FILES,
    HOST_USE,
    LINK_CHECKS,
    LINK_DECAY,
    NEAR_HASHES,
    REMOVALS,
    SHARDS,
    ACCOUNTS,
    RELEASE,
)
TABLES = (*STAGES, *_OTHERS)
BY_NAME = {table.name: table for table in TABLES}

# What a column that a stage adds is made from: columns of the stage before. Others are passed on by name.
MADE_FROM: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((c.name for c in LICENSE), ("license",)),
    "attribution": ("title", "caption", "creator", "landing_url", "license"),
    "review": ("caption", "title", "description", "license"),
    **dict.fromkeys((c.name for c in FINGERPRINT), ("preview_url", "url")),
    **dict.fromkeys(
        (c.name for c in CLUSTER),
        (
            "url_key",
            "preview_url",
            "fingerprint_sha256",
            "phash",
            "caption",
            "width",
            "height",
            "md5",
            "declared_sha256",
        ),
    ),
    **dict.fromkeys((c.name for c in FETCH), ("url",)),
    **{f"declared_{name}": (name,) for name in ("width", "height", "mime_type")},
    "measured_md5": ("url",),
    "frames": ("sha256",),
    "drift": ("md5", "declared_sha256", "declared_phash", "low_information", "measured_md5", "sha256"),
}
MEASURED_FROM: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("width", "height", "mime_type", "phash"), ("sha256",)),
    "low_information": ("low_information", "sha256"),
    "review": ("review", "sha256"),
}
"""What `verified` sets anew: of the same name before, the declared values."""


def goes_on(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that the next stage reads: those without a reject reason."""
    return frame.filter(pl.col("reject_reason").is_null())


def reject(frame: pl.LazyFrame, rules: Iterable[tuple[pl.Expr, str, pl.Expr]]) -> pl.LazyFrame:
    """Set `reject_reason` and `reject_detail` by the first rule that holds: (condition, reason, detail).

    A null condition does not hold. Rows in = rows out; a row that no rule meets gets nulls.
    """
    reason, detail = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.String)
    for condition, word, why in reversed(list(rules)):
        holds = condition.fill_null(False)
        reason = pl.when(holds).then(pl.lit(word)).otherwise(reason)
        detail = pl.when(holds).then(why.cast(pl.String)).otherwise(detail)
    return frame.with_columns(reject_reason=reason, reject_detail=detail)
