"""The columns of the stages, in groups as the stages add them, with type, unit and meaning.

What belongs here: names, types, units, meanings. What does not: which tables have them (`tables`).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

UTC_TIME = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Column:
    """One column: its polars type, its meaning in a sentence, its unit where it has one."""

    name: str
    dtype: pl.DataType
    meaning: str
    unit: str | None = None
    required: bool = False


RAW = (
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
    Column("declared_phash", pl.String(), "64-bit perceptual hash (`imagehash.phash`) as declared, 16 hex digits."),
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
VERDICT = (
    Column("reject_reason", pl.String(), "Null where the row goes on, else the word for why it ends here."),
    Column("reject_detail", pl.String(), "The reason in full, for people."),
)
LICENSE = (
    Column("license_id", pl.String(), "The licence that `license` was recognised as: an SPDX id where there is one."),
    Column("license_url", pl.String(), "The licence's canonical address."),
    Column("license_evidence", pl.String(), "Who stated the licence, and the pattern that it was recognised by."),
    Column("attribution", pl.String(), "The credit line that the licence asks for: title, creator, source, licence."),
    Column("review", pl.String(), "What a person should look at; null where nothing is doubtful."),
)
FINGERPRINT = (
    Column(
        "phash",
        pl.UInt64(),
        "64-bit perceptual hash: `imagehash.phash` of the picture, which for a large JPEG is taken of a reduced decode "
        "and may differ in a few bits; from `verified` on of the whole picture, bit for bit. Null where none was had.",
    ),
    Column(
        "phash256",
        pl.Binary(),
        "256-bit perceptual hash (`imagehash.phash` with hash_size 16), 32 bytes; taken of the same decode at first.",
    ),
    Column(
        "low_information",
        pl.Boolean(),
        "The picture is flat or nearly so: its hashes say nothing and it repeats another only by its bytes.",
    ),
    Column("fingerprint_sha256", pl.String(), "SHA-256 of the file that was hashed: the preview or the picture."),
    Column("fingerprint_of", pl.String(), "`preview` or `original`."),
    Column("fingerprint_pixels", pl.Int64(), "Width x height of the file that was hashed.", "pixels"),
    Column(
        "fingerprint_by",
        pl.String(),
        "What took the hashes, such as `Pillow 13.0.0`: another version may round otherwise and turn bits.",
    ),
)
CLUSTER = (
    Column(
        "cluster_id",
        pl.String(),
        "Name of the group of repeats: its keeper's id, or `placeholder:<host>:<picture>`; null where nothing repeats.",
    ),
    Column(
        "keeper_id",
        pl.String(),
        "The row that is kept in this row's stead (its own id where it is the keeper); null for placeholders.",
    ),
    Column("keeper_shard", pl.String(), "The shard of the keeper."),
    Column(
        "rule",
        pl.String(),
        "How they were told to be the same: `same_id`, `same_url`, `same_bytes`, `near_duplicate`, `mirrored`; or "
        "`excluded` or `placeholder`.",
    ),
    Column("distance", pl.Int64(), "Hamming distance of the two 64-bit hashes, where that was the rule.", "bits"),
    Column("distance256", pl.Int64(), "The same of the two 256-bit hashes, where both have one.", "bits"),
    Column("mirror_of", pl.String(), "A kept row, the mirror image of whose picture this one shows: id (shard)."),
)
FETCH = (
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
MEASURED_MD5 = Column("measured_md5", pl.String(), "MD5 of the bytes, 32 hex digits, taken as they came in.")
MEASURED = (
    Column("declared_width", pl.Int64(), "Width that the source declared.", "pixels"),
    Column("declared_height", pl.Int64(), "Height that the source declared.", "pixels"),
    Column("declared_mime_type", pl.String(), "Media type that the source declared."),
    Column("frames", pl.Int64(), "Pictures in the file: more than one where it is animated or has pages."),
    Column(
        "drift",
        pl.String(),
        "How the bytes compare with those that the source declared: `identical`, `re_encoded` (other bytes, the same "
        "picture), `replaced` (another picture), `unknown` (other bytes, and no hash of the picture to compare); null "
        "where no digest was declared and the picture is not another one.",
    ),
)
