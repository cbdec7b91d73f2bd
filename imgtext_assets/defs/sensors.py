"""What runs when something happens. All are off until they are switched on in the UI."""

from collections.abc import Sequence

import dagster as dg

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs import jobs
from imgtext_assets.defs.discover import add_partitions, discover, file_events, judged_shards, present_shards
from imgtext_assets.defs.killed import end_killed_runs
from imgtext_assets.defs.orders import load_orders
from imgtext_assets.defs.stage import content_version
from imgtext_assets.defs.stale import (
    shards_judged_otherwise,
    shards_led_to_what_is_listed,
    shards_with_new_verdicts,
    stages_to_run,
)
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.engine import Engine
from imgtext_assets.lake import Lake
from imgtext_assets.tables import DEDUPLICATED, FINGERPRINTS, REMOVALS


@dg.sensor(
    minimum_interval_seconds=300,
    description="List the sources' files, add the shards that are new, and tell Dagster which files changed.",
)
def shard_sensor(
    context: dg.SensorEvaluationContext,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    reader: dg.ResourceParam[Engine],
) -> dg.SensorResult:
    """The same as `imgtext build` does first."""
    end_killed_runs(context.instance)
    discovery = discover(catalog, lake, reader)
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


@dg.sensor(
    jobs=[jobs.refresh, jobs.build],
    minimum_interval_seconds=300,
    description="When somebody removes a picture, opts out or decides on an account: judge again the shards that it "
    "concerns, and no others.",
)
def orders_sensor(
    context: dg.SensorEvaluationContext, catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]
) -> dg.SensorResult | dg.SkipReason:
    """Runs of the shards that do not obey an order; the lake is looked through only when the orders have changed."""
    orders = load_orders(catalog)
    removals = lake.tables.scan(REMOVALS.name, REMOVALS.schema).collect()
    version = content_version(removals) + content_version(orders.decisions) + content_version(orders.opt_outs)
    if context.cursor == version:
        return dg.SkipReason("no new order")
    judged = judged_shards(lake, catalog)
    early, late = shards_judged_otherwise(lake, orders, judged)
    elsewhere = [shard for shard in shards_led_to_what_is_listed(lake, orders, judged) if shard not in early]
    later = [shard for shard in late if shard not in {*early, *elsewhere}]
    requests = [_judge_again(jobs.refresh.name, shard, [*jobs.INGEST[1:], *jobs.BUILD]) for shard in early]
    requests += [_judge_again(jobs.build.name, shard, jobs.BUILD[-2:]) for shard in elsewhere]
    requests += [_judge_again(jobs.build.name, shard, jobs.BUILD[-1:]) for shard in later]
    return dg.SensorResult(run_requests=requests, cursor=version)


def _judge_again(job: str, shard: str, assets: Sequence[str]) -> dg.RunRequest:
    """A run of some assets of a job; without a run key, since an order may be given, taken back and given again."""
    return dg.RunRequest(job_name=job, partition_key=shard, asset_selection=[dg.AssetKey(name) for name in assets])


SENSORS = [shard_sensor, verdict_sensor, orders_sensor]
