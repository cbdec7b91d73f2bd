"""Who does not consent to the use of a picture, and how we know: hosts, by header and by file, and opt-out lists.

Pure: bytes, texts and frames in, verdicts out; every verdict brings its evidence. What belongs here: the meaning of
X-Robots-Tag, robots.txt, TDMRep and opt-out lists under one policy. What does not: asking hosts (`fetch/`), and what a
picture's own metadata says (`pictures/`).
"""

from imgtext_assets.rights.consent.hosts import (
    FRESH,
    MAX_BYTES,
    Consent,
    HostFile,
    Refusal,
    host_files,
    origin_of,
    wanted_files,
)
from imgtext_assets.rights.consent.lists import OPT_OUTS, OptOuts, listed, listed_bytes, parse_opt_outs
from imgtext_assets.rights.consent.records import had_otherwise, judged_again, recorded_files, unheard, without_lifted

__all__ = [
    "FRESH",
    "MAX_BYTES",
    "OPT_OUTS",
    "Consent",
    "HostFile",
    "OptOuts",
    "Refusal",
    "had_otherwise",
    "host_files",
    "judged_again",
    "listed",
    "listed_bytes",
    "origin_of",
    "parse_opt_outs",
    "recorded_files",
    "unheard",
    "wanted_files",
    "without_lifted",
]
