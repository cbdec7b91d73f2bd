"""The client and consent: what is refused is not asked for, or broken off before its body."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from imgtext_assets.catalog import ConsentPolicy
from imgtext_assets.fetch import Request
from imgtext_assets.rights.consent import Consent, HostFile
from imgtext_assets_tests.fetch.conftest import Fetch
from imgtext_assets_tests.web import HostileWeb, Seen, answer, then
from imgtext_assets_tests.web.hostile import Words

BODY = b"picture" * 10_000


def leads_to(location: str, **headers: str):
    return answer(status="302 Found", headers={"Location": location, **headers})


def by_robots(web: HostileWeb, body: bytes = b"User-agent: CCBot\nDisallow: /private/") -> Consent:
    """Consent with a robots.txt of the web's, had before."""
    file = HostFile("ok", None, False, 200, "robots", datetime(2026, 11, 21, tzinfo=UTC))
    return Consent(ConsentPolicy(), {web.url("/robots.txt"): file}, lambda _: body)


@pytest.mark.parametrize(
    ("headers", "evidence"),
    [
        ({"X-Robots-Tag": "noindex, noai"}, "X-Robots-Tag: noai"),
        ({"x-robots-tag": "ccbot: noimageai"}, "X-Robots-Tag: ccbot: noimageai"),
        ({"TDM-Reservation": "1", "TDM-Policy": "https://a.example/p"}, "tdm-reservation: 1"),
    ],
)
def test_a_refusal_in_the_headers_comes_with_its_evidence_and_without_the_body(
    fetch: Fetch, headers: dict[str, str], evidence: str
):
    with HostileWeb({"/a.jpg": answer(BODY, headers=headers)}) as web:
        (outcome,) = fetch([web.url("/a.jpg")], consent=Consent(ConsentPolicy()))
    assert (outcome.reason, outcome.detail, outcome.passing) == ("opted_out", evidence, False)
    assert (outcome.body, outcome.sha256, outcome.bytes) == (None, None, None)
    said = json.loads(outcome.consent or "")
    assert said == {name.lower(): [value] for name, value in headers.items()}


def test_the_body_of_a_refused_response_is_not_waited_for(fetch: Fetch):
    def hangs(_: Seen) -> Iterator[Words]:
        yield b"HTTP/1.1 200 OK\r\nX-Robots-Tag: noai\r\nContent-Length: 9\r\n\r\n"
        yield 3600.0

    with HostileWeb({"/a.jpg": hangs}) as web:
        (outcome,) = fetch([web.url("/a.jpg")], consent=Consent(ConsentPolicy()), total_seconds=60)
    assert outcome.reason == "opted_out"


def test_what_a_policy_does_not_hear_is_recorded_all_the_same(fetch: Fetch):
    deaf = Consent(ConsentPolicy(x_robots_tag=False, tdm_reservation=False))
    headers = {"X-Robots-Tag": "noai", "TDM-Reservation": "1", "Content-Usage": "train-ai=n"}
    with HostileWeb({"/a.jpg": answer(BODY, headers=headers)}) as web:
        (outcome,) = fetch([web.url("/a.jpg")], consent=deaf)
    assert outcome.reason is None
    assert set(json.loads(outcome.consent or "")) == {"x-robots-tag", "tdm-reservation", "content-usage"}


def test_without_anybody_to_ask_nobody_objects(fetch: Fetch):
    with HostileWeb({"/a.jpg": answer(BODY, headers={"X-Robots-Tag": "noai"})}) as web:
        (outcome,) = fetch([web.url("/a.jpg")])
    assert (outcome.reason, outcome.consent) == (None, None)


@pytest.mark.parametrize("status", ["304 Not Modified", "200 OK"])
def test_a_recheck_hears_a_refusal_that_is_new(fetch: Fetch, status: str):
    with HostileWeb({"/a.jpg": answer(status=status, headers={"X-Robots-Tag": "noai"})}) as web:
        (outcome,) = fetch([Request(web.url("/a.jpg"), etag='"1"')], consent=Consent(ConsentPolicy()))
    assert outcome.reason == "opted_out"


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_what_is_not_there_is_not_there_whatever_its_headers_say(fetch: Fetch, status: str):
    with HostileWeb({"/a.jpg": answer(status=status, headers={"X-Robots-Tag": "noai"})}) as web:
        (outcome,) = fetch([web.url("/a.jpg")], consent=Consent(ConsentPolicy()))
    assert outcome.reason == {"404": "not_found", "410": "gone"}[status[:3]]


def test_every_hop_of_a_redirect_may_refuse(fetch: Fetch):
    manners = {
        "/1": leads_to("/2"),
        "/2": leads_to("/a.jpg", **{"X-Robots-Tag": "noimageai"}),
        "/3": leads_to("/b.jpg"),
        "/a.jpg": answer(BODY),
        "/b.jpg": answer(BODY, headers={"X-Robots-Tag": "noai"}),
    }
    with HostileWeb(manners) as web:
        outcomes = fetch([web.url("/1"), web.url("/3")], consent=Consent(ConsentPolicy()))
    assert [outcome.detail for outcome in outcomes] == ["X-Robots-Tag: noimageai", "X-Robots-Tag: noai"]
    assert not web.asked("/a.jpg")


def test_what_robots_txt_forbids_is_not_asked_for(fetch: Fetch):
    with HostileWeb({"/private/a.jpg": answer(BODY), "/b.jpg": answer(BODY)}) as web:
        refused, fine = fetch([web.url("/private/a.jpg"), web.url("/b.jpg")], consent=by_robots(web))
    assert (refused.reason, refused.detail, refused.attempts) == ("robots_disallowed", "robots.txt: disallows CCBot", 0)
    assert json.loads(refused.consent or "")["robots.txt"]["verdict"] == "disallows CCBot"
    assert json.loads(fine.consent or "")["robots.txt"]["verdict"] == "no objection"
    assert [seen.path for seen in web.requests] == ["/b.jpg"]


@pytest.mark.parametrize(
    "path",
    ["/private/a.jpg", "/x/../private/a.jpg", "/%70rivate/a.jpg", "/x/%2E%2e/private/a.jpg", "/private/../private/"],
)
def test_no_spelling_of_an_address_gets_round_robots_txt(fetch: Fetch, path: str):
    with HostileWeb({}) as web:
        (outcome,) = fetch([web.url(path)], consent=by_robots(web))
    assert outcome.reason == "robots_disallowed"
    assert not web.requests


def test_a_redirect_leads_nobody_to_what_robots_txt_forbids(fetch: Fetch):
    with HostileWeb({"/hop": leads_to("/private/a.jpg"), "/private/a.jpg": answer(BODY)}) as web:
        (outcome,) = fetch([web.url("/hop")], consent=by_robots(web))
        target = web.url("/private/a.jpg")
    assert (outcome.reason, outcome.detail) == (
        "robots_disallowed",
        f"robots.txt: disallows CCBot (redirects to {target})",
    )
    assert not web.asked("/private")


def test_a_host_whose_robots_txt_cannot_be_had_is_left_alone_for_now(fetch: Fetch):
    with HostileWeb({"/a.jpg": answer(BODY)}) as web:
        down = HostFile("server_error", "HTTP 503", True, 503, "", datetime.now(UTC))
        (outcome,) = fetch([web.url("/a.jpg")], consent=Consent(ConsentPolicy(), {web.url("/robots.txt"): down}))
    assert (outcome.reason, outcome.passing, outcome.attempts) == ("server_error", True, 0)
    assert outcome.detail == "robots.txt could not be had: HTTP 503"
    assert not web.requests


def test_a_refusal_is_heard_at_the_second_try_as_at_the_first(fetch: Fetch):
    flaky = then(answer(status="503 Busy"), answer(BODY, headers={"X-Robots-Tag": "noai"}))
    with HostileWeb({"/a.jpg": flaky}) as web:
        (outcome,) = fetch([web.url("/a.jpg")], consent=Consent(ConsentPolicy()))
    assert (outcome.reason, outcome.attempts) == ("opted_out", 2)
