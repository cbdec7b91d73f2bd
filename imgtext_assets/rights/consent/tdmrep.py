"""TDMRep's file on the origin server, `/.well-known/tdmrep.json`: for which addresses the rights are reserved.

The rules are those of the W3C Community Group's report, "TDM File on the Origin Server"
(https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/): an array of objects with `location`, a pattern
of paths, and `tdm-reservation`, 0 or 1; the first one that matches counts. Patterns are those of robots.txt, as Google
reads them, which is how Protego does. Where a file breaks the rules and is still plain (a single object without its
array, 1 as text or `true`), the rightsholder is understood; what is not plain says nothing.

What belongs here: the file. What does not: TDMRep's header (`headers`), and getting the file (`hosts`).
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from protego import Protego

from imgtext_assets.rights.consent.robots import MAX_BYTES

_NO_PATTERN = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")
_MAX_RULES = 1_000  # a file with more cannot be judged in good time: all of it counts as reserved, our own judgement
_SHOWN = 100  # characters of a pattern or policy in evidence


class _Rule(NamedTuple):
    location: str
    matcher: Protego
    reserved: bool
    policy: str | None

    def matches(self, url: str) -> bool:
        return not self.matcher.can_fetch(url, "*")


class Tdmrep:
    """One tdmrep.json. Any bytes will do: what is no rule is passed over.

    >>> file = Tdmrep(b'[{"location": "/free/", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]')
    >>> file.refusal("http://a.example/b.jpg"), file.refusal("http://a.example/free/b.jpg")
    ('reserves /', None)
    """

    def __init__(self, body: bytes) -> None:
        entries = _entries(body[:MAX_BYTES])
        self._too_many = len(entries) > _MAX_RULES
        self._rules = [rule for entry in entries[:_MAX_RULES] if (rule := _rule(entry))]

    def refusal(self, url: str) -> str | None:
        """The evidence that the rights in an address (normalised) are reserved: the pattern and its policy; or None."""
        if self._too_many:
            return f"more than {_MAX_RULES:,} rules"
        first = next((rule for rule in self._rules if rule.matches(url)), None)
        if first is None or not first.reserved:
            return None
        policy = f", policy {first.policy[:_SHOWN]}" if first.policy else ""
        return f"reserves {first.location[:_SHOWN]}{policy}"


def _entries(body: bytes) -> list[Any]:
    try:
        content = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return []
    return content if isinstance(content, list) else [content]


def _rule(entry: object) -> _Rule | None:
    if not isinstance(entry, dict):
        return None
    location, reservation, policy = (entry.get(key) for key in ("location", "tdm-reservation", "tdm-policy"))
    if not isinstance(location, str) or not location or _NO_PATTERN.search(location):
        return None
    # To be read as a rule of robots.txt, where `#` begins a comment; in an address it is always escaped.
    matcher = Protego.parse(f"User-agent: *\nDisallow: {location.replace('#', '%23')}")
    return _Rule(location, matcher, reservation in (1, "1"), policy if isinstance(policy, str) else None)
