"""Hosts' budgets hold for a day and for all shards, whichever run spends them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from imgtext_assets.catalog import FetchSettings, HostLimits
from imgtext_assets.defs.budget import Ledger
from imgtext_assets.lake import Lake
from imgtext_assets.tables import HOST_USE

SETTINGS = FetchSettings(hosts=[HostLimits(match="*.example", bytes_per_day=100)])


def ledger(lake: str, day: str) -> Ledger:
    return Ledger(Lake(lake), SETTINGS, lambda: day)


def test_what_one_run_spends_the_next_one_lacks(lake_root: str) -> None:
    first = ledger(lake_root, "2026-11-21")
    assert first.budget is not None
    for count in first.watch([30, 40]):
        first.budget.add("a.example", count)
    second = ledger(lake_root, "2026-11-21")
    assert second.budget is not None
    assert second.budget.left("a.example") == 30
    assert second.budget.left("b.example") == 100


def test_another_day_has_a_new_budget(lake_root: str) -> None:
    first = ledger(lake_root, "2026-11-21")
    assert first.budget is not None
    for count in first.watch([100]):
        first.budget.add("a.example", count)
    next_day = ledger(lake_root, "2026-11-22").budget
    assert next_day is not None
    assert next_day.left("a.example") == 100


def test_a_run_that_goes_on_past_midnight_spends_the_new_days_budget(tmp_path: Path) -> None:
    days = iter(["2026-11-21", "2026-11-22", "2026-11-22", "2026-11-22"])
    over_night = Ledger(Lake(str(tmp_path)), SETTINGS, lambda: next(days))
    assert over_night.budget is not None
    over_night.budget.add("a.example", 100)
    list(over_night.watch([]))
    assert over_night.budget.left("a.example") == 100
    assert ledger(str(tmp_path), "2026-11-21").budget.left("a.example") == 0  # pyright: ignore[reportOptionalMemberAccess]


def test_what_was_spent_is_written_down_once_even_if_the_run_breaks_off(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    broken = ledger(str(tmp_path), "2026-11-21")
    assert broken.budget is not None
    outcomes = broken.watch([1, 2])
    broken.budget.add("a.example", next(outcomes))
    outcomes.close()  # pyright: ignore[reportAttributeAccessIssue] - it is a generator
    for _ in broken.watch([]):
        pass
    assert lake.tables.scan(HOST_USE.name, HOST_USE.schema).collect()["bytes"].to_list() == [1]


def test_what_is_broken_off_at_the_end_counts(tmp_path: Path) -> None:
    """The client counts what was under way when it is closed."""
    lake = Lake(str(tmp_path))
    broken = ledger(str(tmp_path), "2026-11-21")
    budget = broken.budget
    assert budget is not None

    def asking() -> Iterator[int]:
        try:
            yield 1
        finally:
            budget.add("a.example", 7)

    outcomes = broken.watch(asking())
    next(outcomes)
    outcomes.close()  # pyright: ignore[reportAttributeAccessIssue] - it is a generator
    assert lake.tables.scan(HOST_USE.name, HOST_USE.schema).collect()["bytes"].to_list() == [7]


def test_without_budgets_nothing_is_counted(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    unlimited = Ledger(lake, FetchSettings())
    assert unlimited.budget is None
    assert list(unlimited.watch([1])) == [1]
    assert lake.tables.files(HOST_USE.name) == []
