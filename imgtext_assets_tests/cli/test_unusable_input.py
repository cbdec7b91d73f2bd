"""Input that cannot be used: the shard says so, the others are built, exit code 1."""

from __future__ import annotations

import re

from imgtext_assets_tests.cli.worlds import Imgtext, own_metadata, pd12m_rows, rewrite
from imgtext_assets_tests.defs.world import World, write_parquet


def test_an_unreadable_file_names_itself_and_stops_no_other(imgtext: Imgtext, branch: World) -> None:
    bad, good = (branch.folder / f"sample/metadata/pd12m/pd12m.{n}.parquet" for n in ("008", "009"))
    bad.write_bytes(b"PAR1 this is no parquet PAR1")
    write_parquet(good, pd12m_rows(branch, 2))
    branch = own_metadata(branch)
    told = imgtext(branch, "build")
    assert told.code == 1
    assert f"{bad}: cannot be read as parquet" in told.err
    assert str(good) in branch.table("raw_metadata")["source_file"]
    assert branch.project.lake.tables.shards("verified") == branch.project.shards()


def test_damaged_rows_name_the_shard_the_file_and_the_rows(imgtext: Imgtext, branch: World) -> None:
    bad = branch.folder / "sample/metadata/pd12m/pd12m.008.parquet"
    write_parquet(bad, pd12m_rows(branch, 5))
    body = bytearray(bad.read_bytes())
    body[4:200] = b"\xff" * 196  # the pages, not the footer
    bad.write_bytes(body)
    branch = own_metadata(branch)
    told = imgtext(branch, "build", "--source", "pd12m")
    assert told.code == 1
    assert re.search(rf"pd12m-\d{{5}}: .*{re.escape(str(bad))}: rows 0 to 5: cannot be read as parquet", told.err)


def test_a_missing_column_is_named_with_its_file(imgtext: Imgtext, branch: World) -> None:
    bad = branch.folder / "sample/metadata/pd12m/pd12m.008.parquet"
    write_parquet(bad, pd12m_rows(branch, 2).drop("url"))
    told = imgtext(own_metadata(branch), "build", "--source", "pd12m")
    assert told.code == 1
    assert str(bad) in told.err
    assert "url" in told.err


def test_a_file_that_vanished_is_reported_and_its_rows_stay(imgtext: Imgtext, branch: World) -> None:
    branch = own_metadata(branch)
    assert imgtext(branch, "build", "--until", "license_filtered").code == 0
    file = branch.folder / "sample/metadata/pd12m/pd12m.001.parquet"
    file.unlink()
    rows = branch.table("raw_metadata").filter(source_file=str(file)).height
    assert rows == 20
    told = imgtext(branch, "build", "--until", "license_filtered")
    assert told.code == 1
    assert f"{file} has vanished; its shards stay as they were: pd12m-" in told.err
    assert branch.table("raw_metadata").filter(source_file=str(file)).height == rows


def test_paths_that_match_nothing_are_said(imgtext: Imgtext, branch: World) -> None:
    source = {"name": "empty", "format": "table", "paths": str(branch.folder / "*.nothing")}
    rewrite(branch, sources=[source])
    told = imgtext(branch, "build")
    assert told.code == 1
    assert f"source empty: no file matches {branch.folder}/*.nothing; check `paths` in the catalog" in told.err
