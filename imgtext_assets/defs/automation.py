"""When assets run by themselves: declarative automation, off until its sensor is switched on.

A new or changed shard flows down stage by stage. The one place where this must not be left to Dagster is the step
from `duplicate_clusters`, which all shards share, to `deduplicated`: its update would request every shard. There a
sensor requests only the shards whose verdicts change (`sensors.verdict_sensor`).
"""

from __future__ import annotations

from typing import Any

import dagster as dg


def on_change() -> dg.AutomationCondition[Any]:
    """Run a shard when it is missing, when what it reads has changed, or when its code or policy has."""
    missing: dg.AutomationCondition[Any] = dg.AutomationCondition.newly_missing()
    changed = dg.AutomationCondition.any_deps_updated() | dg.AutomationCondition.code_version_changed()
    return (
        (missing | changed).since_last_handled()  # pyright: ignore[reportAttributeAccessIssue] - its stub is invariant
        & ~dg.AutomationCondition.any_deps_missing()
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    ).with_label("on_change")


def on_any_shard() -> dg.AutomationCondition[Any]:
    """Run an asset over all shards when one of them changes, without waiting for those that are missing."""
    return dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing()).with_label("on_any_shard")
