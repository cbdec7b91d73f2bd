"""When takedowns are taken and removed bytes purged: jobs, a sensor and a schedule. All are off until switched on."""

from datetime import UTC, datetime
from hashlib import sha256

import dagster as dg

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.drop_folder import look_at, settled_files, untaken
from imgtext_assets.lake import Lake
from imgtext_assets.tables import PURGES, REMOVAL_FILES

take_removals = dg.define_asset_job(
    "take_removals",
    [REMOVAL_FILES.name],
    description="Carry out the files of takedowns that are new in the drop folder.",
)
# Not `purges`: Dagster wants the asset's op to be alone with its name.
purge = dg.define_asset_job(
    "purge", [PURGES.name], description="Mark the bytes of removed pictures, and delete those whose days are over."
)


@dg.sensor(
    job=take_removals,
    minimum_interval_seconds=60,
    description="Carry out files of takedowns that are put into `policy.removals.drop_folder`, each once.",
)
def removals_sensor(
    context: dg.SensorEvaluationContext, catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]
) -> dg.SensorResult | dg.SkipReason:
    """A run where there is a file that nobody has looked at. Files are read only when the folder has changed.

    And as long as one cannot be read: it is in `removal_files`, and may be had later. A folder that cannot be listed is
    a failed tick (LakeError): no takedown is obeyed then, and somebody has to know.
    """
    if catalog.policy.removals.drop_folder is None:
        return dg.SkipReason("`policy.removals.drop_folder` names no folder")
    now = datetime.now(UTC)
    files = settled_files(catalog, now)
    seen = sha256(repr(files).encode()).hexdigest()
    if context.cursor == seen:
        return dg.SkipReason("no new file")
    looks = look_at(files)
    problems = [look.problem for look in looks if look.problem is not None]
    for problem in problems:
        context.log.warning(problem)
    new = untaken(lake, looks)
    if not new and problems:
        return dg.SkipReason(f"no new file; {len(problems)} cannot be read: {problems[0]}")
    if not new:
        return dg.SensorResult(skip_reason=dg.SkipReason("no new file"), cursor=seen)
    # The hour is part of the key, so that a run that failed is made up for, and one that is waiting is not asked twice.
    key = sha256(repr(sorted(look.version for look in new)).encode()).hexdigest()[:16]
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"{key}-{now:%Y%m%dT%H}")])


@dg.schedule(
    job=purge,
    cron_schedule="0 5 2 * *",
    description="The second of a month at 05:00 UTC, after the release: purge the bytes of removed pictures.",
)
def monthly_purge(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One purge a month."""
    return dg.RunRequest(run_key=f"purge-{context.scheduled_execution_time:%Y-%m}")


JOBS = [take_removals, purge]
SENSORS = [removals_sensor]
SCHEDULES = [monthly_purge]
