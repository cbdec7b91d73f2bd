"""Reading: what cannot be used is rejected or ignored, row by row, with its reason, and nothing else is lost."""

import json
import uuid

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.sources import UNREADABLE, count_ignored, read
from imgtext_assets.sources.extra import json_objects
from imgtext_assets.sources.ids import uuid5
from imgtext_assets.sources.values import MAX_TEXT
from imgtext_assets_tests.sources.lists import CC0, MD5, SHA256, read_as, shard, source

URL = {"url": ["http://a/1"]}


def ignored(rows: pl.DataFrame) -> list:
    return [text and json.loads(text) for text in rows["ignored"]]


def test_laions_nonsense_is_ignored_and_told():
    nonsense = {
        "URL": [f"http://a/{n}" for n in range(5)],
        "WIDTH": [0, -1, 39580, None, 640],
        "HEIGHT": ["0", "tall", "NaN", " ", " 480 "],
        "similarity": [6016.0, float("nan"), float("-inf"), None, -1.0],
        "punsafe": [1.5, -0.1, None, 0.0, 1.0],
        "aesthetic": [11, None, None, None, 10],
    }
    rows = read_as("laion5b", nonsense)
    for name, good in {"width": 640, "height": 480, "similarity": -1.0, "aesthetic": 10}.items():
        assert rows[name].to_list() == [None, None, None, None, good], name
    assert rows["reject_reason"].null_count() == 5
    assert ignored(rows) == [
        {"width": 0, "height": "0", "similarity": 6016.0, "punsafe": 1.5, "aesthetic": 11},
        {"width": -1, "height": "tall", "similarity": "nan", "punsafe": -0.1},
        {"width": 39580, "height": "NaN", "similarity": "-inf"},
        None,
        None,
    ]
    assert count_ignored(rows) == {"width": 3, "height": 3, "similarity": 3, "punsafe": 2, "aesthetic": 1}


@pytest.mark.parametrize(
    ("given", "read_as_value", "told"),
    [
        ({"width": ["640"]}, 640, None),
        ({"width": [640.0]}, 640, None),
        ({"width": [b"640"]}, 640, None),
        ({"width": [640.5]}, None, 640.5),
        ({"width": ["1,024"]}, None, "1,024"),
        ({"width": [[640]]}, None, "[640]"),
        ({"width": [True]}, None, True),
        ({"width": [10**30]}, None, 10**30),
        ({"caption": [17]}, "17", None),
        ({"caption": [["a", "b"]]}, None, '["a", "b"]'),
        ({"caption": [{"en": "a"}]}, None, '{"en": "a"}'),
        ({"caption": [" \t"]}, None, None),
        ({"id": [17]}, "17", None),
        ({"md5": [f" {MD5.upper()} "]}, MD5, None),
        ({"md5": ["abc"]}, None, "abc"),
        ({"md5": [""]}, None, None),
        ({"md5": [5]}, None, 5),
        ({"md5": [[MD5]]}, None, f'["{MD5}"]'),
        ({"declared_sha256": [SHA256]}, SHA256, None),
        ({"declared_sha256": [MD5]}, None, MD5),
        ({"mime_type": ["image/jpeg\0"]}, None, "image/jpeg\0"),
        ({"mime_type": [b"image/\xff"]}, None, "image/\ufffd"),
        ({"nsfw": ["x" * (MAX_TEXT + 1)]}, None, "x" * 200),
    ],
)
def test_a_type_that_was_not_promised_is_cast_or_ignored_and_costs_no_row(given, read_as_value, told):
    (name,) = given
    column = pl.Series(name, given[name], pl.Int128) if given[name] == [10**30] else pl.Series(name, given[name])
    rows = read_as("table", pl.DataFrame(URL).with_columns(column))
    assert rows[name].to_list() == [read_as_value]
    assert ignored(rows) == [None if told is None else {name: told}]
    assert rows["reject_reason"].null_count() == 1


@pytest.mark.parametrize(
    ("text", "kept", "why"),
    [
        (b"caf\xc3\xa9", "café", None),
        (b"caf\xe9", "caf\ufffd", "is not UTF-8"),
        ("a\0b", "a\ufffdb", "holds NUL characters"),
        ("ä" * (MAX_TEXT // 2), "ä" * (MAX_TEXT // 2), None),
        ("x" + "ä" * (MAX_TEXT // 2), "x" + "ä" * (MAX_TEXT // 2 - 1), "is longer than 65,536 bytes"),
        (b"\xff\0" + b"x" * MAX_TEXT, "\ufffd\ufffd" + "x" * (MAX_TEXT - 6), "is not UTF-8"),
        ("\0" * MAX_TEXT, "\ufffd" * (MAX_TEXT // 3), "holds NUL characters"),
    ],
    ids=["utf-8", "latin-1", "nul", "longest", "too long", "all at once", "many nul"],
)
@pytest.mark.parametrize("name", ["caption", "title", "description", "creator", "account", "license", "id"])
def test_a_text_that_cannot_be_trusted_costs_its_row_and_is_kept_mended(name, text, kept, why):
    rows = read_as("table", pl.DataFrame({"url": ["http://a/1", "http://a/2"], name: [text, None]}))
    assert rows[name].to_list()[0] == kept
    assert rows["reject_reason"].to_list() == [why and "bad_text", None]
    assert rows["reject_detail"].to_list() == [why and f"{name} {why}", None]
    assert rows["ignored"].null_count() == 2


def test_the_first_bad_text_is_named():
    rows = read_as("table", URL | {"creator": ["a\0"], "caption": ["b\0"]})
    assert rows["reject_detail"].to_list() == ["caption holds NUL characters"]


def test_rows_without_a_web_address_are_rejected_and_still_have_ids():
    bad = ["file:///etc/passwd", None, None, "http://user:pw@a/1", " http://a/1\n"]
    rows = read_as("laion400m", {"URL": bad})
    assert rows["reject_reason"].to_list() == ["bad_url"] * 4 + [None]
    said = "{} is no http(s) address with a host and without credentials"
    assert rows["reject_detail"].to_list() == [
        said.format("file:///etc/passwd"), "no address", "no address", said.format("http://user:pw@a/1"), None,
    ]  # fmt: skip
    assert rows["url"].to_list()[4] == "http://a/1"
    assert rows["id"].n_unique() == 5


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (b"http://a/\xff", "the address is not UTF-8"),
        ("http://a/\0", "the address holds NUL characters"),
        ("http://a/" + "b" * MAX_TEXT, "the address is longer than 65,536 bytes"),
        (["http://a/1"], "no address"),
    ],
    ids=["latin-1", "nul", "too long", "list"],
)
def test_an_address_is_never_mended_into_another(url, why):
    rows = read_as("table", pl.DataFrame({"url": [url]}))
    assert rows.select("reject_reason", "reject_detail", "url_key").row(0) == ("bad_url", why, None)


def test_a_line_that_could_not_be_parsed_is_a_row_with_that_reason():
    rows = read_as("auto", {"url": ["http://a/1", None], "caption": ["a", None], UNREADABLE: [None, "line 3: 1 field"]})
    assert rows["reject_reason"].to_list() == [None, "unreadable_row"]
    assert rows["reject_detail"].to_list() == [None, "line 3: 1 field"]
    assert rows["extra"].null_count() == 2


def test_of_rows_with_one_id_the_first_usable_one_is_kept():
    given = {"id": list("xxxx"), "url": ["nowhere", *(f"http://a/{n}" for n in range(3))], "caption": list("a\0bc")}
    rows = read_as("pd12m", given, license=CC0)
    assert rows["reject_reason"].to_list() == ["bad_url", "bad_text", None, "repeated_id"]
    assert rows["reject_detail"].to_list()[3] == "row 2 of the file has the same id"


def test_everything_else_is_in_extra_and_bytes_cannot_break_it():
    left = {
        "score": [0.5],
        "tags": [["a", "b"]],
        "thumb": [b"\xff\x00"],
        "deep": [[b"\xff"]],
        "none": [None],
        "nan": [float("nan")],
    }
    extra = json.loads(read_as("laion400m", {"URL": ["http://a/1"], **left})["extra"][0])
    assert extra == {"score": 0.5, "tags": ["a", "b"], "thumb": "/wA="}


@pytest.mark.parametrize("name", ["*", "^u.*$"])
def test_a_name_that_is_a_pattern_stands_for_no_other_column(name):
    assert read_as("table", URL | {name: ["x"]})["extra"].to_list() == [None]


def test_of_an_extra_that_is_too_long_only_the_longest_fields_are_lost():
    pages = {"page": ["x" * MAX_TEXT, "y"], "note": ["é" * 30_000, None], "short": ["z" * 5000, None]}
    rows = read_as("megalith", {"url_highres": ["https://live.staticflickr.com/7/8_0af.jpg"] * 2, **pages})
    photo = {"flickr_server": "7", "flickr_photo_id": "8", "flickr_secret": "0af"}
    assert [json.loads(extra) for extra in rows["extra"]] == [
        {"page": None, "note": "é" * 30_000, "short": "z" * 5000, **photo}, {"page": "y", **photo},
    ]  # fmt: skip
    assert (rows["extra"].str.len_bytes() <= MAX_TEXT).all()
    assert ignored(rows) == [None, None]


def test_hundreds_of_keys_of_which_a_row_has_few_cost_no_more_than_these():
    keys = {f"key {n}": [f"text {row}" if row % 300 == n else None for row in range(600)] for n in range(300)}
    rows = read_as("table", {"url": [f"http://a/{row}" for row in range(600)], **keys})
    expected = [f'{{"key {row % 300}":"text {row}"}}' for row in range(600)]
    assert rows["extra"].to_list() == expected


values = {
    pl.String: st.text(max_size=8) | st.sampled_from(["null", '"a":null,', '\\"b":null}', "\0"]),
    pl.Int64: st.integers(-5, 5),
    pl.Float64: st.floats(allow_nan=False, allow_infinity=False),
    pl.Boolean: st.booleans(),
    pl.List(pl.String): st.lists(st.none() | st.text(max_size=3), max_size=2),
}


@given(st.data(), st.integers(1, 9))
def test_extra_says_what_a_row_has_and_nothing_else(data, height):
    names = data.draw(st.lists(st.text(max_size=6), max_size=6, unique=True))
    kinds = {name: data.draw(st.sampled_from(list(values))) for name in names}
    columns = [
        pl.Series(name, data.draw(st.lists(st.none() | values[kind], min_size=height, max_size=height)), kind)
        for name, kind in kinds.items()
    ]
    frame = pl.DataFrame([*columns, pl.Series("last", [1] * height)])
    expected = [{name: value for name, value in row.items() if value is not None} for row in frame.to_dicts()]
    assert [json.loads(text) for text in json_objects(frame.to_struct())] == expected


def test_integers_that_came_as_floats_are_spelled_as_integers():
    given = {"license": [4.0, 9.0, None, float("nan")], "id": [53000000001.0, 2.5, 1e300, -0.0]}
    rows = read_as("table", {"url": [f"http://a/{n}" for n in range(4)], **given})
    assert rows["license"].to_list() == ["4", "9", None, None]
    assert rows["id"].to_list() == ["53000000001", "2.5", "1e+300", "0"]


def test_a_shard_is_numbered_from_its_first_row(tmp_path):
    urls = [f"http://a/{n}" for n in range(10)]
    pl.DataFrame({"URL": urls, "source_row": range(10)}).write_parquet(tmp_path / "f.parquet", row_group_size=3)
    part = pl.scan_parquet(tmp_path / "f.parquet").slice(4, 3)
    rows = read(part, source("laion400m"), shard(4, 3)).collect(engine="streaming")
    assert rows.select("source_row", "url").rows() == [(4, "http://a/4"), (5, "http://a/5"), (6, "http://a/6")]
    assert read(part.head(0), source("laion400m"), shard(0, 0)).collect().is_empty()


@given(st.lists(st.none() | st.text(max_size=80), max_size=20))
def test_ids_are_pythons_uuid5_bit_for_bit(names):
    expected = [None if name is None else str(uuid.uuid5(uuid.NAMESPACE_URL, name)) for name in names]
    assert uuid5(pl.Series(names, dtype=pl.String)).to_list() == expected


def test_an_id_is_made_of_source_and_address():
    rows = read_as("laion400m", {"URL": ["http://a/1"]})
    assert rows["id"].to_list() == [str(uuid.uuid5(uuid.NAMESPACE_URL, "s:http://a/1"))]


texts = st.none() | st.text(max_size=20) | st.sampled_from(["http://a/1", "http://a/2", "?", MD5, "1", "a\0"])
columns = st.sampled_from(
    ["id", "caption", "license", "width", "similarity", "md5", "nsfw", "mime_type", "thing", UNREADABLE]
)
kinds = st.sampled_from([pl.String, pl.Binary, pl.Float64, pl.List(pl.String)])


@given(st.data(), st.integers(0, 12))
def test_rows_in_are_rows_out_whatever_the_types(data, height):
    urls = data.draw(st.lists(texts, min_size=height, max_size=height))
    given = {"url": pl.Series(urls, dtype=pl.String)}
    for name in data.draw(st.sets(columns)):
        column = pl.Series(data.draw(st.lists(texts, min_size=height, max_size=height)), dtype=pl.String)
        kind = pl.String if name == UNREADABLE else data.draw(kinds)
        given[name] = column.reshape((-1, 1)).arr.to_list() if kind.is_nested() else column.cast(kind, strict=False)
    rows = read_as("table", pl.DataFrame(given))
    assert rows["source_row"].to_list() == list(range(height))
    assert rows["id"].null_count() == 0
    kept = tables.goes_on(rows.lazy()).collect()
    assert kept["id"].is_unique().all()
    assert kept["url_key"].null_count() == 0
    for text in rows["ignored"].drop_nulls():
        assert set(json.loads(text)) <= set(rows.columns)
