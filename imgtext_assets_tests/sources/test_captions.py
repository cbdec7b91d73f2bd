"""Caption rules: which captions a policy rejects, for which reason, and that it does nothing else."""

from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.catalog import CaptionPolicy
from imgtext_assets.sources.captions import LEAST_REPEATS, SHOWN, caption_rules, is_file_name, readable

EVERYTHING = CaptionPolicy(
    min_characters=5, reject_file_names=True, reject_digits=True, boilerplate_share=0.1, languages=["en"]
)


def judged(captions: Sequence[str | None], **policy) -> pl.DataFrame:
    frame = pl.LazyFrame({"caption": captions}, schema={"caption": pl.String})
    return tables.reject(frame, caption_rules(CaptionPolicy(**policy))).collect()


def reasons(captions: Sequence[str | None], **policy) -> list[str | None]:
    return judged(captions, **policy)["reject_reason"].to_list()


def test_a_policy_that_asks_nothing_has_no_rules():
    assert caption_rules(CaptionPolicy()) == []


@pytest.mark.parametrize(
    ("caption", "short"),
    [
        ("a bird", False), ("birds", False), ("bird", True), ("  bird  ", True), ("b\n\n\nd", True), ("", True),
        (None, True), ("\x00bird", True), ("b\u202e\u200f\u200bird", True), ("雪の中の狐", False), ("é" * 5, False),
    ],
)  # fmt: skip
def test_characters_are_counted_without_padding_and_what_cannot_be_seen(caption, short):
    assert reasons([caption], min_characters=5) == ["caption_too_short" if short else None]


FILE_NAMES = [
    "DSC_0031.jpg", "dsc_0031", "DSC 0031", "DSC0031.JPG", "DSCN1234", "DSCF0001.RAF", "P1010231.JPG", "_MG_1234",
    "IMG_1234.HEIC", "IMG-20190101-WA0003", "IMG_20190101_123456", "IMG 1234 (1)", "IMG_1234-scaled", "100_1234",
    "IMG_1234-1024x768", "DSC_0031 copy.jpg", "L1000123", "GOPR0123", "FB_IMG_1515151515151", "20190101_123456",
    "PXL_20210101_123456789.MP", "Screenshot_20190101-100000", "Screenshot 2019-01-01 at 10.00.png",
    "Screen Shot 2019-01-01 at 10.00.00 AM", "Bildschirmfoto 2019-01-01 um 10.00.00", "image001", "image001.png",
    "WhatsApp Image 2019-01-01 at 10.00.00.jpeg", "2019-01-01 10.00.00.jpg", "Image 3.png", "image (3).png",
    "Untitled-1", "photo.jpeg", "sunset-over-the-lake.webp", "桜の写真.jpg", "C:\\photos\\a.jpg", "http://example.com/a/b.png",
    "123e4567-e89b-12d3-a456-426614174000", "d41d8cd98f00b204e9800998ecf8427e", "12345678901_0123456789_o",
]  # fmt: skip
NO_FILE_NAMES = [
    "", "A bird on a branch", "See DSC_0031.jpg", "DSC_0031.jpg is the best of them", "Sunset in Rome.jpg", "EXPO1958",
    "Roma1960", "Apollo 11", "Boeing 747", "Photo 3", "image of a dog", "photo", "deadbeef", "Pano 360", "Plate 12",
    "Canon EOS 5D", "Title page, 1815", "D-Day 1944", "Download our brochure", "Kodak", "Screenshot of a game", "IMG",
    "www.example.com", "A photo.jpeg in a sentence", "Interstate 95 at night",
]  # fmt: skip


@pytest.mark.parametrize("caption", FILE_NAMES)
def test_names_of_files_are_recognised(caption):
    assert reasons([caption], reject_file_names=True) == ["caption_file_name"]


@pytest.mark.parametrize("caption", NO_FILE_NAMES)
def test_sentences_and_titles_are_no_names_of_files(caption):
    assert reasons([caption], reject_file_names=True) == [None]


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", min_size=3, max_size=3), st.integers(1, 9999))
def test_every_name_that_dcf_allows_is_one_where_a_digit_or_underscore_tells_it_from_a_word(free, number):
    assert pl.select(is_file_name(pl.lit(f"{free}_{number:04}"))).item()


@pytest.mark.parametrize("caption", ["2019-05-01", "#123", "1/2", "", None, "...", "١٢٣", "12 €", "🦊🦊", "Ⅷ"])
def test_captions_without_letters_are_digits(caption):
    assert reasons([caption], reject_digits=True) == ["caption_digits"]


@pytest.mark.parametrize("caption", ["a", "狐 2", "№ 5a", "Ω", "1st", "д"])
def test_a_letter_of_any_script_is_one(caption):
    assert reasons([caption], reject_digits=True) == [None]


OTHERS = ["a bird", "a fox", "a cat", "a dog", "a cow", "an ox", "an ape", "a hen", "an owl", "a bat"]


def test_boilerplate_is_the_same_but_for_case_blanks_and_numbers():
    product = [f"{'Product' if i % 2 else 'PRODUCT '} {i} image\n" for i in range(LEAST_REPEATS)]
    found = judged([*product, *OTHERS], boilerplate_share=0.4)
    assert found["reject_reason"].to_list() == ["caption_boilerplate"] * len(product) + [None] * len(OTHERS)
    assert found["reject_detail"][1] == "10 of 20 rows have it: Product 1 image"


def test_the_share_itself_is_still_allowed():
    captions = ["the same"] * LEAST_REPEATS + OTHERS
    assert reasons(captions, boilerplate_share=0.5) == [None] * 20
    assert reasons(captions, boilerplate_share=0.49)[0] == "caption_boilerplate"


def test_a_small_shard_is_not_emptied():
    assert reasons(["the same"] * (LEAST_REPEATS - 1), boilerplate_share=0.01) == [None] * (LEAST_REPEATS - 1)


def test_numbers_and_missing_captions_are_no_boilerplate():
    assert set(reasons(["1", "2", None, ""] * LEAST_REPEATS, boilerplate_share=0.01)) == {None}


def test_the_first_reason_is_given():
    captions = ["1", "DSC_0031.jpg", "2019-05-01", "Ein roter Fuchs im Schnee", "A red fox in the snow"]
    expected = ["caption_too_short", "caption_file_name", "caption_digits", "caption_language", None]
    assert reasons(captions, **EVERYTHING.model_dump()) == expected


hostile = st.text(max_size=30) | st.sampled_from([
    *FILE_NAMES, *NO_FILE_NAMES, "\x00\x1b[31m", "\u202egpj.exe", "\u200d" * 50, "🏳️‍🌈", "\ufeff", "a" * 300,
    "Das ist ein Haus",
])  # fmt: skip
shards = st.lists(st.none() | hostile | st.just("the same again"), max_size=40)


@given(shards, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_verdict(captions, random):
    frame = pl.DataFrame(
        {"caption": captions, "id": range(len(captions))}, schema={"caption": pl.String, "id": pl.Int64}
    )
    order = list(range(len(captions)))
    random.shuffle(order)
    rules = caption_rules(EVERYTHING)
    once, again = (tables.reject(f.lazy(), rules).collect() for f in (frame, frame[order]))
    assert again.sort("id").equals(once)


@given(shards)
def test_rows_and_other_columns_stay_as_they_are(captions):
    frame = pl.DataFrame({"caption": captions, "url": captions}, schema={"caption": pl.String, "url": pl.String})
    for engine in ("in-memory", "streaming"):
        after = tables.reject(frame.lazy(), caption_rules(EVERYTHING)).collect(engine=engine)
        assert after.select(frame.columns).equals(frame)
        assert set(after["reject_reason"]) <= {None, *tables.REASONS["license_filtered"]}
        assert after.filter(pl.col("reject_detail").is_null() != pl.col("reject_reason").is_null()).is_empty()
        assert after.filter(pl.col("reject_detail").str.len_chars() > SHOWN).is_empty()


@pytest.mark.parametrize(
    "caption",
    [
        "a" * 100_000, "a b" * 33_000, "IMG_1" * 20_000, "1" * 100_000, "DSC_0031" + " at" * 33_000,
        "0" * 99_996 + ".jpx", "\u202e" * 100_000, "\x00" * 100_000, " " * 100_000, "é" * 50_000, "._-" * 33_000,
    ],
)  # fmt: skip
def test_a_huge_caption_is_judged_like_any_other(caption):
    (detail,) = judged([caption], **EVERYTHING.model_dump())["reject_detail"]
    assert detail is None or len(detail) <= SHOWN


@given(st.text())
def test_what_is_read_is_one_line_that_can_be_seen(caption):
    text = pl.select(readable(pl.lit(caption))).item()
    assert text == text.strip()
    assert not any(c in text for c in "\x00\n\r\t\u202e\u200b\ufeff")
    assert pl.select(readable(pl.lit(text))).item() == text
