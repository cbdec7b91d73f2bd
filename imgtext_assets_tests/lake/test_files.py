"""Files by others: listed with version and rows; a bad one names itself."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import obstore
import polars as pl
import pytest
from obstore.store import HTTPStore

from imgtext_assets import lake
from imgtext_assets.engine import LocalEngine
from imgtext_assets.lake import LakeError, Tables
from imgtext_assets.lake.foreign import opening
from imgtext_assets.lake.stores import open_store
from imgtext_assets_tests.lake.damage import encrypted_file
from imgtext_assets_tests.lake.hub import stand_in_hub

FRAME = pl.DataFrame({"id": ["a", "b", "c"]})


ListFiles = Callable[..., pl.DataFrame]


@pytest.fixture
def list_files() -> Iterator[ListFiles]:
    """`lake.list_files` with processes that start when they are needed, in the environment that the test has made."""
    with LocalEngine(workers=1) as engine:
        yield partial(lake.list_files, run=engine.map)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("one", "two"):
        FRAME.write_parquet(tmp_path / f"{part}.parquet")
    return tmp_path


def test_rows_come_from_the_footer_alone(list_files: ListFiles, folder: Path) -> None:
    listing = list_files([str(folder / "*.parquet")])
    assert listing["source_file"].to_list() == [str(folder / "one.parquet"), str(folder / "two.parquet")]
    assert listing["rows"].to_list() == [3, 3]
    assert listing["problem"].null_count() == 2


def test_folders_may_be_globbed_and_a_file_named_twice_is_listed_once(list_files: ListFiles, folder: Path) -> None:
    (folder / "deep" / "er").mkdir(parents=True)
    FRAME.write_parquet(folder / "deep" / "er" / "three.parquet")
    listing = list_files([str(folder / "**" / "*.parquet"), str(folder / "one.parquet")])
    assert [Path(file).stem for file in listing["source_file"]] == ["three", "one", "two"]


def test_a_file_that_changes_changes_its_version(list_files: ListFiles, folder: Path) -> None:
    before = list_files([str(folder / "one.parquet")])
    os.utime(folder / "one.parquet", ns=(1, 1))
    after = list_files([str(folder / "one.parquet")])
    assert before["file_version"].item() != after["file_version"].item()


def test_an_unreadable_file_names_itself_and_spares_the_others(list_files: ListFiles, folder: Path) -> None:
    (folder / "bad.parquet").write_bytes(b"PAR1 this is no parquet file PAR1")
    listing = list_files([str(folder / "*.parquet")])
    bad = listing.row(0, named=True)
    assert bad["rows"] is None
    assert str(folder / "bad.parquet") in bad["problem"]
    assert listing["rows"].to_list() == [None, 3, 3]


def test_text_files_are_counted_by_reading_them(list_files: ListFiles, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\n1,"two\nlines"\n\n2,broken"\n')
    (tmp_path / "b.jsonl").write_text('{"id": 1}\nbroken\n\n')
    patterns = [str(tmp_path / "*.csv"), str(tmp_path / "*.jsonl")]
    assert list_files(patterns)["rows"].to_list() == [2, 2]
    assert list_files(patterns, header=False)["rows"].to_list() == [3, 2]


def test_a_file_that_kills_the_process_that_reads_it_spares_the_others(list_files: ListFiles, s3_root: str) -> None:
    """Files far away are counted some at a time: of those that die together, only one is to blame."""
    for n in range(5):
        Tables(s3_root).write(f"part-{n}", FRAME)
    obstore.put(open_store(s3_root), "part-2.parquet", encrypted_file())
    listing = list_files([f"{s3_root}/*.parquet"])
    assert listing["rows"].to_list() == [3, 3, None, 3, 3]
    assert listing["problem"][2].startswith(f"{s3_root}/part-2.parquet: cannot be read as parquet: ")


def test_the_footer_of_an_unchanged_file_is_not_read_again(list_files: ListFiles, folder: Path) -> None:
    known = list_files([str(folder / "*.parquet")]).with_columns(rows=pl.lit(77, pl.Int64))
    assert list_files([str(folder / "*.parquet")], known)["rows"].to_list() == [77, 77]


def test_s3_lists_globs_and_single_objects(list_files: ListFiles, s3_root: str) -> None:
    tables = Tables(f"{s3_root}/metadata")
    for n in range(2):
        tables.write("part", FRAME, f"00{n}")
    tables.write("other", FRAME)
    listing = list_files([f"{s3_root}/metadata/part/*.parquet", f"{s3_root}/metadata/other.parquet"])
    assert listing["rows"].to_list() == [3, 3, 3]
    assert listing["problem"].null_count() == 3


def test_a_web_server_cannot_be_globbed(list_files: ListFiles) -> None:
    with pytest.raises(LakeError, match="name each file"):
        list_files(["https://data.example.org/metadata/*.parquet"])


@pytest.fixture
def plain_web(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A web server that has a list at one address, query and all; without TLS, which the program insists on."""
    wanted, body = "/a%20b/list.csv?download=true&x=[1]/2*", b"id,text\n1,x\n2,y\n"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(206 if self.path == wanted else 404)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Range", f"bytes 0-{len(body) - 1}/{len(body)}")
            self.send_header("ETag", '"1"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None: ...

    monkeypatch.setattr(opening, "open_store", partial(HTTPStore.from_url, client_options={"allow_http": True}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{wanted}"
    server.shutdown()
    server.server_close()


def test_an_address_keeps_its_query(plain_web: str, tmp_path: Path) -> None:
    listing = lake.list_files([plain_web], run=map)
    assert listing.select("source_file", "rows", "problem").row(0) == (plain_web, 2, None)
    assert lake.read_foreign(plain_web, 1, 1, tmp_path, map).collect()["text"].to_list() == ["y"]
    assert lake.list_files([plain_web.replace("true", "false")], run=map).height == 0


def test_relative_patterns_are_of_the_root_whose_name_is_no_pattern(list_files: ListFiles, tmp_path: Path) -> None:
    root = tmp_path / "set [v2]"
    (root / "data").mkdir(parents=True)
    FRAME.write_parquet(root / "data" / "a.parquet")
    (root / "data" / "b.parquet").write_bytes(b"no parquet")
    listing = list_files(["data/*.parquet"], root=str(root))
    assert listing["source_file"].to_list() == ["data/a.parquet", "data/b.parquet"]
    assert listing["rows"].to_list() == [3, None]
    assert f"{root}/data/b.parquet: " in listing["problem"][1]
    known = listing.with_columns(rows=pl.lit(77, pl.Int64))
    assert list_files(["data/a.*"], known, root=str(root))["rows"].to_list() == [77]


def test_the_hub_lists_globs_with_sizes_versions_and_rows() -> None:
    """In a process of its own, because the hub's client reads its endpoint when it is imported."""
    pytest.importorskip("huggingface_hub", reason="the extra `hf` is not installed")
    file = io.BytesIO()
    FRAME.write_parquet(file)
    script = (
        "from imgtext_assets.engine import LocalEngine; from imgtext_assets.lake import list_files; import sys\n"
        "with LocalEngine(workers=1) as engine:"
        "   listed = list_files(['hf://datasets/Spawning/PD12M/metadata/*.parquet'], run=engine.map)\n"
        "sys.stdout.write(listed.write_ndjson())"
    )
    parts = {f"pd12m.00{n}.parquet": file.getvalue() for n in range(2)}
    with stand_in_hub("Spawning/PD12M", "metadata", {**parts, "README.md": b"no metadata"}) as endpoint:
        env = os.environ | {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_TELEMETRY": "1"}
        said = subprocess.run(
            [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
        ).stdout
    rows = [json.loads(line) for line in said.splitlines()]
    assert [row["source_file"] for row in rows] == [f"hf://datasets/Spawning/PD12M/metadata/{name}" for name in parts]
    assert [row["rows"] for row in rows] == [3, 3]
    assert {row["file_version"] for row in rows} == {f"{len(file.getvalue())}-{'d' * 40}"}


def test_globs_mean_the_same_on_a_folder_and_on_s3(list_files: ListFiles, lake_root: str) -> None:
    tables = Tables(lake_root)
    for path in ("meta/a", "meta/old/b", "meta/old/older/c"):
        tables.write(path, FRAME)

    def found(pattern: str) -> list[str]:
        listed = list_files([f"{lake_root}/{pattern}"])["source_file"]
        return sorted(file.removeprefix(f"{lake_root}/") for file in listed)

    assert found("meta/*.parquet") == ["meta/a.parquet"]
    assert found("meta/*/b.parquet") == ["meta/old/b.parquet"]
    assert found("meta/**/*.parquet") == ["meta/a.parquet", "meta/old/b.parquet", "meta/old/older/c.parquet"]
    assert found("meta/[ab].parquet") == ["meta/a.parquet"]
    assert found("meta/[!b-z].parquet") == ["meta/a.parquet"]
    assert found("meta/[!a].parquet") == []
    assert found("meta[!a]a.parquet") == []
    assert found("meta/[z-a].parquet") == []
    assert found("meta/**") == ["meta/a.parquet", "meta/old/b.parquet", "meta/old/older/c.parquet"]
    assert found("meta/old/**/c.parquet") == ["meta/old/older/c.parquet"]
    assert found("meta/o**/b.parquet") == ["meta/old/b.parquet"]
    assert found("meta/none.parquet") == []
