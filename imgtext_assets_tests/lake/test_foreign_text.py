"""CSV, TSV and JSON Lines by others: every row is read or says why not, and a broken line costs only itself."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgtext_assets.engine import LocalEngine
from imgtext_assets.lake import LakeError, read_foreign
from imgtext_assets.lake.foreign import count_rows

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with LocalEngine(workers=1, memory=2**30, cpu_seconds=20) as running:
        yield running


def read(
    engine: LocalEngine,
    name: str,
    content: bytes | str,
    first: int = 0,
    rows: int | None = None,
    *,
    header: bool = True,
) -> pl.DataFrame:
    """All rows, or some, of a file of that name and content."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        (counted,) = count_rows([str(file)], engine.map, header=header)
        if counted.problem is not None:
            raise LakeError(counted.problem.replace(folder, ""))
        many = (counted.rows or 0) - first if rows is None else rows
        return read_foreign(str(file), first, many, Path(folder), engine.map, header=header).collect()


def as_csv(rows: list[list[str]], delimiter: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.lists(TEXTS, min_size=2, max_size=2), max_size=30),
    first=st.integers(0, 30),
    kind=st.sampled_from(["csv", "tsv", "csv.gz"]),
)
def test_what_was_written_is_read(engine: LocalEngine, rows: list[list[str]], first: int, kind: str) -> None:
    """Quotes, delimiters and line breaks in texts, from any row on; but in TSV no tabs and line breaks in one row."""
    first = min(first, len(rows))
    if kind == "tsv":
        rows = [[text.replace("\t", " ") for text in row] for row in rows]
    content = as_csv([["a", "b"], *rows], "\t" if kind == "tsv" else ",").encode()
    got = read(engine, f"x.{kind}", gzip.compress(content) if kind.endswith("gz") else content, first)
    assert [list(row) for row in got.select("a", "b").rows()] == rows[first:]
    assert got["_unreadable"].null_count() == len(rows) - first


LINES = {
    "a quote that is never closed": ('1,"open', "broken quotes"),
    "text after a quote": ('1,"a" b', "broken quotes (',' expected after '\"'): 1,\"a\" b"),
    "too few fields": ("1", "1 fields where 2 are expected: 1"),
    "too many fields": ("1,2,3", "3 fields where 2 are expected: 1,2,3"),
    "a line without end": ("1," + "x" * 2_000_000, f"longer than 1,048,576 characters: 1,{'x' * 117}…"),
    "a carriage return": ("1,a\rb", "broken quotes (new-line character seen in unquoted field"),
}


@pytest.mark.parametrize(("line", "said"), LINES.values(), ids=LINES.keys())
@pytest.mark.parametrize("place", [0, 1, 150, 2_500, 2_999])
def test_a_broken_line_costs_only_itself(engine: LocalEngine, line: str, said: str, place: int) -> None:
    good = [f'{n},"text\n{n}"' if n % 3 == 0 else f'{n},"text, {n}"' for n in range(3_000)]
    got = read(engine, "x.csv", "\n".join(["id,text", *good[:place], line, *good[place:]]))
    bad = got.row(place, named=True)
    assert bad["_unreadable"].startswith(said[:60])
    assert bad["id"] is None
    assert got.filter(pl.col("_unreadable").is_null())["id"].to_list() == [str(n) for n in range(3_000)]


def test_a_broken_line_is_found_from_any_row_on(engine: LocalEngine) -> None:
    lines = ["id,text", '0,"open', *(f"{n},text" for n in range(1, 500))]
    got = read(engine, "x.csv", "\n".join(lines))
    assert got.row(0) == (None, None, 'broken quotes (unexpected end of data): 0,"open')
    assert read(engine, "x.csv", "\n".join(lines), 498)["id"].to_list() == ["498", "499"]


def test_names_of_columns_are_made_where_there_are_none(engine: LocalEngine) -> None:
    got = read(engine, "x.csv", "a,,a\n1,2,3\n")
    assert got.rows(named=True) == [{"a": "1", "column_2": "2", "a_3": "3", "_unreadable": None}]
    got = read(engine, "x.csv", "a,b\n1,2\n", header=False)
    assert got.drop("_unreadable").rows(named=True) == [
        {"column_1": "a", "column_2": "b"},
        {"column_1": "1", "column_2": "2"},
    ]


def test_a_first_line_that_is_broken_is_a_row_where_it_is_no_header(engine: LocalEngine) -> None:
    got = read(engine, "x.csv", '1,"a"b\n2,c\n', header=False)
    assert got["column_1"].to_list() == [None, "2"]
    with pytest.raises(LakeError, match="the line that should name its columns: broken quotes"):
        read(engine, "x.csv", '1,"a"b\n2,c\n')


def test_a_list_of_addresses_is_a_file_of_one_column(engine: LocalEngine) -> None:
    got = read(engine, "urls.txt", 'https://a.example/1,2.jpg\nhttps://a.example/"3".jpg\n\n', header=False)
    assert got["column_1"].to_list() == ["https://a.example/1,2.jpg", 'https://a.example/"3".jpg']


def test_quotes_in_tsv_are_text_where_they_make_no_sense_as_quotes(engine: LocalEngine) -> None:
    got = read(engine, "x.tsv", 'id\ttext\n1\t"A" is a letter\n2\t"quoted"\n')
    assert got["text"].to_list() == ['"A" is a letter', "quoted"]


@pytest.mark.parametrize("broken", [None, "no tab", "", "one\ttoo\tmany"])
@pytest.mark.parametrize("header", [True, False])
def test_captions_in_tsv_that_begin_or_end_with_quotes_swallow_no_rows(
    engine: LocalEngine, header: bool, broken: str | None
) -> None:
    captions = ['"A" is a letter', '"open', *(f"caption {n}" for n in range(200)), 'he said "no"', 'closed"', "last"]
    lines = [f"{caption}\thttps://a.example/{n}.jpg" for n, caption in enumerate(captions)]
    between = [] if broken is None else [broken]
    content = "\n".join([*(["text\turl"] if header else []), *lines[:50], *between, *lines[50:]])
    got = read(engine, "x.tsv", content, header=header).filter(pl.col("_unreadable").is_null())
    assert got.to_series(0).to_list() == captions
    content = "\n".join(f"{line.partition(chr(9))[2]}\t{line.partition(chr(9))[0]}" for line in lines)
    assert read(engine, "x.tsv", content, header=False)["column_2"].to_list() == captions


def test_texts_of_several_lines_in_tsv_are_one_row(engine: LocalEngine) -> None:
    got = read(engine, "x.tsv", 'id\ttext\turl\n1\t"two\nlines"\t"and\ntwo"\n2\t"a\tb"\tc\n')
    assert got.drop("_unreadable").rows() == [("1", "two\nlines", "and\ntwo"), ("2", "a\tb", "c")]


def test_a_text_of_many_lines_in_csv_is_one_row(engine: LocalEngine) -> None:
    text = "\n".join(f"line {n}" for n in range(5_000))
    got = read(engine, "x.csv", as_csv([["id", "text"], ["1", text], ["2", "x"]], ","))
    assert got.drop("_unreadable").rows() == [("1", text), ("2", "x")]


def test_a_quote_in_csv_that_is_closed_far_away_swallows_no_rows(engine: LocalEngine) -> None:
    lines = ["id,text", '0,"open', *(f"{n},text" for n in range(1, 500)), '500,24"', "501,text"]
    got = read(engine, "x.csv", "\n".join(lines))
    assert got["id"].to_list() == [None, *map(str, range(1, 502))]
    assert got["_unreadable"][0] == 'broken quotes (closed only after many lines that look like rows): 0,"open'


def test_a_long_text_is_cut_and_an_embedding_left_out_and_their_rows_stay(engine: LocalEngine) -> None:
    assert read(engine, "x.csv", f"a,b\n1,{'x' * 100_000}\n")["b"].str.len_bytes().to_list() == [65_540]
    got = read(engine, "x.jsonl", json.dumps({"a": "x" * 100_000, "b": [0.5] * 2_000, "c": [0.5]}))
    assert got.row(0) == ("x" * 65_540, None, "[0.5]", None)


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "\ufeffa,b\r\n1,2\r\n", "a,b\n\n1,2\n   \n\n", "a,b\n1,2"], ids=repr)
def test_byte_order_marks_line_ends_and_blank_lines_are_no_text(engine: LocalEngine, content: str) -> None:
    assert read(engine, "x.csv", content).rows(named=True) == [{"a": "1", "b": "2", "_unreadable": None}]


@pytest.mark.parametrize(("name", "content"), [("x.csv", "a,b\n"), ("x.csv", ""), ("x.jsonl", ""), ("x.jsonl", "\n\n")])
def test_a_file_without_rows_has_none(engine: LocalEngine, name: str, content: str) -> None:
    assert read(engine, name, content).height == 0


def test_text_that_is_not_utf8_comes_as_the_bytes_that_it_is(engine: LocalEngine) -> None:
    got = read(engine, "x.csv", b"a,b\n1,caf\xe9\n2,\xc3\xa9\n")
    assert got["b"].to_list() == [b"caf\xe9", b"\xc3\xa9"]
    assert got["a"].to_list() == ["1", "2"]
    got = read(engine, "x.jsonl", b'{"a": "caf\xe9"}\n{"a": "\\ud800"}\n')
    assert got["a"].to_list() == [b"caf\xe9", b"\xed\xa0\x80"]


PROBLEMS = {
    "UTF-16": (
        "x.csv",
        "a,b\n1,2\n".encode("utf-16"),
        "/x.csv: cannot be read as CSV: it is UTF-16; only UTF-8 is read",
    ),
    "gzip that ends early": ("x.csv.gz", gzip.compress(b"a,b\n" * 999)[:-9], "/x.csv.gz: cannot be read as CSV: Compr"),
    "no gzip": ("x.tsv.gz", b"a,b\n1,2\n", r"/x.tsv.gz: cannot be read as TSV: Not a gzipped file"),
    "a bomb": ("x.jsonl.gz", gzip.compress(bytes(2**27)), "as JSON Lines: it unpacks to more than 200 times its size"),
    "a JSON array": ("x.json", b'[{"a": 1},\n{"a": 2}]', "as JSON Lines: it is one JSON array; expected JSON Lines"),
    "many columns": ("x.csv", b"a," * 2_000, "as CSV: its first line has 2,001 fields"),
}


@pytest.mark.parametrize(("name", "content", "problem"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_what_cannot_be_read_at_all_is_one_error(engine: LocalEngine, name: str, content: bytes, problem: str) -> None:
    with pytest.raises(LakeError, match=problem):
        read(engine, name, content)


def test_lines_that_open_quotes_without_end_cost_no_more_than_they_may(engine: LocalEngine) -> None:
    """Each line is tried as the start of a record of a million characters, until that was in vain often enough."""
    content = "a,b\n" + 'x,"\n' * 20_001
    got = read(engine, "x.csv", content)
    assert got.height + got["b"].str.count_matches("\n").sum() == 20_001
    got = read(engine, "x.csv", 'a,b\nx,"""\n' + 'x,""""""\n' * 50_000)
    assert got.height + (got["b"].str.count_matches("\n").sum() or 0) == 50_001


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.none() | TEXTS | st.booleans() | st.integers() | st.lists(TEXTS)),
        max_size=20,
    )
)
def test_json_values_come_as_text(engine: LocalEngine, rows: list[dict[str, Any]]) -> None:
    got = read(engine, "x.jsonl", "\n".join(json.dumps(row) for row in rows))
    assert set(got.columns) == {key for row in rows for key in row} | {"_unreadable"}
    assert set(got.dtypes) == {pl.String()}
    for row, read_row in zip(rows, got.rows(named=True), strict=True):
        for key, value in row.items():
            said = read_row[key]
            assert said == value if value is None or isinstance(value, str) else json.loads(said or "") == value


JSON_LINES = {
    "no JSON": ("{'a': 1}", "no JSON (Expecting property name enclosed in double quotes"),
    "no object": ("[1]", "no object: [1]"),
    "cut off": ('{"a": "b', "no JSON (Unterminated string"),
    "two objects": ('{"a": 1}{"a": 2}', "no JSON (Extra data"),
    "too deep": ('{"a": ' + "[" * 100_000, "nested too deeply"),
    "endless number": ('{"a": ' + "9" * 10_000 + "}", "no JSON (Exceeds the limit"),
    "endless line": ('{"a": "' + "x" * 2_000_000 + '"}', "longer than 1,048,576 characters"),
    "many keys": (json.dumps(dict.fromkeys(map(str, range(2_000)), 1)), "more than 1,000 different keys"),
}


@pytest.mark.parametrize(("line", "said"), JSON_LINES.values(), ids=JSON_LINES.keys())
def test_a_line_that_is_no_object_costs_only_itself(engine: LocalEngine, line: str, said: str) -> None:
    got = read(engine, "x.ndjson", f'{{"a": 1}}\n{line}\n\n{{"a": 2}}\n')
    assert got["a"].to_list() == ["1", None, "2"]
    assert got["_unreadable"][1].startswith(said)
    assert got["_unreadable"].null_count() == 2


def test_a_first_object_with_too_many_keys_is_such_a_line_too(engine: LocalEngine) -> None:
    got = read(engine, "x.jsonl", JSON_LINES["many keys"][0] + '\n{"a": 1}\n')
    assert got.columns == ["a", "_unreadable"]
    assert got["a"].to_list() == [None, "1"]


def test_numbers_are_as_given_and_what_is_none_is_null(engine: LocalEngine) -> None:
    got = read(engine, "x.jsonl", '{"a": 12345678901234567890, "b": 0.1, "c": NaN, "d": 1e999, "e": [NaN], "f": true}')
    assert got.drop("_unreadable").row(0) == ("12345678901234567890", "0.1", None, None, "[null]", "true")


def test_columns_are_the_keys_of_the_first_object_and_of_the_rows_asked_for(engine: LocalEngine) -> None:
    content = 'no JSON\n{"a": 1}\n{"b": 2}\n{"c": 3}\n'
    assert read(engine, "x.jsonl", content, 3).rows(named=True) == [{"a": None, "c": "3", "_unreadable": None}]
    assert read(engine, "x.jsonl", content, 0, 1).columns == ["a", "_unreadable"]
