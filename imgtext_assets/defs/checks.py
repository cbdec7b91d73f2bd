"""Checks of what was really written: every stage's table is read back from the lake and held to the contract.

Blocking: a table that breaks the contract stops its shard. Shares far from the shard's history only warn.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from statistics import mean, median

import dagster as dg
import polars as pl

from imgtext_assets.defs.describe import rejected_by_reason
from imgtext_assets.defs.discover import shard_plan
from imgtext_assets.defs.partitions import shards
from imgtext_assets.defs.stage import before
from imgtext_assets.lake import Lake
from imgtext_assets.tables import REASONS, STAGES, Table, goes_on

# A shard keeps about as many of its rows as it did before; a tenth of them more or less is worth a look.
_SHARE_TOLERANCE = 0.1
_EARLIER_RUNS = 5
# A reason's share is far smaller than the kept one, so less of a change is worth a look.
_REASON_TOLERANCE = 0.02
_STANDARD_DEVIATIONS = 3
BLOCKING_CHECKS = ("schema", "unique_ids", "rows_conserved")


def stage_checks(table: Table) -> dg.AssetChecksDefinition:
    """The checks of one stage, run for each shard after it is written."""

    def spec(name: str, description: str) -> dg.AssetCheckSpec:
        with warnings.catch_warnings():
            # Checks by partition are a preview in Dagster 1.13; what we use of them is tested here.
            warnings.simplefilter("ignore", dg.PreviewWarning)
            return dg.AssetCheckSpec(
                name, asset=table.name, description=description, blocking=name in BLOCKING_CHECKS, partitions_def=shards
            )

    @dg.multi_asset_check(
        name=f"{table.name}_checks",
        specs=[
            spec("schema", "Columns and types are those of the data dictionary; required ones have no nulls."),
            spec("unique_ids", "No id is there twice among the rows that go on."),
            spec("rows_conserved", "Rows in = kept + rejected: every row that the stage received is in its table."),
            spec("kept_share", "The share of rows kept is near that of the shard's earlier runs."),
            spec("reasons", "The share of rows that each reason rejects is near that of the shard's earlier runs."),
        ],
    )
    def checks(context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]) -> Iterator[dg.AssetCheckResult]:
        shard = context.partition_key
        rows = lake.tables.scan(table.name, table.schema, [shard], as_written=True)
        yield _schema(table, rows)
        yield _unique_ids(rows)
        yield _conserved(table, rows, lake, shard)
        earlier = _earlier_runs(context.instance, table, shard)
        yield _kept_share(rows, earlier)
        yield compare_reasons(rows, earlier)

    return checks


def all_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of every stage."""
    return [stage_checks(table) for table in STAGES]


def _schema(table: Table, rows: pl.LazyFrame) -> dg.AssetCheckResult:
    found, expected = dict(rows.collect_schema()), dict(table.schema)
    wrong = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    required = [column.name for column in table.columns if column.required and column.name in found]
    nulls = rows.select(pl.col(required).null_count()).collect().row(0, named=True)
    missing = {name: count for name, count in nulls.items() if count}
    return dg.AssetCheckResult(
        check_name="schema",
        passed=not wrong and not missing,
        metadata={"columns_that_differ": ", ".join(wrong), "nulls_in_required": str(missing or "")},
    )


def _unique_ids(rows: pl.LazyFrame) -> dg.AssetCheckResult:
    total, unique = goes_on(rows).select(pl.len(), pl.col("id").n_unique()).collect().row(0)
    return dg.AssetCheckResult(
        check_name="unique_ids", passed=total == unique, metadata={"ids": total, "repeated": total - unique}
    )


def _conserved(table: Table, rows: pl.LazyFrame, lake: Lake, shard: str) -> dg.AssetCheckResult:
    upstream = before(table)
    if upstream is None:
        received = shard_plan(lake, shard)["rows"]
    else:
        received = _count(goes_on(lake.tables.scan(upstream.name, upstream.schema, [shard])))
    kept, rejected = _count(goes_on(rows)), _count(rows.filter(pl.col("reject_reason").is_not_null()))
    unknown = _unknown_reasons(table, rows)
    return dg.AssetCheckResult(
        check_name="rows_conserved",
        passed=received == kept + rejected and not unknown,
        metadata={"received": received, "kept": kept, "rejected": rejected, "unknown_reasons": ", ".join(unknown)},
    )


def _unknown_reasons(table: Table, rows: pl.LazyFrame) -> list[str]:
    given = rows.select(pl.col("reject_reason").drop_nulls().unique().sort()).collect()["reject_reason"]
    return [reason for reason in given if reason not in REASONS[table.name]]


Made = Mapping[str, dg.MetadataValue]


def _kept_share(rows: pl.LazyFrame, earlier: Sequence[Made]) -> dg.AssetCheckResult:
    mine = _share(rows)
    usual = [_number(made.get("rows_kept")) / _number(made.get("rows_in")) for made in earlier] or [mine]
    return dg.AssetCheckResult(
        check_name="kept_share",
        passed=abs(mine - mean(usual)) <= _SHARE_TOLERANCE,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"kept_share": mine, "mean_of_earlier_runs": mean(usual), "earlier_runs": len(usual)},
    )


def compare_reasons(rows: pl.LazyFrame, earlier: Sequence[Made]) -> dg.AssetCheckResult:
    """Whether a reason rejects many more rows, or fewer, than in the median of earlier runs.

    The median, so that one bad night among them is not what this run is held to.
    """
    received, now = _count(rows), rejected_by_reason(rows)
    before = [(_rejected(made), _number(made.get("rows_in"))) for made in earlier]
    usual = {
        reason: median(counts.get(reason, 0) / of for counts, of in before)
        for reason in sorted({*now, *(reason for counts, _ in before for reason in counts)})
        if before and received
    }
    jumps = [reason for reason, share in usual.items() if is_jump(now.get(reason, 0), received, share)]
    table = [
        dg.TableRecord({"reason": reason, "share": now.get(reason, 0) / received, "usual_share": share})
        for reason, share in usual.items()
    ]
    return dg.AssetCheckResult(
        check_name="reasons",
        passed=not jumps,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "jumps": ", ".join(jumps),
            "earlier_runs": len(earlier),
            "shares": dg.MetadataValue.table(table, _SHARES_SCHEMA),
        },
    )


def is_jump(count: int, rows: int, usual_share: float) -> bool:
    """Whether `count` of `rows` is farther from the usual share (0 to 1) than a tolerance, and than chance explains.

    Chance: three standard deviations of a binomial, its share shrunk by Laplace's rule of succession (add one row
    with the reason and one without), so that one row among twenty is no jump although its reason was never seen.
    """
    share = (usual_share * rows + 1) / (rows + 2)
    chance = _STANDARD_DEVIATIONS * sqrt(rows * share * (1 - share))
    return abs(count - usual_share * rows) > max(_REASON_TOLERANCE * rows, chance)


def _earlier_runs(instance: dg.DagsterInstance, table: Table, shard: str) -> list[Made]:
    """What earlier runs of the shard said of its rows, newest first; the run that is checked is not among them."""
    wanted = dg.AssetRecordsFilter(dg.AssetKey(table.name), asset_partitions=[shard])
    records = instance.fetch_materializations(wanted, limit=_EARLIER_RUNS + 1).records[1:]
    found = [record.asset_materialization.metadata for record in records if record.asset_materialization]
    return [made for made in found if _number(made.get("rows_in"))]


def _rejected(made: Made) -> dict[str, int]:
    """Number of rejected rows by reason, as a run has recorded it (`describe.funnel`)."""
    counts = made.get("rejected_by_reason")
    if not isinstance(counts, dg.TableMetadataValue):
        return {}
    return {str(record.data["reason"]): int(record.data["rows"] or 0) for record in counts.records}


def _number(value: dg.MetadataValue | None) -> int:
    return value.value or 0 if isinstance(value, dg.IntMetadataValue) else 0


def _share(rows: pl.LazyFrame) -> float:
    share = rows.select(pl.col("reject_reason").is_null().mean()).collect().item()
    return 1.0 if share is None else share


def _count(rows: pl.LazyFrame) -> int:
    return rows.select(pl.len()).collect().item()


_SHARES_SCHEMA = dg.TableSchema(
    [
        dg.TableColumn("reason", "string"),
        dg.TableColumn("share", "float", "of the rows that the stage received"),
        dg.TableColumn("usual_share", "float", "the median of the shard's earlier runs"),
    ]
)
