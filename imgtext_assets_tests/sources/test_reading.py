"""Reading: somebody's columns become ours, and what cannot be used is rejected, row by row, with its reason."""

import json
import uuid

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.catalog import Format, Source
from imgtext_assets.sources import SourceError, read

CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
MD5 = "0123456789abcdef0123456789abcdef"


def shard(first_row: int = 0, rows: int = 100_000) -> dict:
    return {"shard": "s-00000", "source_file": "list/s.parquet", "first_row": first_row, "rows": rows}


def read_as(fmt: Format, given: dict, **settings) -> pl.DataFrame:
    source = Source(name="s", format=fmt, paths=["list/*.parquet"], **settings)
    rows = read(pl.LazyFrame(given, strict=False), source, shard()).collect()
    assert rows.schema == tables.RAW_METADATA.schema
    return rows


def uuid5(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


PD12M = {
    "id": ["one"], "url": ["https://a.example/1.jpeg"], "caption": ["A  bird. "], "width": [640], "height": [480],
    "mime_type": ["image/jpeg"], "hash": [MD5.upper()], "license": [CC0], "source": ["museum"],
}  # fmt: skip


def test_pd12m_has_ids_of_its_own():
    row = read_as("pd12m", PD12M).row(0, named=True)
    assert {key: value for key, value in row.items() if value is not None} == {
        "id": "one", "source": "s", "shard": "s-00000", "source_file": "list/s.parquet", "source_row": 0,
        "url": "https://a.example/1.jpeg", "url_key": "https://a.example/1.jpeg", "caption": "A  bird. ",
        "width": 640, "height": 480, "mime_type": "image/jpeg", "md5": MD5, "license": CC0,
        "extra": '{"source":"museum"}',
    }  # fmt: skip


def test_pd12m_early_files_have_other_names():
    early = {"s3_key": ["images/1.jpeg"], "md5_hash": [MD5], "license_type": ["CC0"]}
    row = read_as("pd12m", early).row(0, named=True)
    assert row["url"] == "https://pd12m.s3.us-west-2.amazonaws.com/images/1.jpeg"
    assert (row["md5"], row["license"], row["id"]) == (MD5, "CC0", uuid5(f"s:{row['url']}"))


def test_megalith_takes_thumbnail_and_account_from_flickrs_addresses():
    rows = read_as(
        "megalith",
        {
            "url_highres": ["https://live.staticflickr.com/65535/123_0af_b.jpg", "https://a.example/x_b.jpg"],
            "url_source": ["https://www.flickr.com/photos/4@N00/123/", "https://flickr.com.evil.example/photos/b/1"],
        },
        license=CC0,
    )
    assert rows["preview_url"].to_list() == ["https://live.staticflickr.com/65535/123_0af_m.jpg", None]
    assert rows["account"].to_list() == ["4@N00", None]
    assert rows["landing_url"].to_list()[0] == "https://www.flickr.com/photos/4@N00/123/"
    assert rows["creator_url"].to_list() == ["https://www.flickr.com/people/4@N00/", None]
    assert rows["license"].to_list() == [CC0, CC0]


@pytest.mark.parametrize(
    "columns",
    [
        {"SAMPLE_ID": [7.0], "URL": ["http://a/1"], "TEXT": ["t"], "HEIGHT": [300], "WIDTH": [400],
         "LICENSE": ["?"], "NSFW": ["UNLIKELY"], "similarity": [0.31]},
        {"URL": ["http://a/1"], "TEXT": ["t"], "WIDTH": [400.0], "HEIGHT": [300.0], "similarity": [0.31],
         "hash": [-5], "punsafe": [0.2], "pwatermark": [0.1], "aesthetic": [6.5], "NSFW": ["UNLIKELY"]},
        {"url": ["http://a/1"], "text": ["t"], "width": ["400"], "height": ["300"], "similarity": ["0.31"],
         "nsfw": ["UNLIKELY"], "AESTHETIC_SCORE": [6.5]},
    ],
)  # fmt: skip
def test_laion_is_read_in_all_its_spellings(columns):
    row = read_as("laion", columns).row(0, named=True)
    assert (row["url"], row["caption"], row["width"], row["height"]) == ("http://a/1", "t", 400, 300)
    assert (row["similarity"], row["nsfw"], row["license"], row["md5"]) == (0.31, "UNLIKELY", None, None)
    assert row["aesthetic"] in (6.5, None)
    assert row["id"] == uuid5("s:http://a/1")


def test_laions_nonsense_becomes_null():
    nonsense = {
        "URL": [f"http://a/{n}" for n in range(5)],
        "WIDTH": [0, -1, 39580, None, 640],
        "HEIGHT": ["0", "tall", "NaN", "inf", "480"],
        "similarity": [6016.0, float("nan"), float("-inf"), None, -1.0],
        "punsafe": [1.5, -0.1, float("nan"), None, 1.0],
    }
    rows = read_as("laion", nonsense)
    for name, good in {"width": 640, "height": 480, "similarity": -1.0, "punsafe": 1.0}.items():
        assert rows[name].to_list() == [None, None, None, None, good], name
    assert rows["reject_reason"].null_count() == 5


def test_the_catalogs_licence_only_fills_in_for_rows_that_state_none():
    stated = {"URL": ["http://a/1", "http://a/2", "http://a/3"], "LICENSE": ["?", "CC BY 4.0", " "]}
    assert read_as("laion", stated, license=CC0)["license"].to_list() == [CC0, "CC BY 4.0", CC0]


def test_any_table_is_mapped_by_the_catalog():
    rows = read_as(
        "table",
        {"picture": ["http://a/1"], "caption": ["ours already"], "who": ["Ann"], "w": [5], "left": [True]},
        columns={"url": "picture", "creator": "who", "width": "w"},
    )
    row = rows.row(0, named=True)
    assert (row["url"], row["caption"], row["creator"], row["width"]) == ("http://a/1", "ours already", "Ann", 5)
    assert json.loads(row["extra"]) == {"left": True}


@pytest.mark.parametrize(
    ("fmt", "columns", "settings", "message"),
    [
        ("pd12m", {"link": ["x"]}, {}, "list/s.parquet: column `url`: expected one of url, s3_key; the file has link"),
        ("pd12m", {"url": ["x"]}, {}, "column `license`: expected one of license, license_type"),
        ("megalith", {"url": ["x"]}, {}, "column `url_highres`: expected url_highres; the file has url"),
        ("laion", {"TEXT": ["x"]}, {}, "column `URL`: expected one of URL, url; the file has TEXT"),
        ("table", {"url": ["x"]}, {"columns": {"caption": "title"}}, "column `title`: expected title"),
        ("table", {"url": ["x"]}, {"columns": {"shard": "url"}}, "source s: column `shard`: `columns` can map id, url"),
    ],
)  # fmt: skip
def test_a_missing_column_is_one_clear_error(fmt, columns, settings, message):
    with pytest.raises(SourceError) as raised:
        read_as(fmt, columns, **settings)
    assert message in str(raised.value)


def test_rows_without_a_web_address_are_rejected_and_still_have_ids():
    rows = read_as("laion", {"URL": ["file:///etc/passwd", None, None, " http://a/1\n"]})
    assert rows["reject_reason"].to_list() == ["bad_url", "bad_url", "bad_url", None]
    assert rows["reject_detail"].to_list()[:2] == ["file:///etc/passwd is no http(s) address", "no address"]
    assert rows["url"].to_list()[3] == "http://a/1"
    assert rows["id"].n_unique() == 4


def test_of_rows_with_one_id_the_first_usable_one_is_kept():
    rows = read_as("pd12m", {"id": ["x", "x", "x"], "url": ["nowhere", "http://a/1", "http://a/2"]}, license=CC0)
    assert rows["reject_reason"].to_list() == ["bad_url", None, "repeated_id"]
    assert rows["reject_detail"].to_list()[2] == "row 1 of the file has the same id"


def test_types_that_were_not_promised_cost_the_value_not_the_row():
    rows = read_as(
        "pd12m",
        PD12M | {"id": [17], "width": [[640]], "caption": [b"caf\xc3\xa9 \xff"], "hash": ["abc"], "mime_type": [[1]]},
    )
    row = rows.row(0, named=True)
    assert (row["id"], row["caption"], row["reject_reason"]) == ("17", "café \ufffd", None)
    assert (row["width"], row["md5"], row["mime_type"]) == (None, None, None)


def test_everything_else_is_in_extra_and_bytes_cannot_break_it():
    left = {"score": [0.5], "tags": [["a", "b"]], "thumb": [b"\xff\x00"], "deep": [[b"\xff"]], "none": [None]}
    extra = json.loads(read_as("laion", {"URL": ["http://a/1"], **left})["extra"][0])
    assert extra == {"score": 0.5, "tags": ["a", "b"], "thumb": "/wA=", "none": None}


def test_a_shard_is_its_own_rows_of_a_real_file(tmp_path):
    urls = [f"http://a/{n}" for n in range(10)]
    pl.DataFrame({"URL": urls, "source_row": range(10)}).write_parquet(tmp_path / "f.parquet", row_group_size=3)
    frame = pl.scan_parquet(tmp_path / "f.parquet")
    source = Source(name="s", format="laion", paths=["f.parquet"])
    rows = read(frame, source, shard(4, 3)).collect(engine="streaming")
    assert rows.select("source_row", "url").rows() == [(4, "http://a/4"), (5, "http://a/5"), (6, "http://a/6")]
    assert read(frame, source, shard(0, 0)).collect().is_empty()


@given(st.lists(st.tuples(st.none() | st.text(max_size=20), st.none() | st.text(max_size=20)), max_size=12))
def test_rows_in_are_rows_out_and_kept_ids_are_unique(texts):
    urls = [url if url is None or len(url) % 2 else f"http://a/{len(url)}" for url, _ in texts]
    columns = {"url": pl.Series(urls, dtype=pl.String), "id": pl.Series([i for _, i in texts], dtype=pl.String)}
    rows = read_as("pd12m", columns, license=CC0)
    assert rows["source_row"].to_list() == list(range(len(texts)))
    assert rows["id"].null_count() == 0
    assert tables.goes_on(rows.lazy()).collect()["id"].is_unique().all()
