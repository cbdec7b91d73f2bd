"""Parquet files by others, read in a process that may die: which rows, which types, and what is said of the rest."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgtext_assets.engine import LocalEngine
from imgtext_assets.lake import LakeError, read_foreign
from imgtext_assets.lake.foreign import count_rows
from imgtext_assets_tests.lake.damage import encrypted_file


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with LocalEngine(workers=1, memory=2**30, cpu_seconds=20) as running:
        yield running


def written(folder: Path, table: pa.Table, **how: Any) -> str:
    file = folder / "theirs.parquet"
    pq.write_table(table, file, **how)
    return str(file)


def read(url: str, folder: Path, engine: LocalEngine, first: int = 0, rows: int | None = None) -> pl.DataFrame:
    if rows is None:
        (counted,) = count_rows([url], engine.map)
        assert counted.problem is None
        rows = (counted.rows or 0) - first
    return read_foreign(url, first, rows, folder, engine.map).collect()


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(0, 60), group=st.integers(1, 20), first=st.integers(0, 60), many=st.integers(0, 60), data=st.data()
)
def test_any_rows_are_had_whatever_the_row_groups(
    engine: LocalEngine, rows: int, group: int, first: int, many: int, data: st.DataObject
) -> None:
    first, many = min(first, rows), min(many, rows - min(first, rows))
    texts = data.draw(st.lists(st.none() | st.text(max_size=5), min_size=rows, max_size=rows))
    with tempfile.TemporaryDirectory() as folder:
        table = pa.table({"number": pa.array(range(rows), pa.int64()), "text": pa.array(texts, pa.string())})
        url = written(Path(folder), table, row_group_size=group)
        got = read(url, Path(folder), engine, first, many)
    assert got["number"].to_list() == list(range(first, first + many))
    assert got["text"].to_list() == texts[first : first + many]
    assert got["_unreadable"].null_count() == many


NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("given_type", "values", "kind", "expected"),
    [
        (pa.bool_(), [True, None], pl.Boolean(), [True, None]),
        (pa.int8(), [-1, None], pl.Int8(), [-1, None]),
        (pa.uint64(), [2**64 - 1], pl.UInt64(), [2**64 - 1]),
        (pa.float16(), [0.5, None], pl.Float32(), [0.5, None]),
        (pa.float64(), [0.1], pl.Float64(), [0.1]),
        (pa.string(), ["ä", None], pl.String(), ["ä", None]),
        (pa.large_string(), ["ä"], pl.String(), ["ä"]),
        (pa.string_view(), ["ä", None], pl.String(), ["ä", None]),
        (pa.binary(), [b"\xff", None], pl.Binary(), [b"\xff", None]),
        (pa.binary(2), [b"ab"], pl.Binary(), [b"ab"]),
        (pa.dictionary(pa.int8(), pa.string()), ["a", None, "a"], pl.String(), ["a", None, "a"]),
        (pa.null(), [None], pl.String(), [None]),
        (pa.date32(), [dt.date(2026, 11, 21)], pl.String(), ["2026-11-21"]),
        (pa.timestamp("ms", "UTC"), [NOON], pl.String(), ["2026-11-21 12:00:00.000Z"]),
        (pa.time64("us"), [dt.time(1, 2)], pl.String(), ["01:02:00.000000"]),
        (pa.decimal128(5, 2), [Decimal("1.50")], pl.String(), ["1.50"]),
        (pa.decimal256(50, 2), [Decimal("1.50")], pl.String(), ["1.50"]),
        (pa.list_(pa.float64()), [[0.5, None], [], None], pl.String(), ["[0.5, null]", "[]", None]),
        (pa.list_(pa.float64()), [[float("nan")]], pl.String(), ["[null]"]),
        (pa.struct({"a": pa.list_(pa.int8())}), [{"a": [1]}, None], pl.String(), ['{"a": [1]}', None]),
        (pa.map_(pa.string(), pa.int8()), [[("k", 1)]], pl.String(), ['[["k", 1]]']),
        # What would be long as JSON is left out.
        (pa.list_(pa.float32()), [[0.5], None, [0.5] * 768], pl.String(), ["[0.5]", None, None]),
        (pa.list_(pa.float32(), 512), [[0.5] * 512, None], pl.String(), [None, None]),
        (pa.map_(pa.string(), pa.int8()), [[("k" * 5_000, 1)], [("k", 1)]], pl.String(), [None, '[["k", 1]]']),
        (
            pa.struct({"e": pa.list_(pa.float32())}),
            [{"e": [1.0] * 768}, {"e": [1]}],
            pl.String(),
            [None, '{"e": [1.0]}'],
        ),
        (
            pa.struct({"bytes": pa.binary(), "path": pa.string()}),
            [{"bytes": b"\xff" * 150_000, "path": "a.jpg"}, {"bytes": None, "path": "b.jpg"}],
            pl.String(),
            [None, '{"bytes": null, "path": "b.jpg"}'],
        ),
        (
            pa.list_(pa.dictionary(pa.int8(), pa.string())),
            [["a", None], ["x" * 5_000], []],
            pl.String(),
            ['["a", null]', None, "[]"],
        ),
    ],
    ids=str,
)
def test_what_becomes_of_each_type(
    tmp_path: Path, engine: LocalEngine, given_type: pa.DataType, values: list[Any], kind: pl.DataType, expected: Any
) -> None:
    got = read(written(tmp_path, pa.table({"x": pa.array(values, given_type)})), tmp_path, engine)
    assert got.schema == pl.Schema({"x": kind, "_unreadable": pl.String()})
    assert got["x"].to_list() == expected


def test_extension_types_are_read_as_what_they_are_stored_as(tmp_path: Path, engine: LocalEngine) -> None:
    ids = pa.array([b"0123456789abcdef"], pa.uuid())
    got = read(written(tmp_path, pa.table({"id": ids})), tmp_path, engine)
    assert got["id"].to_list() == [b"0123456789abcdef"]


def test_text_that_is_not_utf8_comes_as_the_bytes_that_it_is(tmp_path: Path, engine: LocalEngine) -> None:
    broken = pa.array([b"fine", b"caf\xe9", None], pa.binary()).view(pa.string())
    got = read(written(tmp_path, pa.table({"text": broken, "url": ["a", "b", "c"]})), tmp_path, engine)
    assert got["text"].to_list() == [b"fine", b"caf\xe9", None]
    assert got["url"].to_list() == ["a", "b", "c"]


def test_columns_of_one_name_are_told_apart(tmp_path: Path, engine: LocalEngine) -> None:
    table = pa.Table.from_arrays([pa.array([n]) for n in range(3)], names=["a", "a", ""])
    assert read(written(tmp_path, table), tmp_path, engine).columns == ["a", "a_2", "column_3", "_unreadable"]


def test_a_column_named_as_ours_is_replaced_by_ours(tmp_path: Path, engine: LocalEngine) -> None:
    got = read(written(tmp_path, pa.table({"_unreadable": ["lies"], "a": [1]})), tmp_path, engine)
    assert got.rows(named=True) == [{"a": 1, "_unreadable": None}]


def test_endless_texts_are_cut_and_their_rows_stay(tmp_path: Path, engine: LocalEngine) -> None:
    """To a little over the 65,536 bytes that a text may have: so it is found too long where it is wanted."""
    texts = ["x" * 65_536, "x" * 2_000_000, "x" + "漢" * 30_000, None]
    as_bytes = pa.array(texts, pa.string()).cast(pa.binary())
    got = read(written(tmp_path, pa.table({"text": texts, "bytes": as_bytes})), tmp_path, engine)
    assert got["text"].to_list() == ["x" * 65_536, "x" * 65_540, "x" + "漢" * 21_846, None]
    assert got["text"].str.len_bytes().to_list() == [65_536, 65_540, 65_539, None]
    assert got["bytes"].cast(pl.String).to_list() == got["text"].to_list()
    assert got["_unreadable"].null_count() == 4


def test_long_bytes_that_are_no_text_are_left_out(tmp_path: Path, engine: LocalEngine) -> None:
    pictures = [b"\xff\xd8\0" * 100, b"\xff\xd8\0" * 100_000, b"caf\xe9" * 20_000, None]
    got = read(written(tmp_path, pa.table({"image": pa.array(pictures, pa.binary())})), tmp_path, engine)
    assert got["image"].bin.size().to_list() == [300, None, 65_540, None]


def test_pictures_that_are_too_much_together_are_left_out_and_all_else_stays(tmp_path: Path) -> None:
    rows = 15_000
    thumb = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([b"\xff\xd8\0\x10" * 10_000]))
    table = pa.table({"url": [f"https://a.example/{n}.jpg" for n in range(rows)], "thumb": thumb, "n": range(rows)})
    url = written(tmp_path, table, store_schema=False)
    with LocalEngine(workers=1, memory=2**31, cpu_seconds=60) as engine:
        got = read(url, tmp_path, engine)
        assert got.columns == ["url", "n", "_unreadable"]
        assert got.height == rows
        assert read(url, tmp_path, engine, 0, 10).columns == ["url", "thumb", "n", "_unreadable"]


def test_texts_that_are_too_much_together_are_an_error_that_says_what_helps(tmp_path: Path) -> None:
    rows = 15_000
    text = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["text" * 10_000]))
    url = written(tmp_path, pa.table({"n": range(rows), "essay": text}), store_schema=False)
    with (
        LocalEngine(workers=1, memory=2**31, cpu_seconds=60) as engine,
        pytest.raises(LakeError, match="of them in column essay; a smaller `shard_rows` in the catalog helps"),
    ):
        read(url, tmp_path, engine)


def test_a_footer_that_tells_of_more_rows_than_the_file_can_have_addresses_is_refused(
    tmp_path: Path, engine: LocalEngine
) -> None:
    url = written(tmp_path, pa.table({"a": pa.nulls(2**20, pa.int8())}))
    (counted,) = count_rows([url], engine.map)
    assert counted.rows is None
    assert "its footer tells of 1,048,576 rows, too many for " in str(counted.problem)


def test_a_file_with_fewer_rows_than_planned_is_an_error(tmp_path: Path, engine: LocalEngine) -> None:
    url = written(tmp_path, pa.table({"a": range(5)}))
    with pytest.raises(LakeError, match=r"theirs\.parquet: rows 3 to 13: there are only 2; it has changed since"):
        read(url, tmp_path, engine, 3, 10)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 no parquet at all PAR1", b"\xff\xff\xff\x7fPAR1"], ids=repr)
def test_what_is_no_parquet_is_an_error_that_names_the_file(
    tmp_path: Path, engine: LocalEngine, content: bytes
) -> None:
    (tmp_path / "bad.parquet").write_bytes(content)
    with pytest.raises(LakeError, match=r"bad\.parquet: rows 0 to 1: cannot be read as parquet: "):
        read(str(tmp_path / "bad.parquet"), tmp_path, engine, 0, 1)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path, engine: LocalEngine) -> None:
    with pytest.raises(LakeError, match=r"none\.parquet: rows 0 to 1: not found"):
        read(str(tmp_path / "none.parquet"), tmp_path, engine, 0, 1)


# Ten thousand times the same half megabyte.
MUCH_IN_LITTLE = pa.DictionaryArray.from_arrays(pa.array([0] * 10_000, pa.int32()), pa.array(["x" * 500_000]))


def test_a_small_file_that_unpacks_to_more_than_there_is_memory_is_an_error(tmp_path: Path) -> None:
    url = written(
        tmp_path, pa.table({"id": range(10_000), "a": MUCH_IN_LITTLE}), compression="zstd", store_schema=False
    )
    assert Path(url).stat().st_size < 100_000
    with (
        LocalEngine(workers=1, memory=2**30, cpu_seconds=20) as engine,
        pytest.raises(LakeError, match="it takes too much memory"),
    ):
        read(url, tmp_path, engine)


def test_a_dictionary_that_stands_for_more_than_there_is_memory_is_refused(tmp_path: Path, engine: LocalEngine) -> None:
    url = written(tmp_path, pa.table({"id": range(10_000), "a": MUCH_IN_LITTLE}), compression="zstd")
    with pytest.raises(LakeError, match="of its rows have more than 536,870,912 bytes in one column"):
        read(url, tmp_path, engine)


def test_a_file_that_takes_too_long_is_an_error(tmp_path: Path) -> None:
    url = written(tmp_path, pa.table({"a": pa.array([[{"b": [1, 2]}] * 5] * 50_000)}))
    with (
        LocalEngine(workers=1, cpu_seconds=0.2) as engine,
        pytest.raises(LakeError, match="it takes too long"),
    ):
        read(url, tmp_path, engine, 0, 50_000)


def test_a_file_that_kills_the_process_that_reads_it_is_an_error(tmp_path: Path, engine: LocalEngine) -> None:
    """An honest one: of encrypted columns under a footer that is not, pyarrow 26 aborts."""
    (tmp_path / "secret.parquet").write_bytes(encrypted_file())
    with pytest.raises(LakeError, match=r"secret\.parquet: rows 0 to 2: cannot be read as parquet: "):
        read(str(tmp_path / "secret.parquet"), tmp_path, engine, 0, 2)


def test_more_columns_than_any_list_has_are_refused(tmp_path: Path, engine: LocalEngine) -> None:
    url = written(tmp_path, pa.table({f"column {n}": [1] for n in range(2_000)}))
    assert count_rows([url], engine.map)[0].problem == (
        f"{url}: cannot be read as parquet: its footer tells of 2,000 columns in 1 row groups"
    )


def test_what_could_not_be_read_leaves_nothing_behind(tmp_path: Path, engine: LocalEngine) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(LakeError):
        read_foreign(str(tmp_path / "bad.parquet"), 0, 1, tmp_path / "ours", engine.map)
    assert list((tmp_path / "ours").iterdir()) == []


def test_a_path_is_as_the_caller_sees_it(tmp_path: Path, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's processes began in another folder."""
    read(written(tmp_path, pa.table({"a": [1]})), tmp_path, engine)
    monkeypatch.chdir(tmp_path)
    assert read("theirs.parquet", tmp_path, engine)["a"].to_list() == [1]


@pytest.mark.parametrize("name", ["theirs.parquet", "theirs.csv", "theirs.jsonl"])
def test_files_on_s3_are_read_as_local_ones(tmp_path: Path, s3_root: str, name: str) -> None:
    import obstore

    from imgtext_assets.lake.stores import open_store

    frame = pl.DataFrame({"id": ["a", "b", "c"], "text": ["x", "y", None]})
    write = {
        "parquet": frame.write_parquet,
        "csv": partial(frame.write_csv, null_value="y"),
        "jsonl": frame.write_ndjson,
    }
    write[name.partition(".")[2]](tmp_path / name)
    obstore.put(open_store(s3_root), name, tmp_path / name)
    with LocalEngine(workers=1) as engine:
        got = read(f"{s3_root}/{name}", tmp_path, engine, first=1)
    assert got.select("id", "text").rows() == [("b", "y"), ("c", "y" if name.endswith("csv") else None)]
