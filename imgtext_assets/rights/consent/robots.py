"""robots.txt (RFC 9309): what it says to us, by our own name and by the names of the robots that we answer for.

Protego does the parsing and the matching of paths; it is the parser of Scrapy. What belongs here: which of a file's
groups are meant for us. What does not: getting the file, and what it means that it cannot be had (`hosts`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from protego import Protego

PRODUCT = "imgtext-assets"
"""Our name: the product token of our User-Agent (RFC 9309 2.2.1), and a scope of X-Robots-Tag."""
MAX_BYTES = 500 * 2**10
"""So much of a file is read and obeyed (RFC 9309 2.5: at least 500 KiB)."""

MAX_RULES = 10_000
"""A file with more rules for us counts as closed, since every address is matched against all of them (so many with a
wildcard each take some 5 ms). Our own judgement: RFC 9309 2.5 limits bytes only."""

# The spellings of "User-agent:" that Protego takes, and what it takes for a rule without a colon.
_USER_AGENT = re.compile(r"user[- ]?agent[ \t]*:?(.*)", re.IGNORECASE)
_RULE = re.compile(r"(dis?s?all?[oa]w|diasllow|allow|crawl[- ]delay|request[- ]rate|visit[- ]time)\b", re.IGNORECASE)
_OF_ALL = re.compile(r"(site-?maps?|host)\b", re.IGNORECASE)  # belongs to no group
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
        groups = _groups(text)
        named = _named(groups)
        ours = named.get(PRODUCT)
        asked = ours or {"*": "all robots", **{k: v for a in agents for k, v in named.get(a.lower(), {}).items()}}
        self._asked = _of_one_rule_set(asked, groups)
        rules = sum(groups[number].rules for places in self._asked for number in places)
        self._too_many = rules > MAX_RULES
        self._rules = Protego.parse("" if self._too_many else text)

    def refusal(self, url: str) -> str | None:
        """The evidence that an address (normalised) may not be asked for: whom the file disallows it; else None."""
        if self._too_many:
            return f"more than {MAX_RULES:,} rules"
        for name, shown in self._asked.values():
            if not self._rules.can_fetch(url, name):
                return f"disallows {shown}"
        return None


def _text(body: bytes) -> str:
    """The file as text: UTF-8, whatever it really is; a rule that the limit cuts in two is left out."""
    text = body[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
    if len(body) < MAX_BYTES:
        return text
    return "".join(text.splitlines(keepends=True)[:-1])


@dataclass
class _Group:
    """Names as they are written, and how many rules they share."""

    names: list[str]
    rules: int = 0


def _groups(text: str) -> list[_Group]:
    """The groups as Protego makes them: names one after the other, and the rules up to the next name."""
    groups: list[_Group] = []
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if match := _USER_AGENT.match(line):
            if not groups or groups[-1].rules:
                groups.append(_Group([]))
            groups[-1].names.append(match[1].strip())
        elif groups and (":" in line or _RULE.match(line)) and not _OF_ALL.match(line):
            groups[-1].rules += 1
    return groups


def _named(groups: Iterable[_Group]) -> dict[str, dict[str, str]]:
    """The names of groups as Protego knows them, and as they are shown, by product token in lower case.

    Some write `GPTBot/1.0` or `GPTBot (of OpenAI)`: the token ends before that, as Google's parser reads it
    (https://github.com/google/robotstxt). Some write `Foo, GPTBot`: each of them is meant.
    """
    named: dict[str, dict[str, str]] = {}
    for name in chain.from_iterable(group.names for group in groups):
        for part in name.split(","):
            token = _END_OF_TOKEN.split(part.strip(), maxsplit=1)[0]
            token = token.replace("*", "") or token
            named.setdefault(token.lower(), {})[name.lower()] = token
    return named


def _of_one_rule_set(asked: Mapping[str, str], groups: Iterable[_Group]) -> dict[tuple[int, ...], tuple[str, str]]:
    """The first of the names that are in the same groups, by the places of these: what holds for it holds for all."""
    places: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        for name in {name.lower() for name in group.names} & asked.keys():
            places.setdefault(name, []).append(number)
    first: dict[tuple[int, ...], tuple[str, str]] = {}
    for name, shown in asked.items():
        if name in places:
            first.setdefault(tuple(places[name]), (name, shown))
    return first
