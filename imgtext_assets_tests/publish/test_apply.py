"""Cleaning a copy of a release: what goes, what stays, and that a second run finds nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from imgtext_assets.publish import (
    Known,
    ListError,
    Orders,
    all_hashes,
    changes,
    clean,
    hidden,
    problems,
    read_orders,
    release_rows,
    withdrawn,
    write_release,
)
from imgtext_assets.sources import url_key
from imgtext_assets_tests.publish.rows import FUNNEL, catalog, tombstone, verified


def write(folder: Path, numbers: range = range(25)) -> dict[str, Any]:
    rows = release_rows(verified(numbers))
    return write_release(folder, rows, version="2026.11.0", catalog=catalog(rows_per_file=10), funnel=FUNNEL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    write(folder)
    return folder


def rows(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "metadata/*.parquet")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hashed(folder: Path, *stones: pl.LazyFrame) -> Orders:
    """A later release's `removals.parquet`."""
    named = withdrawn(rows(folder).lazy(), Known(removals=pl.concat(stones)), url_key)
    return read_orders(all_hashes([], [named], "5a17").lazy(), url_key)


def test_rows_go_by_hashes_of_id_address_or_bytes(copy: Path) -> None:
    before = rows(copy)
    address = "https://pictures.example/15.jpg"
    orders = hashed(copy, tombstone("id", "000003"), tombstone("url", address), tombstone("sha256", f"{24:064x}"))
    assert clean(copy, orders).rows == 3
    assert_frame_equal(rows(copy), before.filter(~pl.col("id").is_in(["000003", "000015", "000024"])))


def test_bytes_go_under_whatever_name_a_copy_has_them(copy: Path, tmp_path: Path) -> None:
    """The list was made of another release, where the picture had another id."""
    other = tmp_path / "other"
    write_release(
        other,
        release_rows(verified([70], sha256=f"{7:064x}")),
        version="2026.11.0",
        catalog=catalog(),
        funnel=FUNNEL,
    )
    assert clean(copy, hashed(other, tombstone("sha256", f"{7:064x}"))).rows == 1
    assert "000007" not in rows(copy)["id"]


def test_the_list_of_changes_no_longer_names_what_a_takedown_removed(copy: Path) -> None:
    assert clean(copy, hashed(copy, tombstone("id", "000003"))).changes == 1
    assert "000003" not in pl.read_parquet(copy / "changes.parquet")["id"]


def test_the_manifest_says_what_is_left(copy: Path) -> None:
    clean(copy, hashed(copy, tombstone("id", "000003"), tombstone("id", "000004")))
    manifest = json.loads((copy / "manifest.json").read_text())
    assert (manifest["rows"], manifest["cleaned"]) == (23, {"rows": 2})
    assert manifest["rows_by_source"] == {"a": 23}
    assert list(manifest["rows_by_license"].values()) == [23]
    for name, said in manifest["files"].items():
        body = (copy / name).read_bytes()
        assert (said["bytes"], said["sha256"]) == (len(body), hashlib.sha256(body).hexdigest()), name
        if name.endswith(".parquet"):
            assert said["rows"] == pl.read_parquet(copy / name).height


def test_a_cleaned_copy_is_what_it_says_it_is(copy: Path) -> None:
    clean(copy, hashed(copy, tombstone("id", "000003"), tombstone("id", "000012")))
    assert list(problems(copy, url_key)) == []
    said = {one["@id"]: one.get("sha256") for one in json.loads((copy / "croissant.json").read_text())["distribution"]}
    for name in ("metadata/set.000.parquet", "metadata/set.001.parquet", "changes.parquet"):
        assert said[name] == hashlib.sha256((copy / name).read_bytes()).hexdigest()


def test_a_second_run_changes_nothing(copy: Path) -> None:
    orders = hashed(copy, tombstone("id", "000003"))
    clean(copy, orders)
    before = bytes_of(copy)
    again = clean(copy, orders)
    assert (again.rows, again.changes, again.files) == (0, 0, [])
    assert bytes_of(copy) == before


def test_a_list_that_names_nothing_of_the_copy_changes_nothing(copy: Path) -> None:
    before = bytes_of(copy)
    assert clean(copy, read_orders(pl.LazyFrame({"kind": ["id"], "salt": ["x"], "hash": ["y"]}))).rows == 0
    assert bytes_of(copy) == before


def test_a_run_that_was_interrupted_is_taken_up_by_the_next(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stops, a second run ends as one that was not interrupted."""
    orders = hashed(copy, tombstone("id", "000003"), tombstone("id", "000013"))
    whole = tmp_path / "whole"
    for stop_at in range(1, 5):
        folder = tmp_path / f"stopped-{stop_at}"
        write(folder)
        (folder / f"{3:064x}.jpg").touch()
        left, replace = [stop_at], Path.replace

        def interrupted(path: Path, target: Path, left: list[int] = left, replace: Any = replace) -> Path:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
            return replace(path, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", interrupted)
            with pytest.raises(KeyboardInterrupt):
                clean(folder, orders)
        clean(folder, orders)
        if not whole.exists():
            write(whole)
            clean(whole, orders)
        assert bytes_of(folder) == bytes_of(whole), stop_at


@pytest.mark.parametrize("dry_run", [False, True])
def test_pictures_and_what_goes_with_them_go_by_any_of_their_names(copy: Path, dry_run: bool) -> None:
    going = [
        f"images/{3:064x}.jpg",
        f"images/{3:064x}.jpg.txt",
        f"00000/{3:064X}.WEBP".lower(),
        "00000/000003.json",
        f"md5/{3:032x}",
    ]
    staying = [f"images/{4:064x}.jpg", "00000/000004.jpg", "00000/0000033.jpg", "README.md", "metadata/000003.txt"]
    for name in (*going, *staying):
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).touch()
    before = bytes_of(copy)
    cleaned = clean(copy, hashed(copy, tombstone("id", "000003")), dry_run=dry_run)
    assert {path.relative_to(copy).as_posix() for path in cleaned.files} == set(going)
    assert cleaned.rows == 1
    if dry_run:
        assert bytes_of(copy) == before
    else:
        assert [(copy / name).exists() for name in going] == [False] * len(going)
        assert [(copy / name).exists() for name in staying] == [True] * len(staying)


def test_a_picture_whose_row_went_before_goes_by_the_hash_of_its_bytes(copy: Path) -> None:
    orders = hashed(copy, tombstone("sha256", f"{3:064x}"))
    clean(copy, orders)
    picture = copy / f"{3:064x}.jpg"
    picture.touch()
    assert clean(copy, orders).files == [picture]


def test_a_picture_that_a_row_shows_that_stays_stays(tmp_path: Path) -> None:
    """Two sources may have the same id, and two rows the same bytes."""
    both = pl.concat([verified([3]), verified([3], source="b")])
    write_release(tmp_path, release_rows(both), version="2026.11.0", catalog=catalog(), funnel=FUNNEL)
    kept = [tmp_path / f"{3:064x}.jpg", tmp_path / "000003.jpg"]
    for path in kept:
        path.touch()
    stone = tombstone("id", "000003").with_columns(source=pl.lit("b"))
    cleaned = clean(tmp_path, hashed(tmp_path, stone))
    assert (cleaned.rows, cleaned.files) == (1, [])
    assert all(path.exists() for path in kept)


def test_a_link_is_deleted_and_not_followed(copy: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / f"{3:064x}.jpg").touch()
    (copy / "linked").symlink_to(elsewhere)
    (copy / f"{3:064x}.jpg").symlink_to(elsewhere / f"{3:064x}.jpg")
    cleaned = clean(copy, hashed(copy, tombstone("id", "000003")))
    assert cleaned.files == [copy / f"{3:064x}.jpg"]
    assert (elsewhere / f"{3:064x}.jpg").exists()


def test_archives_are_left_and_named_though_they_be_called_as_an_id(copy: Path) -> None:
    for name in ("000003.tar", "000003.parquet", "000003.txt"):
        (copy / name).touch()
    cleaned = clean(copy, hashed(copy, tombstone("id", "000003")))
    assert cleaned.files == [copy / "000003.txt"]
    assert cleaned.unopened == [copy / "000003.parquet", copy / "000003.tar"]
    assert (copy / "000003.tar").exists()


def test_a_list_of_changes_takes_all_rows_that_left(copy: Path) -> None:
    known = Known(removals=tombstone("id", "000003"))
    listed = changes(rows(copy).lazy(), rows(copy).lazy().filter(~pl.col("id").is_in(["000003", "000004"])), known)
    shown = read_orders(hidden(listed).lazy())
    assert (shown.unnamed, clean(copy, shown, dry_run=True).rows) == (1, 1)
    in_clear = read_orders(listed.lazy())
    cleaned = clean(copy, in_clear)
    assert (in_clear.unnamed, cleaned.rows) == (0, 2)
    assert cleaned.changes == 1  # a row that merely left is no secret
    assert rows(copy).height == 23


def test_a_copy_with_columns_of_its_own_or_without_some_is_cleaned_too(copy: Path) -> None:
    orders = hashed(copy, tombstone("id", "000013"), tombstone("id", "000003"))
    file = copy / "metadata/set.000.parquet"
    pl.read_parquet(file).select("source", "id", score=pl.lit([0.5]), caption="caption").write_parquet(file)
    assert clean(copy, orders).rows == 2
    assert pl.read_parquet(file).columns == ["source", "id", "score", "caption"]


def test_a_file_of_which_all_rows_go_is_left_empty(copy: Path) -> None:
    before = rows(copy)
    clean(copy, hashed(copy, *(tombstone("id", f"{n:06d}") for n in range(10))))
    assert pl.read_parquet(copy / "metadata/set.000.parquet").height == 0
    assert_frame_equal(rows(copy), before.slice(10))


@pytest.mark.parametrize("hide", [["manifest.json"], ["metadata"], ["manifest.json", "metadata"]])
def test_a_folder_that_is_no_copy_of_a_release_is_one_line(copy: Path, tmp_path: Path, hide: list[str]) -> None:
    orders = hashed(copy, tombstone("id", "000003"))
    for name in hide:
        (copy / name).rename(tmp_path / name)
    with pytest.raises(ListError, match="so it is no"):
        clean(copy, orders)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"files": []}', "[" * 100_000, "\udcff"])
def test_a_broken_manifest_is_one_line(copy: Path, manifest: str) -> None:
    orders = hashed(copy, tombstone("id", "000003"))
    (copy / "manifest.json").write_text(manifest, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ListError, match=r"manifest\.json"):
        clean(copy, orders)


def test_broken_metadata_is_one_line_and_nothing_is_touched(copy: Path) -> None:
    orders = hashed(copy, tombstone("id", "000003"))
    file = copy / "metadata/set.002.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    before = bytes_of(copy)
    with pytest.raises(ListError):
        clean(copy, orders)
    assert bytes_of(copy) == before


@pytest.mark.parametrize(
    "listed",
    [
        {"kind": ["id", None, "nonsense"], "salt": ["s", "s", None], "hash": [None, "x", "y"]},
        {"kind": [1], "salt": [2.5], "hash": [True]},
        {"source": ["a", None], "id": [None, "000003"], "change": ["removed", "removed"]},
        {"source": ["a"], "id": ["000003"], "change": ["added"], "reason": [3]},
        {"source": [1], "id": [b"000003"], "change": ["removed"]},
    ],
)
def test_a_list_with_values_that_name_nothing_removes_nothing(copy: Path, listed: dict[str, Any]) -> None:
    before = bytes_of(copy)
    assert clean(copy, read_orders(pl.LazyFrame(listed, strict=False), url_key)).rows == 0
    assert bytes_of(copy) == before


def test_a_list_of_another_kind_is_one_line() -> None:
    with pytest.raises(ListError, match="is neither"):
        read_orders(pl.LazyFrame({"url": ["https://pictures.example/1.jpg"]}))


def test_a_list_with_many_salts_is_refused() -> None:
    salts = [str(n) for n in range(1_000)]
    with pytest.raises(ListError, match="1,000 salts"):
        read_orders(pl.LazyFrame({"kind": "id", "salt": salts, "hash": "x"}))
