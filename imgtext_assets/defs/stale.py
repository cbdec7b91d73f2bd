"""What has to be built: from the data and code versions that Dagster records with each materialisation.

The UI shows staleness by the same versions; this is the question asked for thousands of shards at once, for
`imgtext build` and the verdict sensor. A stage that was run again and gave the same rows makes nothing stale.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import dropwhile, takewhile

import dagster as dg
import polars as pl

from imgtext_assets import links, rights
from imgtext_assets.catalog import Policy
from imgtext_assets.defs.checks import BLOCKING_CHECKS
from imgtext_assets.defs.cluster_inputs import removed_version
from imgtext_assets.defs.history import SOURCE_FILES, as_input, made_by, newest
from imgtext_assets.defs.orders import Orders
from imgtext_assets.defs.removals import BY_REDIRECT, PREVIEW_KEY, disobeying, tombstones
from imgtext_assets.lake import Lake
from imgtext_assets.reasons import PASSING
from imgtext_assets.sources import url_key
from imgtext_assets.tables import (
    DEDUPLICATED,
    DOWNLOADED,
    DUPLICATE_CLUSTERS,
    FINGERPRINTS,
    LICENSE_FILTERED,
    LINK_CHECKS,
    STAGES,
    VERIFIED,
    goes_on,
)

_SHARDS_AT_ONCE = 20  # two million rows: some 600 MB


def stages_to_run(
    instance: dg.DagsterInstance,
    lake: Lake,
    stages: Sequence[str],
    shards: Collection[str],
    code_versions: Mapping[str, str | None],
) -> dict[str, list[str]]:
    """For each shard that needs it, the stages to run now: the first that is stale, and those right after that are too.

    What follows them is stale only if they give other rows than before: ask again once they have run.

    A stage is stale where it is missing (from the instance, or from the lake: the one may have been moved or emptied
    without the other), was made from other data than there is now, by other code or another policy, or has not passed
    its blocking checks. `stages` are in the order of the graph, and each reads the one before it there.
    """
    if not shards:  # Dagster takes as long to answer for none of them as for many
        return {}
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


def clusters_stale(
    instance: dg.DagsterInstance,
    lake: Lake,
    code_versions: Mapping[str, str | None],
    inputs: Mapping[str, str],
) -> bool:
    """Whether `duplicate_clusters` is missing, was made from other fingerprints, or by another policy.

    `inputs` are versions of what else they go by, as far as it is to count (`cluster_inputs.inputs_versions`).
    """
    records = instance.fetch_materializations(dg.AssetKey(DUPLICATE_CLUSTERS.name), limit=1).records
    if not records or not lake.tables.exists(DUPLICATE_CLUSTERS.name):
        return True
    made = made_by(records[0])
    if made.code_version != code_versions.get(DUPLICATE_CLUSTERS.name) or not made.went_by(inputs):
        return True
    fingerprints = [found for _, found in sorted(newest(instance, FINGERPRINTS.name).items())]
    read = made.read(FINGERPRINTS.name)
    if read is None:
        return max((shard.place for shard in fingerprints), default=0) > made.place
    return read != as_input(fingerprints)


def clusters_behind_removals(instance: dg.DagsterInstance, lake: Lake, policy: Policy) -> bool:
    """Whether `duplicate_clusters` was made before looks were removed that the policy refuses."""
    records = instance.fetch_materializations(dg.AssetKey(DUPLICATE_CLUSTERS.name), limit=1).records
    return bool(records) and not made_by(records[0]).went_by(removed_version(lake, policy))


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


def shards_to_ask_again(lake: Lake, *, final_too: bool = False) -> list[str]:
    """Shards with rows that failed at `downloaded` for a reason that may have passed, or with `final_too` for any."""
    reason = pl.col("reject_reason")
    wanted = reason.is_not_null() if final_too else reason.is_in(list(PASSING))
    failed = lake.tables.scan(DOWNLOADED.name, DOWNLOADED.schema).filter(wanted)
    return failed.select(pl.col("shard").unique().sort()).collect()["shard"].to_list()


def shards_judged_otherwise(
    lake: Lake, policy: Policy, orders: Orders, shards: Sequence[str], *, removals: bool = True
) -> tuple[list[str], list[str]]:
    """Of `shards` those that do not obey what people ordered since: at `license_filtered`, and at `verified`.

    At `verified` bytes are judged, and links whose host refused at a recheck. Without `removals`, tombstones do not
    count. Some shards at a time, so that memory does not grow with the lake.
    """
    stones = tombstones(lake)
    early: list[str] = []
    late: list[str] = []
    for start in range(0, len(shards), _SHARDS_AT_ONCE):
        some = shards[start : start + _SHARDS_AT_ONCE]
        licensed = lake.tables.scan(LICENSE_FILTERED.name, LICENSE_FILTERED.schema, some)
        otherwise = rights.judged_otherwise(licensed, stones, orders.decisions, orders.opt_outs, PREVIEW_KEY)
        if not removals:
            otherwise = otherwise.filter(pl.col("reject_reason").ne_missing(pl.lit("removed")))
        rows = pl.concat([_listed_otherwise(lake, orders, some), _refused_since(lake, some)])
        if removals:
            verified = lake.tables.scan(VERIFIED.name, VERIFIED.schema, some)
            rows = pl.concat([rows, disobeying(verified, lake, policy).select("shard")])
        for found, frame in ((early, otherwise), (late, rows)):
            found += frame.select(pl.col("shard").unique().sort()).collect(engine="streaming")["shard"].to_list()
    return early, late


def shards_led_to_what_is_listed(
    lake: Lake, orders: Orders, shards: Sequence[str], *, removals: bool = True
) -> list[str]:
    """Of `shards` those with verified rows whose picture, or its preview, came from where an opt-out list names.

    Their own addresses need not be on a list: redirects led there. `downloaded` judges them anew. With `removals` also
    those whose picture came from an address that a tombstone names.
    """
    stones = tombstones(lake).filter(kind="url") if removals else tombstones(lake).clear()
    if orders.opt_outs.is_empty() and stones.first().collect().is_empty():
        return []
    found: list[str] = []
    for start in range(0, len(shards), _SHARDS_AT_ONCE):
        some = shards[start : start + _SHARDS_AT_ONCE]
        kept = goes_on(lake.tables.scan(VERIFIED.name, VERIFIED.schema, some))
        addresses = pl.concat([kept.select("shard", url=pl.col(name)) for name in ("final_url", "preview_url")])
        named = addresses.drop_nulls("url").select("shard", url_key=url_key(pl.col("url")))
        listed = rights.listed(named, orders.opt_outs).drop_nulls("opted_out_by")
        led = rights.named(kept, stones, BY_REDIRECT)
        either = pl.concat([listed.select("shard"), led.select("shard")])
        found += either.select(pl.col("shard").unique().sort()).collect()["shard"].to_list()
    return found


def _verified(lake: Lake, shards: Sequence[str]) -> pl.LazyFrame:
    columns = ("shard", "id", "sha256", "reject_reason", "reject_detail")
    return lake.tables.scan(VERIFIED.name, VERIFIED.schema, shards).select(columns)


def _listed_otherwise(lake: Lake, orders: Orders, shards: Sequence[str]) -> pl.LazyFrame:
    """Rows whose bytes a list names and that go on, and rows that a list ended which no longer names them."""
    rows = rights.listed_bytes(_verified(lake, shards), orders.opt_outs)
    ended = (pl.col("reject_reason") == "opted_out").fill_null(False) & rights.ended_by_list(pl.col("reject_detail"))
    named = pl.col("opted_out_by").is_not_null()
    return rows.filter((named & pl.col("reject_reason").is_null()) | (~named & ended)).select("shard")


def _refused_since(lake: Lake, shards: Sequence[str]) -> pl.LazyFrame:
    """Rows that go on though their host refused at the latest recheck."""
    checks = lake.tables.scan(LINK_CHECKS.name, LINK_CHECKS.schema, shards)
    kept = goes_on(_verified(lake, shards))
    return kept.join(links.refused_since(checks), on=["shard", "id"], how="semi").select("shard")


def shards_to_fingerprint_again(lake: Lake) -> list[str]:
    """Shards with rows whose picture was not to be had at `fingerprints`, and was at `downloaded`.

    Nothing is known of what they repeat until their hashes are taken; their bytes are in the store by now.
    """
    verified = goes_on(lake.tables.scan(VERIFIED.name, VERIFIED.schema)).filter(pl.col("fingerprint_sha256").is_null())
    return verified.select(pl.col("shard").unique().sort()).collect()["shard"].to_list()
