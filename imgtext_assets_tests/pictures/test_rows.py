"""From names of bytes to frames: fingerprints and inspections, whatever became of the workers."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from typing import Literal

import imagehash
import PIL
import polars as pl
import pytest
from PIL import Image

from imgtext_assets.engine import Failed, LocalEngine
from imgtext_assets.pictures.inspect import INSPECTIONS
from imgtext_assets.pictures.rows import (
    PRINTS,
    EngineError,
    blob_contact_sheet,
    blob_fingerprint,
    blob_inspection,
    fingerprint_frame,
    inspection_frame,
    with_fingerprints,
)
from imgtext_assets.tables import FETCHES, FINGERPRINTS, LICENSE_FILTERED
from imgtext_assets_tests.pictures.files import SETTINGS, encode, photograph

JPEG = encode(photograph())
STORE = {"picture": JPEG, "small": encode(photograph().resize((240, 240))), "text": b"<html>", "half": JPEG[:5_000]}


class Reports:
    """What progress was told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.told.append((done, total))


def prints(*names: str) -> pl.DataFrame:
    results = (blob_fingerprint(name, STORE.__getitem__, SETTINGS) for name in names)
    return fingerprint_frame(names, results, Reports())


def test_what_decodes_has_a_fingerprint_and_the_rest_is_absent() -> None:
    made = prints(*STORE)
    assert made.schema == PRINTS
    assert made["fingerprint_sha256"].to_list() == ["picture", "small"]
    assert made["phash"][0] == int(str(imagehash.phash(Image.open(io.BytesIO(JPEG)))), 16)
    assert made["fingerprint_pixels"].to_list() == [512 * 512, 240 * 240]
    assert made["fingerprint_by"].to_list() == [f"Pillow {PIL.__version__}"] * 2


def test_hashes_are_by_the_pillow_of_the_worker_that_took_them() -> None:
    """A worker on another machine may have another version than the process that writes the table."""
    seen = blob_fingerprint("picture", STORE.__getitem__, SETTINGS)
    assert seen is not None
    made = fingerprint_frame(["picture"], [replace(seen, by="Pillow 11.0.0")], Reports())
    assert made["fingerprint_by"].to_list() == ["Pillow 11.0.0"]


def test_every_file_is_inspected() -> None:
    results = [blob_inspection(name, STORE.__getitem__, SETTINGS) for name in STORE]
    made = inspection_frame(list(STORE), results, Reports())
    assert made.schema == INSPECTIONS
    assert dict(made.select("sha256", "reason").iter_rows()) == {
        "picture": None,
        "small": None,
        "text": "not_image",
        "half": "damaged",
    }


def test_a_worker_is_warm_before_its_limits_hold() -> None:
    """Else the first picture's time and memory would be spent on machine code."""
    with LocalEngine(1, memory=2**24, cpu_seconds=0.2) as engine:
        assert list(engine.map(is_warm, [None])) == [True]


def is_warm(_: None) -> bool:
    return "imgtext_assets.pictures.kernels" in sys.modules


def test_what_a_file_says_of_rights_is_in_its_row() -> None:
    exif = Image.Exif()
    exif[0x8298] = "Jo"
    seen = blob_inspection("said", {"said": encode(photograph(), exif=exif)}.__getitem__, SETTINGS)
    made = inspection_frame(["said"], [seen], Reports())
    assert made.select("claim", "file_license", "data_mining").row(0) == ("copyright: Jo", None, None)


@pytest.mark.parametrize("kind", ["timeout", "memory", "crash"])
def test_a_worker_that_a_limit_ended_costs_only_its_picture(kind: Literal["timeout", "memory", "crash"]) -> None:
    ended = Failed(kind, "it was killed")
    made = inspection_frame(["a"], [ended], Reports())
    assert made.select("sha256", "reason", "detail").row(0) == ("a", "decode_limit", f"{kind}: it was killed")
    assert fingerprint_frame(["a"], [ended], Reports()).is_empty()


def test_a_bug_or_a_lake_that_cannot_be_read_is_loud() -> None:
    for frame in (fingerprint_frame, inspection_frame):
        with pytest.raises(EngineError, match="a: no such file"):
            frame(["a"], [Failed("error", "no such file")], Reports())


def test_progress_is_told_of_each_picture() -> None:
    report = Reports()
    inspection_frame(["text"] * 3, [blob_inspection("text", STORE.__getitem__, SETTINGS)] * 3, report)
    assert report.told == [(1, 3), (2, 3), (3, 3)]


def test_a_contact_sheet_is_a_small_jpeg() -> None:
    sheet = blob_contact_sheet(["picture", "small"], STORE.__getitem__, SETTINGS)
    assert sheet.startswith(b"\xff\xd8")
    assert len(sheet) < 20_000


def answers(**outcomes: str) -> pl.LazyFrame:
    """Answers by address: the SHA-256 that it gave, or, with a minus, why it gave none."""
    rows = [
        {
            "url_key": f"https://x.example/{key}",
            "outcome": given.removeprefix("-") if given[0] == "-" else "ok",
            "sha256": None if given[0] == "-" else given,
        }
        for key, given in outcomes.items()
    ]
    return FETCHES.conform(pl.LazyFrame(rows))


def rows(*pairs: tuple[str | None, str | None]) -> pl.LazyFrame:
    """Rows of (address, preview's address)."""
    full = [tuple(f"https://x.example/{key}" if key else None for key in pair) for pair in pairs]
    given = {
        "id": [str(n) for n in range(len(pairs))],
        "url_key": [a for a, _ in full],
        "preview_url": [b for _, b in full],
    }
    return LICENSE_FILTERED.conform(pl.LazyFrame(given))


def test_a_row_gets_the_hashes_of_its_preview_else_of_its_picture() -> None:
    made = with_fingerprints(
        rows(("a", None), ("b", "b_m"), ("c", "c_m"), ("d", "d_m"), ("a", None)),
        answers(a="picture", b_m="small", c_m="-not_found", c="picture", d_m="-dns", d="-timeout"),
        prints("picture", "small").lazy(),
    ).collect()
    assert made.schema == FINGERPRINTS.schema
    assert made["id"].to_list() == ["0", "1", "2", "3", "4"]
    assert made["fingerprint_of"].to_list() == ["original", "preview", "original", None, "original"]
    assert made["fingerprint_sha256"].to_list() == ["picture", "small", "picture", None, "picture"]
    assert made["phash"].is_null().to_list() == [False, False, False, True, False]
    assert made["fingerprint_by"].is_not_null().to_list() == [True, True, True, False, True]
    assert made["reject_reason"].is_null().all()


def test_bytes_that_are_no_picture_give_no_hashes_and_hide_none() -> None:
    made = with_fingerprints(
        rows(("a", None), ("b", "b_m")), answers(a="text", b="picture", b_m="text"), prints("text", "picture").lazy()
    ).collect()
    assert made["fingerprint_of"].to_list() == [None, "original"]
    assert made["fingerprint_sha256"].to_list() == [None, "picture"]
