"""Jobs: the parts of the graph that one runs together.

`ingest` and `build` run for one shard; between them `cluster` compares all shards.
"""

from __future__ import annotations

import dagster as dg

INGEST = ["raw_metadata", "license_filtered", "fingerprints"]
BUILD = ["deduplicated", "resolution_filtered", "downloaded", "verified"]

ingest = dg.define_asset_job("ingest", INGEST, description="One shard from its source file to its fingerprints.")
cluster = dg.define_asset_job(
    "cluster", ["duplicate_clusters"], description="Near-duplicates over the fingerprints of all shards."
)
build = dg.define_asset_job("build", BUILD, description="One shard from the duplicates' verdicts to verified pictures.")
refresh = dg.define_asset_job(
    "refresh",
    [*INGEST, *BUILD],
    description="One shard again from its file to verified pictures, with the duplicates' verdicts as they are.",
)
recheck = dg.define_asset_job("recheck", ["link_checks"], description="One round of link rechecks of one shard.")
decay = dg.define_asset_job("decay", ["link_decay"], description="What all rounds of rechecks show.")
# Not `accounts`: Dagster wants the asset's op to be alone with its name.
count_accounts = dg.define_asset_job("count_accounts", ["accounts"], description="Count the rows of every account.")
release = dg.define_asset_job("release", ["release"], description="Cut a new version from all verified shards.")

JOBS = [ingest, cluster, build, refresh, recheck, decay, count_accounts, release]
