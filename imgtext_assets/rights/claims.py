"""Texts that claim rights: captions here, and the file's own EXIF and XMP texts by the caller.

A claim is a copyright sign, "all rights reserved", or "copyright" with a year, a sign or a name. Talk about copyright
is none ("no known copyright restrictions", "copyright office", "public domain", "CC0"): such phrases are taken out of
the text first, so a claim beside one is still found.

The patterns are both Rust's (polars) and Python's dialect: no look-around, which the former has not.
"""

from __future__ import annotations

import re

import polars as pl

_NO_CLAIM = (
    r"(?i)\b(?:no|not|zero|without|free (?:of|from)|not under|out of|expired|waived?)\s+(?:(?:any|all|known)\s+)*"
    r"(?:copyright(?:s|ed)?\b|©|rights?\s+(?:are\s+)?reserved)(?:\s+(?:restrictions?|claims?)\b)?"
    r"|\b(?:un|non-?)copyrighted\b"
    r"|\bcopyrights?[\s-]+(?:free|(?:has\s+)?expired|waived|acts?|clearance|info(?:rmation)?|infringement|laws?|library|"
    r"notices?|offices?|page|registrations?|restrictions?|status|terms?)\b"
)
_CLAIM = (
    r"(?i)©|ⓒ"
    r"|\b(?:all|some)\s+rights?\s+(?:are\s+)?reserved\b"
    r"|\bcopyrighted\b"
    r"|\(c\)\s*(?:19|20)[0-9]{2}\b"
    r"|\bcopyright\b(?:\s*(?:\(c\)|:)|[\s,–—-]{1,3}(?:by\b|(?:19|20)[0-9]{2}\b|(?-i:[A-Z])))"
)
_NO_CLAIM_RE, _CLAIM_RE = re.compile(_NO_CLAIM), re.compile(_CLAIM)


def claims_rights(text: pl.Expr) -> pl.Expr:
    """Whether each text claims rights: Boolean, null for a null text.

    >>> texts = pl.Series(["A bird. © 2019 Ann", "A bird. No known copyright restrictions."])
    >>> pl.select(claims_rights(pl.lit(texts))).to_series().to_list()
    [True, False]
    """
    return text.str.replace_all(_NO_CLAIM, " ").str.contains(_CLAIM)


def text_claims_rights(text: str) -> bool:
    """The same of one Python text, such as an EXIF Copyright field."""
    return _CLAIM_RE.search(_NO_CLAIM_RE.sub(" ", text)) is not None
