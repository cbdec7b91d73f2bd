"""Is the picture what was promised? What was seen in the bytes, compared with what each row declared.

What belongs here: comparing and judging. What does not: looking at bytes (`inspect`), the classes of drift (`drift`).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from imgtext_assets.catalog import Policy
from imgtext_assets.pictures.drift import drift, drift_mark, drift_rules
from imgtext_assets.pictures.size import Rule, resolution_rules
from imgtext_assets.tables import VERIFIED, reject

_BEFORE_LOOKING = ("removed", "opted_out")  # ends a row whatever its bytes are
_BEFORE_COMPARING = ("placeholder",)  # says more than that the bytes are other ones


def verify_table(
    frame: pl.LazyFrame,
    inspections: pl.DataFrame,
    policy: Policy,
    rules: Sequence[Rule],
    review: pl.Expr,
) -> pl.LazyFrame:
    """The kept rows of `downloaded`, compared with what was seen in their bytes; they conform to `VERIFIED`.

    `inspections` is a frame of INSPECTIONS with one row for each SHA-256 in `frame`; a row without one is `damaged`,
    never verified by default. Of `policy` count `resolution`, `drift` and
    `animated`.

    `rules` are what other rooms make of the joined frame, which has what the file says in `claim`, `file_license` and
    `data_mining` beside the row's own columns. Each takes its place by its word: `removed` and `opted_out` before all
    that the bytes are, `placeholder` before what was declared of them, others last. `review` is the row's review mark
    as far as other rooms set it; what `policy` wants reviewed here is joined to it. Rows in = rows out, in their order.
    """
    judged = reject(_joined(frame, inspections, policy), _rules(policy, rules))
    marks = pl.concat_str(review, drift_mark(policy.drift), _animated_mark(policy), separator="; ", ignore_nulls=True)
    return VERIFIED.conform(judged.with_columns(review=pl.when(marks != "").then(marks)))


def _joined(frame: pl.LazyFrame, inspections: pl.DataFrame, policy: Policy) -> pl.LazyFrame:
    """The rows with what was seen in their bytes in VERIFIED's names, what was declared aside."""
    measured = inspections.lazy().select("sha256", pl.exclude("sha256").name.prefix("seen_"))
    return (
        frame.join(measured, on="sha256", how="left", validate="m:1", maintain_order="left")
        .with_columns(
            declared_width="width",
            declared_height="height",
            declared_mime_type="mime_type",
            width="seen_width",
            height="seen_height",
            mime_type="seen_mime_type",
            phash="seen_phash",
            low_information=pl.coalesce("seen_low_information", "low_information"),
            frames="seen_frames",
            claim="seen_claim",
            file_license="seen_file_license",
            data_mining="seen_data_mining",
        )
        .with_columns(drift=drift(policy.drift.max_distance))
    )


def _rules(policy: Policy, others: Sequence[Rule]) -> list[Rule]:
    """Worst first: what must go whatever it is, what is no picture, not the promised one, not wanted, not free."""
    seen = pl.col("seen_reason")
    early = (*_BEFORE_LOOKING, *_BEFORE_COMPARING)
    return [
        *(rule for word in _BEFORE_LOOKING for rule in others if rule[1] == word),
        *((seen == word, word, pl.col("seen_detail")) for word in ("decode_limit", "not_image", "damaged")),
        (pl.col("width").is_null(), "damaged", pl.lit("the bytes were not inspected")),
        *(rule for rule in others if rule[1] in _BEFORE_COMPARING),
        *drift_rules(policy.drift),
        (_is_animated() & pl.lit(policy.animated == "reject"), "animated", _frames()),
        *resolution_rules(pl.col("width"), pl.col("height"), policy.resolution),
        *(rule for rule in others if rule[1] not in early),
    ]


def _is_animated() -> pl.Expr:
    return pl.col("frames") > 1


def _animated_mark(policy: Policy) -> pl.Expr:
    return pl.when(_is_animated() & pl.lit(policy.animated == "review")).then(_frames())


def _frames() -> pl.Expr:
    return pl.format("the file holds {} pictures", "frames")
