"""Archives of pictures and captions: complete, the same each time, and read by WebDataset and datasets themselves."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import warnings
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.publish.pairs import ReleaseError, as_stored, describe, write_pairs
from imgtext_assets.publish.webdataset import write_webdataset
from imgtext_assets_tests.publish.pictures import FORMATS, Store, pictured

KINDS = ["JPEG"] * 7 + ["PNG", "WEBP", "GIF", "AVIF"]
"""Others come only after the first five, by which `datasets` tells what a set is like."""


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def rows(store: Store) -> pl.LazyFrame:
    attribution = [None] * 8 + ["Ann, CC BY 4.0"] * 3
    return pictured(store, KINDS, attribution=attribution, similarity=[None] * 8 + [0.25, 1.0, -0.5])


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}  # pyright: ignore[reportOptionalMemberAccess]


def test_each_row_has_its_picture_its_caption_and_its_columns(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write_webdataset(tmp_path, rows, as_stored(store.get))
    found = members(tmp_path / "00000.tar")
    assert list(found) == sorted(found)
    for number, row in enumerate(rows.collect().iter_rows(named=True)):
        key = f"{number:09d}"
        said = json.loads(found[f"{key}.json"])
        assert found[f"{key}.jpg"] == store.blobs[row["sha256"]]
        assert found[f"{key}.txt"].decode() == row["caption"] == said["caption"]
        known = {name: value for name, value in row.items() if value is not None}
        known |= {"retrieved_at": "2026-10-31T12:30:15Z", "similarity": known.get("similarity", -1.0)}
        assert {name: value for name, value in said.items() if name in row and value != ""} == known
        assert (said["original_width"], said["original_height"], said["resized"]) == (48, 32, False)
    assert len(found) == 3 * len(KINDS)


def test_archives_have_so_many_pairs_and_keys_run_on(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    seen: list[tuple[int, int]] = []
    write_webdataset(tmp_path, rows, as_stored(store.get), 4, lambda done, total: seen.append((done, total)))
    names = {file.name: sorted({name.split(".")[0] for name in members(file)}) for file in sorted(tmp_path.iterdir())}
    assert list(names) == ["00000.tar", "00001.tar", "00002.tar"]
    assert [key for keys in names.values() for key in keys] == [f"{number:09d}" for number in range(11)]
    assert seen == [(4, 11), (8, 11), (11, 11)]


def test_a_second_run_writes_the_same_bytes(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    for name in ("one", "two"):
        write_webdataset(tmp_path / name, rows, as_stored(store.get), 4)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    with tarfile.open(tmp_path / "one" / "00000.tar") as archive:
        assert {(i.mtime, i.uid, i.gid, i.uname, i.gname, i.mode) for i in archive} == {(0, 0, 0, "", "", 0o644)}


def test_no_rows_are_one_archive_with_nothing_in_it(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write_webdataset(tmp_path, rows.head(0), as_stored(store.get))
    assert members(tmp_path / "00000.tar") == {}


def test_a_folder_with_archives_is_not_mixed_with_others(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write_webdataset(tmp_path, rows, as_stored(store.get))
    with pytest.raises(ValueError, match="empty folder"):
        write_webdataset(tmp_path, rows, as_stored(store.get))


def test_a_picture_that_is_missing_ends_the_release_and_names_its_row(
    tmp_path: Path, store: Store, rows: pl.LazyFrame
) -> None:
    del store.blobs[rows.collect()["sha256"][5]]
    with pytest.raises(ReleaseError, match=r"^row 000005 of a cannot be released, for its picture cannot be read: "):
        write_webdataset(tmp_path, rows, as_stored(store.get))


def test_what_a_hostile_row_is_called_cannot_reach_the_terminal(tmp_path: Path, store: Store) -> None:
    rows = pictured(store, ["JPEG"], id=["\x1b[31m\u202e../../etc/passwd"])
    store.blobs.clear()
    with pytest.raises(ReleaseError) as raised:
        write_webdataset(tmp_path, rows, as_stored(store.get))
    assert not re.search("[\x1b\u202e]", str(raised.value))


def test_pictures_are_read_side_by_side_and_come_in_order() -> None:
    together = Barrier(4, timeout=30)

    def read(sha256: str) -> bytes:
        together.wait()  # goes on once four are being read
        return sha256.encode()

    assert list(as_stored(read, at_once=4)(str(n) for n in range(8))) == [str(n).encode() for n in range(8)]


@given(st.integers(1, 20), st.integers(1, 40), st.integers(0, 60))
def test_only_so_many_pictures_are_read_before_they_are_taken(at_once: int, taken: int, total: int) -> None:
    store = Store()
    hashes = [store.put(str(n).encode()) for n in range(total)]
    drawn: list[str] = []
    coming = as_stored(store.get, at_once)(drawn.append(sha256) or sha256 for sha256 in hashes)
    for number, _ in zip(range(taken), coming, strict=False):
        assert len(drawn) <= number + at_once
    coming.close()  # pyright: ignore[reportAttributeAccessIssue] - it is a generator


def test_json_has_only_what_every_reader_has_alike(tmp_path: Path, store: Store) -> None:
    rows = pictured(store, ["JPEG"]).with_columns(
        phash=pl.lit(2**64 - 1, pl.UInt64),
        retrieved_at=pl.lit(datetime(2026, 11, 21, 7, 5, tzinfo=UTC)),
        similarity=pl.lit(float("nan")),
        aesthetic=pl.lit(None, pl.Float64),
        raw=pl.lit(b"\x00\xff"),
    )
    write_pairs(tmp_path / "a.tar", rows.collect(), as_stored(store.get))
    said = json.loads(members(tmp_path / "a.tar")["000000000.json"])
    assert (said["phash"], said["retrieved_at"], said["raw"]) == ("f" * 16, "2026-11-21T07:05:00Z", "00ff")
    assert (said["similarity"], said["aesthetic"]) == (-1.0, -1.0)
    assert said["attribution"] == ""


def test_a_copy_says_its_own_size_and_what_it_was_made_of() -> None:
    class Half:
        data, width, height, mime_type = b"", 24, 16, "image/jpeg"

    said = json.loads(describe({"width": 48, "height": 32, "mime_type": "image/png", "sha256": "ab"}, Half()))
    assert said == {
        "width": 24,
        "height": 16,
        "mime_type": "image/jpeg",
        "sha256": "ab",
        "original_width": 48,
        "original_height": 32,
        "resized": True,
    }


def test_webdataset_decodes_every_pair(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    from webdataset.compat import WebDataset

    write_webdataset(tmp_path, rows, as_stored(store.get), 4)
    files = [str(file) for file in sorted(tmp_path.iterdir())]
    with warnings.catch_warnings(action="ignore"):  # its own
        decoded = WebDataset(files, shardshuffle=False).decode("pil").to_tuple("jpg", "txt", "json")
        pairs = list(decoded)  # pyright: ignore[reportArgumentType] - its methods are made at run time
    wanted = rows.collect()
    assert [picture.size for picture, _, _ in pairs] == [(48, 32)] * len(KINDS)
    assert [caption for _, caption, _ in pairs] == wanted["caption"].to_list()
    assert [said["id"] for _, _, said in pairs] == wanted["id"].to_list()
    assert [said["mime_type"] for _, _, said in pairs] == [FORMATS[kind] for kind in KINDS]


def test_datasets_loads_every_pair(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write_webdataset(tmp_path / "tars", rows, as_stored(store.get), 4)
    code = (
        "import datasets, json, sys\n"
        "rows = datasets.load_dataset('webdataset', data_files={'train': sys.argv[1] + '/*.tar'}, split='train')\n"
        "print(json.dumps([[row['jpg'].size, row['jpg'].format, row['txt'], row['json']] for row in rows]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "tars")],
        env=os.environ | {"HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    loaded, wanted = json.loads(run.stdout), rows.collect()
    assert [(size, kind) for size, kind, _, _ in loaded] == [([48, 32], kind) for kind in KINDS]
    assert [text for _, _, text, _ in loaded] == wanted["caption"].to_list()
    assert [said["attribution"] or None for *_, said in loaded] == wanted["attribution"].to_list()
    assert [said["similarity"] for *_, said in loaded] == wanted["similarity"].fill_null(-1.0).to_list()


def test_the_hash_in_the_json_is_that_of_the_picture(tmp_path: Path, store: Store, rows: pl.LazyFrame) -> None:
    write_webdataset(tmp_path, rows, as_stored(store.get))
    found = members(tmp_path / "00000.tar")
    for key in {name.split(".")[0] for name in found}:
        assert json.loads(found[f"{key}.json"])["sha256"] == hashlib.sha256(found[f"{key}.jpg"]).hexdigest()
