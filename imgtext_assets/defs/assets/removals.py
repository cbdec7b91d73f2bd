"""Takedowns from the drop folder, and what becomes of removed pictures' bytes."""

from datetime import UTC, datetime

import dagster as dg
import polars as pl

from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.describe import listed, markdown_table
from imgtext_assets.defs.drop_folder import take
from imgtext_assets.defs.purging import purge, purge_plan
from imgtext_assets.defs.stage import table_options, table_output
from imgtext_assets.lake import Lake
from imgtext_assets.tables import PURGES, REMOVAL_FILES

POOL = "removals"
"""One at a time: two would take the same file, or note a deletion twice."""
_SHOWN = 50


@dg.asset(
    **table_options(REMOVAL_FILES, group="decisions", kinds={"csv"}, partitioned=False),
    pool=POOL,
)
def removal_files(
    context: dg.AssetExecutionContext, catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]
) -> dg.Output[pl.DataFrame]:
    """Files of takedowns from the drop folder, each carried out once, whole or not at all; appends what became of each.

    Run by the removals sensor. The orders sensor, or `imgtext build`, then judges the shards anew that they concern.
    """
    taken = take(catalog, lake, datetime.now(UTC))
    for problem in taken["problem"].drop_nulls():
        context.log.warning(problem)
    by_state = dict(taken.group_by("state").len().sort("state").iter_rows())
    shown = taken.select("file", "state", "orders", "rows", "tombstones", "problem").head(_SHOWN)
    metadata = {
        "summary": f"{taken.height:,} files: {listed(by_state)}" if by_state else "no new file",
        "tombstones": int(taken["tombstones"].sum()),
        "files": markdown_table(shown.columns, shown.rows()),
    }
    return table_output(taken, metadata)


@dg.asset(
    **table_options(PURGES, group="decisions", kinds={"storage"}, partitioned=False),
    pool=POOL,
)
def purges(catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]) -> dg.Output[pl.DataFrame]:
    """What became of removed pictures' bytes: marked once no row has them, deleted after the days of grace.

    Appends what this run did. A run that is killed is made up for by the next.
    """
    steps = purge_plan(lake, catalog, datetime.now(UTC))
    purge(lake, steps)
    return table_output(steps, purge_figures(steps))


def purge_figures(steps: pl.DataFrame) -> dict[str, int | str]:
    """Files and bytes by what was done with them, and the same in one line."""
    figures: dict[str, int | str] = {}
    said: list[str] = []
    for state in ("marked", "deleted", "spared"):
        some = steps.filter(state=state)
        figures |= {f"{state}_files": some.height, f"{state}_bytes": int(some["bytes"].sum())}
        said += [f"{some.height:,} {state} ({int(some['bytes'].sum()):,} bytes)"] if some.height else []
    return {"summary": "; ".join(said) or "nothing to purge", **figures}
