"""The first two stages as one would write them by hand in DuckDB, for LAION-400M and the default policy.

The same two tables with the columns that matter, the same ids (UUIDv5), ranges and reasons, and so the same kept rows.
What it does without: any other format or spelling, evidence, attribution, and files that mean harm.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

_JUDGED = """
    WITH given AS (
        SELECT *, parse_filename(filename) AS source_file, file_row_number AS source_row,
            source_row // 100000 AS piece, nullif(LICENSE, '?') AS license,
            regexp_matches(coalesce(URL, ''), '^(?i:https?)://[^\\s/?#@:]+(:[0-9]*)?([/?#][^\\x00-\\x1f]*)?$') AS ok
        FROM read_parquet($files, filename = true, file_row_number = true)
    )
    SELECT *,
        CASE
            WHEN NOT ok THEN 'bad_url'
            WHEN source_row > min(source_row) OVER (PARTITION BY source_file, piece, URL) THEN 'repeated_id'
        END AS reject_reason
    FROM given
"""
# UUIDv5 of `laion400m:<url>` in the namespace of URLs (RFC 9562 5.5 and 6.6), its digits in `d`.
_DIGITS = """
    sha1(unhex('6ba7b8119dad11d180b400c04fd430c8')
        || ('laion400m:' || coalesce(nullif(URL, ''), source_file || '#' || source_row))::BLOB)
"""
_COLUMNS = """
    d[1:8] || '-' || d[9:12] || '-5' || d[14:16] || '-' || substr('89ab89ab89ab89ab', ('0x' || d[17])::INT + 1, 1)
        || d[18:20] || '-' || d[21:32] AS id,
    source_file, source_row, URL AS url, TEXT AS caption, license,
    CASE WHEN ok THEN
        lower(regexp_extract(URL, '^[^:]+://[^/?#]*')) || regexp_extract(URL, '^[^:]+://[^/?#]*([^#]*)', 1)
    END AS url_key,
    CASE WHEN WIDTH BETWEEN 1 AND 32767 THEN WIDTH END AS width,
    CASE WHEN HEIGHT BETWEEN 1 AND 32767 THEN HEIGHT END AS height,
    CASE WHEN similarity BETWEEN -1 AND 1 THEN similarity END AS similarity,
    NSFW AS nsfw, SAMPLE_ID AS sample_id, reject_reason
"""
_LICENSE_ID = """
    CASE
        WHEN license SIMILAR TO 'https?://creativecommons\\.org/publicdomain/zero/1\\.0/?' THEN 'CC0-1.0'
        WHEN license SIMILAR TO 'https?://creativecommons\\.org/publicdomain/mark/1\\.0/?' THEN 'CC-PDM-1.0'
        WHEN license SIMILAR TO 'https?://creativecommons\\.org/licenses/[a-z-]+/[0-9.]+/([a-z]+/)?'
            THEN 'CC-' || upper(replace(rtrim(regexp_extract(license, 'licenses/(.*)$', 1), '/'), '/', '-'))
    END
"""
_VERDICT = """
    CASE
        WHEN license_id IS NULL THEN 'license_unknown'
        WHEN license_id NOT IN ('CC0-1.0', 'CC-PDM-1.0') THEN 'license_not_allowed'
        WHEN regexp_matches(caption, '(?i)©|all rights reserved|\\bcopyright (19|20)[0-9]{2}') THEN 'rights_claimed'
    END
"""
_RAW = f"SELECT {_COLUMNS} FROM (SELECT *, {_DIGITS} AS d FROM ({_JUDGED}))"
_FILTERED = f"""
    SELECT *, {_VERDICT} AS reject_reason
    FROM (SELECT * EXCLUDE reject_reason, {_LICENSE_ID} AS license_id FROM $raw WHERE reject_reason IS NULL)
"""
_KEPT = f"""
    SELECT {_COLUMNS}, license_id
    FROM (
        SELECT *, {_DIGITS} AS d, TEXT AS caption, {_LICENSE_ID} AS license_id
        FROM ({_JUDGED}) WHERE reject_reason IS NULL AND {_VERDICT} IS NULL
    )
"""


def two_tables(files: list[Path], folder: Path) -> None:
    """Write `raw_metadata` and `license_filtered` into `folder`: all rows with their reasons."""
    with duckdb.connect() as connection:
        _write(connection, _RAW, folder / "raw_metadata", files)
        _write(connection, _FILTERED.replace("$raw", f"'{folder}/raw_metadata/*.parquet'"), folder / "license_filtered")


def kept_rows(files: list[Path], folder: Path) -> None:
    """Write the kept rows alone: what a filter is where nobody has to account for the rest."""
    with duckdb.connect() as connection:
        _write(connection, _KEPT, folder / "license_filtered", files)


def _write(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, files: list[Path] | None = None) -> None:
    """Write a query's rows as parquet files, one a thread, as fast as DuckDB likes to."""
    names = {"files": [str(file) for file in files]} if files else {}
    connection.execute(
        f"COPY ({query}) TO '{folder}' (FORMAT parquet, COMPRESSION zstd, PER_THREAD_OUTPUT true)", names
    )
