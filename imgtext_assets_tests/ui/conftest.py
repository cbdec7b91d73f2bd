"""The sample, built by the command line and served by a real webserver, and a page of a browser to look at it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from imgtext_assets.demo import decay
from imgtext_assets_tests.ui.browser import Watch, chromium
from imgtext_assets_tests.ui.hostile import Tracker, add_hostile_source
from imgtext_assets_tests.ui.project import Project, Webserver

expect.set_options(timeout=20_000)


@pytest.fixture(scope="package")
def tracker() -> Iterator[Tracker]:
    """A server that nobody may ever ask."""
    tracker = Tracker()
    with tracker:
        yield tracker


@pytest.fixture(scope="package")
def built(tmp_path_factory: pytest.TempPathFactory, tracker: Tracker) -> Iterator[Project]:
    """The sample and a hostile source: built, rechecked twice while links rot, released."""
    with Project(tmp_path_factory.mktemp("ui") / "project") as project:
        add_hostile_source(project, tracker)
        project.imgtext("build")
        project.imgtext("recheck")
        project.web.pages = decay(project.web.pages)
        project.imgtext("recheck", "--everything")
        project.imgtext("build")  # obeys the host that refused at the recheck
        project.imgtext("release")
        yield project


@pytest.fixture(scope="package")
def webserver(built: Project) -> Iterator[Webserver]:
    """Its webserver."""
    with built.webserver() as server:
        yield server


@pytest.fixture(scope="module")  # while it runs no other test could run an event loop in this thread
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, webserver: Webserver) -> Iterator[Page]:
    """A page of its own; in the end it must have had no errors and asked nobody but the webserver."""
    watch = Watch()
    with browser.new_context(viewport={"width": 1600, "height": 1000}) as context:
        page = context.new_page()
        watch.follow(page)
        yield page
        expect(page.get_by_role("alert").filter(has_text=re.compile(r"\w"))).to_have_count(0)
    assert watch.addresses == {webserver.url}
    assert watch.complaints == []
