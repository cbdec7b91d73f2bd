"""The release: an immutable, versioned dataset cut from all verified shards."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import polars as pl

from imgtext_assets import publish
from imgtext_assets.catalog import Catalog
from imgtext_assets.defs.cluster_inputs import lists_version
from imgtext_assets.defs.describe import column_schema
from imgtext_assets.defs.discover import judged_shards, known_shards, present_shards
from imgtext_assets.defs.funnel import stage_funnel
from imgtext_assets.defs.orders import load_orders
from imgtext_assets.defs.stage import OWNERS
from imgtext_assets.defs.stale import (
    clusters_stale,
    shards_judged_otherwise,
    shards_led_to_what_is_listed,
    shards_with_new_verdicts,
    stages_to_run,
)
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.lake import Lake, LakeError
from imgtext_assets.tables import RELEASE, REMOVALS, STAGES, VERIFIED

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


# Not `@dg.asset`, which would name its op `release`: Dagster wants the job of that name to be alone.
# One at a time, by its pool: two would take the same version.
@dg.multi_asset(name="cut_release", specs=[_SPEC], pool="release")
def release(
    context: dg.AssetExecutionContext, catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]
) -> dg.MaterializeResult:
    """Cut a new version from all verified shards: metadata, manifest, dataset card, changes since the last."""
    refuse_if_incomplete(lake)
    refuse_if_stale(context.instance, catalog, lake)
    sources = [source.name for source in catalog.sources]
    removals = lake.tables.scan(REMOVALS.name, REMOVALS.schema)
    verified = lake.tables.scan(VERIFIED.name, VERIFIED.schema).filter(pl.col("source").is_in(sources))
    rows = publish.release_rows(verified, removals)
    versions = lake.releases.versions()
    version = publish.next_version(versions, datetime.now(UTC).date())
    with tempfile.TemporaryDirectory(prefix="imgtext-") as folder:
        manifest = publish.write_release(
            Path(folder),
            rows,
            version=version,
            catalog=catalog,
            funnel=stage_funnel(lake).filter(pl.col("source").is_in(sources)),
            before=lake.releases.scan(versions[-1]) if versions else None,
            previous_version=versions[-1] if versions else None,
        )
        url = lake.releases.publish(Path(folder), version)
    return dg.MaterializeResult(
        metadata={
            "version": version,
            "path": url,
            "dagster/row_count": manifest["rows"],
            "changes": manifest["changes"],
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

    Its rows would go out under a policy that they were never judged by. Tombstones need no build: the release itself
    obeys them.
    """
    judged, versions = judged_shards(lake, catalog), code_versions(catalog)
    if clusters_stale(instance, lake, versions, lists_version(catalog.policy.duplicates)):
        raise LakeError(
            "a release needs its rows compared by the policy and the lists of now: `duplicate_clusters` is behind; run "
            "`imgtext build`"
        )
    present = set(present_shards(lake))
    # A file that is gone cannot be read again: its shards go by what was read of it.
    stale = stages_to_run(instance, lake, [stage.name for stage in STAGES], present & set(judged), versions)
    stale |= stages_to_run(instance, lake, [stage.name for stage in STAGES[1:]], set(judged) - present, versions)
    orders = load_orders(catalog)
    early, late = shards_judged_otherwise(lake, orders, judged, removals=False)
    elsewhere = shards_led_to_what_is_listed(lake, orders, judged)
    behind = sorted({*stale, *shards_with_new_verdicts(lake), *early, *late, *elsewhere} & set(judged))
    if behind:
        raise LakeError(
            f"a release needs every shard up to date; {len(behind)} are not, such as {behind[0]}: run `imgtext build`"
        )
