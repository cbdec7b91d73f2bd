"""What each answer says of a link."""

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
import pytest
from polars.exceptions import ComputeError, InvalidOperationError

from imgtext_assets import tables
from imgtext_assets.links import STATES, answers_frame, request_for, states

NOW = datetime(2026, 11, 1, tzinfo=UTC)
URL = "https://Pictures.example:8443/a.jpg"


@dataclass
class Asked:
    url: str = URL


@dataclass
class Outcome:
    request: Asked
    reason: str | None = None
    not_modified: bool = False
    detail: str | None = None
    http_status: int | None = 200
    final_url: str | None = URL
    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = "a" * 64
    consent: str | None = None
    fetched_at: datetime = NOW


def row(**values) -> pl.LazyFrame:
    ours = {"id": "1", "source": "s", "shard": "s-00000", "url": URL, "final_url": URL, "sha256": "a" * 64}
    return tables.VERIFIED.conform(pl.LazyFrame([ours | values]))


def observe(rows: pl.LazyFrame, *outcomes: Outcome) -> pl.DataFrame:
    return states(rows, answers_frame(outcomes).lazy()).collect()


def state(outcome: Outcome, **values) -> str:
    return observe(row(**values), outcome)["state"].item()


def test_every_outcome_of_a_fetch_has_a_state():
    assert set(STATES) == {"ok", "not_modified", *tables.REASONS["downloaded"]}
    meaning = next(column.meaning for column in tables.LINK_CHECKS.columns if column.name == "state")
    assert {*STATES.values(), "moved", "changed"} == set(meaning.rstrip(".").split(", "))


@pytest.mark.parametrize(
    ("outcome", "expected"), [(o, s) for o, s in STATES.items() if o in tables.REASONS["downloaded"]]
)
def test_a_failure_has_its_state_whatever_else_it_brings(outcome, expected):
    assert state(Outcome(Asked(), reason=outcome, sha256=None, final_url=None)) == expected
    assert state(Outcome(Asked(), reason=outcome, sha256="b" * 64, final_url="https://else.example/")) == expected


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome(Asked()), "alive"),
        (Outcome(Asked(), not_modified=True, sha256=None), "alive"),
        (Outcome(Asked(), sha256="b" * 64), "changed"),
        (Outcome(Asked(), final_url="https://cdn.example/a.jpg"), "moved"),
        (Outcome(Asked(), final_url="https://cdn.example/a.jpg", not_modified=True, sha256=None), "moved"),
        (Outcome(Asked(), final_url="https://cdn.example/a.jpg", sha256="b" * 64), "changed"),
    ],
)
def test_a_success_is_compared_with_what_we_have(outcome, expected):
    assert state(outcome) == expected


def test_a_link_that_always_redirected_there_has_not_moved():
    assert state(Outcome(Asked(), final_url="https://cdn.example/a"), final_url="https://cdn.example/a") == "alive"


def test_an_observation_conforms_and_says_what_was_seen():
    checks = observe(row(), Outcome(Asked(), sha256="b" * 64, etag='"2"', detail="d"))
    assert checks.schema == tables.LINK_CHECKS.schema
    seen = checks.to_dicts()[0]
    assert (seen["host"], seen["sha256"], seen["etag"], seen["checked_at"]) == (
        "pictures.example",
        "b" * 64,
        '"2"',
        NOW,
    )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://a.example", "a.example"),
        ("HTTPS://A.Example:443/x?y", "a.example"),
        ("http://u:p@a.example/@b", "a.example"),
        ("http://[::1]:80/", "[::1]"),
        ("http://bücher.example/ü", "bücher.example"),
    ],
)
def test_the_host_is_that_of_the_address(url, host):
    assert observe(row(url=url), Outcome(Asked(url)))["host"].item() == host


def test_rejected_rows_and_rows_not_asked_get_no_observation():
    rows = pl.concat([row(reject_reason="damaged"), row(id="2", url="https://other.example/")])
    assert observe(rows, Outcome(Asked())).is_empty()


def test_rows_that_share_an_address_share_its_answer():
    assert observe(pl.concat([row(), row(id="2")]), Outcome(Asked()))["id"].to_list() == ["1", "2"]


def test_no_answers_are_no_observations():
    assert observe(row()).is_empty()


def test_a_link_that_is_refused_by_now_keeps_the_evidence():
    said = '{"x-robots-tag": ["noai"]}'
    refused = Outcome(Asked(), reason="opted_out", detail="X-Robots-Tag: noai", sha256=None, consent=said)
    seen = observe(row(consent="{}"), refused).to_dicts()[0]
    assert (seen["state"], seen["detail"], seen["consent"]) == ("opted_out", "X-Robots-Tag: noai", said)


def test_an_unknown_outcome_is_loud():
    with pytest.raises((InvalidOperationError, ComputeError)):
        state(Outcome(Asked(), reason="a new word"))


def test_the_request_is_conditional_on_what_the_host_said():
    (verified,) = row(etag='"1"', last_modified="Sun, 01 Nov 2026 00:00:00 GMT").collect().to_dicts()
    assert request_for(verified) == {"url": URL, "etag": '"1"', "last_modified": "Sun, 01 Nov 2026 00:00:00 GMT"}
