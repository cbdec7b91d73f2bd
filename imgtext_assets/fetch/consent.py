"""Consent as the client knows it: somebody who says which addresses and responses are refused, and what was said.

What belongs here: what the client asks. What does not: the rules (`rights.consent`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Refusal(Protocol):
    """Why an address is not had."""

    @property
    def reason(self) -> str:
        """A word from `tables.REASONS["downloaded"]`."""
        ...

    @property
    def detail(self) -> str:
        """The evidence, for people."""
        ...

    @property
    def passing(self) -> bool:
        """Whether asking again another day may help."""
        ...


class Consent(Protocol):
    """Judges addresses, normalised as they are asked for, and headers by their names in lower case."""

    def refusal(self, url: str) -> Refusal | None:
        """Why the address may not be asked for; None: it may. Called before each request, for redirects too."""
        ...

    def unheard(self, url: str) -> bool:
        """Whether somebody is to be asked before the address may be. Called for redirects to another origin."""
        ...

    def refusal_of_response(self, headers: Mapping[str, Sequence[str]]) -> Refusal | None:
        """Why the response must not be read further; None: it may. Called once its headers are in."""
        ...

    def record(self, url: str, headers: Mapping[str, Sequence[str]]) -> str | None:
        """What was said of the use of an address, for `Outcome.consent`; `headers` are the last response's, or {}."""
        ...
