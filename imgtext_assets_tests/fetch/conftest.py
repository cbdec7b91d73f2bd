"""Settings for asking servers on loopback quickly."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from imgtext_assets.catalog import FetchSettings, HostLimits
from imgtext_assets.fetch import Outcome, Request, fetch_all
from imgtext_assets.fetch.consent import Consent

Fetch = Callable[..., list[Outcome]]


def loopback(**settings: Any) -> FetchSettings:
    """Settings that allow loopback, with short waits and no brake but what a test sets."""
    quick = {
        "allow_networks": ["127.0.0.0/8"],
        "hosts": [HostLimits(concurrency=16, rate=1e6)],
        "attempts": 2,
        "backoff_seconds": 0.01,
        "total_seconds": 5,
    }
    return FetchSettings(**(quick | settings))


@pytest.fixture
def fetch():
    """Fetch requests (or addresses) to the end, in the order they were given; bodies are closed after the test."""
    outcomes: list[Outcome] = []

    def fetch(requests: Iterable[Request | str], consent: Consent | None = None, **settings: Any) -> list[Outcome]:
        asked = [Request(request) if isinstance(request, str) else request for request in requests]
        came = list(fetch_all(asked, loopback(**settings), consent))
        outcomes.extend(came)
        assert len(came) == len(asked)
        return sorted(came, key=lambda outcome: asked.index(outcome.request))

    yield fetch
    for outcome in outcomes:
        if outcome.body is not None:
            outcome.body.close()
