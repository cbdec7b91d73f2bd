"""Texts that claim rights: captions, titles and descriptions of rows, and what a file says of itself.

A claim is of rights or of a condition. Claims of rights are of one of two kinds. `reserved`: others may not use the
picture ("all rights reserved", "do not use without permission", "無断転載禁止"); it contradicts every open licence.
`copyright`: somebody has rights in it ("© 2019 Ann", "some rights reserved"); it contradicts only the statement that it
is in the public domain, for a picture under CC BY is rightly copyrighted. A condition is one that Creative Commons'
licences name, and that somebody who trusts a freer licence would break: no commercial use ("CC BY-NC 2.0"), no
derivatives ("CC BY-ND"); it contradicts the licences without that condition, whatever is claimed besides. Talk about
copyright is none ("no known copyright restrictions", "copyright office", "CC0"): such phrases are taken out of the text
first, so that a claim beside one is still found.

What belongs here: how claims are looked for. What does not: the phrases, by language (`claim_phrases`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

import polars as pl

from imgtext_assets.rights.claim_phrases import LANGUAGES
from imgtext_assets.rights.licenses import Demand, demands, is_public_domain

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
    r"\bcopyright (?:\p{L}+\.? ){1,3}(?:19|20)[0-9]{2}\b",
)
# What looks so and is none: a field that says there is none, the items of a list, units, the sign as a sign.
_NO_SIGNS = (
    rf"\bcopyright ?:[^.;©]{{0,60}}?(?:{_PUBLIC_DOMAIN})",
    r"\bcopyright ?: ?(?:[a-z]+ ){0,5}(?:u\. ?s\.|us|united states) (?:federal )?government\b",
    r"\bcopyright ?: ?(?:no|none|not|n a|free|unknown|expired)\b",
    r"\bcopyright (?:(?-i:\p{Ll}+) ){0,2}(?:in|from|since|until|to) (?:19|20)[0-9]{2}\b",
    r"\bwithout (?:any )?copyrights? ?(?:[.!)]|$)",
    r"\([ab]\).{0,200}?\(c\)|\(c\).{0,200}?\(d\)",
    r"\b(?:figs?|figure|panel|part|plate|section|article|paragraph|temperature|degrees?)\b\.? ?[0-9.]* ?\(c\)",
    r"\bno ©|© (?:sign|symbol|mark)\b|\b\p{L} © \p{L}\b",
)
# The conditions, by code and by name. Names: those of the deeds, https://creativecommons.org/licenses/by-nc-nd/4.0/.
# "by nc" alone may be North Carolina, so it needs a "CC" before it or a version behind it.
_CC = r"(?:\bcc\)? ?\(?by|licenses by|creative ?commons \(?by)"
_ATTRIBUTION = (
    r"\b(?:creative commons|attribution|namensnennung|reconocimiento|atribucion|atribuicao|attribuzione|"
    r"naamsvermelding)[ :(]+(?:(?:licen[cs]e|attribution|by|share ?alike|non ?commercial)[ :(]+)*"
)
_CONDITIONS = {
    Demand.NON_COMMERCIAL: (
        rf"{_CC} ?(?:(?:sa|nd) ?)*nc\b|\b(?:by )?(?:nd |sa )*nc (?:sa |nd )*v?[1-4]\.[05]\b",
        rf"{_ATTRIBUTION}(?:no ?deriv\p{{L}}+ )?(?:non ?commercial|nicht ?kommerziell|pas d'utilisation commerciale|"
        "no ?comercial|nao ?comercial|niet ?commercieel)",
        r"\b(?:no|not for) commercial use\b|\bnon ?commercial use only\b",
    ),
    Demand.NO_DERIVATIVES: (
        rf"{_CC} ?(?:(?:nc|sa) ?)*nd\b|\b(?:by )?(?:nc )?nd (?:nc )?v?[1-4]\.[05]\b",
        rf"{_ATTRIBUTION}(?:(?:nicht ?kommerziell|pas d'utilisation commerciale|non ?commerciale|no ?comercial|"
        r"nao ?comercial|niet ?commercieel) )?"
        r"(?:no ?deriv|keine ?bearbeitung|pas de modification|sin ?(?:obra)? ?deriv|"
        "sem ?deriv|non opere derivate|geen ?afgeleide)",
    ),
}
_STEMS_OF_CONDITIONS = (
    "by nc", "by nd", "by sa nc", "bync", "bynd", "nc sa", "nc nd", "nd nc", "nc 1.", "nc 2.", "nd 1.", "commercial",
    "kommerziell", "comercial", "commercieel", "deriv", "bearbeitung", "modification", "afgeleide",
)  # fmt: skip
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


def _any_of(stems: Iterable[str]) -> str:
    composed_or_not = sorted({unicodedata.normalize(form, stem) for form in ("NFC", "NFD") for stem in stems})
    return "(?i)" + "|".join(re.escape(stem).replace(r"\ ", r"[\s_-]+") for stem in composed_or_not)


_ANY_STEM = _any_of({*_STEMS_OF_SIGNS, *(stem for language in LANGUAGES for stem in language.stems)})
_ANY_STEM_OF_CONDITIONS = _any_of(_STEMS_OF_CONDITIONS)
_RESERVED, _COPYRIGHT = _pattern("reserved"), _pattern("copyright", *_SIGNS)
_NO_CLAIM = _pattern("none", *_NO_SIGNS)
_CONDITION = {demand: "(?i)" + "|".join(names).replace(r"\b", r"(?-u:\b)") for demand, names in _CONDITIONS.items()}


def claim_kind(text: pl.Expr) -> pl.Expr:
    """Which rights each text claims: String, `reserved`, `copyright`, or null where it claims none.

    >>> texts = pl.Series(["A bird. © 2019 Ann", "Alle Rechte vorbehalten", "No known copyright restrictions"])
    >>> pl.select(claim_kind(pl.lit(texts))).to_series().to_list()
    ['copyright', 'reserved', None]
    """
    # A full stop in a phrase's place ends the sentence, so that no claim is made of what was around it.
    rest = _words(text, _ANY_STEM).str.replace_all(_NO_CLAIM, " . ")
    return (
        pl.when(rest.str.contains(_RESERVED))
        .then(pl.lit("reserved"))
        .when(rest.str.contains(_COPYRIGHT))
        .then(pl.lit("copyright"))
    )


def contradicts(text: pl.Expr, license_id: pl.Expr) -> pl.Expr:
    """Whether what each text claims contradicts the row's licence: Boolean, never null.

    An unknown licence counts as one of the public domain, which has no conditions.

    >>> texts = pl.Series(["© Ann", "© Ann. Do not copy", "Bird, CC BY-NC 2.0"])
    >>> for license_id in ("CC0-1.0", "CC-BY-4.0", "CC-BY-NC-SA-4.0"):
    ...     print(pl.select(contradicts(pl.lit(texts), pl.lit(license_id))).to_series().to_list())
    [True, True, True]
    [False, True, True]
    [False, True, False]
    """
    # Kinds compare as words do: `copyright` < `reserved`. Named twice, the kind would be looked for twice.
    least = (
        pl.when(is_public_domain(license_id).fill_null(True)).then(pl.lit("copyright")).otherwise(pl.lit("reserved"))
    )
    rights = (claim_kind(text) >= least).fill_null(False)
    words = _words(text, _ANY_STEM_OF_CONDITIONS)
    conditions = (
        words.str.contains(pattern).fill_null(False) & ~demands(license_id, demand).fill_null(False)
        for demand, pattern in _CONDITION.items()
    )
    return pl.any_horizontal(rights, *conditions)


def _words(text: pl.Expr, stems: str) -> pl.Expr:
    """The words of the texts that have one of the stems, one space apart and without accents; null for all others."""
    # Nearly all texts have none: they are null from here on, which costs the patterns nothing.
    plain = pl.when(text.str.contains(stems)).then(text).str.normalize("NFD").str.replace_all(r"\p{Mn}", "")
    one_quote = plain.str.replace_all("['’`´]", "'").str.replace_all(r"\n\s*\n", ". ")
    return one_quote.str.replace_all(r"[\s,\"“”«»|/_–—-]+", " ")
