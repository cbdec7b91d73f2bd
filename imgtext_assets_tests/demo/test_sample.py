"""Every row of the sample has an end that the stages know, and its planted cases are what they are called."""

import hashlib
import io
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import imagehash
import numpy as np
import polars as pl
import pytest
from PIL import Image

from imgtext_assets import tables
from imgtext_assets.catalog import DuplicatePolicy, ResolutionPolicy
from imgtext_assets.demo import Page, Sample, build_sample
from imgtext_assets.demo.sample import EXPECTED

BASE = "http://127.0.0.1:8377"


@pytest.fixture(scope="module")
def sample() -> Sample:
    return build_sample(BASE)


def page_at(sample: Sample, url: str) -> Page | None:
    page = sample.pages.get(unquote(urlsplit(url).path))
    return sample.pages.get(page.redirect) if page is not None and page.redirect else page


def picture_at(sample: Sample, url: str) -> Image.Image:
    page = page_at(sample, url)
    assert page is not None
    return Image.open(io.BytesIO(page.content()))


def phash(image: Image.Image) -> np.ndarray:
    return np.asarray(imagehash.phash(image).hash).ravel()


def rows(sample: Sample, **wanted: str | None) -> list[dict[str, str]]:
    equal = [pl.col(name).eq_missing(pl.lit(value, pl.String)) for name, value in wanted.items()]
    return sample.expected.filter(equal).to_dicts()


def row(sample: Sample, source: str, case: str) -> dict[str, str]:
    [found] = rows(sample, source=source, case=case)
    return found


def test_about_200_rows_and_an_end_for_each(sample: Sample) -> None:
    assert 190 <= sample.expected.height <= 220
    assert sample.expected.schema == EXPECTED
    named = sample.expected.drop_nulls("url")
    assert not named.select("source", "url").is_duplicated().any()
    assert set(sample.expected.filter(pl.col("url").is_null())["reason"]) == {"unreadable_row"}


def test_every_end_is_one_that_the_stages_know(sample: Sample) -> None:
    for stage, reason in sample.expected.select("stage", "reason").unique().iter_rows():
        assert reason in tables.REASONS[stage] or (stage, reason) == ("verified", None)


def test_most_reasons_are_planted(sample: Sample) -> None:
    known = {(stage, reason) for stage, reasons in tables.REASONS.items() for reason in reasons}
    planted = set(sample.expected.select("stage", "reason").iter_rows())
    by_request = {(stage, reason) for stage, reason in known if reason == "removed"}
    needs_more_than_http = {
        ("downloaded", reason)
        for reason in ("dns", "tls", "timeout", "refused", "reset", "unreachable", "bad_response", "too_large")
    }
    needs_long = {("downloaded", reason) for reason in ("throttled", "parked", "budget_spent")}
    needs_time = {("downloaded", "changed")}
    needs_many_links = {("deduplicated", "placeholder"), ("verified", "placeholder")}
    needs_two_shards = {("deduplicated", "same_id")}
    by_policy = {
        (stage, reason)
        for stage, reason in known
        if reason.startswith("caption_") or reason in ("animated", "re_encoded", "excluded", "mirrored")
    }
    others = (
        by_request | needs_more_than_http | needs_long | needs_time | needs_many_links | needs_two_shards | by_policy
    )
    assert known - planted == others


def test_it_is_the_same_each_time(sample: Sample) -> None:
    again = build_sample(BASE)
    assert again.pages == sample.pages
    assert again.expected.equals(sample.expected)
    assert all(frame.equals(sample.metadata[name]) for name, frame in again.metadata.items())
    assert again.texts == sample.texts


def test_verified_rows_are_large_whole_pictures(sample: Sample) -> None:
    policy = ResolutionPolicy()
    for found in rows(sample, stage="verified", reason=None):
        image = picture_at(sample, found["url"])
        image.load()
        assert min(image.size) >= min(policy.min_width, policy.min_height), found
        assert policy.max_aspect_ratio is not None
        assert max(image.size) / min(image.size) <= policy.max_aspect_ratio, found


def test_verified_pictures_are_no_near_duplicates(sample: Sample) -> None:
    found = [r for r in rows(sample, stage="verified", reason=None) if r["case"] != "flat"]
    hashes = np.array([phash(picture_at(sample, r["url"])) for r in found])
    distances = (hashes[:, None] != hashes[None]).sum(axis=2) + 64 * np.eye(len(hashes), dtype=int)
    assert distances.min() > 2 * DuplicatePolicy().radius


@pytest.mark.parametrize(
    ("source", "case", "row_of_original"),
    [
        ("pd12m", "recompressed", 2),
        ("pd12m", "resized", 3),
        ("megalith", "recompressed", 4),
        ("laion400m", "resized", 7),
        ("datacomp", "resized", 13),
    ],
)
def test_near_duplicates_are_near_and_not_the_same(
    sample: Sample, source: str, case: str, row_of_original: int
) -> None:
    original = sample.expected["url"][row_of_original]
    urls = [row(sample, source, case)["url"]]
    if source == "megalith":
        urls.append(urls[0].replace("_b.jpg", "_m.jpg"))  # the preview is what is hashed
    for url in urls:
        copy = page_at(sample, url)
        assert copy != page_at(sample, original)
        distance = (phash(picture_at(sample, url)) != phash(picture_at(sample, original))).sum()
        assert distance <= DuplicatePolicy().radius


def test_of_two_sizes_the_larger_one_is_kept(sample: Sample) -> None:
    smaller, larger = (row(sample, "pd12m", case) for case in ("smaller_copy", "larger_copy"))
    images = [picture_at(sample, found["url"]) for found in (smaller, larger)]
    assert images[0].width * 2 == images[1].width
    assert (phash(images[0]) != phash(images[1])).sum() <= DuplicatePolicy().radius
    assert (smaller["reason"], larger["reason"]) == ("near_duplicate", None)


def test_same_bytes_and_same_addresses_are_so(sample: Sample) -> None:
    first = sample.metadata["metadata/pd12m/pd12m.000.parquet"]["url"]
    for source, of_bytes, of_url in (("pd12m", 0, 1), ("laion400m", 6, 5), ("aesthetics", 10, 8)):
        assert page_at(sample, row(sample, source, "same_bytes")["url"]) == page_at(sample, first[of_bytes])
        again = row(sample, source, "same_url")["url"]
        assert again != first[of_url]
        assert again.replace("HTTP:", "http:").partition("#again")[0] == first[of_url]


def test_of_equal_rows_of_pd12m_the_earlier_has_the_lower_id(sample: Sample) -> None:
    ids = pl.concat(frame.select("id") for name, frame in sample.metadata.items() if "pd12m" in name)["id"]
    assert ids.is_sorted()
    assert ids.len() - ids.n_unique() == 1  # the repeated id


def test_declared_md5s_are_true_but_for_the_planted_one(sample: Sample) -> None:
    today, early = [], []
    for name, frame in sample.metadata.items():
        if "pd12m" in name:
            (early if "md5_hash" in frame.columns else today).append(frame)
    spelled = [frame.select("url", "hash") for frame in today] + [f.select("url", hash="md5_hash") for f in early]
    declared = dict(pl.concat(spelled).iter_rows())
    for found in [*rows(sample, source="pd12m", reason=None), *rows(sample, source="pd12m", reason="md5_mismatch")]:
        page = page_at(sample, found["url"])
        assert page is not None
        measured = hashlib.md5(page.content(), usedforsecurity=False).hexdigest()
        assert (declared[found["url"]] == measured) == (found["case"] != "md5_mismatch")


def test_declared_sha256s_are_true_but_for_the_planted_one(sample: Sample) -> None:
    listed = sample.metadata["metadata/datacomp/datacomp.000.parquet"]
    for url, declared in listed.select("url", "sha256").iter_rows():
        page = page_at(sample, url)
        assert page is not None
        assert (hashlib.sha256(page.content()).hexdigest() == declared) == ("sha256_mismatch" not in url)


def test_the_file_that_forbids_training_says_so_and_the_one_that_allows_it_too(sample: Sample) -> None:
    said = {}
    for case in ("data_mining_prohibited", "data_mining_allowed"):
        packet = ElementTree.fromstring(picture_at(sample, row(sample, "pd12m", case)["url"]).info["xmp"])
        values = [element.get("{http://ns.useplus.org/ldf/xmp/1.0/}DataMining") for element in packet.iter()]
        said[case] = [value for value in values if value]
    vocabulary = "http://ns.useplus.org/ldf/vocab/DMI-"
    assert said == {
        "data_mining_prohibited": [f"{vocabulary}PROHIBITED-AIMLTRAINING"],
        "data_mining_allowed": [f"{vocabulary}ALLOWED"],
    }


def test_pictures_that_break_off_do_not_decode(sample: Sample) -> None:
    for found in rows(sample, reason="damaged"):
        with pytest.raises(OSError, match="truncated"):
            picture_at(sample, found["url"]).load()


def test_the_pixel_bomb_is_small_and_opens_large(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    url = row(sample, "pd12m", "pixel_bomb")["url"]
    page, image = page_at(sample, url), picture_at(sample, url)
    assert page is not None
    assert image.width * image.height > 100_000_000
    assert len(page.content()) < 1_000_000


def test_megalith_offers_previews_of_240_pixels_but_for_some(sample: Sample) -> None:
    urls = [r["url"] for r in rows(sample, source="megalith", reason=None)]
    previews = [page_at(sample, url.replace("_b.jpg", "_m.jpg")) for url in urls]
    assert previews.count(None) == len(rows(sample, source="megalith", case="no_preview")) == 2
    for page in previews:
        assert page is None or max(Image.open(io.BytesIO(page.content())).size) == 240
