"""What `duplicate_clusters` goes by besides fingerprints: what it saw before, releases, licences, lists, dead links.

What belongs here: reading these from the lake and the catalog's files. What does not: what they mean (`duplicates`).
"""

from __future__ import annotations

import hashlib

import polars as pl

from imgtext_assets import duplicates
from imgtext_assets.catalog import Catalog, CatalogError, DuplicatePolicy, Policy
from imgtext_assets.defs import replacing
from imgtext_assets.defs.history import DEAD_TAG, LISTS_TAG, REMOVED_TAG
from imgtext_assets.defs.removals import removed_looks
from imgtext_assets.duplicates import Excluded
from imgtext_assets.engine import Engine
from imgtext_assets.lake import Lake, LakeError, read_bytes
from imgtext_assets.rights.licenses import BY_ID
from imgtext_assets.tables import NEAR_HASHES

DEMANDS = {name: licence.demands.mask.bit_count() for name, licence in BY_ID.items()}
"""How many things each licence asks for: of equal pictures, the freer one is kept."""


def clusters_of(
    fingerprints: pl.LazyFrame, catalog: Catalog, lake: Lake, engine: Engine
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The clusters of these rows, and as tags the versions of all that they went by besides.

    The lake remembers which hashes had others near them, for the next time; the search over all hashes is spread over
    the engine's machines. Raises CatalogError where a list cannot be read.
    """
    policy = catalog.policy
    files, looks = _files(policy.duplicates), removed_looks(lake, policy).collect().lazy()
    behind = replacing.rows_behind(catalog, lake)
    known = lake.tables.scan(NEAR_HASHES.name, NEAR_HASHES.schema).collect()
    near = duplicates.candidates(fingerprints, policy.duplicates, known, engine.spread)
    found = duplicates.find_clusters(
        fingerprints,
        policy.duplicates,
        policy.drift.placeholder_links,
        near=near,
        published=_published(lake),
        demands=DEMANDS,
        lists=[*duplicates.removed_list(looks), *_parsed(policy.duplicates, files)],
        behind=behind.keys,
    )
    lake.tables.write(NEAR_HASHES.name, near)
    replacing.remember(lake, behind)
    dead = replacing.version(lake, behind, found)
    return found, {LISTS_TAG: _version(files), REMOVED_TAG: duplicates.looks_version(looks), DEAD_TAG: dead}


def lists_version(catalog: Catalog) -> dict[str, str]:
    """A digest of the files of the policy's lists, by its tag; empty where there are none. Raises CatalogError."""
    return {LISTS_TAG: _version(_files(catalog.policy.duplicates))}


def removed_version(lake: Lake, policy: Policy) -> dict[str, str]:
    """A digest of the looks that are removed, by its tag; empty where there are none, or the policy lets them be."""
    return {REMOVED_TAG: duplicates.looks_version(removed_looks(lake, policy))}


def dead_version(catalog: Catalog, lake: Lake) -> dict[str, str]:
    """A digest of the dead links that other rows may replace, by its tag; empty where there are none."""
    return {DEAD_TAG: replacing.version(lake, replacing.rows_behind(catalog, lake))}


def inputs_versions(catalog: Catalog, lake: Lake) -> dict[str, str]:
    """The versions of all that clusters go by besides fingerprints, by their tags. Raises CatalogError."""
    return lists_version(catalog) | removed_version(lake, catalog.policy) | dead_version(catalog, lake)


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
