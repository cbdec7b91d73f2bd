"""Recognising statements: an address by its exact host and path, a phrase, template or number whole, or not at all.

What belongs here: how two spellings compare. What does not: the spellings (`table`). Everything here is linear in the
length of the statement, which anybody may have written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from imgtext_assets.rights.licenses.model import License, Match
from imgtext_assets.rights.licenses.table import LICENSES

LONGEST = 1000  # characters; the longest that the table has is 101, and addresses and templates carry parameters
_SPACE = " \t\n\r\f\v"

# RFC 3986: scheme, host without user info, port, path; query and fragment say nothing about the licence.
_ADDRESS = re.compile(
    r"(?:(?:(https?):)?//)?(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::([0-9]+))?(/[^?#\s]*)?(?:[?#]\S*)?",
    re.IGNORECASE | re.ASCII,
)
_DEFAULT_PORTS = {("http", "80"), ("https", "443")}
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_DECODED = re.compile(r"[A-Za-z0-9._~+-]")  # what RFC 3986 calls unreserved, and `+`, which a path of CC's has
# What creativecommons.org has below a licence: deed and legal code, by language (`deed.zh-hant`), and metadata.
_BELOW_CC = re.compile(r"/(?:(?:deed|legalcode)(?:\.[a-z]{2,3}(?:[-_@][a-z]{2,5})?)?|rdf)\Z")
_CC_TOOL = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/.+")

_SEPARATORS = re.compile(r"[\s_-]+", re.ASCII)
# Words that differ by spelling only, after separators have become single spaces.
_SAME_WORDS = [
    (re.compile(pattern), word)
    for pattern, word in [
        (r"\bcreative commons\b", "cc"),
        (r"\bcc (?=cc)", ""),
        (r"\blicen[cs]e\b", "license"),
        (r"\bshare alike\b", "sharealike"),
        (r"\bnon commercial\b", "noncommercial"),
        (r"\bno ?deriv(?:ative works|atives|ative|s)\b", "noderivatives"),
        (r"\b(?:version |ver\.? |v\.? ?)(?=[0-9])", ""),
        # The sentence and the heading that Creative Commons' own pages put around a licence's name.
        (
            r"\A(?:this (?:work|image|photo|photograph|picture|file) is )?"
            r"(?:licen[cs]ed|released|available|published) under (?:an? |the )?",
            "",
        ),
        (r" (?:(?:public )?license|deed)\Z", ""),
    ]
]


def address_key(text: str) -> str | None:
    """Host and path of an address for comparison, None where `text` is no web address that could be a licence's.

    >>> address_key("HTTP://www.CreativeCommons.org:80/publicdomain/zero/1.0/deed.de?ref=x#y")
    'creativecommons.org/publicdomain/zero/1.0'
    """
    address = _ADDRESS.fullmatch(text)
    if address is None:
        return None
    scheme, host, port, path = address.groups(default="")
    if port and (scheme.lower(), port) not in _DEFAULT_PORTS:
        return None
    key = host.lower() + _ENCODED.sub(_decoded, path).lower().removesuffix("/")
    return _BELOW_CC.sub("", key) if _CC_TOOL.fullmatch(key) else key


def phrase_key(text: str) -> str:
    """A phrase for comparison: lower case, single spaces, a word spelled one way, no full stop at the end.

    "This work is licensed under a …" before it and "license" or "deed" behind it add nothing.

    >>> phrase_key("Licensed under a Creative Commons Attribution-Share Alike 4.0 International Licence.")
    'cc attribution sharealike 4.0 international'
    """
    key = _SEPARATORS.sub(" ", text.strip(_SPACE)).lower().strip(" ").removesuffix(".")
    for pattern, word in _SAME_WORDS:
        key = pattern.sub(word, key)
    return key.strip(" ")


def find_license(stated: str, scheme: str | None = None) -> Match | None:
    """The licence that `stated` is: an address, phrase, id, or Wikimedia template; None where that is unknown.

    A bare number is a licence only where `scheme` says whose number it may be: `flickr`. Two statements count as one
    where they agree: a phrase with an address or another phrase behind it, such as `CC0 1.0 Universal (CC0 1.0)`.
    Characters beyond ASCII only count where the table has that very spelling, since many look like ASCII ones.
    Raises ValueError for a scheme that there is not.

    >>> find_license("http://www.creativecommons.org/publicdomain/zero/1.0/deed.de").license.id
    'CC0-1.0'
    >>> find_license("https://creativecommons.org.evil.example/publicdomain/zero/1.0/")
    >>> find_license("9", "flickr").pattern
    "Flickr's number 9"
    """
    if scheme not in (None, "flickr"):
        raise ValueError(f"{scheme!r}: expected no scheme, or `flickr`")
    text = _plain(stated)
    if not text:
        return None
    if scheme == "flickr" and text in _BY_NUMBER:
        return Match(_BY_NUMBER[text], f"Flickr's number {text}")
    return _find(text) or _find_pair(text)


def _plain(stated: str) -> str:
    """`stated` in NFC, without white space around it; empty where it is too long or hides ASCII in other characters.

    NFC turns a few characters into ASCII (U+212A KELVIN SIGN into K): a statement that needs that is no real one.
    """
    text = stated.strip(_SPACE)
    if len(text) > LONGEST:
        return ""
    if any(unicodedata.normalize("NFC", character).isascii() for character in text if not character.isascii()):
        return ""
    return unicodedata.normalize("NFC", text)


def _find(text: str) -> Match | None:
    """The licence that all of `text` is, as an address, phrase or template."""
    address = address_key(text)
    if address and address in _BY_ADDRESS:
        return Match(_BY_ADDRESS[address], f"address {address}")
    phrase = phrase_key(text)
    if phrase in _BY_PHRASE:
        return Match(_BY_PHRASE[phrase], f'phrase "{phrase}"')
    return _find_template(text)


def _find_pair(text: str) -> Match | None:
    """The licence that both parts of `text` are, where it has two: `CC BY 4.0 (https://…)`, `CC BY 4.0, https://…`."""
    if text.endswith((")", ">")):
        first, _, second = text[:-1].rpartition("(" if text.endswith(")") else "<")
    else:
        first, _, second = text.rpartition(" ")
        if "//" not in second:
            return None
    one, other = _find(first.rstrip(_SPACE + ",;:|-")), _find(second.strip(_SPACE))
    if one is None or other is None or one.license is not other.license:
        return None
    return Match(one.license, f"{one.pattern} and {other.pattern}")


def _find_template(text: str) -> Match | None:
    """The licence of a Wikimedia template: `{{PD-self}}`, `Template:PD-self`, `{{Cc-by-4.0|Ann}}` or bare `PD-self`."""
    braced = text.startswith("{{") and text.endswith("}}")
    inner = (text[2:-2] if braced else text).strip(_SPACE)
    named = inner[:9].lower() == "template:"
    if "{" in inner or "}" in inner or ("|" in inner and not (braced or named)):
        return None
    name, *parameters = (inner[9:] if named else inner).split("|")
    key = template_key(name)
    if key in _NEED_BRACES and not (braced or named):
        return None
    if key in _WRAPPERS:
        unnamed = [text for text in map(_unnamed, parameters) if text]
        if key == "self" and len(unnamed) != 1:
            return None  # none, or several of which whoever uses the work may choose
        key = template_key(unnamed[0]) if unnamed else key
    found = _BY_TEMPLATE.get(key)
    return Match(found[1], f"Wikimedia template {found[0]}") if found else None


def template_key(name: str) -> str:
    """A template's name for comparison: MediaWiki takes `_` for a space, and its first letter in either case."""
    return _SEPARATORS.sub(" ", name).strip(" ").lower()


def _unnamed(parameter: str) -> str:
    """The value of a template's parameter that has no name, or the name `1`; else nothing."""
    name, equals, value = parameter.partition("=")
    return (value if equals and name.strip(_SPACE) == "1" else "" if equals else name).strip(_SPACE)


def _decoded(encoded: re.Match[str]) -> str:
    character = chr(int(encoded[1], 16))
    return character if _DECODED.fullmatch(character) else encoded[0]


def _indexed(patterns: Iterable[tuple[str, License]]) -> Mapping[str, License]:
    """Licences by pattern. Raises ValueError where two licences share one."""
    index: dict[str, License] = {}
    for pattern, known in patterns:
        if index.setdefault(pattern, known) is not known:
            raise ValueError(f"{pattern!r} is both {index[pattern].id} and {known.id}")
    return index


# Templates whose licence is that which their first parameter names; PD-Art and PD-scan also have one of their own.
_WRAPPERS = frozenset({"self", "pd art", "pd scan"})
# Names that mean something else, or nothing certain, where they do not stand in braces.
_NEED_BRACES = frozenset({"attribution", "gfdl", "kogl", "ogl", "self"})

_BY_NUMBER = _indexed((str(known.flickr), known) for known in LICENSES if known.flickr is not None)
_BY_ADDRESS = _indexed(
    (key, known) for known in LICENSES for url in (known.url, *known.urls) if url and (key := address_key(url))
)
_BY_PHRASE = _indexed(
    (phrase_key(text), known) for known in LICENSES for text in (known.id, known.title, *known.spellings)
)
_BY_TEMPLATE = {template_key(name): (name, known) for known in LICENSES for name in known.templates}
