"""What to do about a file whose columns do not tell its format, in a sentence.

What belongs here: guesses at what went wrong, from the names of the columns alone. What does not: telling formats
(`formats`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches

from imgtext_assets.text import plain

_ADDRESS = re.compile(r"\s*https?://", re.IGNORECASE)
_SEPARATORS = {";": "`;`", "\t": "tabs", "|": "`|`"}
_ADDRESS_WORDS = ("url", "uri", "link", "href", "src", "address", "image", "picture", "photo")


def what_to_do(names: Sequence[str], fitting: Collection[str]) -> str:
    """What is wrong with a file that has the columns `names` and that the formats `fitting` fit, and what helps.

    >>> what_to_do(["link", "alt"], [])
    'which one has the addresses is not told: set `columns: {url: link}` in the catalog'
    """
    if not names:
        return "JSON Lines needs one whole JSON object a line, without line breaks in it"
    if len(names) == 1 and (mark := next((mark for mark in _SEPARATORS if mark in names[0]), None)):
        return f"it is all one column, separated by {_SEPARATORS[mark]}: .csv is read with commas, .tsv with tabs"
    address = next((number for number, name in enumerate(names, 1) if _ADDRESS.match(name)), None)
    if address is not None:
        wanted = f"`header: false` and `columns: {{url: column_{address}}}`"
        return f"these are values, not names: set {wanted} in the catalog"
    if fitting:
        return f"{' and '.join(fitting)} fit these: name one as `format` in the catalog"
    nearest = plain(_nearest(names), 60)
    return f"which one has the addresses is not told: set `columns: {{url: {nearest}}}` in the catalog"


def _nearest(names: Sequence[str]) -> str:
    """The name that most looks like that of a column of addresses, else a word that stands for it."""
    by_lower_case = {name.strip().lower(): name for name in reversed(names)}
    for word in _ADDRESS_WORDS:
        holding = [name for name in names if word in name.lower()]
        near = holding or [by_lower_case[name] for name in get_close_matches(word, by_lower_case)]
        if near:
            return near[0]
    return "THE_COLUMN"
