"""When assets run by themselves: declarative automation, off until its sensor is switched on.

A shard flows down stage by stage, and only as far as something changed: what follows a stage goes by the data version
of its rows, so that a stage which ran again and gave the same rows requests nothing. The one place where this must not
be left to Dagster is the step from `duplicate_clusters`, which all shards share, to `deduplicated`: its update would
request every shard. There a sensor requests only the shards whose verdicts change (`sensors.verdict_sensor`).

What belongs here: conditions, and how old an asset may be. What does not: sensors, schedules, which assets have which.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg

# A month has 31 days at most; a recheck and a release of it take less than one. Half a month later one was missed.
_MONTHLY = dg.FreshnessPolicy.time_window(warn_window=timedelta(days=32), fail_window=timedelta(days=46))
FRESHNESS: Mapping[str, dg.FreshnessPolicy] = {"link_checks": _MONTHLY, "link_decay": _MONTHLY, "release": _MONTHLY}
"""How old the newest materialisation of an asset may be: of a partitioned one, that of any shard."""

Condition = dg.AutomationCondition[Any]

# From `verified` back to `license_filtered`: the stages of one shard that may obey one and the same policy.
_STAGES_ABOVE = 5


def on_change() -> Condition:
    """Run a shard when it is missing, when its input has other rows than before, or when its code or policy changed.

    Where one policy is obeyed by several stages, the later ones wait for the earlier, and so run once.
    """
    missing: Condition = dg.AutomationCondition.newly_missing()
    broken = dg.AutomationCondition.any_checks_match(dg.AutomationCondition.check_failed(), blocking_only=True)
    return (
        _since_handled(missing | _other_input() | dg.AutomationCondition.code_version_changed())
        & ~dg.AutomationCondition.any_deps_missing()
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.any_deps_match(broken).with_label("any_deps_broken")
        & ~dg.AutomationCondition.any_deps_match(_busy_above(_STAGES_ABOVE)).with_label("stages_above_at_work")
        & ~dg.AutomationCondition.in_progress()
    ).with_label("on_change")


def on_any_shard() -> Condition:
    """Run an asset over all shards when one has other rows or the policy changed; those missing are not waited for."""
    missing: Condition = dg.AutomationCondition.newly_missing()
    return (
        _since_handled(missing | _other_input() | dg.AutomationCondition.code_version_changed())
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    ).with_label("on_any_shard")


def _other_input() -> Condition:
    """An input was made anew with another data version, by a run that did not make the asset itself as well."""
    other = dg.AutomationCondition.data_version_changed() & ~dg.AutomationCondition.executed_with_root_target()
    return dg.AutomationCondition.any_deps_match(other).with_label("any_deps_with_other_data")


def _busy_above(stages: int) -> Condition:
    """An asset that does not run now itself, and that follows one which does, up to so many stages above it.

    Where it runs too, one run makes both in their order. The clusters are left out: they are of all shards, of which
    there is always one at work while many are added.
    """
    above: Condition = dg.AutomationCondition.will_be_requested() | dg.AutomationCondition.in_progress()
    if stages > 1:
        above = above | _busy_above(stages - 1)
    clusters = dg.AssetSelection.assets("duplicate_clusters")
    return ~dg.AutomationCondition.will_be_requested() & dg.AutomationCondition.any_deps_match(above).ignore(clusters)


def _since_handled(condition: Condition) -> Condition:
    return condition.since_last_handled()  # pyright: ignore[reportAttributeAccessIssue] - its stub is invariant
