"""What runs by the clock. All are off until they are switched on in the UI."""

from collections.abc import Iterator
from hashlib import sha256

import dagster as dg

from imgtext_assets.defs import jobs
from imgtext_assets.defs.discover import present_shards
from imgtext_assets.lake import Lake
from imgtext_assets.tables import LINK_CHECKS, LINK_DECAY, VERIFIED

# Rechecks are spread over the first 28 days of a month, so that no host gets them all in one night.
_DAYS = 28


@dg.schedule(
    job=jobs.refresh,
    cron_schedule="0 3 * * 1",
    description="Mondays at 03:00 UTC: read every built shard's file again and ask again for what failed for a "
    "passing reason.",
)
def weekly_refresh(context: dg.ScheduleEvaluationContext, lake: dg.ResourceParam[Lake]) -> Iterator[dg.RunRequest]:
    """A refresh of every built shard."""
    for shard in _built(context.instance, lake):
        yield dg.RunRequest(run_key=f"refresh-{context.scheduled_execution_time:%G-%V}-{shard}", partition_key=shard)


@dg.schedule(
    job=jobs.recheck,
    cron_schedule="0 4 1-28 * *",
    description="Daily at 04:00 UTC: recheck the links of the shards whose day of the month it is.",
)
def monthly_recheck(context: dg.ScheduleEvaluationContext, lake: dg.ResourceParam[Lake]) -> Iterator[dg.RunRequest]:
    """A recheck of the shards whose day it is."""
    today = context.scheduled_execution_time
    for shard in _built(context.instance, lake):
        if recheck_day(shard) == today.day:
            yield dg.RunRequest(run_key=f"recheck-{today:%Y-%m}-{shard}", partition_key=shard)


@dg.schedule(
    job=jobs.decay,
    cron_schedule="0 10 * * *",
    description="Daily at 10:00 UTC: what the rechecks show, where there were any since the last time.",
)
def daily_decay(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """The decay statistics, after the day's rechecks and before the month's release, which goes by them."""
    checked, counted = (_latest(context.instance, table.name) for table in (LINK_CHECKS, LINK_DECAY))
    if checked <= counted:
        return dg.SkipReason("no link was rechecked since the last time")
    return dg.RunRequest(run_key=f"decay-{context.scheduled_execution_time:%Y-%m-%d}")


def _latest(instance: dg.DagsterInstance, asset: str) -> int:
    """The place in the event log of an asset's newest materialisation; 0 where there is none."""
    records = instance.fetch_materializations(dg.AssetKey(asset), limit=1).records
    return records[0].storage_id if records else 0


@dg.schedule(
    job=jobs.release,
    cron_schedule="0 12 1 * *",
    description="The first of a month at 12:00 UTC: cut a release from all verified shards, if all are up to date and "
    "pass their checks.",
)
def monthly_release(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One release a month.

    Whether it may be cut is looked at by the run (`assets.release`): the lake may be too large for a tick, and a run
    that fails says why where all look, and to `failed_run_sensor`.
    """
    return dg.RunRequest(run_key=f"release-{context.scheduled_execution_time:%Y-%m}")


def _built(instance: dg.DagsterInstance, lake: Lake) -> list[str]:
    """Shards that were verified, and whose file and source are still there."""
    return sorted(instance.get_materialized_partitions(dg.AssetKey(VERIFIED.name)) & set(present_shards(lake)))


def recheck_day(shard: str) -> int:
    """The day of the month, 1 to 28, on which a shard's links are rechecked: always the same, evenly spread."""
    return int.from_bytes(sha256(shard.encode()).digest()[:4]) % _DAYS + 1


SCHEDULES = [weekly_refresh, monthly_recheck, daily_decay, monthly_release]
