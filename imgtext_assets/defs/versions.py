"""Which code, and which part of the catalog, made an asset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from imgtext_assets.catalog import CaptionPolicy, Catalog, DriftPolicy, LicensePolicy, digest
from imgtext_assets.policies import RemovalPolicy
from imgtext_assets.tables import DEAD_LINKS, LINK_DECAY, LINK_HOSTS, LINK_SURVIVAL, STAGES

DECAY = [table.name for table in (LINK_DECAY, LINK_SURVIVAL, LINK_HOSTS, DEAD_LINKS)]
"""The assets that one look at all rechecks makes together."""

# Raised when an asset's code gives other rows for the same input, so that what it made before shows as stale.
_CODE = {
    **dict.fromkeys((table.name for table in STAGES), 3),
    "fingerprints": 4,
    "duplicate_clusters": 3,
    "deduplicated": 4,
    "accounts": 1,
    "link_checks": 5,
    **dict.fromkeys(DECAY, 2),
    "release": 4,
    "removal_files": 1,
    "purges": 1,
}


class OwnPolicies(BaseModel):
    """What single sources are judged by in place of the policy of all; a new source without changes nothing."""

    license_schemes: dict[str, str]
    license_policies: dict[str, LicensePolicy]
    caption_policies: dict[str, CaptionPolicy]


class SourceNames(BaseModel):
    """Which sources are compared for duplicates."""

    names: list[str]


class Animated(BaseModel):
    """What becomes of animated pictures."""

    animated: str


class StatedClaims(BaseModel):
    """All that `verified` obeys of the policies on rights."""

    of_all: str
    own: dict[str, str]
    data_mining: bool


def code_versions(catalog: Catalog) -> dict[str, str]:
    """The code version of each asset: a number for its code, and a digest of the settings that it obeys.

    A changed policy thus makes exactly those assets stale that apply it.
    """
    policy, asked = catalog.policy, [catalog.fetch.what_may_be_had, catalog.policy.consent.of_hosts]
    pictures = catalog.pictures.model_copy(update={"workers": None})  # how many there are changes no row
    alike = policy.duplicates.model_copy(update={"suspicious_size": None})  # a warning changes none either
    own = OwnPolicies(
        license_schemes={source.name: source.license_scheme for source in catalog.sources if source.license_scheme},
        license_policies={source.name: source.license_policy for source in catalog.sources if source.license_policy},
        caption_policies={source.name: source.caption_policy for source in catalog.sources if source.caption_policy},
    )
    claims = StatedClaims(
        of_all=policy.licenses.stated_claims,
        own={
            name: licenses.stated_claims
            for name, licenses in own.license_policies.items()
            if licenses.stated_claims != policy.licenses.stated_claims
        },
        data_mining=policy.consent.data_mining,
    )
    # What looks like a removed picture comes back where the policy lets it; the other way, stages are asked by rows.
    looks = [] if policy.removals.near_duplicates else [RemovalPolicy(near_duplicates=False)]
    obeys: Mapping[str, Sequence[BaseModel]] = {
        "license_filtered": [policy.licenses, policy.captions, own],
        "fingerprints": [policy.resolution, pictures, *asked],
        "duplicate_clusters": [
            alike,
            DriftPolicy(placeholder_links=policy.drift.placeholder_links),
            SourceNames(names=[source.name for source in catalog.sources]),
        ],
        "resolution_filtered": [policy.resolution],
        "downloaded": asked,
        "verified": [policy.resolution, policy.drift, Animated(animated=policy.animated), claims, pictures, *looks],
        **{name: [catalog.links.of_deaths] for name in DECAY},
        "release": [catalog.release, policy.links],
    }
    return {name: f"{code}-{digest(*obeys.get(name, []))}" for name, code in _CODE.items()}
