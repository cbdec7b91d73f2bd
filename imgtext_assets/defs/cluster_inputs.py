"""What `duplicate_clusters` goes by besides fingerprints: what it saw before, releases, licences, lists of pictures.

What belongs here: reading these from the lake and the catalog's files. What does not: what they mean (`duplicates`).
"""

from __future__ import annotations

import hashlib

import polars as pl

from imgtext_assets import duplicates
from imgtext_assets.catalog import Catalog, CatalogError, DuplicatePolicy
from imgtext_assets.duplicates import Excluded
from imgtext_assets.engine import Engine
from imgtext_assets.lake import Lake, LakeError, read_bytes
from imgtext_assets.rights.licenses import BY_ID
from imgtext_assets.tables import NEAR_HASHES

DEMANDS = {name: licence.demands.mask.bit_count() for name, licence in BY_ID.items()}
"""How many things each licence asks for: of equal pictures, the freer one is kept."""


def clusters_of(fingerprints: pl.LazyFrame, catalog: Catalog, lake: Lake, engine: Engine) -> tuple[pl.DataFrame, str]:
    """The clusters of these rows, and the version of the lists of pictures to exclude that they went by.

    The lake remembers which hashes had others near them, for the next time; the search over all hashes is spread over
    the engine's machines. Raises CatalogError where a list cannot be read.
    """
    policy = catalog.policy
    files = _files(policy.duplicates)
    known = lake.tables.scan(NEAR_HASHES.name, NEAR_HASHES.schema).collect()
    near = duplicates.candidates(fingerprints, policy.duplicates, known, engine.spread)
    found = duplicates.find_clusters(
        fingerprints,
        policy.duplicates,
        policy.drift.placeholder_links,
        near=near,
        published=_published(lake),
        demands=DEMANDS,
        lists=_parsed(policy.duplicates, files),
    )
    lake.tables.write(NEAR_HASHES.name, near)
    return found, _version(files)


def lists_version(policy: DuplicatePolicy) -> str:
    """A digest of the files of the policy's lists; empty where there are none. Raises CatalogError."""
    return _version(_files(policy))


def _files(policy: DuplicatePolicy) -> list[bytes]:
    try:
        return [read_bytes(one.path) for one in policy.exclude]
    except LakeError as error:
        raise CatalogError(f"policy.duplicates.exclude: {error}") from None


def _parsed(policy: DuplicatePolicy, files: list[bytes]) -> list[Excluded]:
    lists = []
    for one, data in zip(policy.exclude, files, strict=True):
        try:
            lists.append(duplicates.parse_list(one.name, data, one.path))
        except ValueError as error:
            raise CatalogError(f"policy.duplicates.exclude: {one.name}: {error}") from None
    return lists


def _version(files: list[bytes]) -> str:
    digests = [hashlib.sha256(data).digest() for data in files]
    return hashlib.sha256(b"".join(digests)).hexdigest()[:16] if files else ""


def _published(lake: Lake) -> pl.LazyFrame | None:
    """The rows of all releases, with the number of the release, the oldest 0; null where there is none."""
    releases = [
        lake.releases.scan(version).select("source", "id", since=pl.lit(number, pl.Int64))
        for number, version in enumerate(lake.releases.versions())
    ]
    return pl.concat(releases) if releases else None
