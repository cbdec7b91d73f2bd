"""What the UI shows of the clusters of all shards: figures as tables, and the largest ones as rows of thumbnails.

What belongs here: how the figures are shown. What does not: counting them (`duplicates.figures`), what is suspicious
about them (`cluster_checks`).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import dagster as dg
import polars as pl

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.defs.describe import inline_picture, listed
from imgtext_assets.duplicates import figures
from imgtext_assets.engine import Engine, Failed
from imgtext_assets.lake import Lake
from imgtext_assets.pictures.rows import blob_contact_sheet
from imgtext_assets.text import markdown

_CLUSTERS, _PICTURES = 10, 8
_PAIRS_OF_SOURCES = 50
_APART = {"excluded": "{:,} are on {:,} lists", "placeholder": "{:,} show {:,} placeholders of hosts"}
"""Rules that do not say that a row repeats another, and what they say of rows and clusters."""


def cluster_figures(clusters: pl.LazyFrame, fingerprints: pl.LazyFrame) -> dict[str, Any]:
    """The figures of a table of DUPLICATE_CLUSTERS made from these fingerprints: one line, numbers, and tables.

    Both are read streaming; nothing from outside is in the tables but names of sources in the catalog.
    """
    sizes = figures.cluster_sizes(clusters)
    pairs = figures.by_source_pair(fingerprints, clusters).head(_PAIRS_OF_SOURCES)
    return {
        **_in_numbers(clusters, int(sizes["clusters"].sum()), figures.low_information(fingerprints)),
        "pairs_by_distance": _table(figures.pairs_by_distance(clusters)),
        "cluster_sizes": _table(_with_ranges(sizes)),
        "by_source": _table(figures.by_source(fingerprints, clusters)),
        "by_source_pair": _table(pairs),
    }


def largest_pictured(
    clusters: pl.LazyFrame, fingerprints: pl.LazyFrame, lake: Lake, engine: Engine, settings: PictureSettings
) -> dict[str, Any]:
    """The largest clusters, each a line and a row of thumbnails: the keeper, then those farthest from it.

    Pictures that are no longer in the store are left out; the others are decoded in a worker with limits.
    """
    largest = figures.largest_clusters(clusters, _CLUSTERS)
    if largest.is_empty():
        return {}
    named = figures.example_files(fingerprints, clusters, largest, _PICTURES)
    there = lake.blobs.present({sha256 for files in named for sha256 in files})
    shown = [[sha256 for sha256 in files if sha256 in there] for files in named]
    look = partial(blob_contact_sheet, read=lake.blobs.get, settings=settings)
    sheets = iter(engine.map(look, [files for files in shown if files], chunk=1))
    told = zip(largest.iter_rows(named=True), shown, strict=True)
    parts = [_line(cluster) + _strip(next(sheets) if files else None) for cluster, files in told]
    return {"largest_clusters": dg.MetadataValue.md("\n\n".join(parts))}


def _in_numbers(clusters: pl.LazyFrame, groups: int, flat: int) -> dict[str, Any]:
    rules, mirrored = figures.by_rule(clusters), figures.mirror_images(clusters)
    repeats = {rule: rows for rule, (rows, _) in rules.items() if rule not in _APART}
    rows = sum(repeats.values())
    said = [f"{rows:,} rows repeat {groups:,} that are kept ({listed(repeats)})" if rows else "no repeats"]
    said += [f"{mirrored:,} are mirror images and kept"] if mirrored else []
    said += [words.format(*rules[rule]) for rule, words in _APART.items() if rule in rules]
    said += [f"{flat:,} pictures are too flat to be compared but by their bytes"] if flat else []
    excluded, placeholders = (rules.get(rule, (0, 0))[0] for rule in _APART)
    numbers = {"clusters": groups, "repeats": rows, **repeats, "mirror_images": mirrored, "low_information": flat}
    return {"summary": "; ".join(said), **numbers, "excluded": excluded, "placeholders": placeholders}


def _with_ranges(sizes: pl.DataFrame) -> pl.DataFrame:
    least, most = pl.col("least"), pl.col("most")
    rows = pl.when(least == most).then(least.cast(pl.String)).otherwise(pl.format("{} to {}", least, most))
    return sizes.select("clusters", rows_in_each=rows, rows_in_all="rows").select(
        "rows_in_each", "clusters", "rows_in_all"
    )


def _table(frame: pl.DataFrame) -> dg.TableMetadataValue:
    """A frame as the UI draws tables; shares and means rounded, of null nothing is shown."""
    columns = [dg.TableColumn(name, _kind(dtype)) for name, dtype in frame.schema.items()]
    rounded = frame.with_columns(pl.selectors.float().round(4))
    records = [
        dg.TableRecord({name: "" if value is None else value for name, value in row.items()})
        for row in rounded.iter_rows(named=True)
    ]
    return dg.MetadataValue.table(records, dg.TableSchema(columns))


def _kind(dtype: pl.DataType) -> str:
    return "int" if dtype.is_integer() else "float" if dtype.is_float() else "string"


def _line(cluster: dict[str, Any]) -> str:
    kept = f"{markdown(cluster['keeper_id'])} \\({markdown(cluster['keeper_shard'])}\\)"
    return f"**{cluster['size']:,} rows**, kept\\: {kept}; {markdown(cluster['said'])}"


def _strip(sheet: bytes | Failed | None) -> str:
    return f"\n\n{inline_picture(sheet, 'a cluster')}" if isinstance(sheet, bytes) else " \\(no picture is at hand\\)"
