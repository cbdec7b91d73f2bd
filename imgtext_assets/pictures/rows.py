"""Pictures by the name of their bytes, and frames of what was seen in them.

The functions `blob_*` run in worker processes: each takes SHA-256s, reads the bytes itself through `read`, and
looks. What belongs here: the way from hashes to frames. What does not: looking (`fingerprint`, `inspect`).
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.pictures.contact_sheet import contact_sheet
from imgtext_assets.pictures.decode import PictureError
from imgtext_assets.pictures.fingerprint import Fingerprint, fingerprint
from imgtext_assets.pictures.inspect import INSPECTIONS, Inspection, inspect
from imgtext_assets.pictures.reduce import warm_up
from imgtext_assets.tables import FINGERPRINTS

if multiprocessing.parent_process() is not None:
    warm_up()  # a worker imports this to learn what to run, before any limit on time or memory holds

Read = Callable[[str], bytes]
Report = Callable[[int, int], None]

PRINTS = pl.Schema({name: FINGERPRINTS.schema[name] for name in FINGERPRINTS.adds if name != "fingerprint_of"})
"""One row for each file that could be hashed."""


def blob_fingerprint(sha256: str, read: Read, settings: PictureSettings) -> Fingerprint | None:
    """The hashes of the picture under that name; None where it cannot be decoded."""
    try:
        return fingerprint(read(sha256), settings)
    except PictureError:
        return None


def blob_inspection(sha256: str, read: Read, settings: PictureSettings) -> Inspection:
    """What is seen in the bytes under that name."""
    return inspect(read(sha256), settings)


def blob_contact_sheet(hashes: Sequence[str], read: Read, settings: PictureSettings) -> bytes:
    """The pictures under those names side by side, as a small JPEG."""
    return contact_sheet([read(sha256) for sha256 in hashes], settings)


def fingerprint_frame(hashes: Sequence[str], results: Iterable[Any], report: Report) -> pl.DataFrame:
    """A frame of PRINTS from what the engine gave for each hash; files without a fingerprint are absent.

    Raises EngineError where the function itself failed, which is a bug or a lake that cannot be read.
    """
    prints = [
        {
            "phash": seen.phash,
            "phash256": seen.phash256,
            "low_information": seen.low_information,
            "fingerprint_sha256": sha256,
            "fingerprint_pixels": seen.pixels,
            "fingerprint_by": seen.by,
        }
        for sha256, seen in _watched(hashes, results, report)
        if isinstance(seen, Fingerprint)
    ]
    return pl.DataFrame(prints, schema=PRINTS)


def inspection_frame(hashes: Sequence[str], results: Iterable[Any], report: Report) -> pl.DataFrame:
    """A frame of INSPECTIONS, one row for each hash; a worker that a limit ended is `decode_limit` for its picture."""
    rows = [
        {"sha256": sha256, **asdict(seen if isinstance(seen, Inspection) else _ended(seen))}
        for sha256, seen in _watched(hashes, results, report)
    ]
    return pl.DataFrame(rows, schema=INSPECTIONS)


def with_fingerprints(rows: pl.LazyFrame, answers: pl.LazyFrame, prints: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of `license_filtered` with the hashes of their preview, or of the picture: FINGERPRINTS.

    `answers` has the rows of FETCHES for previews (their address is their key) and pictures, `prints` the hashes by
    SHA-256. A row whose preview and picture both lack hashes gets nulls, and goes on.
    """
    hashed = (
        answers.filter(outcome="ok")
        .select("url_key", fingerprint_sha256="sha256")
        .join(prints, on="fingerprint_sha256", maintain_order="left")
    )
    names = [name for name in FINGERPRINTS.adds if name != "fingerprint_of"]
    preview = hashed.rename({name: f"preview_{name}" for name in names} | {"url_key": "preview_url"})
    joined = rows.join(preview, on="preview_url", how="left", maintain_order="left").join(
        hashed, on="url_key", how="left", maintain_order="left"
    )
    has_preview = pl.col("preview_fingerprint_sha256").is_not_null()
    return FINGERPRINTS.conform(
        joined.with_columns(
            pl.when(has_preview)
            .then(pl.lit("preview"))
            .when(pl.col("fingerprint_sha256").is_not_null())
            .then(pl.lit("original"))
            .alias("fingerprint_of"),
            *(pl.when(has_preview).then(f"preview_{name}").otherwise(name).alias(name) for name in names),
        )
    )


class EngineError(Exception):
    """The engine could not run the function: a bug, or a lake that cannot be read."""


def without_errors(results: Iterable[Any]) -> Iterator[Any]:
    """The engine's results as they come, until one says that the function itself failed: EngineError."""
    for seen in results:
        if getattr(seen, "kind", None) == "error":
            raise EngineError(seen.detail)
        yield seen


def _watched(hashes: Sequence[str], results: Iterable[Any], report: Report) -> Iterable[tuple[str, Any]]:
    for done, (sha256, seen) in enumerate(zip(hashes, results, strict=True), start=1):
        if getattr(seen, "kind", None) == "error":
            raise EngineError(f"{sha256}: {seen.detail}")
        report(done, len(hashes))
        yield sha256, seen


def _ended(failed: Any) -> Inspection:
    """What a worker that died says of its picture."""
    return Inspection(reason="decode_limit", detail=f"{failed.kind}: {failed.detail}")
