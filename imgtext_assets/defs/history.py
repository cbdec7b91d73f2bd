"""What Dagster has recorded of each shard of an asset: the newest materialisation and the versions that made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import dagster as dg

SOURCE_FILES = dg.AssetKey("source_files")
LISTS_TAG = "imgtext/exclude_lists"
REMOVED_TAG = "imgtext/removed_looks"
DEAD_TAG = "imgtext/dead_links"
"""Tags of `duplicate_clusters`: versions of what it went by besides fingerprints (`cluster_inputs`)."""


@dataclass(frozen=True)
class Made:
    """The newest materialisation of one shard of an asset: its place in the event log and what made it."""

    place: int
    tags: Mapping[str, str]

    @property
    def code_version(self) -> str | None:
        """The version of the code and settings that made it."""
        return self.tags.get("dagster/code_version")

    @property
    def data_version(self) -> str:
        """The version of its rows; for a source file, of the file."""
        return self.tags.get("dagster/data_version", "")

    def went_by(self, versions: Mapping[str, str]) -> bool:
        """Whether it went by these versions, by tag; a tag that it lacks is an empty version."""
        return all(self.tags.get(tag, "") == version for tag, version in versions.items())

    def read(self, asset: str) -> str | None:
        """The data version of an input; None where Dagster recorded none (inputs of over 100 partitions)."""
        return self.tags.get(f"dagster/input_data_version/{asset}")


def newest(instance: dg.DagsterInstance, asset: str) -> dict[str, Made]:
    """The newest materialisation of every shard of an asset."""
    key = dg.AssetKey(asset)
    places = instance.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
    if not places:
        return {}
    wanted = dg.AssetRecordsFilter(key, storage_ids=sorted(places.values()))
    records = instance.fetch_materializations(wanted, limit=len(places)).records
    return {record.partition_key: made_by(record) for record in records if record.partition_key}


def made_by(record: dg.EventLogRecord) -> Made:
    """What a record of a materialisation says."""
    materialization = record.asset_materialization
    return Made(record.storage_id, (materialization.tags if materialization else None) or {})


def as_input(partitions: Sequence[Made]) -> str:
    """The data version that Dagster 1.13 records for an input of these partitions, in the order of their keys."""
    return sha256("".join(made.data_version for made in partitions).encode()).hexdigest()
