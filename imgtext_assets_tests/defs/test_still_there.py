"""Whether an address that was had long ago still gives what it gave: asked on a condition, and for its beginning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from imgtext_assets.defs.still_there import still_there
from imgtext_assets.demo import DemoWeb, Page
from imgtext_assets.demo.pages import Answer, answer
from imgtext_assets.fetch import Outcome, Request, fetch_all
from imgtext_assets.settings import FetchSettings
from imgtext_assets.tables import FETCHES

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
PICTURE, OTHER = b"\xff\xd8\xff" + bytes(40_000), b"\xff\xd8\xfe" + bytes(50_000)
SETTINGS = FetchSettings(contact="data@example.org", allow_networks=["127.0.0.0/8"], attempts=1)


def ask(requests: Iterable[Request]) -> Iterator[Outcome]:
    return fetch_all(requests, SETTINGS)


@pytest.fixture
def web() -> Iterator[DemoWeb]:
    with DemoWeb({"/a.jpg": Page(PICTURE)}) as web:
        yield web


def had(web: DemoWeb) -> dict[str, Any]:
    """The answer that the picture was had by, of long ago."""
    (said,) = ask([Request(web.url("/a.jpg"))])
    assert said.body
    said.body.close()
    web.requests.clear()
    given = {name: getattr(said, name) for name in FETCHES.schema if hasattr(said, name)}
    return given | {"url_key": "key", "url": "as it was", "outcome": "ok", "settings": "old", "fetched_at": LONG_AGO}


def now(web: DemoWeb, row: dict[str, Any]) -> dict[str, Any]:
    """What is known of it now."""
    frame = pl.DataFrame([row], schema=FETCHES.schema)
    (answer,) = still_there(frame, {"key": web.url("/a.jpg")}, ask, first_bytes=1_000, settings="new").to_dicts()
    return answer


@pytest.mark.parametrize("validators", [True, False])
def test_what_is_there_is_known_as_of_now_and_no_picture_is_sent_again(web: DemoWeb, validators: bool) -> None:
    row = had(web) | ({} if validators else {"etag": None, "last_modified": None})
    seen = now(web, row)
    assert seen["fetched_at"] > LONG_AGO
    assert {**seen, **dict.fromkeys(("fetched_at", "attempts", "url", "settings"))} == {
        **row,
        **dict.fromkeys(("fetched_at", "attempts", "url", "settings")),
    }
    assert [request.status for request in web.requests] == [304 if validators else 206]


@pytest.mark.parametrize(
    ("page", "outcome", "passing"),
    [(None, "not_found", False), (Page(status=410), "gone", False), (Page(status=503), "server_error", True)],
)
def test_what_is_gone_is_a_failure(web: DemoWeb, page: Page | None, outcome: str, passing: bool) -> None:
    row = had(web)
    web.pages = {"/a.jpg": page} if page else {}
    seen = now(web, row)
    assert (seen["outcome"], seen["passing"], seen["sha256"]) == (outcome, passing, None)
    assert (seen["url_key"], seen["settings"]) == ("key", "new")


@pytest.mark.parametrize(
    ("body", "validators"), [(OTHER, True), (OTHER, False), (PICTURE[:500], False), (OTHER[: len(PICTURE)], True)]
)
def test_other_bytes_are_a_failure_whatever_they_show(web: DemoWeb, body: bytes, validators: bool) -> None:
    row = had(web) | ({} if validators else {"etag": None, "last_modified": None})
    web.pages = {"/a.jpg": Page(body)}
    seen = now(web, row)
    assert (seen["outcome"], seen["passing"], seen["sha256"]) == ("changed", False, None)
    assert seen["detail"] == "other bytes than those that were had on 2024-01-01 and compared"


class NoLight(DemoWeb):
    """A host that answers in its own way whoever wants only a part."""

    in_part = Page(status=403)

    def _answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        whole = {name: value for name, value in headers.items() if not name.startswith(("if-", "range"))}
        return answer(self.in_part, 0, whole) if "range" in headers else super()._answer(method, path, whole)


@pytest.mark.parametrize(("body", "outcome"), [(PICTURE, "ok"), (PICTURE[:-1] + b"!", "changed"), (None, "not_found")])
@pytest.mark.parametrize(
    "in_part", [Page(status=403), Page(b"<html>no", "text/html"), Page(PICTURE[:500], promise=900)]
)
def test_the_whole_file_is_asked_for_only_where_nothing_less_tells(
    in_part: Page, body: bytes | None, outcome: str
) -> None:
    host = NoLight({"/a.jpg": Page(PICTURE)})
    host.in_part = in_part
    with host as web:
        row = had(web)
        web.pages = {"/a.jpg": Page(body)} if body else {}
        assert now(web, row)["outcome"] == outcome
