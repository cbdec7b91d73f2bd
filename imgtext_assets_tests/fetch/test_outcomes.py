"""What statuses, errors and headers mean."""

import errno
from datetime import UTC, datetime

import pycurl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.fetch import outcomes
from imgtext_assets.fetch.outcomes import HOST_FAILURES, Verdict, of_error, of_status, retry_after
from imgtext_assets.reasons import PASSING, REASONS

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@given(st.integers(100, 999) | st.just(200))
def test_every_status_but_a_whole_body_has_a_reason_of_the_dictionary(status: int):
    verdict = of_status(status)
    if status in (200, 203):
        assert verdict is None
    else:
        assert verdict is not None
        assert verdict.reason in REASONS["downloaded"]


ERRORS = [getattr(pycurl, name) for name in dir(pycurl) if name.startswith("E_")]


@pytest.mark.parametrize("code", [*ERRORS, 8, 92, 100, 10_000])
def test_every_error_of_libcurl_has_a_reason_of_the_dictionary(code: int):
    assert of_error(code).reason in REASONS["downloaded"]


def verdicts() -> list[Verdict]:
    """All that there are: the constants, and those of every status, error and errno."""
    statuses = [of_status(status) for status in range(200, 600)]
    errors = [of_error(code, number) for code in (*ERRORS, 8, 92, 100) for number in (0, *errno.errorcode)]
    constants = [value for value in vars(outcomes).values() if isinstance(value, Verdict)]
    return [*filter(None, statuses), *errors, *constants]


def test_every_failure_is_passing_or_final_as_the_dictionary_says():
    assert {verdict for verdict in verdicts() if verdict.passing != (verdict.reason in PASSING)} == set()
    assert all(verdict.passing for verdict in verdicts() if verdict.retry)


def test_what_speaks_against_a_host_may_pass():
    assert HOST_FAILURES < PASSING
    assert not HOST_FAILURES & {"throttled", "parked", "budget_spent"}


@pytest.mark.parametrize(
    ("code", "os_errno", "message", "reason"),
    [
        (pycurl.E_COULDNT_CONNECT, errno.ECONNREFUSED, "", "refused"),
        (pycurl.E_COULDNT_CONNECT, errno.ECONNRESET, "", "reset"),
        (pycurl.E_COULDNT_CONNECT, errno.ETIMEDOUT, "", "timeout"),
        (pycurl.E_COULDNT_CONNECT, errno.EHOSTUNREACH, "", "unreachable"),
        (pycurl.E_COULDNT_CONNECT, errno.ENETUNREACH, "", "unreachable"),
        (pycurl.E_RECV_ERROR, errno.ECONNRESET, "Recv failure: Connection reset by peer", "reset"),
        (pycurl.E_RECV_ERROR, 0, "chunk hex-length char not a hex digit: 0x7a", "bad_response"),
        (pycurl.E_SEND_ERROR, errno.EPIPE, "", "reset"),
        (pycurl.E_GOT_NOTHING, 0, "", "reset"),
        (pycurl.E_HTTP2, 0, "", "bad_response"),
        (pycurl.E_UNSUPPORTED_PROTOCOL, 0, "", "bad_response"),
        (pycurl.E_PARTIAL_FILE, 0, "", "truncated"),
        (pycurl.E_OPERATION_TIMEDOUT, 0, "", "timeout"),
        (pycurl.E_COULDNT_RESOLVE_HOST, 0, "", "dns"),
        (pycurl.E_PEER_FAILED_VERIFICATION, 0, "", "tls"),
        (pycurl.E_INTERFACE_FAILED, 0, "", "unreachable"),
    ],
)
def test_an_error_of_libcurl_is_a_failure_of_its_kind(code: int, os_errno: int, message: str, reason: str):
    assert of_error(code, os_errno, message).reason == reason


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
        (206, "truncated", True, False),
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
