"""The sample's lists are in published schemas or in schemas of their own, and its catalog reads and judges them all."""

import csv
import hashlib
import io
import json
from pathlib import Path

import polars as pl
import pytest
from protego import Protego

from imgtext_assets.catalog import Catalog, load_catalog
from imgtext_assets.demo import Sample, build_sample
from imgtext_assets.demo.consent import DISALLOWED_FOLDER, OPTED_OUT_ADDRESS, OPTED_OUT_DOMAIN, RESERVED_FOLDER
from imgtext_assets.demo.sources import ORDINARY_FOLDERS
from imgtext_assets.demo.sources.datacomp import SCHEMA as DATACOMP
from imgtext_assets.demo.sources.laion import AESTHETICS, LAION400M
from imgtext_assets.demo.sources.megalith import EXCLUDED_ACCOUNT
from imgtext_assets.demo.sources.megalith import SCHEMA as MEGALITH
from imgtext_assets.demo.sources.pd12m import EARLY_SCHEMA
from imgtext_assets.demo.sources.pd12m import SCHEMA as PD12M

BASE = "http://127.0.0.1:8377"
DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def sample() -> Sample:
    return build_sample(BASE)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(DATA / "catalog.yaml")


def test_five_published_schemas(sample: Sample) -> None:
    schemas = {name: frame.schema for name, frame in sample.metadata.items()}
    assert schemas == {
        "metadata/pd12m/pd12m.000.parquet": PD12M,
        "metadata/pd12m/pd12m.001.parquet": PD12M,
        "metadata/pd12m/pd12m.002.parquet": EARLY_SCHEMA,
        "metadata/megalith/megalith.000.parquet": MEGALITH,
        "metadata/laion400m/laion400m.000.parquet": LAION400M,
        "metadata/aesthetics/aesthetics.000.parquet": AESTHETICS,
        "metadata/datacomp/datacomp.000.parquet": DATACOMP,
    }
    assert {"md5_hash", "license_type"} <= set(EARLY_SCHEMA)


def test_every_row_is_listed(sample: Sample) -> None:
    names = ("url", "url_highres", "URL")
    listed = [frame.select(url=pl.coalesce(n for n in names if n in frame)) for frame in sample.metadata.values()]
    urls = [*pl.concat(listed)["url"], *museum_urls(sample), *flickr_urls(sample)]
    assert sorted(urls) == sorted(sample.expected["url"].drop_nulls())


def museum_urls(sample: Sample) -> list[str]:
    return [row["image"] for row in museum_rows(sample) if None not in row]


def museum_rows(sample: Sample) -> list[dict[str | None, str]]:
    """The rows of the CSV file; one that has more fields than there are columns has the key None."""
    text = sample.texts["metadata/museum/museum.000.csv"].decode(errors="replace")
    return list(csv.DictReader(io.StringIO(text)))  # pyright: ignore[reportReturnType] - the key of what is left over


def flickr_urls(sample: Sample) -> list[str]:
    return [row["url_o"] for row in flickr_rows(sample) if row is not None]


def flickr_rows(sample: Sample) -> list[dict[str, str] | None]:
    """The rows of the JSON Lines file; None for a line that is no JSON."""
    return [_json(line) for line in sample.texts["metadata/flickr/flickr.000.jsonl"].decode().splitlines()]


def _json(line: str) -> dict[str, str] | None:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def test_one_line_of_each_text_list_cannot_be_read(sample: Sample) -> None:
    broken = {
        "museum": sum(None in row for row in museum_rows(sample)),
        "flickr": flickr_rows(sample).count(None),
    }
    unreadable = sample.expected.filter(reason="unreadable_row")
    assert broken == {"museum": 1, "flickr": 1} == dict(unreadable.group_by("source").len().iter_rows())


def test_two_captions_are_no_texts(sample: Sample) -> None:
    assert sum("\ufffd" in (row["label"] or "") for row in museum_rows(sample)) == 1
    captions = sample.metadata["metadata/laion400m/laion400m.000.parquet"]["TEXT"]
    assert captions.str.contains("\0", literal=True).sum() == 1
    assert sorted(sample.expected.filter(reason="bad_text")["source"]) == ["laion400m", "museum"]


def test_licences_come_in_words_and_in_numbers(sample: Sample) -> None:
    phrases = {row["rights"] for row in museum_rows(sample)}
    assert {"CC BY 4.0", "Public Domain Mark 1.0", "Gemeinfrei", "http://rightsstatements.org/vocab/NKC/1.0/"} < phrases
    numbers = {row["license"] for row in flickr_rows(sample) if row}
    assert numbers == {"9", "10", "7", "4", "0", None}


def test_the_catalog_reads_all_lists_one_of_them_by_its_columns(sample: Sample, catalog: Catalog) -> None:
    listed = {path.rpartition("sample/")[2] for source in catalog.sources for path in source.paths}
    assert listed == {str(Path(name).with_name(f"*{Path(name).suffix}")) for name in [*sample.metadata, *sample.texts]}
    assert [source.name for source in catalog.sources] == list(ORDINARY_FOLDERS)
    assert [source.name for source in catalog.sources if source.format == "auto"] == ["datacomp"]
    assert catalog.license_policy("museum").allow == ["public-domain", "open-commercial"]


def test_the_catalog_maps_columns_that_the_text_lists_have(sample: Sample, catalog: Catalog) -> None:
    assert set(catalog.source("museum").columns.values()) < set(museum_rows(sample)[0])
    assert set(catalog.source("flickr").columns.values()) < set().union(*filter(None, flickr_rows(sample)))


def test_a_list_without_licences_is_of_pictures_that_have_the_one_in_the_catalog(
    sample: Sample, catalog: Catalog
) -> None:
    """Their ordinary rows are of photographs that scikit-image notes as CC0."""
    free = ("chelsea", "coffee", "retina", "camera", "brick", "grass", "gravel", "cell")
    for source in ("aesthetics", "datacomp"):
        assert catalog.source(source).license == "https://creativecommons.org/publicdomain/zero/1.0/"
        files = [url.rpartition("/")[2] for url in sample.expected.filter(source=source, stage="verified")["url"]]
        assert files != []
        assert all(file.startswith(free) for file in files)


def test_the_decisions_exclude_the_planted_account(sample: Sample, catalog: Catalog) -> None:
    assert catalog.policy.accounts.decisions == str(DATA / "account-decisions.csv")
    decisions = csv.DictReader((DATA / "account-decisions.csv").read_text(encoding="utf-8").splitlines())
    assert {row["account"]: row["verdict"] for row in decisions} == {EXCLUDED_ACCOUNT: "exclude"}
    pages = sample.metadata["metadata/megalith/megalith.000.parquet"]["url_source"]
    excluded = sample.expected.filter(reason="account_excluded").height
    assert pages.str.contains(f"/{EXCLUDED_ACCOUNT}/", literal=True).sum() == excluded > 0


def test_the_opt_out_list_names_an_address_a_domain_and_a_file(sample: Sample, catalog: Catalog) -> None:
    assert catalog.policy.consent.opt_out_lists == [str(DATA / "opt-outs.txt")]
    lines = (DATA / "opt-outs.txt").read_text(encoding="utf-8").splitlines()
    [url] = sample.expected.filter(case="opt_out_list_names_bytes")["url"]
    sha256 = hashlib.sha256(sample.pages[url.removeprefix(BASE)].content()).hexdigest()
    assert [line for line in lines if not line.startswith("#")] == [OPTED_OUT_ADDRESS, OPTED_OUT_DOMAIN, sha256]


def test_robots_txt_closes_one_folder_to_some_robots_only(sample: Sample) -> None:
    robots = Protego.parse(sample.pages["/robots.txt"].content().decode())
    inside, outside = f"{BASE}{DISALLOWED_FOLDER}/a.jpg", f"{BASE}/photos/a.jpg"
    assert [robots.can_fetch(inside, agent) for agent in ("GPTBot", "CCBot", "Googlebot")] == [False, False, True]
    assert all(robots.can_fetch(outside, agent) for agent in ("GPTBot", "CCBot", "Googlebot"))


def test_hosts_reserve_folders_in_which_the_opted_out_pictures_lie(sample: Sample) -> None:
    [rule] = json.loads(sample.pages["/.well-known/tdmrep.json"].content())
    assert rule == {"location": f"{RESERVED_FOLDER}/*", "tdm-reservation": 1}
    for folder, reason in ((DISALLOWED_FOLDER, "robots_disallowed"), (RESERVED_FOLDER, "opted_out")):
        below = sample.expected.filter(pl.col("url").str.starts_with(f"{BASE}{folder}/"))
        assert below.select("stage", "reason").rows() == [("downloaded", reason)]


def test_the_preview_of_a_picture_that_is_disallowed_is_disallowed_too(sample: Sample) -> None:
    [url] = sample.expected.filter(source="megalith", case="robots_txt_disallows")["url"]
    assert url.removeprefix(BASE).replace("_b.jpg", "_m.jpg") in sample.pages
