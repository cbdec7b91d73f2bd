"""The lake as Dagster's IO manager: assets return frames, and read the rows that go on."""

from __future__ import annotations

import dagster as dg
import polars as pl

from imgtext_assets.lake import Lake
from imgtext_assets.tables import BY_NAME, KEYS, STAGES, Table, goes_on


class LakeIOManager(dg.IOManager):
    """Stores a frame as its asset's table, and loads a table lazily.

    Of a stage's table only the rows that go on are loaded. All partitions load as one frame, however many there are;
    a shard that is not there yet has no rows.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
        """Write the frame atomically in place of the table, and its keys."""
        table = _table(context)
        shard = context.partition_key if context.has_partition_key else None
        keys, rows = KEYS.get(table.name), table.conform(obj.lazy())
        if keys and shard:
            self._lake.row_keys.forget(table.name, shard)  # first, so that old keys are never taken for the new table's
        path = self._lake.tables.write(table.name, rows, shard)
        if keys and shard:
            self._lake.row_keys.write(table.name, rows, keys, shard)
        count = "dagster/row_count" if shard is None else "dagster/partition_row_count"
        context.add_output_metadata({"path": self._lake.tables.url(path), count: obj.height})

    def load_input(self, context: dg.InputContext) -> pl.LazyFrame:
        """The rows of the upstream asset, lazily."""
        table = _table(context)
        shards = context.asset_partition_keys if context.has_asset_partitions else None
        rows = self._lake.tables.scan(table.name, table.schema, shards)
        return goes_on(rows) if table in STAGES else rows


def _table(context: dg.InputContext | dg.OutputContext) -> Table:
    return BY_NAME[context.asset_key.path[-1]]
