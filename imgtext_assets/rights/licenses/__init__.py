"""The licences that we know, how each is stated, and what it demands. This table is the truth; policies name its ids.

A statement is recognised whole or not at all. What the table has not stays unknown, so no list of allowed licences
passes it by accident. What belongs here: licences and statements of them. What does not: what a policy makes of them
(`rights.filter`), and texts that claim rights (`rights.claims`).
"""

from imgtext_assets.rights.licenses.expressions import demands, is_public_domain, license_url, recognise, stricter
from imgtext_assets.rights.licenses.matching import find_license
from imgtext_assets.rights.licenses.model import Demand, License, Match
from imgtext_assets.rights.licenses.reference import licenses_page
from imgtext_assets.rights.licenses.table import BY_ID, FAMILIES, GROUPS, LICENSES, allowed_ids

__all__ = [
    "BY_ID",
    "FAMILIES",
    "GROUPS",
    "LICENSES",
    "Demand",
    "License",
    "Match",
    "allowed_ids",
    "demands",
    "find_license",
    "is_public_domain",
    "license_url",
    "licenses_page",
    "recognise",
    "stricter",
]
