"""Text from outside: what a key that somebody typed is, and making it harmless for terminals, markdown and logs."""

from __future__ import annotations

import re
import unicodedata

# Control, format (bidirectional overrides), surrogate and private characters: Unicode general categories.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co"}
HOST_OF_URL = r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?(\[[^\]/?#]*\]|[^/:?#]*)"
"""Finds the host name of an address, as its first group (RFC 3986 3.2); its case is as given."""


def plain(value: object, length: int = 200) -> str:
    """A value as one line: white space folded, ANSI escapes and bidirectional overrides gone, cut to `length`.

    >>> plain("a\\x1b[31m red\\n\\u202eline")
    'a[31m red line'
    """
    kept = "".join(c for c in " ".join(str(value).split()) if unicodedata.category(c) not in _INVISIBLE)
    return kept if len(kept) <= length else kept[: length - 1] + "…"


def markdown(value: object, length: int = 200) -> str:
    """`plain`, with every character escaped that has a meaning in markdown (CommonMark 2.4) or starts a link or tag."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", plain(value, length))


def key_kind(key: str) -> str:
    """What a key is by its form: `sha256` (64 hex digits), `url` (it has a scheme) or `id`."""
    if re.fullmatch(r"[0-9a-fA-F]{64}", key):
        return "sha256"
    return "url" if "://" in key else "id"
