"""May this row be used: its licence, what its texts and file claim, who opted out, and what was removed.

Pure: frames in, frames out. What belongs here: the table of licences, how texts claim rights, how hosts and people
opt out, decisions on accounts, and the verdicts of `license_filtered`. What does not: reading picture files
(`pictures/`), asking hosts for their consent (`fetch/`).
"""

from imgtext_assets.rights.accounts import DECISIONS, accounts, add_decision, parse_decisions, undecided
from imgtext_assets.rights.consent import OPT_OUTS, listed, listed_bytes, parse_opt_outs
from imgtext_assets.rights.files import file_review, file_rules
from imgtext_assets.rights.filter import LISTED_RULE, ended_by_list, judged_otherwise, license_filter
from imgtext_assets.rights.licenses import BY_ID, LICENSES, License, allowed_ids, find_license, license_url, recognise
from imgtext_assets.rights.purges import next_steps
from imgtext_assets.rights.removals import (
    BY_BYTES,
    BY_ROW,
    REMOVED_RULE,
    named,
    naming,
    not_named,
    tombstones,
    with_removals,
)
from imgtext_assets.rights.takedowns import order, orders_frame, parse_takedowns

__all__ = [
    "BY_BYTES",
    "BY_ID",
    "BY_ROW",
    "DECISIONS",
    "LICENSES",
    "LISTED_RULE",
    "OPT_OUTS",
    "REMOVED_RULE",
    "License",
    "accounts",
    "add_decision",
    "allowed_ids",
    "ended_by_list",
    "file_review",
    "file_rules",
    "find_license",
    "judged_otherwise",
    "license_filter",
    "license_url",
    "listed",
    "listed_bytes",
    "named",
    "naming",
    "next_steps",
    "not_named",
    "order",
    "orders_frame",
    "parse_decisions",
    "parse_opt_outs",
    "parse_takedowns",
    "recognise",
    "tombstones",
    "undecided",
    "with_removals",
]
