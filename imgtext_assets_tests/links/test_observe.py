"""What each answer says of a link."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.exceptions import ComputeError, InvalidOperationError

from imgtext_assets import tables
from imgtext_assets.catalog import DriftPolicy
from imgtext_assets.links import STATES, Answer, Way, answers_frame, given_instead, states
from imgtext_assets.settings import LinkRule, LinkSettings

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
    bytes: int | None = 1000
    total: int | None = 1000
    attempts: int = 1
    consent: str | None = None
    fetched_at: datetime = NOW


OURS = 0xAAAA_AAAA_AAAA_AAAA
INSTEAD = {"host": pl.String, "sha256": pl.String, "had": pl.String}
LOOKS = {"sha256": pl.String, "phash": pl.UInt64, "low_information": pl.Boolean}


def row(**values: Any) -> pl.LazyFrame:
    ours = {"id": "1", "source": "s", "shard": "s-00000", "url": URL, "final_url": URL, "sha256": "a" * 64}
    return tables.VERIFIED.conform(pl.LazyFrame([ours | {"phash": OURS} | values], schema_overrides=LOOKS))


def observe(
    rows: pl.LazyFrame,
    *outcomes: Outcome,
    looks: dict[str, int] | None = None,
    flat: bool = False,
    before: Sequence[tuple[str, str, str | None]] = (),
    rules: list[LinkRule] | None = None,
    **policy: Any,
) -> pl.DataFrame:
    """`looks` are the pHashes of bytes that were decoded; `before` is as of `given_instead`."""
    seen = [{"sha256": sha256, "phash": phash, "low_information": flat} for sha256, phash in (looks or {}).items()]
    instead = pl.LazyFrame(list(before), INSTEAD, orient="row")
    return states(
        rows.with_columns(uniform=pl.lit(True)),
        answers_frame([Answer(outcome, "get") for outcome in outcomes], rules or []).lazy(),
        pl.LazyFrame(seen, LOOKS),
        instead,
        DriftPolicy(**policy),
    ).collect()


def state(outcome: Outcome, **values: Any) -> str:
    return observe(row(**values), outcome)["state"].item()


def test_every_outcome_of_a_fetch_has_a_state():
    assert set(STATES) == {"ok", "not_modified", *tables.REASONS["downloaded"]}
    meaning = next(column.meaning for column in tables.LINK_CHECKS.columns if column.name == "state")
    assert {*STATES.values(), "moved", "changed", "replaced"} == set(
        re.sub(r" \([^)]*\)", "", meaning).rstrip(".").split(", ")
    )


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


def test_a_row_that_was_not_asked_gets_no_observation():
    rows = row(id="2", url="https://other.example/")
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


# Other bytes: the same picture, another one, a placeholder, or not known.

OTHER = Outcome(Asked(), sha256="b" * 64)


@given(st.integers(0, 2**64 - 1))
def test_another_picture_is_told_from_the_same_by_the_distance_of_their_hashes(phash: int):
    (seen,) = observe(row(), OTHER, looks={"b" * 64: phash}, max_distance=10).to_dicts()
    distance = (phash ^ OURS).bit_count()
    assert (seen["state"], seen["distance"]) == ("replaced" if distance > 10 else "changed", distance)


def test_where_a_hash_says_nothing_it_is_not_compared():
    looks = {"b" * 64: ~OURS & (2**64 - 1)}
    assert observe(row(), OTHER, looks=looks)["state"].item() == "replaced"
    for seen in (
        observe(row(), OTHER, looks=looks, flat=True),
        observe(row(low_information=True), OTHER, looks=looks),
        observe(row(phash=None), OTHER, looks=looks),
        observe(row(), OTHER),
    ):
        assert seen.select("state", "distance").row(0) == ("changed", None)


def test_the_bytes_that_we_have_are_not_compared():
    assert observe(row(), Outcome(Asked()), looks={"a" * 64: 0})["distance"].item() is None


def test_an_answer_without_a_body_is_no_change():
    ways: list[Way] = ["head", "range"]
    for way in ways:
        answers = answers_frame([Answer(Outcome(Asked(), sha256=None), way)]).lazy()
        none = pl.LazyFrame(schema=INSTEAD)
        (seen,) = (
            states(row().with_columns(uniform=pl.lit(False)), answers, pl.LazyFrame(schema=LOOKS), none, DriftPolicy())
            .collect()
            .to_dicts()
        )
        assert (seen["state"], seen["asked_by"], seen["uniform"], seen["bytes"]) == ("alive", way, False, 1000)


def many(count: int, host: str = "a.example", unlike: bool = True) -> tuple[pl.LazyFrame, list[Outcome]]:
    """So many links of a host, all answered by the same bytes."""
    urls = [f"https://{host}/{n}.jpg" for n in range(count)]
    rows = [row(id=url, url=url, sha256=f"{n if unlike else 0:064x}") for n, url in enumerate(urls)]
    return pl.concat(rows), [Outcome(Asked(url), sha256="f" * 64, final_url=url) for url in urls]


def test_bytes_that_a_host_gives_for_many_links_are_a_placeholder():
    rows, outcomes = many(3)
    assert set(observe(rows, *outcomes, placeholder_links=3)["state"]) == {"placeholder"}
    assert set(observe(rows, *outcomes, placeholder_links=4)["state"]) == {"changed"}
    assert set(observe(rows, *outcomes, placeholder_links=None)["state"]) == {"changed"}


def test_of_links_that_always_showed_one_picture_it_is_none():
    """A picture that many links of a host show, encoded anew."""
    rows, outcomes = many(3, unlike=False)
    assert set(observe(rows, *outcomes, placeholder_links=3)["state"]) == {"changed"}


def test_what_many_hosts_give_is_none():
    each = [many(1, f"{n}.example") for n in range(3)]
    seen = observe(pl.concat(rows for rows, _ in each), *(said for _, (said,) in each), placeholder_links=3)
    assert set(seen["state"]) == {"changed"}


def test_what_earlier_observations_were_answered_by_counts_with_it():
    """A round asks wave by wave, and of some hosts a few links each month."""
    rows, outcomes = many(2)
    of_another = [("a.example", "f" * 64, "9" * 64)]
    assert set(observe(rows, *outcomes, before=of_another, placeholder_links=3)["state"]) == {"placeholder"}
    elsewhere = [("b.example", "f" * 64, "9" * 64)]
    for before in (of_another * 9, elsewhere * 9):
        assert set(observe(rows, *outcomes, before=before, placeholder_links=4)["state"]) == {"changed"}


def test_a_known_placeholder_of_the_host_is_told_at_once():
    host = "pictures.example"
    assert observe(row(), OTHER, before=[(host, "b" * 64, None)])["state"].item() == "placeholder"
    assert observe(row(), OTHER, before=[("else.example", "b" * 64, None)])["state"].item() == "changed"
    assert observe(row(), Outcome(Asked()), before=[(host, "a" * 64, None)])["state"].item() == "alive"


def test_what_hosts_gave_instead_is_known_from_earlier_observations_and_from_rows_that_ended_by_it():
    placeholder = {"id": "1", "host": "a.example", "state": "placeholder", "sha256": "1"}
    ours = {"id": "2", "host": "a.example", "state": "alive", "sha256": "had"}
    other, unread = ours | {"state": "changed", "sha256": "2"}, ours | {"sha256": None}
    gone = placeholder | {"id": "no row any more", "sha256": "3"}
    checks = pl.LazyFrame([placeholder, ours, other, unread, gone, other | {"id": "no row any more"}])
    row = {"id": "1", "url": "https://B.example/x", "sha256": "4", "reject_reason": "placeholder"}
    kept = {"id": "2", "url": "https://a.example/y", "sha256": "had", "reject_reason": None}
    rows = pl.LazyFrame([row, kept, row | {"id": "3", "sha256": "5", "reject_reason": "damaged"}])
    assert set(given_instead(checks, rows).collect().rows()) == {
        ("a.example", "1", None),
        ("a.example", "3", None),
        ("a.example", "2", "had"),
        ("b.example", "4", None),
    }


# Rules of hosts.

RULES = [
    LinkRule(match="*.a.example", states={403: "gone", 404: "unreachable"}),
    LinkRule(match="*", states={403: "throttled", 410: "blocked"}),
]


def by_rule(url: str, reason: str | None, status: int, **more: Any) -> str:
    said = Outcome(Asked(url), reason=reason, http_status=status, final_url=url, sha256=None, **more)
    return observe(row(url=url, final_url=url), said, rules=RULES)["state"].item()


def test_what_a_status_means_at_a_host_is_the_first_rule_s_that_knows_it():
    assert by_rule("https://x.a.example/1", "forbidden", 403) == "gone"
    assert by_rule("https://x.a.example/1", "not_found", 404) == "unreachable"
    assert by_rule("https://x.a.example/1", "gone", 410) == "blocked"
    assert by_rule("https://b.example/1", "forbidden", 403) == "throttled"
    assert by_rule("https://b.example/1", "forbidden", 401) == "blocked"


def test_no_rule_makes_a_picture_of_a_failure_nor_a_failure_of_a_picture_or_a_refusal():
    everything = [LinkRule(match="*", states=dict.fromkeys((200, 206, 304, 403), "gone"))]
    for reason, expected in ((None, "alive"), ("opted_out", "opted_out"), ("placeholder", "placeholder")):
        said = Outcome(Asked(), reason=reason, http_status=200, sha256=None)
        assert observe(row(), said, rules=everything)["state"].item() == expected


def test_the_host_that_answered_counts_not_the_one_that_redirected_there():
    said = Outcome(Asked(), reason="forbidden", http_status=403, final_url="https://x.a.example/1", sha256=None)
    assert observe(row(), said, rules=RULES)["state"].item() == "gone"


@pytest.mark.parametrize("url", ["https://bucket.s3.amazonaws.com/1", "https://live.staticflickr.com/1"])
def test_hosts_that_answer_403_for_what_is_gone_are_known(url: str):
    said = Outcome(Asked(url), reason="forbidden", http_status=403, final_url=url, sha256=None)
    assert observe(row(url=url), said, rules=LinkSettings().hosts)["state"].item() == "gone"


def test_nothing_was_asked_where_consent_was_refused_before():
    refused = Outcome(Asked(), reason="robots_disallowed", http_status=None, attempts=0, sha256=None, total=None)
    assert observe(row(), refused).select("state", "asked_by").row(0) == ("opted_out", None)


def test_an_address_that_is_none_has_its_state():
    said = Outcome(Asked("https://[::1/"), reason="timeout", http_status=408, final_url=None, sha256=None)
    assert observe(row(url="https://[::1/"), said, rules=RULES)["state"].item() == "unreachable"
