"""What runs when something happens. All are off until they are switched on in the UI."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic

import dagster as dg

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs import jobs
from imgtext_assets.defs.alerts import alert_of, post
from imgtext_assets.defs.cluster_inputs import inputs_versions
from imgtext_assets.defs.discover import judged_shards, listing_version
from imgtext_assets.defs.killed import end_killed_runs
from imgtext_assets.defs.orders import load_orders
from imgtext_assets.defs.stage import content_version
from imgtext_assets.defs.stale import (
    clusters_behind_removals,
    clusters_stale,
    shards_judged_otherwise,
    shards_led_to_what_is_listed,
    shards_with_new_verdicts,
    stages_to_run,
)
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.lake import Lake, LakeError
from imgtext_assets.tables import DEDUPLICATED, FINGERPRINTS, REMOVALS

# Dagster ends a tick after 60 s, and with it all that it found. A source's listing is one request a thousand files.
_TICK_SECONDS = 20


@dg.sensor(
    job_name="discover",
    minimum_interval_seconds=300,
    description="When a source has new or changed files, and once a day: run `discover`, which adds the shards that "
    "are new and tells Dagster which changed.",
)
def shard_sensor(
    context: dg.SensorEvaluationContext, catalog: dg.ResourceParam[Catalog]
) -> dg.SensorResult | dg.SkipReason:
    """A look at the sources' listings, as many as there is time for; files are opened by the run, which may take long.

    The cursor has the version of each source's listing, of which the day is a part: what could not be read today may
    be tomorrow. Its sources are in the order in which they were looked at, longest ago first.
    """
    end_killed_runs(context.instance)
    begun, seen = monotonic(), _listings(context.cursor)
    names = [source.name for source in catalog.sources]
    now = {name: seen[name] for name in seen if name in names}
    order = [*(name for name in names if name not in now), *now]
    problems = []
    for name in order:
        try:
            version = f"{datetime.now(UTC).date()} {listing_version(catalog, catalog.source(name))}"
        except LakeError as error:
            problems.append(f"source {name}: {error}")
            version = now.get(name, "")
        now.pop(name, None)
        now[name] = version
        if monotonic() - begun > _TICK_SECONDS:
            break
    for problem in problems:
        context.log.warning(problem)
    if now == seen:
        return dg.SensorResult(
            skip_reason=dg.SkipReason("; ".join(["no new or changed file", *problems])), cursor=json.dumps(now)
        )
    return dg.SensorResult(run_requests=[dg.RunRequest(job_name="discover")], cursor=json.dumps(now))


def _listings(cursor: str | None) -> dict[str, str]:
    """The versions of the sources' listings at the last look; none where the cursor is another version's."""
    try:
        found = json.loads(cursor or "{}")
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


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
    """Builds of the shards for which the new clusters mean something else, also of those whose file is gone by now."""
    judged = set(judged_shards(lake, catalog))
    keys = [key for key in lake.tables.shards(FINGERPRINTS.name) if key in judged]
    stale = stages_to_run(context.instance, lake, [DEDUPLICATED.name], keys, code_versions(catalog))
    changed = sorted({*stale, *shards_with_new_verdicts(lake)} & judged)
    if not changed:
        return dg.SkipReason("no shard's verdicts changed")
    requests = [dg.RunRequest(run_key=f"{asset_event.run_id}-{shard}", partition_key=shard) for shard in changed]
    return dg.SensorResult(run_requests=requests)


@dg.asset_sensor(
    asset_key=dg.AssetKey("dead_links"),
    job=jobs.cluster,
    name="dead_link_sensor",
    description="When links died that another address of the same picture can replace: compare all rows anew.",
)
def dead_link_sensor(
    context: dg.SensorEvaluationContext,
    asset_event: dg.EventLogEntry,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
) -> dg.RunRequest | dg.SkipReason:
    """One clustering, where the clusters go by other dead links than there are now."""
    if clusters_stale(context.instance, lake, code_versions(catalog), inputs_versions(catalog, lake)):
        return dg.RunRequest(run_key=asset_event.run_id)
    return dg.SkipReason("no dead link can be replaced that was not before")


@dg.sensor(
    jobs=[jobs.refresh, jobs.build, jobs.cluster],
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
    early, late = shards_judged_otherwise(lake, catalog.policy, orders, judged)
    elsewhere = [shard for shard in shards_led_to_what_is_listed(lake, orders, judged) if shard not in early]
    later = [shard for shard in late if shard not in {*early, *elsewhere}]
    requests = [_judge_again(jobs.refresh.name, shard, [*jobs.INGEST[1:], *jobs.BUILD]) for shard in early]
    requests += [_judge_again(jobs.build.name, shard, jobs.BUILD[-2:]) for shard in elsewhere]
    requests += [_judge_again(jobs.build.name, shard, jobs.BUILD[-1:]) for shard in later]
    if clusters_behind_removals(context.instance, lake, catalog.policy):
        requests.append(dg.RunRequest(job_name=jobs.cluster.name))
    return dg.SensorResult(run_requests=requests, cursor=version)


def _judge_again(job: str, shard: str, assets: Sequence[str]) -> dg.RunRequest:
    """A run of some assets of a job; without a run key, since an order may be given, taken back and given again."""
    return dg.RunRequest(job_name=job, partition_key=shard, asset_selection=[dg.AssetKey(name) for name in assets])


@dg.run_failure_sensor(
    description="When a run fails: log in one line why, and send it to the address of `alerts.webhook`, if there is "
    "one.",
)
def failed_run_sensor(context: dg.RunFailureSensorContext, catalog: dg.ResourceParam[Catalog]) -> None:
    """One alert for each failed run of any job."""
    events = [*context.get_step_failure_events(), context.failure_event]
    alert = alert_of(context.dagster_run, events)
    context.log.error(alert["text"])
    problem = post(catalog.alerts.webhook, alert) if catalog.alerts.webhook else None
    if problem:
        context.log.warning(f"the webhook was not told: {problem}")


SENSORS = [shard_sensor, verdict_sensor, dead_link_sensor, orders_sensor, failed_run_sensor]
