"""Put everything together: assets, checks, jobs, schedules, sensors and resources, for one catalog."""

from collections.abc import Mapping
from typing import Any, cast

import dagster as dg

from imgtext_assets.catalog import Catalog, load_catalog
from imgtext_assets.defs import jobs, removing, schedules, sensors
from imgtext_assets.defs.assets import decay, duplicates, links, metadata, pictures, release, removals
from imgtext_assets.defs.automation import FRESHNESS
from imgtext_assets.defs.checks import all_checks
from imgtext_assets.defs.cluster_checks import cluster_checks
from imgtext_assets.defs.engines import engine_of, local_reader
from imgtext_assets.defs.io import LakeIOManager
from imgtext_assets.defs.orders import check_catalog
from imgtext_assets.defs.progress import LogProgress
from imgtext_assets.defs.release_checks import release_reconciles
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.lake import Lake

ASSETS = cast(
    list[dg.AssetsDefinition],
    [
        metadata.raw_metadata,
        metadata.license_filtered,
        metadata.accounts,
        duplicates.fingerprints,
        duplicates.duplicate_clusters,
        duplicates.deduplicated,
        pictures.resolution_filtered,
        pictures.downloaded,
        pictures.verified,
        links.link_checks,
        decay.link_decay,
        release.release,
        removals.removal_files,
        removals.purges,
    ],
)  # what the decorators make; their types say functions


def build_defs(catalog: Catalog | None = None, **overrides: Any) -> dg.Definitions:
    """All definitions for a catalog (read from its default place if not given).

    `overrides` replace resources by name: `lake`, `engine`, `reader`, `progress`, `lake_tables`. Raises CatalogError.
    """
    catalog = catalog or load_catalog()
    check_catalog(catalog)
    lake = overrides.get("lake") or Lake(catalog.lake, catalog.storage.fsync)
    resources = {
        "catalog": catalog,
        "lake": lake,
        "lake_tables": LakeIOManager(lake),
        "engine": engine_of(catalog),
        "reader": local_reader,
        "progress": LogProgress(),
    }
    versions = code_versions(catalog)
    return dg.Definitions(
        assets=[metadata.source_files, *(_versioned(asset, versions) for asset in ASSETS)],
        asset_checks=[*all_checks(), cluster_checks, release_reconciles],
        jobs=[*jobs.JOBS, *removing.JOBS],
        schedules=[*schedules.SCHEDULES, *removing.SCHEDULES],
        sensors=[*sensors.SENSORS, *removing.SENSORS],
        resources=resources | overrides,
        executor=dg.in_process_executor,
    )


def _versioned(asset: dg.AssetsDefinition, versions: Mapping[str, str]) -> dg.AssetsDefinition:
    """The asset with its code version, and how old it may be."""

    def spec(spec: dg.AssetSpec) -> dg.AssetSpec:
        name = spec.key.to_user_string()
        return spec.replace_attributes(code_version=versions[name], freshness_policy=FRESHNESS.get(name))

    return asset.map_asset_specs(spec)
