"""DataComp's schema (CommonPool, DataComp-1B): addresses, texts, CLIP scores and the SHA-256 of each file.

`uid, url, text, original_width, original_height, clip_b32_similarity_score, clip_l14_similarity_score, face_bboxes,
sha256`. From https://github.com/mlfoundations/datacomp and https://huggingface.co/datasets/mlfoundations/datacomp_1b.
`similarity` is the larger model's (ViT-L/14) where it is there; the other score and the faces stay in `extra`.
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.catalog import Source
from imgtext_assets.sources.columns import FileColumns

SIMILARITY = ("clip_l14_similarity_score", "clip_b32_similarity_score")
SIGNATURES = tuple(frozenset({"uid", "url", other}) for other in (*SIMILARITY, "sha256", "face_bboxes"))


def columns(file: FileColumns, _: Source) -> dict[str, pl.Expr]:
    """Our columns from the file's. Raises SourceError where there is no address."""
    file.require("url")
    return {
        "id": file.first("uid"),
        "url": file.first("url"),
        "caption": file.first("text"),
        "width": file.first("original_width"),
        "height": file.first("original_height"),
        "similarity": file.first(*SIMILARITY),
        "declared_sha256": file.first("sha256"),
    }
