"""The check of a release, run after it is cut: what was published is read back and must add up.

It cannot block, since a release that is there is never changed: it says at once that the next one must correct it. What
belongs here: what every release promises of the one before and of takedowns. What does not: what is refused before
(`release_inputs`, `assets/release`).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import polars as pl

from imgtext_assets import publish
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.release_inputs import known
from imgtext_assets.lake import Lake
from imgtext_assets.publish.changes import count_changes
from imgtext_assets.publish.withdrawn import KEY
from imgtext_assets.publish.write import CHANGES_FILE, REMOVALS_FILE
from imgtext_assets.sources import url_key
from imgtext_assets.tables import CHANGES, RELEASE, REMOVED_HASHES

RECONCILES = "release_reconciles"


@dg.asset_check(
    asset=RELEASE.name,
    name=RECONCILES,
    description="The rows before + added - removed - replaced are the rows now, as the files have them; every row that "
    "left has its reason and, where it was replaced, a row that is there; no row is there that a takedown names, and "
    "no hash of takedowns was lost.",
)
def release_reconciles(catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
    """Read back the newest release and compare it with the one before."""
    versions = lake.releases.versions()
    if not versions:
        return dg.AssetCheckResult(check_name=RECONCILES, passed=True, metadata={"version": "there is none"})
    version, manifest = versions[-1], lake.releases.manifest(versions[-1])
    rows = lake.releases.scan(version)
    changed = lake.releases.scan_file(version, CHANGES_FILE, CHANGES.schema).collect()
    taken = publish.withdrawn(rows, known(lake, catalog), url_key)
    wrong = {
        **_sums(manifest, _count(rows), count_changes(changed), _rows_before(lake, manifest)),
        "rows_left_for_no_known_reason": _left(changed).filter(pl.col("reason").is_null()).height,
        "replaced_by_a_row_that_is_not_there": _count(_replaced(changed).join(rows, on=KEY, how="anti")),
        # Of these alone: a stage may have refused a row since, before which this release was cut.
        "rows_that_a_tombstone_names": _count(taken.filter(pl.any_horizontal("by_id", "by_url", "by_sha256"))),
        "hashes_of_takedowns_that_were_lost": _lost_hashes(lake, versions),
    }
    return dg.AssetCheckResult(
        check_name=RECONCILES,
        passed=not any(wrong.values()),
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"version": version, "rows": manifest["rows"], **manifest["changes"], **wrong},
    )


def _sums(manifest: Mapping[str, Any], rows: int, counts: Mapping[str, int], before: int) -> dict[str, int]:
    """By how much counts differ that must be equal: 0 where all is well."""
    said: Mapping[str, int] = manifest["changes"]
    return {
        "rows_unlike_the_manifest": abs(rows - manifest["rows"]),
        "rows_that_do_not_add_up": abs(before + counts["added"] - counts["removed"] - counts["replaced"] - rows),
        "changes_unlike_the_manifest": sum(abs(said.get(kind, 0) - number) for kind, number in counts.items()),
    }


def _rows_before(lake: Lake, manifest: Mapping[str, Any]) -> int:
    previous = manifest["previous_version"]
    return _count(lake.releases.scan(previous)) if previous else 0


def _left(changed: pl.DataFrame) -> pl.DataFrame:
    return changed.filter(pl.col("change").is_in(["removed", "replaced"]))


def _replaced(changed: pl.DataFrame) -> pl.LazyFrame:
    """The rows that are said to have come in others' place."""
    return changed.lazy().drop_nulls("replaced_by_id").select(source="replaced_by_source", id="replaced_by_id")


def _lost_hashes(lake: Lake, versions: list[str]) -> int:
    now, *before = (
        lake.releases.scan_file(version, REMOVALS_FILE, REMOVED_HASHES.schema) for version in versions[:-3:-1]
    )
    return sum(_count(one.join(now, on=list(REMOVED_HASHES.schema), how="anti")) for one in before)


def _count(rows: pl.LazyFrame) -> int:
    return rows.select(pl.len()).collect(engine="streaming").item()
