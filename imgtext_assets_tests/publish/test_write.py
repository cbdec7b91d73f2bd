"""A written release: complete, described, reproducible, and loaded by consumers' own tools."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal

from imgtext_assets import tables
from imgtext_assets.catalog import Catalog
from imgtext_assets.publish import dataset_card, release_rows, served, write_release
from imgtext_assets.publish.manifest import inputs
from imgtext_assets_tests.publish.rows import FUNNEL, catalog, verified


def write(folder: Path, rows: pl.LazyFrame | None = None, **options) -> dict:
    rows = release_rows(verified(range(25))) if rows is None else rows
    settings = {"version": "2026.11.0", "catalog": catalog(rows_per_file=10), "funnel": FUNNEL} | options
    return write_release(folder, rows, **settings)


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    write(folder)
    return folder


@pytest.fixture(scope="module")
def manifest(folder) -> dict:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_files_have_at_most_so_many_rows_in_order(folder):
    files = sorted((folder / "metadata").iterdir())
    assert [file.name for file in files] == ["set.000.parquet", "set.001.parquet", "set.002.parquet"]
    frames = [pl.read_parquet(file) for file in files]
    assert [frame.height for frame in frames] == [10, 10, 5]
    assert_frame_equal(pl.concat(frames), served(release_rows(verified(range(25))), None).collect())


def test_the_manifest_names_every_other_file_with_its_hash_size_and_rows(folder, manifest):
    found = digests(folder)
    assert {name: facts["sha256"] for name, facts in manifest["files"].items()} == {
        name: digest for name, digest in found.items() if name != "manifest.json"
    }
    for name, facts in manifest["files"].items():
        assert facts["bytes"] == (folder / name).stat().st_size
    assert sum(facts["rows"] for name, facts in manifest["files"].items() if name.startswith("metadata/")) == 25


def test_the_manifest_names_the_first_and_the_last_row_of_each_file_of_rows(folder, manifest):
    ends = {name: facts["keys"] for name, facts in manifest["files"].items() if "keys" in facts}
    assert ends == {
        f"metadata/set.{file:03d}.parquet": [["a", f"{first:06d}"], ["a", f"{last:06d}"]]
        for file, (first, last) in enumerate([(0, 9), (10, 19), (20, 24)])
    }


def test_the_manifest_says_what_is_in_it(manifest):
    assert (manifest["version"], manifest["rows"], manifest["previous_version"]) == ("2026.11.0", 25, None)
    assert manifest["rows_by_source"] == {"a": 25}
    assert manifest["changes"] == {"added": 25, "removed": 0, "replaced": 0, "changed": 0}
    assert manifest["columns"] == {c.name: str(c.dtype) for c in tables.RELEASE.columns}
    assert manifest["funnel"] == FUNNEL.to_dicts()


def test_the_manifest_tells_lists_and_settings_without_folders_of_ours():
    shards = tables.SHARDS.conform(
        pl.LazyFrame(
            {
                "shard": ["a-00000", "a-00001", "b-00000"],
                "source": ["a", "a", "b"],
                "source_file": ["/home/me/a.parquet", "/home/me/a.parquet", "https://x:y@lists.example/b.csv?key=1"],
                "rows": [100, 20, 3],
                "file_version": ["120-1f", "120-1f", None],
                "state": ["present", "present", "vanished"],
            }
        )
    ).collect()
    told = inputs(shards)
    assert told["a"]["files"] == [{"file": "a.parquet", "version": "120-1f", "rows": 120, "state": "present"}]
    assert told["b"]["files"][0]["file"] == "https://lists.example/b.csv"
    later = inputs(shards.with_columns(file_version=pl.lit("121-2e")))
    assert told["a"]["version"] != later["a"]["version"]
    assert inputs(shards.reverse()) == told


def test_paths_of_the_policy_are_named_without_their_folders(tmp_path):
    settings = catalog().model_dump(mode="json")
    settings["policy"]["accounts"]["decisions"] = "/home/me/decisions.csv"
    settings["policy"]["consent"]["opt_out_lists"] = ["/home/me/opt-outs.txt", "https://lists.example/opt-outs.txt"]
    policy = write(tmp_path, catalog=Catalog.model_validate(settings))["policy"]
    assert policy["accounts"]["decisions"] == "decisions.csv"
    assert policy["consent"]["opt_out_lists"] == ["opt-outs.txt", "https://lists.example/opt-outs.txt"]


def test_what_writes_the_forms_is_given_the_rows_as_they_were_written(tmp_path):
    given = []

    def formats(folder: Path, rows: pl.LazyFrame) -> None:
        (folder / "form").mkdir()
        (folder / "form" / "member").write_text("x")
        given.append(rows.collect())

    manifest = write(tmp_path, formats=formats)
    assert manifest["files"]["form/member"] == {"bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()}
    assert_frame_equal(given[0], pl.read_parquet(tmp_path / "metadata/*.parquet"))


def test_the_license_tells_metadata_from_pictures(folder):
    text = (folder / "LICENSE").read_text(encoding="utf-8")
    assert "licence cdla-permissive-2.0" in text
    assert "`license`" in text
    assert "`attribution`" in text


def test_the_card_tells_lists_forms_and_how_links_fare(manifest):
    bare = dataset_card(manifest)
    assert "No link has been rechecked yet." in bare
    assert "webdataset/*.tar" not in bare
    some = {"drawn": 40, "alive_share": 0.971, "alive_lower": 0.9, "alive_upper": 0.992}
    every = {"drawn": 4, "alive_share": 1.0, "alive_lower": 1.0, "alive_upper": 1.0}
    none = dict.fromkeys(every)
    seen = {
        "a": {"links": 200, "dead": 3, "half_life": 3652.5, **some},
        "b": {"links": 4, "dead": 0, "half_life": None, **every},
        "c": {"links": 4, "dead": 1, "half_life": None, **none},
    }
    files = [{"file": "a.parquet", "version": "1", "rows": 1_020, "state": "present"}]
    text = dataset_card(
        manifest
        | {"formats": ["webdataset"], "decay": {"as_of": "2026-11-01", "by_source": seen}}
        | {"inputs": {"a": {"version": "1f" * 8, "files": files}}}
    )
    assert "| a | `1f1f1f1f1f1f1f1f` | 1 | 1,020 | 25 |" in text
    assert "| a | 200 | 97.1% (90.0% to 99.2%) | 3 | 10.0 years |" in text
    assert "| b | 4 | 100.0% | 0 | none died |" in text
    assert "| c | 4 | not known | 1 | none died |" in text
    assert "As of 2026-11-01" in text
    assert "`webdataset/*.tar` has the pictures" in text


def test_the_same_inputs_give_the_same_bytes(folder, tmp_path):
    shuffled = release_rows(verified(reversed(range(25))))
    write(tmp_path, shuffled)
    assert digests(tmp_path) == digests(folder)


def test_changes_are_against_the_release_before(folder, tmp_path):
    rows = release_rows(verified(range(1, 27)))
    before = pl.scan_parquet(folder / "metadata/*.parquet")
    manifest = write(tmp_path, rows, before=before, previous_version="2026.11.0", version="2026.11.1")
    assert manifest["changes"] == {"added": 2, "removed": 1, "replaced": 0, "changed": 0}
    changes = pl.read_parquet(tmp_path / "changes.parquet")
    assert changes["id"].to_list() == ["000000", "000025", "000026"]
    assert manifest["previous_rows"] == 25
    said = "Against 2026.11.0: 2 added, 1 removed, 0 replaced, 0 changed."
    assert said in (tmp_path / "README.md").read_text()
    assert "Removed: vanished 1." in (tmp_path / "README.md").read_text()


def test_a_release_without_rows_still_loads(tmp_path):
    manifest = write(tmp_path, release_rows(verified([])))
    assert manifest["rows"] == 0
    assert pl.read_parquet(tmp_path / "metadata/*.parquet").schema == tables.RELEASE.schema


def test_a_folder_with_something_in_it_is_refused(folder):
    with pytest.raises(FileExistsError, match="empty folder"):
        write(folder)


def test_the_card_has_the_hubs_front_matter_and_the_funnel(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    fields = yaml.safe_load(front)
    assert fields["pretty_name"] == "A set: <b> | *x*"
    assert fields["size_categories"] == ["n<1K"]
    assert fields["configs"][0]["data_files"] == [{"split": "train", "path": "metadata/*.parquet"}]
    assert "| `raw_metadata` | A source's rows in one schema. | 1,023 | 1,003 | 20 | bad_url 20 |" in body


def test_the_card_escapes_what_comes_from_outside(manifest):
    hostile = {"[x](javascript:alert(1)) <img src=x> | `": 3}
    text = dataset_card(manifest | {"rows_by_license": hostile})
    assert "# A set\\: \\<b\\> \\| \\*x\\*" in text
    assert "| \\[x\\]\\(javascript\\:alert\\(1\\)\\) \\<img src\\=x\\> \\| \\` | 3 |" in text


@pytest.mark.parametrize(
    ("rows", "size"), [(999, "n<1K"), (1_000, "1K<n<10K"), (12_400_000, "10M<n<100M"), (10**9, "100M<n<1B")]
)
def test_the_cards_size_category_is_the_hubs(manifest, rows, size):
    assert f"- {size}\n" in dataset_card(manifest | {"rows": rows})


def test_duckdb_reads_it(folder):
    glob = str(folder / "metadata/*.parquet")
    query = "select count(*), count(distinct sha256), max(width) from read_parquet(?)"
    assert duckdb.execute(query, [glob]).fetchone() == (25, 25, 640)


def test_datasets_loads_the_folder_by_its_card(folder, tmp_path):
    code = (
        "import datasets, json, sys\n"
        "rows = datasets.load_dataset(sys.argv[1], split='train')\n"
        "print(json.dumps([rows.num_rows, rows.column_names, rows[24]], default=str))\n"
    )
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    run = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    rows, columns, last = json.loads(run.stdout)
    assert (rows, columns) == (25, [column.name for column in tables.RELEASE.columns])
    row = pl.read_parquet(folder / "metadata/*.parquet").row(24, named=True)
    assert last == row | {"retrieved_at": str(row["retrieved_at"])}
