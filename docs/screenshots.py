"""Make the pictures of the docs anew from a real run: `python docs/screenshots.py`; needs Chromium, takes two minutes.

It builds the sample as a project in a temporary folder, serves the Dagster UI on it, and photographs it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page, expect

from imgtext_assets.demo import decay
from imgtext_assets.tables import STAGES
from imgtext_assets_tests.ui.browser import chromium, show_graph
from imgtext_assets_tests.ui.project import Project, Webserver

IMAGES = Path(__file__).parent / "images"
SHARD = "pd12m-00000"


def main() -> None:
    """Write `images/asset-graph.png` and `images/partition.png`."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="imgtext-") as folder, Project(Path(folder) / "project") as project:
        project.imgtext("build")
        project.imgtext("recheck")
        project.web.pages = decay(project.web.pages)
        project.imgtext("recheck", "--everything")
        project.imgtext("accounts")
        project.imgtext("build")  # obeys the host that refused at the recheck
        project.imgtext("release")
        with project.webserver() as server, chromium() as browser:
            graph(browser, server)
            partition(browser, server)


def graph(browser: Browser, server: Webserver) -> None:
    """The whole asset graph, every group expanded, nothing around it."""
    page = browser.new_page(viewport={"width": 4700, "height": 1500}, device_scale_factor=0.75)
    show_graph(page, server.url)
    expect(page.get_by_text("5 / 5 Passed")).to_have_count(len(STAGES))
    expect(page.get_by_text("Loading")).to_have_count(0)
    page.screenshot(path=IMAGES / "asset-graph.png", clip=around_the_groups(page))


def around_the_groups(page: Page) -> FloatRect:
    """The rectangle that holds all nodes of the graph, with a margin."""
    boxes = [box for node in page.locator("svg foreignObject").all() if (box := node.bounding_box())]
    margin = 24
    left, top = min(b["x"] for b in boxes) - margin, min(b["y"] for b in boxes) - margin
    right, bottom = (max(b[at] + b[side] for b in boxes) + margin for at, side in (("x", "width"), ("y", "height")))
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def partition(browser: Browser, server: Webserver) -> None:
    """One shard's page of `verified`, with its funnel."""
    page = browser.new_page(viewport={"width": 1440, "height": 880})
    page.goto(server.asset("verified", SHARD))
    expect(page.get_by_text("[Show Markdown]")).to_be_visible()
    page.wait_for_timeout(1_000)
    page.screenshot(path=IMAGES / "partition.png")


if __name__ == "__main__":
    main()
