"""Asking the web for pictures: politely, within bounds, from public addresses only.

What belongs here: HTTP, the address guard, politeness, outcomes, and the journal of a shard's fetches. What does not:
pictures, where bytes are kept, and what counts as consent (`rights.consent`, of which the client knows a protocol).
"""

from imgtext_assets.fetch.allowance import Allowance, Besides
from imgtext_assets.fetch.budget import Budget
from imgtext_assets.fetch.client import fetch_all, new_hosts
from imgtext_assets.fetch.harvest import Harvest, harvest, latest
from imgtext_assets.fetch.outcomes import Outcome, Request
from imgtext_assets.fetch.rows import with_answers

__all__ = [
    "Allowance",
    "Besides",
    "Budget",
    "Harvest",
    "Outcome",
    "Request",
    "fetch_all",
    "harvest",
    "latest",
    "new_hosts",
    "with_answers",
]
