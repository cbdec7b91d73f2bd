"""Put everything together: assets, checks, jobs, schedules, sensors and resources, for one catalog."""

from typing import Any, cast

import dagster as dg

from imgtext_assets.catalog import Catalog, load_catalog
from imgtext_assets.defs import jobs, schedules, sensors
from imgtext_assets.defs.assets import duplicates, links, metadata, pictures, release
from imgtext_assets.defs.checks import all_checks
from imgtext_assets.defs.cluster_checks import cluster_checks
from imgtext_assets.defs.engines import engine_of, local_reader
from imgtext_assets.defs.io import LakeIOManager
from imgtext_assets.defs.orders import check_catalog
from imgtext_assets.defs.progress import LogProgress
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
        links.link_decay,
        release.release,
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
        assets=[metadata.source_files, *(_versioned(asset, versions[asset.key.to_user_string()]) for asset in ASSETS)],
        asset_checks=[*all_checks(), cluster_checks],
        jobs=jobs.JOBS,
        schedules=schedules.SCHEDULES,
        sensors=sensors.SENSORS,
        resources=resources | overrides,
        executor=dg.in_process_executor,
    )


def _versioned(asset: dg.AssetsDefinition, version: str) -> dg.AssetsDefinition:
    return asset.map_asset_specs(lambda spec: spec.replace_attributes(code_version=version))
