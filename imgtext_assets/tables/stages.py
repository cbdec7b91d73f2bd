"""The tables of the stages: each holds every row that the stage received, with its verdict."""

from __future__ import annotations

from collections.abc import Sequence

from imgtext_assets.columns import (
    CLUSTER,
    FETCH,
    FINGERPRINT,
    LICENSE,
    MEASURED,
    MEASURED_MD5,
    RAW,
    VERDICT,
    Column,
)
from imgtext_assets.tables.model import Table


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
STAGES = (RAW_METADATA, LICENSE_FILTERED, FINGERPRINTS, DEDUPLICATED, RESOLUTION_FILTERED, DOWNLOADED, VERIFIED)
