"""Files of takedowns: each is taken once, whole or not at all, and one that names too much waits for a person."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import obstore
import polars as pl
import pytest

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs import drop_folder
from imgtext_assets.defs.drop_folder import take
from imgtext_assets.defs.removing import removals_sensor
from imgtext_assets.lake import Lake, LakeError, read_bytes
from imgtext_assets.lake.stores import open_store
from imgtext_assets.policies import RemovalPolicy
from imgtext_assets.tables import RAW_METADATA, REMOVAL_FILES, REMOVALS

ROWS = 1_000


class Office:
    """Somebody who keeps a lake of ROWS rows, and a folder for takedowns beside it."""

    def __init__(self, root: str) -> None:
        self.lake, self.folder = Lake(f"{root}/lake"), f"{root}/takedowns"
        removals = RemovalPolicy(drop_folder=self.folder)
        self.catalog = Catalog.model_validate(
            {"sources": [{"name": "a", "paths": "x"}], "policy": {"removals": removals.model_dump()}}
        )
        ids = pl.LazyFrame({"id": [f"{n}" for n in range(ROWS)]})
        urls = pl.format("http://a.example/{}.jpg", "id")
        rows = ids.with_columns(source=pl.lit("a"), shard=pl.lit("a-00000"), account=pl.lit("ann"), url_key=urls)
        self.lake.tables.write(RAW_METADATA.name, RAW_METADATA.conform(rows), "a-00000")
        self._store = open_store(self.folder)

    def drop(self, name: str, text: str | bytes, *, settled: bool = True) -> None:
        obstore.put(self._store, name, text.encode() if isinstance(text, str) else text)
        file = Path(self.folder) / name
        if settled and file.exists():
            os.utime(file, (0, 1_000_000_000))

    def take(self) -> list[tuple[str, str, int | None, int | None]]:
        """Take what is new, as the asset does: file, state, rows, tombstones."""
        # On S3 the server sets the time: by then it has settled.
        now = datetime.now(UTC) if Path(self.folder).exists() else datetime(2100, 1, 1, tzinfo=UTC)
        rows = take(self.catalog, self.lake, now)
        self.lake.tables.append(REMOVAL_FILES.name, rows)
        return rows.select("file", "state", "rows", "tombstones").rows()

    def problem(self) -> str:
        files = self.lake.tables.scan(REMOVAL_FILES.name, REMOVAL_FILES.schema).sort("looked_at").collect()
        return files["problem"].drop_nulls()[-1]

    def removed(self) -> set[tuple[str, str]]:
        stones = self.lake.tables.scan(REMOVALS.name, REMOVALS.schema).collect()
        assert stones.height == stones.unique(["kind", "value", "source"]).height
        return set(stones.select("kind", "value").iter_rows())


@pytest.fixture
def office(lake_root: str) -> Office:
    return Office(lake_root)


@pytest.fixture
def here(tmp_path: Path) -> Office:
    return Office(str(tmp_path))


def test_each_file_is_taken_once(office: Office) -> None:
    office.drop("june.csv", "key,source\n7,a\n")
    office.drop("notes.txt", "key\n8\n")
    assert office.take() == [("june.csv", "taken", 1, 2)]
    assert office.removed() == {("id", "7"), ("url", "http://a.example/7.jpg")}
    assert office.take() == []
    office.drop("june.csv", "key,source\n7,a\n9,a\n")
    office.drop("july.CSV", "key,source\n7,a\n")
    assert office.take() == [("july.CSV", "taken", 1, 0), ("june.csv", "taken", 2, 2)]


def test_a_broken_file_removes_nothing_and_keeps_no_other_from_being_taken(here: Office) -> None:
    here.drop("a.csv", "key,kind\n7,id\nxyz,sha256\n")
    here.drop("b.csv", b"\xff\xfe")
    here.drop("c.csv", "")
    here.drop("d.csv", "key\n8\n")
    states = [(file, state) for file, state, *_ in here.take()]
    assert states == [(f"{name}.csv", "unreadable") for name in "abc"] + [("d.csv", "taken")]
    assert {value for kind, value in here.removed() if kind == "id"} == {"8"}
    assert here.take() == []


def unreadable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The store has the file in its listing, and does not give it."""

    def read(url: str) -> bytes:
        if url.endswith(name):
            raise LakeError(f"{url}: permission denied")
        return read_bytes(url)

    monkeypatch.setattr(drop_folder, "read_bytes", read)


def test_a_file_that_is_not_given_keeps_no_other_waiting_and_is_taken_once_it_is(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.drop("a.csv", "key\n7\n")
    here.drop("b.csv", "key\n8\n")
    with monkeypatch.context() as meanwhile:
        unreadable(meanwhile, "a.csv")
        assert [(name, state) for name, state, *_ in here.take()] == [("a.csv", "unreadable"), ("b.csv", "taken")]
        assert "a.csv: permission denied" in here.problem()
        assert here.take() == []
    assert [(name, state) for name, state, *_ in here.take()] == [("a.csv", "taken")]


def test_a_taken_file_says_which_lines_name_no_row(here: Office) -> None:
    here.drop("june.csv", "key\n7\na.example/8.jpg\n")
    assert [(state, rows) for _, state, rows, _ in here.take()] == [("taken", 1)]
    assert here.problem().startswith("1 of 2 orders name no row that is known now, such as the id a.example/8.jpg")


def test_a_file_that_names_too_much_waits_for_a_person(here: Office) -> None:
    here.drop("all.csv", "key,kind\nann,account\n")
    assert here.take() == [("all.csv", "held", ROWS, 0)]
    assert here.removed() == set()
    assert "all.csv names 1,000 of 1,000 rows (100.0%), more than `policy.removals.at_most_share`" in here.problem()
    assert f"`imgtext remove --from {here.folder}/all.csv --yes`" in here.problem()
    assert here.take() == []


@pytest.mark.parametrize(("rows", "state"), [(100, "taken"), (101, "held")])
def test_few_rows_are_never_too_many(here: Office, rows: int, state: str) -> None:
    here.drop("some.csv", "\n".join(["key", *map(str, range(rows))]))
    assert [(name, how) for name, how, *_ in here.take()] == [("some.csv", state)]


def test_a_file_that_is_still_being_written_is_left_alone(here: Office) -> None:
    here.drop("june.csv", "key\nhttp://a.exam", settled=False)
    assert here.take() == []
    here.drop("june.csv", "key\nhttp://a.example/7.jpg\n")
    assert [state for _, state, *_ in here.take()] == ["taken"]


def test_a_run_that_was_killed_before_it_noted_the_file_takes_it_again_and_writes_nothing_twice(here: Office) -> None:
    here.drop("june.csv", "key\n7\n")
    take(here.catalog, here.lake, datetime.now(UTC))
    before = here.removed()
    assert here.take() == [("june.csv", "taken", 1, 0)]
    assert here.removed() == before


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    office = Office(str(tmp_path))
    Path(office.folder).rmdir()
    with pytest.raises(LakeError, match="takedowns: not found"):
        office.take()


# The sensor.


def tick(office: Office, cursor: str | None = None) -> Any:
    given = {"catalog": office.catalog, "lake": office.lake}
    with dg.instance_for_test() as instance:
        context = dg.build_sensor_context(instance=instance, cursor=cursor, resources=given)
        return removals_sensor(context)


def test_the_sensor_asks_for_a_run_until_every_file_was_looked_at(here: Office) -> None:
    assert "no new file" in str(tick(here).skip_reason.skip_message)
    here.drop("june.csv", "key\n7\n")
    for _ in range(2):
        assert len(tick(here).run_requests) == 1
    here.take()
    seen = tick(here)
    assert seen.run_requests == []
    assert "no new file" in tick(here, seen.cursor).skip_message


def test_the_sensor_looks_again_at_what_it_could_not_read(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    here.drop("a.csv", "key\n7\n")
    with monkeypatch.context() as meanwhile:
        unreadable(meanwhile, "a.csv")
        assert len(tick(here).run_requests) == 1
        here.take()
        assert "1 cannot be read" in tick(here).skip_message
    assert len(tick(here).run_requests) == 1


def test_the_sensor_says_what_is_missing(here: Office) -> None:
    Path(here.folder).rmdir()
    with pytest.raises(LakeError, match="not found"):
        tick(here)
    here.catalog = Catalog.model_validate({"sources": [{"name": "a", "paths": "x"}]})
    assert "names no folder" in tick(here).skip_message
