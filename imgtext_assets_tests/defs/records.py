"""Dagster's records of the worlds under test: one SQLite file, and one engine as long as the instance lasts.

By default Dagster has a file a run, and makes an engine anew for each query, for which SQLAlchemy compiles each
statement anew: a third of the processor time of tests that build. The log that users have is that of the demo, the
tutorial, the browser, the sample's way from end to end, and of builds that are killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import sqlalchemy as db
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage  # Dagster's own "for test cases"


class Records(ConsolidatedSqliteEventLogStorage):
    """Named in the `dagster.yaml` of a world, by `new_instance`."""

    @cached_property
    def _engine(self) -> db.Engine:
        return db.create_engine(self._conn_string, connect_args={"timeout": 60})

    @contextmanager
    def _connect(self) -> Iterator[db.Connection]:
        with self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        super().dispose()
        self._engine.dispose()
