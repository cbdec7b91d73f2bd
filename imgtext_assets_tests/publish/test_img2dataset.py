"""A release's metadata is enough for img2dataset to fetch every picture again, and to see that each is the same."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from imgtext_assets.demo import DemoWeb, Page
from imgtext_assets.publish import write_release
from imgtext_assets_tests.clients import run
from imgtext_assets_tests.publish.pictures import Store, picture, pictured
from imgtext_assets_tests.publish.rows import FUNNEL, catalog

if TYPE_CHECKING:
    from imgtext_assets_tests.defs.world import World

pytestmark = pytest.mark.clients


def fetched_again(release: Path, folder: Path, column: str, algorithm: str) -> pl.DataFrame:
    """What img2dataset says of each row of the release, whose hash it verifies; its pictures are in `folder`."""
    options = {
        "url_list": release / "metadata",
        "input_format": "parquet",
        "url_col": "url",
        "caption_col": "caption",
        "verify_hash": json.dumps([column, algorithm]),
        "compute_hash": algorithm,
        "disable_all_reencoding": True,
        "extract_exif": False,
        "output_format": "files",
        "output_folder": folder,
        "processes_count": 1,
        "thread_count": 8,
    }
    # Its pool sometimes does not come to an end once all is written (rom1504/img2dataset issues 74, 289 and 402).
    run("img2dataset", *(f"--{name}={value}" for name, value in options.items()), hung_after=120)
    return pl.read_parquet(folder / "*.parquet")


def test_every_address_of_a_release_is_fetched_again_and_its_bytes_are_the_same(built: World, tmp_path: Path) -> None:
    lake = Path(built.catalog.lake)
    (release,) = (lake / "releases").iterdir()
    rows = pl.read_parquet(release / "metadata/*.parquet")
    said = fetched_again(release, tmp_path / "out", "sha256", "sha256")
    assert set(said.filter(status="success")["url"]) == set(rows["url"])
    assert said.height == rows.height
    files = (tmp_path / "out").glob("*/*.jpg")
    assert sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in files) == sorted(rows["sha256"])


@pytest.mark.parametrize(("column", "algorithm"), [("hash", "md5"), ("sha256", "sha256")])
def test_a_picture_that_became_another_is_told_by_either_hash(tmp_path: Path, column: str, algorithm: str) -> None:
    store = Store()
    with DemoWeb({}) as web:
        urls = [web.url(f"/{number}.jpg") for number in range(5)]
        rows = pictured(store, ["JPEG"] * 5, url=urls, url_key=urls).collect()
        web.pages = {f"/{n}.jpg": Page(store.blobs[sha256]) for n, sha256 in enumerate(rows["sha256"])}
        web.pages["/3.jpg"] = Page(picture(99))
        write_release(tmp_path / "release", rows.lazy(), version="2026.11.0", catalog=catalog(), funnel=FUNNEL)
        said = fetched_again(tmp_path / "release", tmp_path / "out", column, algorithm)
    assert Counter(said["status"]) == {"success": 4, "failed_to_download": 1}
    assert said.filter(pl.col("status") != "success").select("url", "error_message").rows() == [
        (urls[3], "hash mismatch")
    ]
