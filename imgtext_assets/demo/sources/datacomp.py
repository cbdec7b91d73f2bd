"""DataComp's schema (https://huggingface.co/datasets/mlfoundations/datacomp_pools)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import polars as pl

from imgtext_assets.demo.altered import resized
from imgtext_assets.demo.cases import Link, ordinary, published
from imgtext_assets.demo.consent import consent_cases
from imgtext_assets.demo.pictures import Picture
from imgtext_assets.demo.sources.listing import ListFile, Row, SourceList, folder_of, table

ORDINARY_FOLDER = "/uploads"
SCHEMA = pl.Schema(
    {
        "uid": pl.String,
        "url": pl.String,
        "text": pl.String,
        "original_width": pl.Int64,
        "original_height": pl.Int64,
        "clip_b32_similarity_score": pl.Float64,
        "clip_l14_similarity_score": pl.Float64,
        "face_bboxes": pl.List(pl.List(pl.Float64)),
        "sha256": pl.String,
    }
)


def datacomp(pictures: Iterator[Picture], first: Sequence[Link]) -> SourceList:
    """One file of pictures that are CC0, as the catalog says of the whole list; one row repeats PD12M's first file."""
    rows = [
        *ordinary(pictures, 4),
        replace(published("sha256_mismatch", next(pictures)), sha256="0" * 64).ends("verified", "sha256_mismatch"),
        resized(first[13], 0.75),
        *consent_cases(pictures, "tdm_reserved_by_header", "tdm_not_reserved"),
    ]
    return SourceList([ListFile(rows, partial(table, SCHEMA, _record))], _path)


def _path(link: Link, _: str, number: int) -> str:
    return f"{folder_of(link, ORDINARY_FOLDER, f'/wp-content/{number}')}/{link.file}"


def _record(row: Row) -> tuple[object, ...]:
    link = row.link
    uid = hashlib.md5(row.url.encode(), usedforsecurity=False).hexdigest()
    faces = [[0.25, 0.25, 0.5, 0.5]] if "Astronaut" in (link.caption or "") else []
    scores = (link.similarity, round(link.similarity - 0.05, 2))
    return uid, row.url, link.caption, *row.size, *scores, faces, link.declared_sha256
