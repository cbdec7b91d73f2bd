"""robots.txt (RFC 9309): what it says to us, by our own name and by the names of the robots that we answer for.

Protego does the parsing and the matching of paths; it is the parser of Scrapy. What belongs here: which of a file's
groups are meant for us. What does not: getting the file, and what it means that it cannot be had (`hosts`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from protego import Protego

PRODUCT = "imgtext-assets"
"""Our name: the product token of our User-Agent (RFC 9309 2.2.1), and a scope of X-Robots-Tag."""
MAX_BYTES = 500 * 2**10
"""So much of a file is read and obeyed (RFC 9309 2.5: at least 500 KiB)."""

# The spellings of "User-agent:" that Protego takes.
_USER_AGENT = re.compile(r"user[- ]?agent[ \t]*:?(.*)", re.IGNORECASE)
_END_OF_TOKEN = re.compile(r"[/\s(,;]")


class Robots:
    """One robots.txt, as far as it is meant for us. Any bytes will do: what is no rule is passed over.

    A group that names us decides alone (RFC 9309 2.2.1). Else the rules for all (`*`) hold, and besides them those of
    each group that names one of `agents`, so what is closed to one of them is closed to us. An agent that the file
    does not name says nothing: the rules for all are there already.

    >>> Robots(b"User-agent: GPTBot\\nDisallow: /photos/", ["GPTBot"]).refusal("http://a.example/photos/1.jpg")
    'disallows GPTBot'
    """

    def __init__(self, body: bytes, agents: Iterable[str]) -> None:
        text = _text(body)
        self._rules = Protego.parse(text)
        named = _named(text)
        ours = named.get(PRODUCT)
        self._asked = ours or {"*": "all robots", **{k: v for a in agents for k, v in named.get(a.lower(), {}).items()}}

    def refusal(self, url: str) -> str | None:
        """The evidence that an address (normalised) may not be asked for: whom the file disallows it; else None."""
        for name, shown in self._asked.items():
            if not self._rules.can_fetch(url, name):
                return f"disallows {shown}"
        return None


def _text(body: bytes) -> str:
    """The file as text: UTF-8, whatever it really is; a rule that the limit cuts in two is left out."""
    text = body[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
    if len(body) < MAX_BYTES:
        return text
    return "".join(text.splitlines(keepends=True)[:-1])


def _named(text: str) -> dict[str, dict[str, str]]:
    """The names of groups as Protego knows them, and as they are shown, by product token in lower case.

    Some write `GPTBot/1.0` or `GPTBot (of OpenAI)`: the token ends before that, as Google's parser reads it
    (https://github.com/google/robotstxt).
    """
    named: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if match := _USER_AGENT.match(line.partition("#")[0].strip()):
            name = match[1].strip()
            token = _END_OF_TOKEN.split(name, maxsplit=1)[0]
            token = token.replace("*", "") or token
            named.setdefault(token.lower(), {})[name.lower()] = token
    return named
