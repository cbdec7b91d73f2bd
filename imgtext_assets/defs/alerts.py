"""Tell somebody of a run that failed: a JSON object by POST to the address of `alerts.webhook`.

What belongs here: what is said, and saying it without ever raising. What does not: which runs (`sensors`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.request import Request, urlopen

import dagster as dg

from imgtext_assets.defs.runs import problem_of
from imgtext_assets.text import plain

_SECONDS = 10  # of the 60 that Dagster gives a sensor, in which several runs may have to be told of
_LENGTH = 1_000


def alert_of(run: dg.DagsterRun, events: Iterable[dg.DagsterEvent]) -> dict[str, str | None]:
    """What is said of a failed run: one line of what went wrong (it may quote the internet), and where to look.

    `text` is the whole in one line: the key that chat servers show (Slack, Mattermost, Rocket.Chat).
    """
    shard = run.tags.get("dagster/partition")
    problem = plain(problem_of(events), _LENGTH)
    return {
        "text": f"{run.job_name} {shard or 'of all shards'} failed: {problem} (run {run.run_id})",
        "run_id": run.run_id,
        "job": run.job_name,
        "shard": shard,
        "problem": problem,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def post(url: str, alert: dict[str, str | None]) -> str | None:
    """Send an alert. Returns what went wrong, None if nothing did; the address, which may be a secret, is not in it.

    The address is the catalog's own, so that it may be a private one, and a failure to reach it fails nothing else.
    """
    try:
        request = Request(url, json.dumps(alert).encode(), {"Content-Type": "application/json"})  # noqa: S310
        with urlopen(request, timeout=_SECONDS):  # noqa: S310 - the catalog takes http:// and https:// only
            return None
    except Exception as error:  # noqa: BLE001 - whatever a server and a URL can do, none of it may end the sensor
        return plain(str(error).replace(url, "the webhook"))
