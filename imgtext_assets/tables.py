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

from imgtext_assets.reasons import REASONS

__all__ = ["REASONS", "STAGES", "TABLES", "Column", "Table", "goes_on", "reject"]

UTC_TIME = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Column:
    """One column: its polars type, its meaning in a sentence, its unit where it has one."""

    name: str
    dtype: pl.DataType
    meaning: str
    unit: str | None = None
    required: bool = False


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


_RAW = (
    Column(
        "id",
        pl.String(),
        "The source's own id where that is unique everywhere, else UUIDv5 of source and URL.",
        required=True,
    ),
    Column("source", pl.String(), "Name of the source in the catalog.", required=True),
    Column("shard", pl.String(), "The partition that holds the row: `<source>-<00000>`.", required=True),
    Column("source_file", pl.String(), "The metadata file that the row came from.", required=True),
    Column("source_row", pl.Int64(), "Number of the row in that file, from 0.", required=True),
    Column("url", pl.String(), "Address of the picture as the source gives it."),
    Column(
        "url_key",
        pl.String(),
        "The address normalised for comparison: scheme and host in lower case (IDNA A-labels), no default port or "
        "fragment, percent-encodings normalised, no dot segments.",
    ),
    Column("preview_url", pl.String(), "Address of a smaller version, where the source's host offers one."),
    Column("landing_url", pl.String(), "Address of the page that shows the picture."),
    Column("caption", pl.String(), "The text that goes with the picture, as given."),
    Column("title", pl.String(), "The picture's title at its source, where that is not the caption."),
    Column("description", pl.String(), "What the picture's page says of it, where that is not the caption."),
    Column("creator", pl.String(), "Who made the picture, as given."),
    Column("creator_url", pl.String(), "The creator's page."),
    Column("account", pl.String(), "The account at the host that published the picture."),
    Column("license", pl.String(), "The licence as stated by the source: a URL, a number or a phrase."),
    Column("license_from", pl.String(), "Who stated `license`: `row`, or `catalog` for a whole list."),
    Column("width", pl.Int64(), "Width as declared; from `verified` on as measured.", "pixels"),
    Column("height", pl.Int64(), "Height as declared; from `verified` on as measured.", "pixels"),
    Column("mime_type", pl.String(), "Media type as declared; from `verified` on as measured from the content."),
    Column("md5", pl.String(), "MD5 of the file as declared, 32 hex digits."),
    Column("declared_sha256", pl.String(), "SHA-256 of the file as declared, 64 hex digits."),
    Column("similarity", pl.Float64(), "Cosine similarity of CLIP's picture and text embeddings, as given.", "-1 to 1"),
    Column("nsfw", pl.String(), "The source's word on unsafe content (UNLIKELY, UNSURE, NSFW, UNTAGGED)."),
    Column("punsafe", pl.Float64(), "Probability that the picture is unsafe, as given.", "0 to 1"),
    Column("pwatermark", pl.Float64(), "Probability of a watermark, as given.", "0 to 1"),
    Column("aesthetic", pl.Float64(), "Aesthetic score, as given.", "0 to 10"),
    Column(
        "ignored",
        pl.String(),
        "Values that the source gave and that are out of range or of a wrong type, so count as not given: a JSON "
        "object by our column.",
    ),
    Column("extra", pl.String(), "What else the source said of the row, as a JSON object without nulls."),
)
_VERDICT = (
    Column("reject_reason", pl.String(), "Null where the row goes on, else the word for why it ends here."),
    Column("reject_detail", pl.String(), "The reason in full, for people."),
)
_LICENSE = (
    Column("license_id", pl.String(), "The licence that `license` was recognised as: an SPDX id where there is one."),
    Column("license_url", pl.String(), "The licence's canonical address."),
    Column("license_evidence", pl.String(), "Who stated the licence, and the pattern that it was recognised by."),
    Column("attribution", pl.String(), "The credit line that the licence asks for: title, creator, source, licence."),
    Column("review", pl.String(), "What a person should look at; null where nothing is doubtful."),
)
_FINGERPRINT = (
    Column(
        "phash", pl.UInt64(), "64-bit perceptual hash, bit for bit `imagehash.phash`; null where no picture was had."
    ),
    Column("phash256", pl.Binary(), "256-bit perceptual hash (`imagehash.phash` with hash_size 16), 32 bytes."),
    Column(
        "low_information",
        pl.Boolean(),
        "The picture is flat or nearly so: its hashes say nothing and it repeats another only by its bytes.",
    ),
    Column("fingerprint_sha256", pl.String(), "SHA-256 of the file that was hashed: the preview or the picture."),
    Column("fingerprint_of", pl.String(), "`preview` or `original`."),
    Column("fingerprint_pixels", pl.Int64(), "Width x height of the file that was hashed.", "pixels"),
)
_CLUSTER = (
    Column("cluster_id", pl.String(), "Name of the group of repeats: its keeper's id; null where nothing repeats."),
    Column("keeper_id", pl.String(), "The row that is kept in this row's stead (its own id where it is the keeper)."),
    Column("keeper_shard", pl.String(), "The shard of the keeper."),
    Column(
        "rule",
        pl.String(),
        "How the two were told to be the same: `same_id`, `same_url`, `same_bytes`, `near_duplicate`.",
    ),
    Column("distance", pl.Int64(), "Hamming distance of the two 64-bit hashes, where that was the rule.", "bits"),
)
_FETCH = (
    Column("sha256", pl.String(), "SHA-256 of the bytes, 64 hex digits: their name in the blob store."),
    Column("bytes", pl.Int64(), "Size of the body.", "bytes"),
    Column("http_status", pl.Int64(), "Status of the last response (RFC 9110); null where there was none."),
    Column("final_url", pl.String(), "The address that answered, after redirects."),
    Column("etag", pl.String(), "ETag of the response, for conditional requests (RFC 9110 8.8.3)."),
    Column("last_modified", pl.String(), "Last-Modified of the response, as sent."),
    Column("content_type", pl.String(), "Content-Type of the response, as sent."),
    Column(
        "consent",
        pl.String(),
        "What the host said of the use of the picture when it was asked (X-Robots-Tag, TDMRep, robots.txt): a JSON "
        "object by signal.",
    ),
    Column("fetched_at", UTC_TIME, "When the response was complete.", "UTC"),
    Column("attempts", pl.Int64(), "Requests that it took in that run, redirects not counted."),
)
_MEASURED = (
    Column("declared_width", pl.Int64(), "Width that the source declared.", "pixels"),
    Column("declared_height", pl.Int64(), "Height that the source declared.", "pixels"),
    Column("declared_mime_type", pl.String(), "Media type that the source declared."),
    Column("measured_md5", pl.String(), "MD5 of the bytes, 32 hex digits."),
)


def _stage(name: str, meaning: str, before: Sequence[Column], adds: Sequence[Column]) -> Table:
    columns = (*(c for c in before if c not in _VERDICT), *adds, *_VERDICT)
    return Table(name, meaning, columns, tuple(c.name for c in adds))


RAW_METADATA = _stage("raw_metadata", "A source's rows in one schema.", (), _RAW)
LICENSE_FILTERED = _stage(
    "license_filtered", "Judged by licence, account and stated claims.", RAW_METADATA.columns, _LICENSE
)
FINGERPRINTS = _stage(
    "fingerprints",
    "A preview, or the picture, fetched once and its perceptual hashes taken.",
    LICENSE_FILTERED.columns,
    _FINGERPRINT,
)
DEDUPLICATED = _stage("deduplicated", "Judged by the verdicts of `duplicate_clusters`.", FINGERPRINTS.columns, _CLUSTER)
RESOLUTION_FILTERED = _stage(
    "resolution_filtered", "Judged by declared size; unknown size goes on.", DEDUPLICATED.columns, ()
)
DOWNLOADED = _stage("downloaded", "The original bytes in the blob store.", RESOLUTION_FILTERED.columns, _FETCH)
VERIFIED = _stage(
    "verified", "Decoded whole, measured, compared with what was promised.", DOWNLOADED.columns, _MEASURED
)

DUPLICATE_CLUSTERS = Table(
    "duplicate_clusters",
    "Over all shards: who repeats whom, who is kept, why. Only rows that have a repeat.",
    (*(c for c in _RAW if c.name in ("id", "source", "shard")), *_CLUSTER),
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
        *_FETCH,
    ),
    append_only=True,
)
HOST_FILES = Table(
    "host_files",
    "Every answer to a request for a host's robots.txt or tdmrep.json, by day (UTC), of all shards.",
    FETCHES.columns,
    append_only=True,
)
LINK_CHECKS = Table(
    "link_checks",
    "One observation a link and round.",
    (
        *(c for c in _RAW if c.name in ("id", "source", "shard", "url")),
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
        *(c for c in _FETCH if c.name == "consent"),
        Column("detail", pl.String(), "The observation in full, for people."),
        Column("checked_at", UTC_TIME, "When the link was asked.", "UTC", required=True),
    ),
    append_only=True,
)
LINK_DECAY = Table(
    "link_decay",
    "Links by state, for each source, host and day of observation.",
    (
        *(c for c in _RAW if c.name == "source"),
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
        *(c for c in _RAW if c.name in ("id", "url", "caption", "width", "height", "mime_type")),
        Column("hash", pl.String(), "MD5 of the file, 32 hex digits."),
        Column("license", pl.String(), "Address of the licence."),
        Column("license_id", pl.String(), "The licence: an SPDX id where there is one."),
        Column("attribution", pl.String(), "The credit line that the licence asks for; null where it asks for none."),
        *(c for c in _RAW if c.name == "source"),
        *(c for c in _FETCH if c.name == "sha256"),
    ),
)
ACCOUNTS = Table(
    "accounts",
    "What became of each account's rows over all shards, and what people decided of it.",
    (
        *(c for c in _RAW if c.name == "source"),
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
_OTHERS = (DUPLICATE_CLUSTERS, FETCHES, HOST_FILES, LINK_CHECKS, LINK_DECAY, REMOVALS, SHARDS, ACCOUNTS, RELEASE)
TABLES = (*STAGES, *_OTHERS)
BY_NAME = {table.name: table for table in TABLES}

# What a column that a stage adds is made from: columns of the stage before. Others are passed on by name.
MADE_FROM: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((c.name for c in _LICENSE), ("license",)),
    "attribution": ("title", "caption", "creator", "landing_url", "license"),
    "review": ("caption", "title", "description", "license"),
    **dict.fromkeys((c.name for c in _FINGERPRINT), ("preview_url", "url")),
    **dict.fromkeys((c.name for c in _CLUSTER), ("url_key", "fingerprint_sha256", "phash")),
    **dict.fromkeys((c.name for c in _FETCH), ("url",)),
    **{f"declared_{name}": (name,) for name in ("width", "height", "mime_type")},
    "measured_md5": ("sha256",),
}
MEASURED_FROM: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("width", "height", "mime_type"), ("sha256",)),
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
