"""What statuses, errors and headers mean."""

from datetime import UTC, datetime

import pycurl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets import tables
from imgtext_assets.fetch.outcomes import of_error, of_status, retry_after

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@given(st.integers(100, 999) | st.just(200))
def test_every_status_but_a_whole_body_has_a_reason_of_the_dictionary(status: int):
    verdict = of_status(status)
    if status in (200, 203):
        assert verdict is None
    else:
        assert verdict is not None
        assert verdict.reason in tables.REASONS["downloaded"]


@pytest.mark.parametrize("code", [getattr(pycurl, name) for name in dir(pycurl) if name.startswith("E_")])
def test_every_error_of_libcurl_has_a_reason_of_the_dictionary(code: int):
    assert of_error(code).reason in tables.REASONS["downloaded"]


@pytest.mark.parametrize(
    ("status", "reason", "passing", "retry"),
    [
        (404, "not_found", False, False),
        (410, "gone", False, False),
        (400, "forbidden", False, False),
        (401, "forbidden", False, False),
        (403, "forbidden", False, False),
        (451, "forbidden", False, False),
        (408, "timeout", True, True),
        (429, "throttled", True, True),
        (500, "server_error", True, True),
        (503, "server_error", True, True),
        (501, "server_error", True, False),
        (206, "incomplete", True, False),
    ],
)
def test_a_status_is_final_or_passing_and_worth_another_try_or_not(
    status: int, reason: str, passing: bool, retry: bool
):
    assert of_status(status) == (reason, passing, retry)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("Fri, 20 Nov 2026 12:01:30 GMT", 90),
        ("Friday, 20-Nov-26 12:01:30 GMT", 90),
        ("Fri Nov 20 12:01:30 2026", 90),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 5000, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None):
    assert retry_after(value, NOW) == seconds


@given(st.text())
def test_retry_after_survives_anything(value: str):
    seconds = retry_after(value, NOW)
    assert seconds is None or seconds >= 0
