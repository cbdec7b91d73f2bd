"""The table of licences, and the groups of them that a policy may name. This is the truth: policies name its ids.

What belongs here: all rows together, and questions on ids. What does not: the rows of a family (its own module), and
recognising statements (`matching`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from imgtext_assets.rights.licenses import creative_commons, other_licenses, statements
from imgtext_assets.rights.licenses.model import Demand, License

FAMILIES: Mapping[str, tuple[License, ...]] = MappingProxyType(
    {
        "Public domain": (*creative_commons.CC_PUBLIC_DOMAIN, *statements.PUBLIC_DOMAIN),
        "rightsstatements.org": statements.RIGHTS_STATEMENTS,
        "Creative Commons": creative_commons.CC_LICENSES,
        "Creative Commons, retired": creative_commons.CC_RETIRED,
        "Open Data Commons and Linux Foundation": other_licenses.OPEN_DATA,
        "Governments": other_licenses.GOVERNMENTS,
        "Free art and documentation": other_licenses.FREE_ART,
        "Stock sites": other_licenses.STOCK_SITES,
        "No licence": (statements.ALL_RIGHTS_RESERVED,),
    }
)
LICENSES: tuple[License, ...] = tuple(known for family in FAMILIES.values() for known in family)
BY_ID: Mapping[str, License] = MappingProxyType({known.id: known for known in LICENSES})


def _at_most(demands: Demand) -> frozenset[str]:
    return frozenset(known.id for known in LICENSES if known.demands in demands)


GROUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "public-domain": frozenset(known.id for known in LICENSES if known.public_domain),
        "open-commercial": _at_most(Demand.ATTRIBUTION | Demand.SHARE_ALIKE),
        "non-commercial": _at_most(Demand.ATTRIBUTION | Demand.SHARE_ALIKE | Demand.NON_COMMERCIAL),
    }
)
"""Ids by name of the group; each group is part of the next.

`public-domain`: nobody claims copyright. `open-commercial`: any use, at most for attribution and share-alike.
`non-commercial`: the same, or any use that is not commercial. None has licences that forbid adaptations, have terms
of their own, or reserve rights: those go by id.
"""


def allowed_ids(allow: Iterable[str]) -> frozenset[str]:
    """The licence ids that a policy's list of ids and group names means.

    Raises ValueError, with the nearest names that there are, for a name that is neither.

    >>> sorted(allowed_ids(["CC-BY-4.0", "CC-BY-SA-4.0"]))
    ['CC-BY-4.0', 'CC-BY-SA-4.0']
    """
    return frozenset[str]().union(*(GROUPS.get(name) or _one(name) for name in allow))


def _one(name: str) -> frozenset[str]:
    if name in BY_ID:
        return frozenset({name})
    by_lower = {known.lower(): known for known in (*GROUPS, *BY_ID)}
    nearest = [by_lower[lower] for lower in get_close_matches(name.lower(), by_lower, n=3, cutoff=0.4)]
    hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
    raise ValueError(f"{name!r} is neither a licence id nor a group of licences ({', '.join(GROUPS)}){hint}")
