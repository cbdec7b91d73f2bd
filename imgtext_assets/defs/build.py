"""Put everything together: assets, checks, jobs, schedules, sensors and resources, for one catalog."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from imgtext_assets.catalog import Catalog, PictureSettings, digest, load_catalog
from imgtext_assets.defs import jobs, schedules, sensors
from imgtext_assets.defs.assets import duplicates, links, metadata, pictures, release
from imgtext_assets.defs.checks import all_checks
from imgtext_assets.defs.io import LakeIOManager
from imgtext_assets.defs.progress import LogProgress
from imgtext_assets.engine import LocalEngine
from imgtext_assets.lake import Lake

ASSETS: list[dg.AssetsDefinition] = [
    metadata.raw_metadata,
    metadata.license_filtered,
    duplicates.fingerprints,
    duplicates.duplicate_clusters,
    duplicates.deduplicated,
    pictures.resolution_filtered,
    pictures.downloaded,
    pictures.verified,
    links.link_checks,
    links.link_decay,
    release.release,
]
# Raised when a stage's code gives other rows for the same input, so that what it made before shows as stale.
CODE_VERSION = "1"


def build_defs(catalog: Catalog | None = None, **overrides: Any) -> dg.Definitions:
    """All definitions for a catalog (read from its default place if not given).

    `overrides` replace resources by name: `lake`, `engine`, `progress`, `lake_tables`. Raises CatalogError.
    """
    catalog = catalog or load_catalog()
    lake = overrides.get("lake") or Lake(catalog.lake)
    resources = {
        "catalog": catalog,
        "lake": lake,
        "lake_tables": LakeIOManager(lake),
        "engine": local_engine(catalog.pictures),
        "progress": LogProgress(),
    }
    versions = code_versions(catalog)
    return dg.Definitions(
        assets=[metadata.source_files, *(_versioned(asset, versions[asset.key.to_user_string()]) for asset in ASSETS)],
        asset_checks=all_checks(),
        jobs=jobs.JOBS,
        schedules=schedules.SCHEDULES,
        sensors=sensors.SENSORS,
        resources=resources | overrides,
        executor=dg.in_process_executor,
    )


def local_engine(settings: PictureSettings) -> dg.ResourceDefinition:
    """Decoding processes of this machine, started by the first step of a run that decodes and ended with the run."""

    @dg.resource(description="Decoding processes of this machine.")
    def engine() -> Iterator[LocalEngine]:
        with LocalEngine(settings.workers, settings.decode_memory, settings.decode_seconds) as running:
            yield running

    return engine


def code_versions(catalog: Catalog) -> dict[str, str]:
    """The code version of each asset: of the code, and of the part of the catalog that the asset obeys.

    A changed policy thus makes exactly the assets stale that apply it.
    """
    policy = catalog.policy
    obeys = {
        "raw_metadata": catalog.sources,
        "license_filtered": [policy.licenses],
        "fingerprints": [policy.resolution, catalog.pictures],
        "duplicate_clusters": [policy.duplicates],
        "resolution_filtered": [policy.resolution],
        "verified": [policy, catalog.pictures],
        "link_decay": [catalog.links],
        "release": [catalog.release],
    }
    names = [asset.key.to_user_string() for asset in ASSETS]
    return {name: "-".join([CODE_VERSION, *([digest(*obeys[name])] if name in obeys else [])]) for name in names}


def _versioned(asset: dg.AssetsDefinition, version: str) -> dg.AssetsDefinition:
    return asset.map_asset_specs(lambda spec: spec.replace_attributes(code_version=version))
