"""The data dictionary: every table's columns with type, unit and meaning; the reasons are in `reasons`.

This package alone defines names and types. Stages conform their output to it, the checks compare with it, and the
UI's column schemas and `docs/data-dictionary.md` are generated from it.

What belongs here: names, types, units, meanings, and the two or three ways to conform a frame to them. What does
not: reading, writing, rules.
"""

from imgtext_assets.columns import UTC_TIME, Column
from imgtext_assets.reasons import REASONS
from imgtext_assets.tables.journals import (
    ACCOUNTS,
    DUPLICATE_CLUSTERS,
    FETCHES,
    HOST_FILES,
    HOST_USE,
    NEAR_HASHES,
    PASSED_OVER,
    SHARDS,
)
from imgtext_assets.tables.keys import KEYS, ROW_KEYS
from imgtext_assets.tables.lineage import MADE_FROM, MEASURED_FROM
from imgtext_assets.tables.links import DEAD_LINKS, LINK_CHECKS, LINK_DECAY, LINK_HOSTS, LINK_SURVIVAL
from imgtext_assets.tables.model import Table, goes_on, reject
from imgtext_assets.tables.releases import CHANGES, PLACES, RELEASE, REMOVED_HASHES
from imgtext_assets.tables.removals import PURGES, REMOVAL_FILES, REMOVALS
from imgtext_assets.tables.stages import (
    DEDUPLICATED,
    DOWNLOADED,
    FINGERPRINTS,
    LICENSE_FILTERED,
    RAW_METADATA,
    RESOLUTION_FILTERED,
    STAGES,
    VERIFIED,
)

_OTHERS = (
    DUPLICATE_CLUSTERS,
    FETCHES,
    HOST_FILES,
    HOST_USE,
    LINK_CHECKS,
    LINK_DECAY,
    LINK_SURVIVAL,
    LINK_HOSTS,
    DEAD_LINKS,
    NEAR_HASHES,
    ROW_KEYS,
    PASSED_OVER,
    REMOVALS,
    REMOVAL_FILES,
    PURGES,
    SHARDS,
    ACCOUNTS,
    RELEASE,
    CHANGES,
    REMOVED_HASHES,
)
TABLES = (*STAGES, *_OTHERS)
BY_NAME = {table.name: table for table in TABLES}

__all__ = [
    "ACCOUNTS",
    "BY_NAME",
    "CHANGES",
    "DEAD_LINKS",
    "DEDUPLICATED",
    "DOWNLOADED",
    "DUPLICATE_CLUSTERS",
    "FETCHES",
    "FINGERPRINTS",
    "HOST_FILES",
    "HOST_USE",
    "KEYS",
    "LICENSE_FILTERED",
    "LINK_CHECKS",
    "LINK_DECAY",
    "LINK_HOSTS",
    "LINK_SURVIVAL",
    "MADE_FROM",
    "MEASURED_FROM",
    "NEAR_HASHES",
    "PASSED_OVER",
    "PLACES",
    "PURGES",
    "RAW_METADATA",
    "REASONS",
    "RELEASE",
    "REMOVALS",
    "REMOVAL_FILES",
    "REMOVED_HASHES",
    "RESOLUTION_FILTERED",
    "ROW_KEYS",
    "SHARDS",
    "STAGES",
    "TABLES",
    "UTC_TIME",
    "VERIFIED",
    "Column",
    "Table",
    "goes_on",
    "reject",
]
