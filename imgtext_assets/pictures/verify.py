"""Is the picture whole, and is it what was promised?

`inspect` looks at bytes, in a worker; `verify_table` compares what was seen with what each row declared.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import polars as pl
from PIL import Image

from imgtext_assets.catalog import PictureSettings, Policy
from imgtext_assets.pictures.decode import PictureError, open_picture
from imgtext_assets.pictures.rights_text import rights_text
from imgtext_assets.pictures.size import resolution_rules
from imgtext_assets.tables import VERIFIED, reject

INSPECTIONS = pl.Schema(
    {
        "sha256": pl.String(),
        "width": pl.Int64(),
        "height": pl.Int64(),
        "mime_type": pl.String(),
        "md5": pl.String(),
        "claim": pl.String(),
        "reason": pl.String(),
        "detail": pl.String(),
    }
)
"""One row for each distinct file: its SHA-256 and what `inspect` saw."""

_MEDIA_TYPES = {"MPO": "image/jpeg"}  # CIPA DC-007: a JPEG with more pictures behind it, which are not used


@dataclass(frozen=True)
class Inspection:
    """What was seen in one file.

    `width` and `height` are in pixels, upright; `md5` is of all bytes; `claim` is what the file says of rights, word
    for word. Where the file is no usable picture, `reason` says why (`tables.REASONS["verified"]`) and the measures
    are null.
    """

    width: int | None = None
    height: int | None = None
    mime_type: str | None = None
    md5: str | None = None
    claim: str | None = None
    reason: str | None = None
    detail: str | None = None


def inspect(data: bytes, settings: PictureSettings) -> Inspection:
    """Decode the whole picture and measure it. Never raises for anything that the bytes may be."""
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    try:
        picture = open_picture(data, settings)
    except PictureError as error:
        return Inspection(md5=md5, reason=error.reason, detail=error.detail)
    kind = picture.format or ""
    return Inspection(
        width=picture.width,
        height=picture.height,
        mime_type=_MEDIA_TYPES.get(kind) or Image.MIME[kind],
        md5=md5,
        claim=rights_text(picture),
    )


def verify_table(
    frame: pl.LazyFrame, inspections: pl.DataFrame, policy: Policy, removals: pl.LazyFrame, claims: pl.Expr
) -> pl.LazyFrame:
    """The kept rows of `downloaded`, compared with what was seen in their bytes; they conform to `VERIFIED`.

    `inspections` is a frame of INSPECTIONS with one row for each SHA-256 in `frame`; a row without one is `damaged`,
    never verified by default. `removals` is a frame of REMOVALS. `claims` says whether a text in column `claim`
    claims rights, and counts where the policy rejects stated claims. Rows in = rows out, in their order.
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
        )
    )
    return VERIFIED.conform(reject(joined, _rules(policy, claims)))


def _rules(policy: Policy, claims: pl.Expr) -> list[tuple[pl.Expr, str, pl.Expr]]:
    """Worst first: what must go whatever it is, what is no picture, not the promised one, not wanted."""
    seen, declared, measured = pl.col("seen_reason"), pl.col("md5").str.to_lowercase(), pl.col("measured_md5")
    unusable = [(seen == word, word, pl.col("seen_detail")) for word in ("decode_limit", "not_image", "damaged")]
    claimed = claims if policy.licenses.reject_stated_claims else pl.lit(False)
    return [
        (pl.col("removed_for").is_not_null(), "removed", pl.col("removed_for")),
        *unusable,
        (pl.col("width").is_null(), "damaged", pl.lit("the bytes were not inspected")),
        (declared != measured, "md5_mismatch", pl.format("declared {}, measured {}", declared, measured)),
        *resolution_rules(pl.col("width"), pl.col("height"), policy.resolution),
        (claimed, "rights_claimed", pl.format("the file says: {}", pl.col("claim"))),
    ]
