"""Texts that claim rights: captions, titles and descriptions of rows, and what a file says of itself.

A claim is one of two kinds. `reserved`: others may not use the picture ("all rights reserved", "do not use without
permission", "無断転載禁止"); it contradicts every open licence. `copyright`: somebody has rights in it ("© 2019 Ann",
"some rights reserved"); it contradicts only the statement that it is in the public domain, for a picture under CC BY
is rightly copyrighted. Talk about copyright is none ("no known copyright restrictions", "copyright office", "CC0"):
such phrases are taken out of the text first, so that a claim beside one is still found.

What belongs here: how claims are looked for. What does not: the phrases, by language (`claim_phrases`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

import polars as pl

from imgtext_assets.rights.claim_phrases import LANGUAGES

_PUBLIC_DOMAIN = (
    r"public domain|cc ?0\b|(?:cc|commons) zero|creativecommons\.org publicdomain|domaine public|dominio publico|"
    "pubblico dominio|gemeinfrei|パブリックドメイン"
)
# What claims copyright in any language. A text has been through `_judged` by then: its words are one space apart.
_SIGNS = (
    r"©|ⓒ|&copy\b|&#169\b|&#xa9\b",
    # "(c)" may be a list's third item or a unit, so it needs a year or a name. [cс]: Latin, Cyrillic.
    r"(?:^|[^\w)])\([cс]\) ?(?:(?:19|20)[0-9]{2}\b|by\b|(?-i:\p{Lu}\p{L}))",
    r"\bcopyright ?\([cс]\)",
    r"\bcopyright ?: ?(?:\p{L}{2}|[0-9]{4})",
    r"\bcopyright (?:(?:19|20)[0-9]{2}\b|(?-i:\p{Lu}))",
)
# What looks so and is none: a field that says there is none, the items of a list, units, the sign as a sign.
_NO_SIGNS = (
    rf"\bcopyright ?:[^.;©]{{0,60}}?(?:{_PUBLIC_DOMAIN})",
    r"\bcopyright ?: ?(?:[a-z]+ ){0,5}(?:u\. ?s\.|us|united states) (?:federal )?government\b",
    r"\bcopyright ?: ?(?:no|none|not|n a|free|unknown|expired)\b",
    r"\bwithout (?:any )?copyrights? ?(?:[.!)]|$)",
    r"\([ab]\).{0,200}?\(c\)|\(c\).{0,200}?\(d\)",
    r"\b(?:figs?|figure|panel|part|plate|section|article|paragraph|temperature|degrees?)\b\.? ?[0-9.]* ?\(c\)",
    r"\bno ©|© (?:sign|symbol|mark)\b|\b\p{L} © \p{L}\b",
)
_STEMS_OF_SIGNS = ("©", "ⓒ", "&copy", "&#169", "&#xa9", "(c)", "(с)")


def _pattern(kind: Literal["reserved", "copyright", "none"], *signs: str) -> str:
    """One regular expression for all languages' phrases of a kind, which are written as `claim_phrases` says."""
    spaced = _written_out(phrase for language in LANGUAGES if language.spaced for phrase in getattr(language, kind))
    others = _written_out(phrase for language in LANGUAGES if not language.spaced for phrase in getattr(language, kind))
    # Not Unicode's \b: with it, Rust's regex leaves its fast engine at the first letter that is not ASCII.
    whole_words = rf"(?:^|[^\p{{L}}\p{{N}}])(?:{spaced})(?:$|[^\p{{L}}\p{{N}}])"
    return "(?i)" + "|".join([*(sign.replace(r"\b", r"(?-u:\b)") for sign in signs), whole_words, others])


def _written_out(phrases: Iterable[str]) -> str:
    joined = re.sub(r"\((?!\?)", "(?:", _without_accents("|".join(phrases)))
    joined = re.sub(r"(?<!\))\*", "[^ .:;]*", joined)
    return joined.replace(" … ", "[ :](?:[^.!?;]* )?").replace("…", "[^。.！!？?]{0,20}")


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")


def _any_stem() -> str:
    stems = {*_STEMS_OF_SIGNS, *(stem for language in LANGUAGES for stem in language.stems)}
    composed_or_not = sorted({unicodedata.normalize(form, stem) for form in ("NFC", "NFD") for stem in stems})
    return "(?i)" + "|".join(re.escape(stem).replace(r"\ ", r"[\s-]+") for stem in composed_or_not)


_ANY_STEM = _any_stem()
_RESERVED, _COPYRIGHT = _pattern("reserved"), _pattern("copyright", *_SIGNS)
_NO_CLAIM = _pattern("none", *_NO_SIGNS)


def claim_kind(text: pl.Expr) -> pl.Expr:
    """What each text claims: String, `reserved`, `copyright`, or null where it claims nothing.

    >>> texts = pl.Series(["A bird. © 2019 Ann", "Alle Rechte vorbehalten", "No known copyright restrictions"])
    >>> pl.select(claim_kind(pl.lit(texts))).to_series().to_list()
    ['copyright', 'reserved', None]
    """
    # Nearly all texts have no stem: they are null from here on, which costs the patterns nothing.
    return _judged(pl.when(text.str.contains(_ANY_STEM)).then(text))


def claims_rights(text: pl.Expr) -> pl.Expr:
    """Whether each text claims rights of either kind: Boolean, false for a null text."""
    return claim_kind(text).is_not_null()


def contradicts(text: pl.Expr, public_domain: pl.Expr) -> pl.Expr:
    """Whether each text's claim contradicts the row's licence, which is `public_domain` or not: Boolean, never null.

    Where it is not known whether the licence is one of the public domain, it counts as one.

    >>> rows = pl.DataFrame({"text": ["© Ann", "© Ann", "© Ann. Do not copy"], "free": [True, False, False]})
    >>> rows.select(contradicts(pl.col("text"), pl.col("free"))).to_series().to_list()
    [True, False, True]
    """
    kind = claim_kind(text)
    return kind.eq_missing(pl.lit("reserved")) | (kind.is_not_null() & public_domain.fill_null(True))


def _judged(text: pl.Expr) -> pl.Expr:
    """`claim_kind` of texts that may claim something; null for null."""
    plain = text.str.normalize("NFD").str.replace_all(r"\p{Mn}", "").str.replace_all("['’`´]", "'")
    words = plain.str.replace_all(r"\n\s*\n", ". ").str.replace_all(r"[\s,\"“”«»|/_–—-]+", " ")
    # A full stop in a phrase's place ends the sentence, so that no claim is made of what was around it.
    rest = words.str.replace_all(_NO_CLAIM, " . ")
    return (
        pl.when(rest.str.contains(_RESERVED))
        .then(pl.lit("reserved"))
        .when(rest.str.contains(_COPYRIGHT))
        .then(pl.lit("copyright"))
    )
