"""The layout of LAION-400M, as the builder `laion400m` of TensorFlow Datasets reads it.

https://github.com/tensorflow/datasets/blob/v4.9.10/tensorflow_datasets/vision_language/laion400m/laion400m.py is what
each name, type and default here is from. What belongs here: that layout. What does not: pairs (`pairs`).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from imgtext_assets.publish.pairs import Pictures, write_pairs
from imgtext_assets.publish.webdataset import Report, parts

DIMENSIONS = 512
"""Of an embedding: those of CLIP ViT-B/32."""

NSFW = ("UNLIKELY", "UNSURE", "NSFW", "UNTAGGED")
FORMATS = ("JPEG", "PNG")
"""What TensorFlow decodes to one picture: it has no AVIF and no TIFF, and a GIF is a film to it (tf.io.decode_image).
LAION's own pictures are all JPEGs."""

EMBEDDINGS_PER_FILE = 1_000_000
"""About as many as LAION-400M's 410 files have."""


class Embeddings(NamedTuple):
    """What CLIP makes of the rows' pictures and captions: rows x DIMENSIONS each, of any type of floats.

    They may be files that are mapped into memory (`numpy.load(..., mmap_mode="r")`): a part of one is read at once.
    """

    image: np.ndarray
    text: np.ndarray


def write_laion400m(
    folder: Path, rows: pl.LazyFrame, pictures: Pictures, pairs_per_tar: int = 10_000, report: Report | None = None
) -> None:
    """Write the rows of a release as `00000.tar` with `00000.parquet`, and so on, into `folder`: its `manual_dir`.

    `rows` scans files with RELEASE's columns, of which `nsfw` and `similarity` may be missing. A member's stem is the
    number of the row in the archive's own parquet file, from 0 in each; beside the picture are its `.txt` and `.json`,
    as img2dataset writes them. `pictures` must give formats of FORMATS only.

    In constant memory, and the same rows and pictures make the same bytes. Raises ReleaseError, which names the row,
    where a picture cannot be had, and ValueError where the folder has files.
    """
    for number, part in parts(folder, rows, pairs_per_tar, report):
        write_pairs(folder / f"{number:05d}.tar", part, pictures)
        metadata(part.lazy()).sink_parquet(folder / f"{number:05d}.parquet")


def write_embeddings(
    folder: Path,
    rows: pl.LazyFrame,
    embeddings: Embeddings,
    rows_per_file: int = EMBEDDINGS_PER_FILE,
    report: Report | None = None,
) -> None:
    """Write `img_emb_<i>.npy`, `text_emb_<i>.npy` (float16, rows x DIMENSIONS) and `metadata_<i>.parquet`.

    Row n of the arrays belongs to row n of `rows`, and so in each of the files. Raises ValueError where the arrays
    have other shapes, hold what float16 has no number for (NaN, infinite, over 65,504), or the folder has files.
    """
    total = rows.select(pl.len()).collect().item()
    for name, values in embeddings._asdict().items():
        if values.shape != (total, DIMENSIONS) or not np.issubdtype(values.dtype, np.floating):
            raise ValueError(
                f"{name} embeddings: {values.dtype} {values.shape}; expected floats, {(total, DIMENSIONS)}"
            )
    for number, part in parts(folder, rows, rows_per_file, report):
        its = slice(number * rows_per_file, number * rows_per_file + part.height)
        for name, values in (("img", embeddings.image), ("text", embeddings.text)):
            with np.errstate(over="ignore"):  # told just below
                halved = np.asarray(values[its]).astype("<f2")
            bad = np.flatnonzero(~np.isfinite(halved).all(axis=1))
            if bad.size:
                raise ValueError(f"{name} embedding of row {its.start + bad[0]}: not all of it are numbers of float16")
            np.save(folder / f"{name}_emb_{number}.npy", halved, allow_pickle=False)
        metadata(part.lazy()).sink_parquet(folder / f"metadata_{number}.parquet")


def metadata(rows: pl.LazyFrame) -> pl.LazyFrame:
    """What the builder reads of each row, and behind it what says where the row is from.

    No value is null: the builder cannot take one for a caption or a size, and its own defaults (UNTAGGED, -1.0, no
    licence) are filled in here, so that other readers of the layout see the same.
    """
    columns = rows.collect_schema().names()
    nsfw = pl.col("nsfw").str.to_uppercase() if "nsfw" in columns else pl.lit(None, pl.String)
    similarity = pl.col("similarity") if "similarity" in columns else pl.lit(None, pl.Float64)
    return rows.select(
        pl.col("caption").fill_null(""),
        "url",
        pl.when(nsfw.is_in(NSFW)).then(nsfw).otherwise(pl.lit("UNTAGGED")).alias("NSFW"),
        similarity.cast(pl.Float64).fill_nan(None).fill_null(-1.0).alias("similarity"),
        pl.col("license").fill_null("").alias("LICENSE"),
        pl.col("width").fill_null(0).cast(pl.Int32).alias("original_width"),
        pl.col("height").fill_null(0).cast(pl.Int32).alias("original_height"),
        *(name for name in _OURS if name in columns),
    )


_OURS = ("id", "source", "license_id", "attribution", "hash", "sha256")
