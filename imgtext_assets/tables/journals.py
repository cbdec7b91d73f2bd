"""Tables that are no stages: what was planned, asked, compared and counted on the way."""

from __future__ import annotations

import polars as pl

from imgtext_assets.columns import CLUSTER, FETCH, RAW, UTC_TIME, Column
from imgtext_assets.tables.model import Table

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
)
HOST_FILES = Table(
    "host_files",
    "Every answer to a request for a host's robots.txt or tdmrep.json, by day (UTC), of all shards.",
    FETCHES.columns,
)
PASSED_OVER = Table(
    "passed_over",
    "Addresses that failed when they were to take the place of a dead link: others of their picture go before them.",
    (
        Column("url_key", pl.String(), "The normalised address.", required=True),
        Column("stage", pl.String(), "The stage that rejected it."),
        Column("code_version", pl.String(), "That stage's code version then; by another one it is tried again."),
    ),
)
HOST_USE = Table(
    "host_use",
    "What hosts with a budget (`fetch.hosts.bytes_per_day`) were asked for, by day (UTC), of all shards.",
    (
        Column("host", pl.String(), "Host name.", required=True),
        Column("bytes", pl.Int64(), "Received from the host, headers and broken transfers included.", "bytes", True),
        Column("counted_at", UTC_TIME, "When it was counted.", "UTC", True),
    ),
)
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
