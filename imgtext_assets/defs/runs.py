"""Run jobs on the instance that the UI shows, one at a time, and say plainly what failed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from imgtext_assets.defs.killed import TAGS, end_killed_runs, holding_lock

# The CLI shows bars instead of Dagster's log, which is in the UI anyway.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# Errors whose message is for the user as it is.
_SAID_PLAINLY = ("LakeError", "SourceError", "CatalogError", "EngineError", "ClusterError", "ReleaseError")


class NoInstanceError(Exception):
    """There is no Dagster instance to run on; the message says how to have one."""


@dataclass(frozen=True)
class RunResult:
    """One run: whether it succeeded, its id, and what was wrong in one line."""

    ok: bool
    run_id: str
    problem: str | None
    metadata: dict[str, dict[str, Any]]


def instance() -> dg.DagsterInstance:
    """The instance of `$DAGSTER_HOME`, else of this folder where it holds a `dagster.yaml`. Raises NoInstanceError."""
    if not os.environ.get("DAGSTER_HOME"):
        if not Path("dagster.yaml").exists():
            raise NoInstanceError(
                "DAGSTER_HOME is not set and this folder has no dagster.yaml: run in the project's folder, or set "
                "DAGSTER_HOME to a folder with a dagster.yaml"
            )
        os.environ["DAGSTER_HOME"] = str(Path.cwd())
    try:
        return dg.DagsterInstance.get()
    except (dg.DagsterError, yaml.YAMLError) as error:
        raise NoInstanceError(f"{os.environ['DAGSTER_HOME']}/dagster.yaml: {' '.join(str(error).split())}") from None


def run_job(
    defs: dg.Definitions,
    name: str,
    on: dg.DagsterInstance,
    shard: str | None = None,
    assets: Sequence[str] | None = None,
    config: Mapping[str, Mapping[str, Any]] | None = None,
) -> RunResult:
    """Run a job, or some of its assets with their checks, for one shard or for none. Never raises for what failed.

    `config` is that of assets, by their names.
    """
    end_killed_runs(on)
    run_id = str(uuid.uuid4())
    with holding_lock(on, run_id):
        result = defs.resolve_job_def(name).execute_in_process(
            instance=on,
            partition_key=shard,
            asset_selection=[dg.AssetKey(asset) for asset in assets] if assets else None,
            run_config=_QUIET | {"ops": {asset: {"config": of_asset} for asset, of_asset in (config or {}).items()}},
            raise_on_error=False,
            run_id=run_id,
            tags=TAGS,
        )
    made = [event for event in result.all_node_events if event.is_step_materialization]
    metadata = {event.asset_key.to_user_string(): _metadata(event) for event in made if event.asset_key}
    return RunResult(result.success, result.run_id, None if result.success else problem_of(result.all_events), metadata)


def _metadata(event: dg.DagsterEvent) -> dict[str, Any]:
    entries = event.step_materialization_data.materialization.metadata
    return {name: value.value for name, value in entries.items()}


def problem_of(events: Iterable[dg.DagsterEvent]) -> str:
    """The first thing that went wrong, in one line without the traceback: what is said plainly, else the cause."""
    last = "the run failed"
    for event in events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error and error.cause and error.cls_name not in _SAID_PLAINLY:
                error = error.cause
            said = error.message if error else event.message
            if error and error.cls_name in _SAID_PLAINLY:
                said = error.message.partition(": ")[2]
            return f"{event.step_key}: {' '.join((said or 'failed').split())}"
        if event.is_failure and event.message and last == "the run failed":
            last = event.message
    return last
