"""May this row be used: its licence, what its texts claim, and what was removed.

Pure: frames in, frames out. What belongs here: the table of licences, how texts claim rights, the verdicts of
`license_filtered`. What does not: reading picture files (`pictures/`), asking hosts for their consent (`fetch/`).
"""

from imgtext_assets.rights.claims import claims_rights, text_claims_rights
from imgtext_assets.rights.filter import license_filter
from imgtext_assets.rights.licenses import BY_ID, LICENSES, License, find_license, license_url, recognise
from imgtext_assets.rights.removals import NAMES, tombstones

__all__ = [
    "BY_ID",
    "LICENSES",
    "NAMES",
    "License",
    "claims_rights",
    "find_license",
    "license_filter",
    "license_url",
    "recognise",
    "text_claims_rights",
    "tombstones",
]
