"""Jobs: the parts of the graph that one runs together.

`ingest` and `build` run for one shard; between them `cluster` compares all shards. `discover` makes no asset: it finds
the shards.
"""

import dagster as dg

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.discover import add_partitions, discover, file_events
from imgtext_assets.defs.versions import DECAY
from imgtext_assets.engine import Engine
from imgtext_assets.lake import Lake

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
decay = dg.define_asset_job("decay", DECAY, description="What all rounds of rechecks show.")
# Not `accounts`: Dagster wants the asset's op to be alone with its name.
count_accounts = dg.define_asset_job("count_accounts", ["accounts"], description="Count the rows of every account.")
release = dg.define_asset_job("release", ["release"], description="Cut a new version from all verified shards.")


@dg.op(pool="discover")  # one at a time: two would number new shards alike
def read_files(
    context: dg.OpExecutionContext,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    reader: dg.ResourceParam[Engine],
) -> None:
    """The same as `imgtext build` does first. What is wrong with a source is a warning: the others go on."""
    discovery = discover(catalog, lake, reader)
    new = add_partitions(context.instance, discovery)
    events = file_events(context.instance, discovery, catalog)
    for event in events:
        context.instance.report_runless_asset_event(event)
    for problem in discovery.problems:
        context.log.warning(problem)
    context.log.info(f"{len(new)} new shards, {len(events)} new or changed")


@dg.job(
    name="discover",
    description="List the sources' files, count the rows of new ones, add the shards that are new, and tell Dagster "
    "which changed.",
)
def discover_job() -> None:
    """What the shard sensor requests."""
    read_files()


JOBS = [discover_job, ingest, cluster, build, refresh, recheck, decay, count_accounts, release]
