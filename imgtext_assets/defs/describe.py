"""Metadata for the UI: the funnel, column schemas and lineage, pictures.

Everything from the internet is escaped here before it reaches markdown, and no source's address is ever put where
the UI would fetch it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from imgtext_assets.catalog import Source
from imgtext_assets.sources import count_ignored, recognise_format
from imgtext_assets.tables import MADE_FROM, MEASURED_FROM, STAGES, VERIFIED, Column, Table
from imgtext_assets.text import markdown


def funnel(rows: pl.DataFrame) -> dict[str, Any]:
    """Rows in, kept and rejected, as one line and as numbers; the rejected ones by reason, with a few of each."""
    reasons = rejected_by_reason(rows)
    kept = rows.height - sum(reasons.values())
    numbers = {"rows_in": rows.height, "rows_kept": kept, "rows_rejected": rows.height - kept}
    line = f"{rows.height:,} in = {kept:,} kept + {rows.height - kept:,} rejected"
    if not reasons:
        return {"funnel": line, **numbers}
    records = [dg.TableRecord({"reason": reason, "rows": count}) for reason, count in reasons.items()]
    return {
        "funnel": f"{line} ({listed(reasons)})",
        **numbers,
        "rejected_by_reason": dg.MetadataValue.table(records, _REASONS_SCHEMA),
        "rejected_rows": _examples(rows),
    }


def listed(counts: Mapping[str, int]) -> str:
    """Counts by word as a line: `gone 3, moved 1`."""
    return ", ".join(f"{word} {count:,}" for word, count in counts.items())


def _examples(rows: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """A few rejected rows of each reason, for people to look at."""
    rejected = rows.filter(pl.col("reject_reason").is_not_null())
    some = rejected.group_by("reject_reason", maintain_order=True).head(_EXAMPLES)
    return markdown_table(["reason", "id", "detail"], some.select("reject_reason", "id", "reject_detail").rows())


def rejected_by_reason(rows: pl.DataFrame | pl.LazyFrame) -> dict[str, int]:
    """Number of rejected rows by reason, most first."""
    counts = rows.lazy().drop_nulls("reject_reason").group_by("reject_reason").len().sort("len", "reject_reason")
    return dict(counts.reverse().collect().iter_rows())


def format_read(given: pl.LazyFrame, source: Source) -> str:
    """The format that a file was read as, and by which columns where these told it."""
    recognised = recognise_format(given.collect_schema().names())
    told = source.format == "auto" and not source.columns and recognised
    return f"auto: {recognised}" if told else source.format.replace("auto", "table")


def values_ignored(rows: pl.DataFrame) -> dict[str, Any]:
    """How many rows have a value that counts as not given, by column; nothing where none has."""
    counts = count_ignored(rows)
    return {"values_ignored": listed(counts)} if counts else {}


def licenses_seen(rows: pl.DataFrame) -> dict[str, Any]:
    """How licences were stated and what they were taken for, most frequent first; and how many rows to look at."""
    stated = rows.group_by("license", "license_id", "license_evidence").len("rows").top_k(_STATEMENTS, by="rows")
    table = stated.sort("rows", "license", descending=[True, False])
    marked = rows["review"].count()
    return {
        "licenses": markdown_table(table.columns, table.rows()),
        **({"marked_for_review": marked} if marked else {}),
    }


def column_schema(table: Table) -> dg.TableSchema:
    """A table's columns as the data dictionary has them."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                column.name,
                str(column.dtype),
                _meaning(column, table),
                dg.TableColumnConstraints(nullable=not column.required),
            )
            for column in table.columns
        ]
    )


def _meaning(column: Column, table: Table) -> str:
    """What a column is, in what unit, and what it is made from: Dagster's own UI draws no lineage of columns."""
    made_from = () if table is STAGES[0] or table not in STAGES else _made_from(column.name, table)
    made_from = () if made_from == (column.name,) else made_from
    origin = " Made from " + ", ".join(f"`{name}`" for name in made_from) + "." if made_from else ""
    return column.meaning + (f" Unit: {column.unit}." if column.unit else "") + origin


def column_lineage(table: Table, upstream: Table | None) -> dict[str, Any]:
    """Which upstream columns each column is made from, by the data dictionary."""
    if upstream is None:
        return {}
    deps = {
        column.name: [dg.TableColumnDep(dg.AssetKey(upstream.name), name) for name in _made_from(column.name, table)]
        for column in table.columns
        if column.name not in ("reject_reason", "reject_detail")
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps)}


def _made_from(column: str, table: Table) -> tuple[str, ...]:
    if table is VERIFIED and column in MEASURED_FROM:
        return MEASURED_FROM[column]
    return MADE_FROM[column] if column in table.adds else (column,)


def picture(jpeg: bytes, alt: str) -> dg.MarkdownMetadataValue:
    """A JPEG for the UI, carried in the metadata itself."""
    return dg.MetadataValue.md(inline_picture(jpeg, alt))


def inline_picture(jpeg: bytes, alt: str) -> str:
    """A JPEG as a piece of markdown, for one that holds several."""
    return f"![{alt}](data:image/jpeg;base64,{base64.b64encode(jpeg).decode()})"


def drawing(svg: str, alt: str) -> dg.MarkdownMetadataValue:
    """An SVG for the UI, carried in the metadata itself."""
    return dg.MetadataValue.md(f"![{alt}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})")


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """A markdown table of texts that are escaped here."""
    lines = [headers, ["---"] * len(headers), *([markdown(cell) for cell in row] for row in rows)]
    return dg.MetadataValue.md("\n".join("| " + " | ".join(line) + " |" for line in lines))


_EXAMPLES = 3
_STATEMENTS = 30
_REASONS_SCHEMA = dg.TableSchema([dg.TableColumn("reason", "string"), dg.TableColumn("rows", "int")])
