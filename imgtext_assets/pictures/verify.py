"""Is the picture whole, and is it what was promised?

`inspect` looks at bytes, in a worker; `verify_table` compares what was seen with what each row declared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from PIL import Image

from imgtext_assets.catalog import PictureSettings, ResolutionPolicy
from imgtext_assets.pictures.decode import PictureError, open_picture
from imgtext_assets.pictures.rights_text import file_rights
from imgtext_assets.pictures.size import Rule, resolution_rules
from imgtext_assets.tables import VERIFIED, reject

INSPECTIONS = pl.Schema(
    {
        "sha256": pl.String(),
        "width": pl.Int64(),
        "height": pl.Int64(),
        "mime_type": pl.String(),
        "md5": pl.String(),
        "claim": pl.String(),
        "file_license": pl.String(),
        "data_mining": pl.String(),
        "reason": pl.String(),
        "detail": pl.String(),
    }
)
"""One row for each distinct file: its SHA-256 and what `inspect` saw."""

_MEDIA_TYPES = {"MPO": "image/jpeg"}  # CIPA DC-007: a JPEG with more pictures behind it, which are not used


@dataclass(frozen=True)
class Inspection:
    """What was seen in one file.

    `width` and `height` are in pixels, upright; `md5` is of all bytes; `claim`, `file_license` and `data_mining` are
    what the file says of rights, word for word (`FileRights`). Where the file is no usable picture, `reason` says why
    (`tables.REASONS["verified"]`) and the measures are null.
    """

    width: int | None = None
    height: int | None = None
    mime_type: str | None = None
    md5: str | None = None
    claim: str | None = None
    file_license: str | None = None
    data_mining: str | None = None
    reason: str | None = None
    detail: str | None = None


def inspect(data: bytes, settings: PictureSettings) -> Inspection:
    """Decode the whole picture and measure it. Never raises for anything that the bytes may be."""
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    try:
        picture = open_picture(data, settings)
    except PictureError as error:
        return Inspection(md5=md5, reason=error.reason, detail=error.detail)
    kind, said = picture.format or "", file_rights(picture)
    return Inspection(
        width=picture.width,
        height=picture.height,
        mime_type=_MEDIA_TYPES.get(kind) or Image.MIME[kind],
        md5=md5,
        claim=said.claim,
        file_license=said.license,
        data_mining=said.data_mining,
    )


def verify_table(
    frame: pl.LazyFrame,
    inspections: pl.DataFrame,
    resolution: ResolutionPolicy,
    removals: pl.LazyFrame,
    rights_rules: Sequence[Rule],
    review: pl.Expr,
) -> pl.LazyFrame:
    """The kept rows of `downloaded`, compared with what was seen in their bytes; they conform to `VERIFIED`.

    `inspections` is a frame of INSPECTIONS with one row for each SHA-256 in `frame`; a row without one is `damaged`,
    never verified by default. `removals` is a frame of REMOVALS. `rights_rules` are what the `rights` room makes of
    the columns `claim`, `file_license` and `data_mining` beside the row's own, and `review` is the new value of that
    column: expressions over the joined frame. Rows in = rows out, in their order.
    """
    measured = inspections.lazy().select("sha256", pl.exclude("sha256").name.prefix("seen_"))
    tombstones = removals.filter(pl.col("kind") == "sha256").sort("removed_at")
    removed = tombstones.group_by("value").agg(removed_for=pl.col("reason").first()).rename({"value": "sha256"})
    joined = (
        frame.join(measured, on="sha256", how="left", validate="m:1", maintain_order="left")
        .join(removed, on="sha256", how="left", maintain_order="left")
        .with_columns(
            declared_width="width",
            declared_height="height",
            declared_mime_type="mime_type",
            width="seen_width",
            height="seen_height",
            mime_type="seen_mime_type",
            measured_md5="seen_md5",
            claim="seen_claim",
            file_license="seen_file_license",
            data_mining="seen_data_mining",
        )
    )
    return VERIFIED.conform(reject(joined, _rules(resolution, rights_rules)).with_columns(review=review))


def _rules(resolution: ResolutionPolicy, rights_rules: Sequence[Rule]) -> list[Rule]:
    """Worst first: what must go whatever it is, what is no picture, not the promised one, not wanted, not free."""
    seen = pl.col("seen_reason")
    return [
        (pl.col("removed_for").is_not_null(), "removed", pl.col("removed_for")),
        *(rule for rule in rights_rules if rule[1] == "opted_out"),
        *((seen == word, word, pl.col("seen_detail")) for word in ("decode_limit", "not_image", "damaged")),
        (pl.col("width").is_null(), "damaged", pl.lit("the bytes were not inspected")),
        _mismatch("md5_mismatch", declared=pl.col("md5"), measured=pl.col("measured_md5")),
        _mismatch("sha256_mismatch", declared=pl.col("declared_sha256"), measured=pl.col("sha256")),
        *resolution_rules(pl.col("width"), pl.col("height"), resolution),
        *(rule for rule in rights_rules if rule[1] != "opted_out"),
    ]


def _mismatch(word: str, declared: pl.Expr, measured: pl.Expr) -> Rule:
    """The rule that hex digests agree, in either case."""
    differs = declared.str.to_lowercase() != measured.str.to_lowercase()
    return differs, word, pl.format("declared {}, measured {}", declared, measured)
