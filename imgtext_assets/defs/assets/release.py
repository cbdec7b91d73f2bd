"""The release: an immutable, versioned dataset cut from all verified shards."""

import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import dagster as dg
import polars as pl
from pydantic import Field

from imgtext_assets import publish
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.cluster_inputs import lists_version
from imgtext_assets.defs.describe import column_schema
from imgtext_assets.defs.discover import judged_shards, known_shards, present_shards
from imgtext_assets.defs.formats import write_formats
from imgtext_assets.defs.funnel import stage_funnel
from imgtext_assets.defs.orders import load_orders
from imgtext_assets.defs.progress import Progress
from imgtext_assets.defs.release_inputs import (
    emptied_files,
    known,
    of_catalog,
    origin,
    refuse_if_too_much_is_lost,
    released_rows,
    removed,
)
from imgtext_assets.defs.stage import OWNERS
from imgtext_assets.defs.stale import (
    clusters_stale,
    shards_judged_otherwise,
    shards_led_to_what_is_listed,
    shards_with_new_verdicts,
    stages_to_run,
)
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.engine import Engine
from imgtext_assets.lake import Lake, LakeError
from imgtext_assets.sources import url_key
from imgtext_assets.tables import RELEASE, STAGES, VERIFIED

CUT_RELEASE = "cut_release"
"""The op that cuts a release: its config is named by it."""
_SPEC = dg.AssetSpec(
    RELEASE.name,
    description="An immutable, versioned dataset cut from all verified shards. Run on the first of a month or by "
    "`imgtext release`; a version that exists is never changed.",
    group_name="releases",
    kinds={"parquet"},
    owners=OWNERS,
    deps=[VERIFIED.name],
    metadata={"dagster/column_schema": column_schema(RELEASE)},
)


class ReleaseConfig(dg.Config):
    """What one release is told."""

    allow_removals: bool = Field(
        default=False, description="cut it though it loses more rows than `release.max_removed_share` allows"
    )


# Not `@dg.asset`, which would name its op `release`: Dagster wants the job of that name to be alone.
# One at a time, by its pool: two would take the same version.
@dg.multi_asset(name=CUT_RELEASE, specs=[_SPEC], pool="release")
def release(
    context: dg.AssetExecutionContext,
    config: ReleaseConfig,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    engine: dg.ResourceParam[Engine],
    progress: dg.ResourceParam[Progress],
) -> dg.MaterializeResult:
    """Cut a new version from all verified shards: metadata, manifest, dataset card, changes since the last.

    And the pictures, in the forms that `release.formats` names.
    """
    refuse_if_incomplete(lake)
    refuse_if_stale(context.instance, catalog, lake)
    versions = lake.releases.versions()
    previous = versions[-1] if versions else None
    version = publish.next_version(versions, datetime.now(UTC).date())
    rows = released_rows(lake, catalog)
    with tempfile.TemporaryDirectory(prefix="imgtext-") as folder:
        manifest = publish.write_release(
            Path(folder),
            rows,
            version=version,
            catalog=catalog,
            funnel=stage_funnel(lake).filter(of_catalog(catalog)),
            before=lake.releases.scan(previous) if previous else None,
            previous_version=previous,
            known=known(lake, catalog),
            url_key=url_key,
            origin=origin(lake, catalog),
            formats=partial(
                write_formats, catalog=catalog, lake=lake, engine=engine, progress=progress, context=context
            ),
            **removed(lake, catalog, rows),
        )
        if not config.allow_removals:
            refuse_if_too_much_is_lost(manifest, catalog.release, emptied_files(lake, catalog))
        url = lake.releases.publish(Path(folder), version)
    return dg.MaterializeResult(
        metadata={
            "version": version,
            "path": url,
            "dagster/row_count": manifest["rows"],
            "changes": manifest["changes"],
            "why_rows_left": manifest["why_rows_left"],
        },
        data_version=dg.DataVersion(version),
    )


def refuse_if_incomplete(lake: Lake) -> None:
    """Refuse where a shard that has rows has not been verified, or none is there: a release is whole or is none.

    A shard whose file vanished before it was ever verified can no longer be built, and is not waited for.
    """
    expected = known_shards(lake).filter((pl.col("rows") > 0) & (pl.col("state") != "vanished"))["shard"]
    built = set(lake.tables.shards(VERIFIED.name))
    missing = sorted(set(expected) - built)
    if not built:
        raise LakeError("nothing is verified yet: run `imgtext build` first")
    if missing:
        raise LakeError(
            f"a release needs every shard verified; missing {len(missing)}, such as {missing[0]}: "
            "build it (`imgtext build`), or take its file out of the catalog"
        )


def refuse_if_stale(instance: dg.DagsterInstance, catalog: Catalog, lake: Lake) -> None:
    """Refuse where a shard was made from other files, code, policies, orders or verdicts, or failed a check.

    Its rows would go out under a policy that they were never judged by. Tombstones and dead links need no build: the
    release itself leaves such rows out. What can take the place of a dead link comes in once a build has found it.
    """
    judged, versions = judged_shards(lake, catalog), code_versions(catalog)
    if clusters_stale(instance, lake, versions, lists_version(catalog)):
        raise LakeError(
            "a release needs its rows compared by the policy and the lists of now: `duplicate_clusters` is behind; run "
            "`imgtext build`"
        )
    present = set(present_shards(lake))
    # A file that is gone cannot be read again: its shards go by what was read of it.
    stale = stages_to_run(instance, lake, [stage.name for stage in STAGES], present & set(judged), versions)
    stale |= stages_to_run(instance, lake, [stage.name for stage in STAGES[1:]], set(judged) - present, versions)
    orders = load_orders(catalog)
    early, late = shards_judged_otherwise(lake, catalog.policy, orders, judged, removals=False)
    elsewhere = shards_led_to_what_is_listed(lake, orders, judged, removals=False)
    behind = sorted({*stale, *shards_with_new_verdicts(lake), *early, *late, *elsewhere} & set(judged))
    if behind:
        raise LakeError(
            f"a release needs every shard up to date; {len(behind)} are not, such as {behind[0]}: run `imgtext build`"
        )
