"""Which pictures repeat which, over all shards, and which of them is kept.

Pure: frames in, frames out. What belongs here: the exact search for near pairs of hashes, clusters and their keepers,
and the pictures with which hosts answer for what they no longer have. What does not: taking the hashes (`pictures/`).
"""

from imgtext_assets.duplicates.candidates import candidates
from imgtext_assets.duplicates.clusters import find_clusters
from imgtext_assets.duplicates.exclude import Excluded, parse_list
from imgtext_assets.duplicates.near import near_pairs
from imgtext_assets.duplicates.placeholders import PLACEHOLDER_RULE, placeholders, with_placeholders
from imgtext_assets.duplicates.removed import (
    as_bytes,
    first_look,
    hex_digits,
    looks_removed,
    looks_version,
    numbers,
    removed_list,
)
from imgtext_assets.duplicates.verdicts import deduplicate

__all__ = [
    "PLACEHOLDER_RULE",
    "Excluded",
    "as_bytes",
    "candidates",
    "deduplicate",
    "find_clusters",
    "first_look",
    "hex_digits",
    "looks_removed",
    "looks_version",
    "near_pairs",
    "numbers",
    "parse_list",
    "placeholders",
    "removed_list",
    "with_placeholders",
]
