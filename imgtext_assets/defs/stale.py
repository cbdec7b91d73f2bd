"""What has to be built: from the data and code versions that Dagster records with each materialisation.

The UI shows staleness by the same versions; this is the question asked for thousands of shards at once, for
`imgtext build` and the verdict sensor. A stage that was run again and gave the same rows makes nothing stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import dropwhile, takewhile

import dagster as dg
import polars as pl

from imgtext_assets import rights
from imgtext_assets.defs.checks import BLOCKING_CHECKS
from imgtext_assets.defs.history import SOURCE_FILES, as_input, made_by, newest
from imgtext_assets.defs.orders import Orders
from imgtext_assets.lake import Lake
from imgtext_assets.tables import (
    DEDUPLICATED,
    DOWNLOADED,
    DUPLICATE_CLUSTERS,
    FINGERPRINTS,
    LICENSE_FILTERED,
    REMOVALS,
    STAGES,
    VERIFIED,
    goes_on,
)

# Failures at `downloaded` that another day may not have: a build asks again.
PASSING_REASONS = ("throttled", "server_error", "timeout", "dns", "tls", "unreachable", "incomplete")


def stages_to_run(
    instance: dg.DagsterInstance,
    lake: Lake,
    stages: Sequence[str],
    shards: Iterable[str],
    code_versions: Mapping[str, str | None],
) -> dict[str, list[str]]:
    """For each shard that needs it, the stages to run now: the first that is stale, and those right after that are too.

    What follows them is stale only if they give other rows than before: ask again once they have run.

    A stage is stale where it is missing (from the instance, or from the lake: the one may have been moved or emptied
    without the other), was made from other data than there is now, by other code or another policy, or has not passed
    its blocking checks. `stages` are in the order of the graph, and each reads the one before it there.
    """
    made = {name: newest(instance, name) for name in {*stages, *map(_upstream, stages)}}
    stored = {name: set(lake.tables.shards(name)) for name in stages}
    unsound = {name: _unsound(instance, name) for name in stages}

    def is_stale(stage: str, shard: str) -> bool:
        this, upstream = made[stage].get(shard), made[_upstream(stage)].get(shard)
        if shard in unsound[stage]:
            return True
        if this is None or shard not in stored[stage] or this.code_version != code_versions.get(stage):
            return True
        return upstream is not None and this.read(_upstream(stage)) != as_input([upstream])

    def run(shard: str) -> list[str]:
        later = dropwhile(lambda stage: not is_stale(stage, shard), stages)
        return list(takewhile(lambda stage: is_stale(stage, shard), later))

    due = {shard: run(shard) for shard in shards}
    return {shard: names for shard, names in due.items() if names}


def clusters_stale(instance: dg.DagsterInstance, lake: Lake, code_versions: Mapping[str, str | None]) -> bool:
    """Whether `duplicate_clusters` is missing, was made from other fingerprints, or by another policy."""
    records = instance.fetch_materializations(dg.AssetKey(DUPLICATE_CLUSTERS.name), limit=1).records
    if not records or not lake.tables.exists(DUPLICATE_CLUSTERS.name):
        return True
    made = made_by(records[0])
    if made.code_version != code_versions.get(DUPLICATE_CLUSTERS.name):
        return True
    fingerprints = [found for _, found in sorted(newest(instance, FINGERPRINTS.name).items())]
    read = made.read(FINGERPRINTS.name)
    if read is None:
        return max((shard.place for shard in fingerprints), default=0) > made.place
    return read != as_input(fingerprints)


def _unsound(instance: dg.DagsterInstance, stage: str) -> set[str | None]:
    """Shards whose table failed a blocking check, or was not checked since it was written (a killed run)."""
    keys = [dg.AssetCheckKey(dg.AssetKey(stage), name) for name in BLOCKING_CHECKS]
    return {
        check.partition_key
        for check in instance.event_log_storage.get_asset_check_partition_info(keys)
        if check.latest_execution_status.value != "SUCCEEDED"
        or check.latest_target_materialization_storage_id != check.latest_materialization_storage_id
    }


def _upstream(stage: str) -> str:
    place = _NAMES.index(stage)
    return _NAMES[place - 1] if place else SOURCE_FILES.to_user_string()


_NAMES = [table.name for table in STAGES]


def shards_with_new_verdicts(lake: Lake) -> list[str]:
    """Shards whose `deduplicated` table is missing or holds other verdicts than `duplicate_clusters` gives now."""
    columns = ["shard", "id", *DEDUPLICATED.adds]
    clusters = lake.tables.scan(DUPLICATE_CLUSTERS.name, DUPLICATE_CLUSTERS.schema).select(columns)
    recorded = lake.tables.scan(DEDUPLICATED.name, DEDUPLICATED.schema).filter(pl.col("cluster_id").is_not_null())
    recorded = recorded.select(columns)
    differing = pl.concat(
        [
            clusters.join(recorded, on=columns, how="anti", nulls_equal=True).select("shard"),
            recorded.join(clusters, on=columns, how="anti", nulls_equal=True).select("shard"),
        ]
    )
    missing = set(lake.tables.shards(FINGERPRINTS.name)) - set(lake.tables.shards(DEDUPLICATED.name))
    return sorted(missing | set(differing.unique().collect()["shard"]))


def shards_to_ask_again(lake: Lake) -> list[str]:
    """Shards with rows that failed at `downloaded` for a reason that may have passed."""
    failed = lake.tables.scan(DOWNLOADED.name, DOWNLOADED.schema).filter(
        pl.col("reject_reason").is_in(list(PASSING_REASONS))
    )
    return failed.select(pl.col("shard").unique().sort()).collect()["shard"].to_list()


def shards_judged_otherwise(lake: Lake, orders: Orders, *, removals: bool = True) -> tuple[list[str], list[str]]:
    """Shards that do not obey what people ordered since: at `license_filtered`, and by their bytes at `verified`.

    Without `removals`, only decisions and opt-out lists count.
    """
    tombstones = lake.tables.scan(REMOVALS.name, REMOVALS.schema)
    licensed = lake.tables.scan(LICENSE_FILTERED.name, LICENSE_FILTERED.schema)
    early = rights.judged_otherwise(licensed, tombstones, orders.decisions, orders.opt_outs)
    kept = goes_on(lake.tables.scan(VERIFIED.name, VERIFIED.schema)).select("shard", "sha256")
    late = rights.listed_bytes(kept, orders.opt_outs).drop_nulls("opted_out_by").select("shard")
    if removals:
        of_bytes = tombstones.filter(kind="sha256")
        removed = kept.join(of_bytes, left_on="sha256", right_on="value", how="semi").select("shard")
        late = pl.concat([late, removed])
    else:
        early = early.filter(pl.col("reject_reason").ne_missing(pl.lit("removed")))
    first, last = pl.collect_all([rows.select(pl.col("shard").unique().sort()) for rows in (early, late)])
    return first["shard"].to_list(), last["shard"].to_list()


def shards_to_fingerprint_again(lake: Lake) -> list[str]:
    """Shards with rows whose picture was not to be had at `fingerprints`, and was at `downloaded`.

    Nothing is known of what they repeat until their hashes are taken; their bytes are in the store by now.
    """
    verified = goes_on(lake.tables.scan(VERIFIED.name, VERIFIED.schema)).filter(pl.col("fingerprint_sha256").is_null())
    return verified.select(pl.col("shard").unique().sort()).collect()["shard"].to_list()
