"""The daemon's part in declarative automation: it evaluates all conditions, again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg

Asked = tuple[str, str | None]


class Daemon:
    """Evaluates all conditions again and again, each time a minute later."""

    def __init__(self, defs: dg.Definitions, versions: Mapping[str, str], instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.load(defs, versions)
        self._cursor = None
        self._now = datetime.now(UTC)
        self._data: Counter[Asked] = Counter()

    def load(self, defs: dg.Definitions, versions: Mapping[str, str]) -> None:
        """Take the definitions of a code location that was loaded again, and the code versions in them."""
        self.defs, self.versions = defs, versions

    def made(self, asset: str, shard: str | None, *, same_rows: bool = False) -> None:
        """Report an asset as made: with other rows than before, unless they are the same."""
        self._data[asset, shard] += 0 if same_rows else 1
        tags = {"dagster/data_version": str(self._data[asset, shard])}
        tags |= {"dagster/code_version": self.versions[asset]} if asset in self.versions else {}
        self.instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=shard, tags=tags))

    def tick(self) -> list[Asked]:
        """What is requested now."""
        self._now += timedelta(minutes=1)
        result = dg.evaluate_automation_conditions(
            self.defs, self.instance, cursor=self._cursor, evaluation_time=self._now
        )
        self._cursor = result.cursor
        graph = self.defs.resolve_asset_graph()
        asked: list[Asked] = []
        for key in graph.toposorted_asset_keys:
            name = key.to_user_string()
            if graph.get(key).is_partitioned:
                asked += [(name, shard) for shard in sorted(result.get_requested_partitions(key), key=str)]
            else:
                asked += [(name, None)] * result.get_num_requested(key)
        return asked

    def settle(self, ticks: int = 12, *, same_rows: Container[str] = ()) -> list[Asked]:
        """Make what is requested until nothing more is; returns all that was requested, in order.

        The assets `same_rows` give the rows that they gave before.
        """
        all_asked: list[Asked] = []
        for _ in range(ticks):
            asked = self.tick()
            for asset, shard in asked:
                self.made(asset, shard, same_rows=asset in same_rows)
            all_asked += asked
            if not asked:
                return all_asked
        raise AssertionError(f"it never comes to rest: {Counter(all_asked)}")
