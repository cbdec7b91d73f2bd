"""Which code, and which part of the catalog, made an asset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from imgtext_assets.catalog import Catalog, digest

# Raised when an asset's code gives other rows for the same input, so that what it made before shows as stale.
_CODE = dict.fromkeys(
    (
        "raw_metadata",
        "license_filtered",
        "fingerprints",
        "duplicate_clusters",
        "deduplicated",
        "resolution_filtered",
        "downloaded",
        "verified",
        "link_checks",
        "link_decay",
        "release",
    ),
    1,
)


class SourceNames(BaseModel):
    """Which sources are compared for duplicates."""

    names: list[str]


def code_versions(catalog: Catalog) -> dict[str, str]:
    """The code version of each asset: a number for its code, and a digest of the settings that it obeys.

    A changed policy thus makes exactly those assets stale that apply it.
    """
    policy = catalog.policy
    claims = policy.licenses.model_copy(update={"allow": [], "exclude_accounts": []})  # all that `verified` asks of it
    pictures = catalog.pictures.model_copy(update={"workers": None})  # how many there are changes no row
    obeys: Mapping[str, Sequence[BaseModel]] = {
        "license_filtered": [policy.licenses],
        "fingerprints": [policy.resolution, pictures, catalog.fetch.what_may_be_had],
        "duplicate_clusters": [policy.duplicates, SourceNames(names=[source.name for source in catalog.sources])],
        "resolution_filtered": [policy.resolution],
        "downloaded": [catalog.fetch.what_may_be_had],
        "verified": [policy.resolution, claims, pictures],
        "link_decay": [catalog.links],
        "release": [catalog.release],
    }
    return {name: f"{code}-{digest(*obeys.get(name, []))}" for name, code in _CODE.items()}
