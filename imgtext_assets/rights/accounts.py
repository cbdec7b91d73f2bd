"""Accounts: what became of the rows of each, and what people decided of it.

Megalith-10m judged its 5,000 most prolific accounts by hand, because a licence is only as good as whoever set it
(https://huggingface.co/datasets/madebyollin/megalith-10m). Here the decisions are a CSV file under version control, so
that each has a name, a date and a reason.

What belongs here: parsing decisions, matching them, counting. What does not: opening the file (the caller's).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from imgtext_assets.tables import ACCOUNTS

DECISIONS = pl.Schema(
    {
        "line": pl.Int64(),
        "source": pl.String(),
        "account": pl.String(),
        "verdict": pl.String(),
        "who": pl.String(),
        "when": pl.Date(),
        "why": pl.String(),
    }
)
"""Decisions in the order of their file; `source` is null where one holds for the account in every source."""

VERDICTS = ("include", "exclude")
REQUIRED = ("account", "verdict", "who", "when", "why")
SAMPLES = 5
_FACTS = ("verdict", "who", "when", "why")


def parse_decisions(text: str, name: str) -> pl.DataFrame:
    """The decisions of a CSV file with the columns `account,verdict,who,when,why` and, if wanted, `source`: DECISIONS.

    `verdict` is `include` or `exclude`, `when` an ISO 8601 date. Raises ValueError that names the file, the line, and
    what was expected.

    >>> parse_decisions("account,verdict,who,when,why\\nann,exclude,eve,2026-11-21,sells prints", "d.csv").height
    1
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="more", strict=True)
    try:
        missing = [column for column in REQUIRED if column not in (reader.fieldnames or [])]
        if missing:
            raise ValueError(f"{name}, line 1: expected the columns {', '.join(REQUIRED)}; no {', '.join(missing)}")
        rows = [_decision(row, reader.line_num, name) for row in reader]
    except csv.Error as error:
        raise ValueError(f"{name}, line {reader.line_num}: {error}") from None
    return pl.DataFrame(rows, schema=DECISIONS, orient="row")


def _decision(row: dict[str, Any], line: int, name: str) -> dict[str, Any]:
    if "more" in row or None in row.values():
        raise ValueError(f"{name}, line {line}: expected as many values as the first line has names; quote commas")
    values = {key: value.strip() for key, value in row.items()}
    empty = [column for column in ("account", "verdict", "when") if not values[column]]
    if empty:
        raise ValueError(f"{name}, line {line}: no {empty[0]}")
    if values["verdict"] not in VERDICTS:
        raise ValueError(f"{name}, line {line}: verdict {values['verdict']!r}: expected {' or '.join(VERDICTS)}")
    try:
        when = date.fromisoformat(values["when"])
    except ValueError:
        raise ValueError(f"{name}, line {line}: when {values['when']!r}: expected a date such as 2026-11-21") from None
    known = {key: values.get(key) or None for key in ("source", "account", "verdict", "who", "why")}
    return {"line": line, **known, "when": when}


def with_decisions(rows: pl.LazyFrame, decisions: pl.DataFrame) -> pl.LazyFrame:
    """Add `verdict`, `who`, `when`, `why` to rows with `source` and `account`: null where nobody has decided.

    Of several decisions of an account the last line of the file holds, so that a file can be added to for ever.
    """
    everywhere = _latest(decisions.filter(pl.col("source").is_null()), ["account"], "general")
    in_source = _latest(decisions.filter(pl.col("source").is_not_null()), ["source", "account"], "special")
    joined = rows.join(everywhere, on="account", how="left", maintain_order="left").join(
        in_source, on=["source", "account"], how="left", maintain_order="left"
    )
    special = pl.col("special").struct.field("line").fill_null(0) > pl.col("general").struct.field("line").fill_null(0)
    chosen = pl.when(special).then("special").otherwise("general")
    return joined.with_columns(chosen.struct.field(name).alias(name) for name in _FACTS).drop("special", "general")


def _latest(decisions: pl.DataFrame, keys: list[str], name: str) -> pl.LazyFrame:
    latest = decisions.lazy().sort("line").unique(keys, keep="last", maintain_order=True)
    return latest.select(*keys, pl.struct("line", *_FACTS).alias(name))


def add_decision(text: str, decision: Mapping[str, str]) -> str:
    """The text of a file of decisions with one more line, its values in the order of the file's own columns.

    An empty file gets the first line too. Raises ValueError where the decision's values cannot be read back.
    """
    if not text.strip():
        text = ",".join((*REQUIRED, "source")) + "\n"
    fields = next(csv.reader([text.removeprefix("\ufeff").partition("\n")[0]]), [])
    unwritten = [name for name, value in decision.items() if value and name not in fields]
    if unwritten:
        raise ValueError(f"the first line names no column {unwritten[0]}; add it, and a comma to each line")
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([decision.get(field, "").strip() for field in fields])
    longer = text + ("" if text.endswith("\n") else "\n") + line.getvalue()
    parse_decisions(longer, "the decisions")
    return longer


def accounts(stages: Sequence[pl.LazyFrame], decisions: pl.DataFrame) -> pl.LazyFrame:
    """What became of each account's rows, most rows first: ACCOUNTS.

    `stages` are the stages' whole tables in the order of the graph, `raw_metadata` first; rows without an account are
    passed over. Streams: only the accounts are held.
    """
    keys = ["source", "account"]
    raw = stages[0].filter(pl.col("account").is_not_null())
    page = pl.coalesce("landing_url", "url")
    counted = raw.group_by(keys).agg(rows=pl.len().cast(pl.Int64), samples=page.bottom_k(SAMPLES).sort())
    joined = counted.join(_rejected(stages), on=keys, how="left").with_columns(
        pl.col("rejected").fill_null("{}"), kept=pl.col("rows") - pl.col("lost").fill_null(0)
    )
    judged = with_decisions(joined.with_columns(kept_share=pl.col("kept") / pl.col("rows")), decisions)
    return ACCOUNTS.conform(judged).sort("rows", "source", "account", descending=[True, False, False])


def _rejected(stages: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """By account the number of rejected rows, and their number by reason as JSON.

    A row counts where it ended first: a stage that is yet to run again may still have it.
    """
    ended = pl.concat(
        stage.filter(pl.col("account").is_not_null() & pl.col("reject_reason").is_not_null()).select(
            "source", "account", "reject_reason", row=pl.struct("shard", "id").hash(), place=pl.lit(place)
        )
        for place, stage in enumerate(stages)
    )
    first = ended.group_by("row").agg(pl.col("source", "account", "reject_reason").sort_by("place").first())
    by_reason = (
        first.group_by("source", "account", "reject_reason")
        .agg(rows=pl.len().cast(pl.Int64))
        .sort("rows", "reject_reason", descending=[True, False])
    )
    entry = pl.format('"{}": {}', "reject_reason", "rows")  # reasons are our own words, safe in JSON
    return by_reason.group_by("source", "account", maintain_order=True).agg(
        lost=pl.col("rows").sum(), rejected=pl.concat_str(pl.lit("{"), entry.str.join(", "), pl.lit("}"))
    )


def undecided(table: pl.DataFrame, top: int) -> pl.DataFrame:
    """The `top` accounts with most rows that nobody has decided of: rows of ACCOUNTS."""
    return table.filter(pl.col("verdict").is_null()).head(top)
