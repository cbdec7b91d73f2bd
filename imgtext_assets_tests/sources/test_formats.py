"""Formats: every published schema is recognised by its columns, and read as what it is."""

import json

import polars as pl
import pytest

from imgtext_assets.sources import UNREADABLE, SourceError, read, recognise_format
from imgtext_assets.sources.formats import READERS
from imgtext_assets_tests.sources.lists import CC0, MD5, OPENVERSE, SHA256, read_as, sample, shard, source

PUBLISHED = [
    # PD12M, its files with `source`, its first files (and PD3M's), and what a release of ours publishes
    ("pd12m", "id url caption width height mime_type hash license"),
    ("pd12m", "id url caption width height mime_type hash license source"),
    ("pd12m", "id url s3_key caption md5_hash mime_type width height license_type"),
    ("pd12m", "s3_key md5_hash license_type"),
    ("pd12m", "id url caption width height mime_type hash license license_id attribution source sha256"),
    ("megalith", "url_highres url_source"),
    # LAION-400M; laion2B-en and laion2B-multi as first published
    ("laion400m", "SAMPLE_ID URL TEXT HEIGHT WIDTH LICENSE NSFW similarity"),
    ("laion400m", "SAMPLE_ID URL TEXT HEIGHT WIDTH LICENSE LANGUAGE NSFW similarity"),
    # laion2B-en-joined, laion2B-multi-joined, Re-LAION
    ("laion5b", "URL TEXT WIDTH HEIGHT similarity hash punsafe pwatermark"),
    ("laion5b", "URL TEXT WIDTH HEIGHT similarity hash punsafe pwatermark LANGUAGE"),
    ("laion5b", "url caption similarity hash key punsafe pwatermark width height"),
    # laion-aesthetic, laion-art, improved_aesthetics, derivatives
    ("laion-aesthetics", "URL TEXT WIDTH HEIGHT similarity hash punsafe pwatermark aesthetic"),
    ("laion-aesthetics", "URL TEXT WIDTH HEIGHT similarity LANGUAGE hash pwatermark punsafe aesthetic"),
    ("laion-aesthetics", "URL TEXT WIDTH HEIGHT similarity punsafe pwatermark AESTHETIC_SCORE hash __index_level_0__"),
    ("laion-aesthetics", "url text width height punsafe pwatermark aesthetic_score"),
    ("laion-aesthetics", "URL TEXT AESTHETIC_SCORE"),
    ("datacomp", "uid url text original_width original_height clip_b32_similarity_score clip_l14_similarity_score "
                 "face_bboxes sha256"),
    ("datacomp", "uid url text sha256"),
    # COYO-700M, CC12M and CC3M and SBU with a header, what img2dataset is fed with and what it writes, Openverse
    ("table", "id url text width height image_phash text_length word_count num_tokens_bert num_tokens_gpt num_faces "
              "clip_similarity_vitb32 clip_similarity_vitl14 nsfw_score_opennsfw2 nsfw_score_gantman watermark_score "
              "aesthetic_score_laion_v2"),
    ("table", "url caption"),
    ("table", "image_url caption"),
    ("table", "URL TEXT"),
    ("table", "url txt sha256hash"),
    ("table", "url caption key status error_message width height original_width original_height exif sha256"),
    ("table", "id url title description creator license width height"),
]  # fmt: skip


@pytest.mark.parametrize(("fmt", "names"), PUBLISHED)
def test_every_published_schema_goes_to_its_reader(fmt, names):
    recognised = recognise_format(names.split())
    assert recognised is not None
    assert recognised.format == fmt
    assert set(recognised.by) <= set(names.split())
    shuffled = recognise_format([*reversed(names.split()), "something", "else"])
    assert shuffled == recognised


@pytest.mark.parametrize(("fmt", "names"), PUBLISHED)
def test_a_recognised_file_is_read_like_one_whose_format_is_named(fmt, names):
    given = pl.DataFrame({name: ["1"] for name in names.split()})
    assert read_as("auto", given).equals(read_as(fmt, given))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["link", "alt"], "column `link, alt`: which one has the addresses is not told: set `columns: {url: link}`"),
        (["alt", "photo_url_big"], "set `columns: {url: photo_url_big}`"),
        (["a", "b"], "set `columns: {url: THE_COLUMN}`"),
        ([], "column `no columns`: JSON Lines needs one whole JSON object a line"),
        (["url;caption"], "it is all one column, separated by `;`: .csv is read with commas, .tsv with tabs"),
        (["A bird", "https://a.example/1.jpg"],
         "these are values, not names: set `header: false` and `columns: {url: column_2}`"),
        (["url_highres", "uid", "url", "sha256"], "megalith and datacomp and table fit these: name one as `format`"),
    ],
)  # fmt: skip
def test_what_columns_do_not_tell_is_one_clear_error_that_says_what_to_do(names, said):
    assert recognise_format(names) is None
    with pytest.raises(SourceError) as raised:
        read(pl.LazyFrame({name: ["1"] for name in names}), source("auto"), shard())
    assert said in str(raised.value)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("signature", [s for reader in READERS.values() for s in reader.signatures], ids=sorted)
def test_what_is_recognised_can_be_read(signature):
    assert read_as("auto", {name: ["1"] for name in signature}).height == 1


@pytest.mark.parametrize("names", ["image_url caption hash license mime_type", "uid image_url sha256 text"])
def test_a_format_without_the_address_that_it_needs_is_a_table(names):
    assert str(recognise_format(names.split())) == "table, by image_url"


def test_a_tables_names_are_known_regardless_of_case_and_blanks():
    given = {"URL": ["http://a/1"], " Text": ["t"], "WIDTH": [4], "HEIGHT ": [3], "License": [CC0], "NSFW": ["UNSURE"]}
    row = given_values(read_as("auto", given))
    assert (row["url"], row["caption"], row["width"], row["height"]) == ("http://a/1", "t", 4, 3)
    assert (row["license"], row["nsfw"]) == (CC0, "UNSURE")
    assert "extra" not in row


def test_a_name_that_is_exactly_ours_goes_before_one_that_is_like_it():
    row = given_values(read_as("auto", {"URL": ["http://a/1"], "url": ["http://a/2"]}))
    assert (row["url"], row["extra"]) == ("http://a/2", '{"URL":"http://a/1"}')


def test_the_original_size_goes_before_that_of_what_was_made_of_it():
    sizes = {"width": [256], "height": [256], "original_width": [640], "original_height": [480]}
    row = given_values(read_as("auto", {"url": ["http://a/1"], **sizes}))
    assert (row["width"], row["height"], json.loads(row["extra"])) == (640, 480, {"width": 256, "height": 256})


def test_a_source_that_maps_columns_is_a_table_whatever_else_it_looks_like():
    rows = read_as("auto", {"punsafe": [0.5], "link": ["http://a/1"], UNREADABLE: [None]}, columns={"url": "link"})
    assert rows.row(0, named=True)["url"] == "http://a/1"


PD12M = {
    "id": ["one"], "url": ["https://a.example/1.jpeg"], "caption": ["A  bird. "], "width": [640], "height": [480],
    "mime_type": ["image/jpeg"], "hash": [MD5.upper()], "license": [CC0], "source": ["museum"],
}  # fmt: skip


def given_values(rows: pl.DataFrame) -> dict:
    return {name: value for name, value in rows.row(0, named=True).items() if value is not None}


PLACE = {"source": "s", "shard": "s-00000", "source_file": "list/s.parquet", "source_row": 0}


def test_pd12m_has_ids_of_its_own():
    assert given_values(read_as("pd12m", PD12M)) == PLACE | {
        "id": "one", "url": "https://a.example/1.jpeg", "url_key": "https://a.example/1.jpeg", "caption": "A  bird. ",
        "width": 640, "height": 480, "mime_type": "image/jpeg", "md5": MD5, "license": CC0, "license_from": "row",
        "extra": '{"source":"museum"}',
    }  # fmt: skip


def test_pd12m_early_files_have_other_names():
    early = {"s3_key": ["images/1.jpeg"], "md5_hash": [MD5], "license_type": [CC0]}
    row = read_as("pd12m", early).row(0, named=True)
    assert row["url"] == "https://pd12m.s3.us-west-2.amazonaws.com/images/1.jpeg"
    assert (row["md5"], row["license"]) == (MD5, CC0)
    broken = pl.DataFrame(early).with_columns(s3_key=pl.lit(b"images/\xff.jpeg"))
    assert read_as("pd12m", broken)["reject_reason"].to_list() == ["bad_url"]


def test_megalith_takes_all_that_flickrs_addresses_tell():
    rows = read_as(
        "megalith",
        {
            "url_highres": [
                "https://live.staticflickr.com/65535/123_0af_b.jpg", "https://a.example/x_b.jpg",
                "https://live.staticflickr.com/7/8_0af_k.jpg", "https://live.staticflickr.com/7/9_0af.jpg",
            ],
            "url_source": [
                "https://www.flickr.com/photos/4@N00/123/", "https://flickr.com.evil.example/photos/b/1", None,
                "https://flickr.com/photos/ann/9",
            ],
        },
        license=CC0,
    )  # fmt: skip
    small = ["https://live.staticflickr.com/65535/123_0af_m.jpg", "https://live.staticflickr.com/7/9_0af_m.jpg"]
    assert rows["preview_url"].to_list() == [small[0], None, None, small[1]]
    assert rows["account"].to_list() == ["4@N00", None, None, "ann"]
    assert rows["creator_url"].to_list()[0] == "https://www.flickr.com/people/4@N00/"
    assert rows["landing_url"].to_list()[0] == "https://www.flickr.com/photos/4@N00/123/"
    assert rows["license_from"].to_list() == ["catalog"] * 4
    assert json.loads(rows["extra"][0]) == {
        "flickr_server": "65535", "flickr_photo_id": "123", "flickr_secret": "0af"
    }  # fmt: skip


def test_laion400m_states_a_licence_for_few_rows():
    row = given_values(
        read_as(
            "laion400m",
            {"SAMPLE_ID": [7.0], "URL": ["http://a/1"], "TEXT": ["t"], "HEIGHT": [300], "WIDTH": [400],
             "LICENSE": ["?"], "NSFW": ["UNLIKELY"], "similarity": [0.31]},
        )
    )  # fmt: skip
    del row["id"]
    assert row == PLACE | {
        "url": "http://a/1", "url_key": "http://a/1", "caption": "t", "width": 400, "height": 300,
        "similarity": 0.31, "nsfw": "UNLIKELY", "extra": '{"SAMPLE_ID":7.0}',
    }  # fmt: skip


@pytest.mark.parametrize("kind", [pl.String, pl.Binary])
def test_the_catalogs_licence_only_fills_in_for_rows_that_state_none(kind):
    urls = [f"http://a/{n}" for n in range(4)]
    stated = pl.DataFrame({"URL": urls, "LICENSE": ["?", "CC BY 4.0", " ", None]}).with_columns(
        pl.col("LICENSE").cast(kind)
    )
    rows = read_as("laion400m", stated, license=CC0)
    assert rows["license"].to_list() == [CC0, "CC BY 4.0", CC0, CC0]
    assert rows["license_from"].to_list() == ["catalog", "row", "catalog", "catalog"]


@pytest.mark.parametrize(
    "columns",
    [
        {"URL": ["http://a/1"], "TEXT": ["t"], "WIDTH": [400.0], "HEIGHT": [300.0], "similarity": [0.31],
         "hash": [-5], "punsafe": [0.2], "pwatermark": [0.1], "aesthetic": [6.5]},
        {"url": ["http://a/1"], "caption": ["t"], "width": ["400"], "height": ["300"], "similarity": ["0.31"],
         "punsafe": ["0.2"], "pwatermark": [0.1], "AESTHETIC_SCORE": [6.5], "hash": [-5]},
        {"URL": ["http://a/1"], "TEXT": ["t"], "WIDTH": [400], "HEIGHT": [300], "similarity": [0.31],
         "PUNSAFE": [0.2], "PWATERMARK": [0.1], "aesthetic_score_laion_v2": [6.5], "hash": [-5]},
    ],
)  # fmt: skip
def test_laion_aesthetics_is_read_in_all_its_spellings(columns):
    row = given_values(read_as("laion-aesthetics", columns))
    assert (row["url"], row["caption"], row["width"], row["height"]) == ("http://a/1", "t", 400, 300)
    assert (row["similarity"], row["punsafe"], row["pwatermark"], row["aesthetic"]) == (0.31, 0.2, 0.1, 6.5)
    assert "md5" not in row
    assert json.loads(row["extra"]) == {"hash": -5}


def test_datacomp_promises_sha256s():
    given = {
        "uid": ["ab"], "url": ["http://a/1"], "text": ["t"], "original_width": [640], "original_height": [480],
        "clip_b32_similarity_score": [0.2], "clip_l14_similarity_score": [0.3],
        "face_bboxes": [[[0.1, 0.2, 0.3, 0.4]]], "sha256": [SHA256],
    }  # fmt: skip
    row = given_values(read_as("datacomp", given))
    assert (row["id"], row["caption"], row["width"], row["similarity"]) == ("ab", "t", 640, 0.3)
    assert row["declared_sha256"] == SHA256
    assert json.loads(row["extra"]) == {"clip_b32_similarity_score": 0.2, "face_bboxes": [[0.1, 0.2, 0.3, 0.4]]}
    del given["clip_l14_similarity_score"]
    assert given_values(read_as("datacomp", given))["similarity"] == 0.2


def test_any_table_is_mapped_by_the_catalog():
    rows = read_as(
        "table",
        {"picture": ["http://a/1"], "caption": ["ours already"], "title": ["Bird"], "who": ["Ann"], "w": [5],
         "about": ["A bird sits."], "sum": [SHA256], "left": [True]},
        columns={"url": "picture", "creator": "who", "width": "w", "description": "about", "declared_sha256": "sum"},
    )  # fmt: skip
    row = given_values(rows)
    assert (row["url"], row["caption"], row["creator"], row["width"]) == ("http://a/1", "ours already", "Ann", 5)
    assert (row["title"], row["description"], row["declared_sha256"]) == ("Bird", "A bird sits.", SHA256)
    assert json.loads(row["extra"]) == {"left": True}


@pytest.mark.parametrize(
    ("fmt", "columns", "settings", "message"),
    [
        ("pd12m", ["link"], {}, "list/s.parquet: column `url`: expected one of url, s3_key; the file has link"),
        ("pd12m", ["url", "licence"], {},
         "column `license`: expected one of license, license_type; the file has url, licence, of which licence is nea"),
        ("megalith", ["url"], {}, "column `url_highres`: expected url_highres; the file has url"),
        ("laion400m", ["TEXT", "Url"], {},
         "column `URL`: expected one of URL, url; the file has TEXT, Url, of which Url is nearest"),
        ("laion5b", [], {}, "column `URL`: expected one of URL, url; the file has no columns"),
        ("datacomp", ["uid"], {}, "column `url`: expected url; the file has uid"),
        ("table", ["url"], {"columns": {"caption": "title"}}, "column `title`: expected title"),
        ("table", ["url"], {"columns": {"shard": "url"}}, "source s: column `shard`: `columns` can map id, url"),
        ("table", [f"c{n}" for n in range(1000)], {}, "c29 and 970 more"),
        ("table", ["\x1b[31m" + "x" * 1000], {}, "the file has [31m" + "x" * 55 + "…"),
    ],
)  # fmt: skip
def test_a_missing_column_is_one_clear_error(fmt, columns, settings, message):
    with pytest.raises(SourceError) as raised:
        read_as(fmt, {name: ["x"] for name in columns}, **settings)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("rom1504+img2dataset/tests/test_files/test_1000.parquet", 1000),
        ("rom1504+img2dataset/tests/test_files/sample_image.parquet", 2),
        ("rom1504+img2dataset/tests/blur_test_files/test_bbox.parquet", 1),
    ],
)
def test_img2datasets_lists_are_tables(path, rows):
    table = read_as("auto", pl.read_parquet(sample(path)))
    assert table.height == rows
    assert table["caption"].null_count() == 0
    assert set(table["reject_reason"]) <= {None, "repeated_id"}


def test_openverses_flickr_export_is_a_table_that_the_catalog_maps():
    file = sample(f"{OPENVERSE}/flickr_1557512401.tsv")
    given = pl.read_csv(file, separator="\t", has_header=False, quote_char=None, infer_schema=False, null_values="\\N")
    given.columns = [f"column_{number}" for number in range(1, given.width + 1)]
    columns = {
        "id": "column_1", "landing_url": "column_2", "url": "column_3", "preview_url": "column_4", "width": "column_5",
        "height": "column_6", "license": "column_8", "creator": "column_10", "creator_url": "column_11",
        "title": "column_12",
    }  # fmt: skip
    table = read_as("table", given, columns=columns)
    assert table.height == 637
    assert set(table["reject_reason"]) <= {None, "repeated_id"}
    assert table["license"].str.to_lowercase().str.contains("^(by|cc0|pdm)").all()
    assert "description" in json.loads(json.loads(table["extra"][0])["column_13"])
