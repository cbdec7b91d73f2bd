"""A headless Chromium on the Dagster UI, and the few moves in it that tests and docs/screenshots.py share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Dialog, Page, Response, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Chromium's own traffic (updates, field trials) stays off, so that what is seen is the page's.
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
GRAPH = "/asset-groups"


def find_chromium() -> str | None:
    """Path of an installed Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=_OPTIONS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page did besides being shown."""

    addresses: set[str] = field(default_factory=set)
    """`scheme://host:port` of everything that it asked for; `data:` addresses ask nobody."""
    complaints: list[str] = field(default_factory=list)
    """Errors of its scripts, dialogs, answers that are errors."""

    def follow(self, page: Page) -> None:
        """Write down what the page does from now on."""
        page.on("request", lambda request: self._asked(request.url))
        page.on("response", self._answered)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("dialog", self._interrupted)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.addresses.add(f"{parts.scheme}://{parts.netloc}")

    def _interrupted(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")


def show_graph(page: Page, url: str) -> None:
    """Open the asset graph with every group expanded, as large as the page."""
    page.goto(url + GRAPH)
    expect(page.get_by_text("sources").last).to_be_visible()
    page.mouse.click(700, 160, button="right")  # somewhere beside the graph
    page.get_by_role("menuitem", name="Expand all groups").click()
    expect(page.get_by_text("raw_metadata")).to_be_visible()
    page.reload()  # it fits the graph into the page when it opens
    expect(page.get_by_text("raw_metadata")).to_be_visible()
