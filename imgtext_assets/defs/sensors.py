"""What runs when something happens. All are off until they are switched on in the UI."""

import dagster as dg

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs import jobs
from imgtext_assets.defs.discover import add_partitions, discover, file_events, present_shards
from imgtext_assets.defs.killed import end_killed_runs
from imgtext_assets.defs.stale import shards_with_new_verdicts, stages_to_run
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.lake import Lake
from imgtext_assets.tables import DEDUPLICATED, FINGERPRINTS


@dg.sensor(
    minimum_interval_seconds=300,
    description="List the sources' files, add the shards that are new, and tell Dagster which files changed.",
)
def shard_sensor(
    context: dg.SensorEvaluationContext, catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]
) -> dg.SensorResult:
    """The same as `imgtext build` does first."""
    end_killed_runs(context.instance)
    discovery = discover(catalog, lake)
    new = add_partitions(context.instance, discovery)
    events = file_events(context.instance, discovery, catalog)
    for problem in discovery.problems:
        context.log.warning(problem)
    said = "; ".join([f"{len(new)} new shards, {len(events)} new or changed", *discovery.problems])
    return dg.SensorResult(asset_events=events, skip_reason=dg.SkipReason(said))


@dg.asset_sensor(
    asset_key=dg.AssetKey("duplicate_clusters"),
    job=jobs.build,
    name="verdict_sensor",
    description="After each clustering: build again the shards whose fingerprints or verdicts changed, and no others.",
)
def verdict_sensor(
    context: dg.SensorEvaluationContext,
    asset_event: dg.EventLogEntry,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
) -> dg.SensorResult | dg.SkipReason:
    """Builds of the shards for which the new clusters mean something else."""
    present = set(present_shards(lake))
    keys = [key for key in lake.tables.shards(FINGERPRINTS.name) if key in present]
    stale = stages_to_run(context.instance, lake, [DEDUPLICATED.name], keys, code_versions(catalog))
    changed = sorted({*stale, *shards_with_new_verdicts(lake)} & present)
    if not changed:
        return dg.SkipReason("no shard's verdicts changed")
    requests = [dg.RunRequest(run_key=f"{asset_event.run_id}-{shard}", partition_key=shard) for shard in changed]
    return dg.SensorResult(run_requests=requests)


SENSORS = [shard_sensor, verdict_sensor]
