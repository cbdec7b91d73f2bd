"""A curator rechecks the links of all shards: a backfill launched in the UI, shard by shard one more round."""

from __future__ import annotations

from collections import Counter

import dagster as dg
import pytest
from playwright.sync_api import Page, expect

from imgtext_assets.tables import LINK_CHECKS
from imgtext_assets_tests.ui.browser import NAMES, find_chromium
from imgtext_assets_tests.ui.project import LOCATION, Project, Webserver, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(find_chromium() is None, reason=f"no Chromium is installed: none of {', '.join(NAMES)}"),
]


def rounds(instance: dg.DagsterInstance) -> Counter[str | None]:
    """Rounds of rechecks by shard."""
    done = instance.fetch_materializations(dg.AssetKey(LINK_CHECKS.name), limit=1_000)
    return Counter(record.partition_key for record in done.records)


def test_a_backfill_of_rechecks_over_all_shards(page: Page, webserver: Webserver, built: Project) -> None:
    with built.daemon(interval_seconds=2), built.instance() as instance:
        before = rounds(instance)
        until(instance.get_daemon_heartbeats, 120, "the daemon is at work")
        page.goto(f"{webserver.url}/locations/{LOCATION}/jobs/recheck")
        page.get_by_role("button", name="Materialize…").click()
        page.get_by_role("button", name="All", exact=True).click()
        expect(page.get_by_text(f"{len(instance.get_dynamic_partitions('shard'))} partitions").first).to_be_visible()
        page.get_by_role("button", name="Launch backfill").click()
        until(lambda: instance.get_backfills(), 60, "the backfill is launched")
        (launched,) = instance.get_backfills()

        def done() -> bool:
            backfill = instance.get_backfill(launched.backfill_id)
            assert backfill is not None
            assert backfill.status.value in ("REQUESTED", "COMPLETED_SUCCESS"), backfill
            return backfill.status.value == "COMPLETED_SUCCESS"

        until(done, 400, "the backfill is done")
        page.goto(f"{webserver.url}/runs/b/{launched.backfill_id}")
        expect(page.get_by_text("Completed").first).to_be_visible()
        assert rounds(instance) == {shard: count + 1 for shard, count in before.items()}
