"""What came of a request: the words for it, and which of them may pass.

A failure is an outcome with a reason from `reasons.REASONS["downloaded"]`, never an exception. It is *passing* where
asking again another day may help (the host was down or busy), else *final*. Some passing ones are worth another try
within the same run, and some say that the host as a whole is not well.

What belongs here: requests, outcomes, and the meaning of statuses, libcurl's errors and headers. What does not:
asking.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import IO, Literal, NamedTuple

import pycurl

Body = IO[bytes]


@dataclass(frozen=True, slots=True)
class Request:
    """One address to ask for.

    `etag` and `last_modified`, as an earlier response gave them, make it conditional. `at_most`: a body that is larger,
    in bytes, is read so far and counts as whole, however large it is. `first_bytes`: only the beginning is asked for
    (RFC 9110 14.2), and no more is read of a host that sends all. `picture`: a body that begins like another document
    (`sniff.document`) is broken off as `not_image`.
    """

    url: str
    method: Literal["GET", "HEAD"] = "GET"
    etag: str | None = None
    last_modified: str | None = None
    at_most: int | None = None
    picture: bool = False
    first_bytes: int | None = None


@dataclass(slots=True)
class Outcome:
    """What came of a request. `reason` is None where all is well.

    `final_url` and what follows are as in `tables.FETCHES`. `body` is rewound and the caller closes it; it is None for
    failures, HEAD and 304, and so are the hashes and the size of what was read, `bytes`. `total` is the size of the
    whole file as the host says (Content-Length of a 200, also to HEAD; Content-Range), null where it does not; the
    hashes are null where only the beginning of it was read by `first_bytes`. `attempts` counts requests, redirects not
    counted; it is 0 where nothing was asked. `not_modified`: 304 to a conditional request.
    `unheard`: the address of another origin that it leads to, for which nobody has been asked for consent; the request
    may be made again once that is done. `not_before`: the host wants no request before then (Retry-After).
    """

    request: Request
    reason: str | None = None
    detail: str | None = None
    passing: bool = False
    http_status: int | None = None
    final_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_type: str | None = None
    consent: str | None = None
    sha256: str | None = None
    md5: str | None = None
    bytes: int | None = None
    total: int | None = None
    attempts: int = 0
    fetched_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    body: Body | None = None
    not_modified: bool = False
    unheard: str | None = None
    not_before: datetime | None = None


class Verdict(NamedTuple):
    """A failure: its reason, whether it may pass, and whether to try again in this run."""

    reason: str
    passing: bool
    retry: bool = False


BLOCKED = Verdict("blocked_address", passing=False)
TOO_LARGE = Verdict("too_large", passing=False)
NOT_IMAGE = Verdict("not_image", passing=False)
PLACEHOLDER = Verdict("placeholder", passing=False)
REDIRECT_LOOP = Verdict("redirect_loop", passing=False)
THROTTLED = Verdict("throttled", passing=True, retry=True)
TRUNCATED = Verdict("truncated", passing=True, retry=True)
REFUSED = Verdict("refused", passing=True, retry=True)
RESET = Verdict("reset", passing=True, retry=True)
BAD_RESPONSE = Verdict("bad_response", passing=True, retry=True)
UNREACHABLE = Verdict("unreachable", passing=True, retry=True)
TIMEOUT = Verdict("timeout", passing=True, retry=True)
PARKED = Verdict("parked", passing=True)
BUDGET_SPENT = Verdict("budget_spent", passing=True)
# A name that does not resolve or a bad certificate may be mended within days, hardly within seconds.
DNS = Verdict("dns", passing=True)
TLS = Verdict("tls", passing=True)

_STATUS = {
    401: Verdict("forbidden", passing=False),
    403: Verdict("forbidden", passing=False),
    404: Verdict("not_found", passing=False),
    408: TIMEOUT,
    410: Verdict("gone", passing=False),
    425: THROTTLED,
    429: THROTTLED,
    451: Verdict("forbidden", passing=False),
}
_RETRIED_5XX = frozenset({500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses whose Location is followed (RFC 9110 15.4)."""

HOST_FAILURES = frozenset({"timeout", "refused", "reset", "unreachable", "bad_response", "dns", "tls", "server_error"})
"""Failures that speak against the host, not the one address: so many in a row park it (`hosts`)."""

# https://curl.se/libcurl/c/libcurl-errors.html; pycurl has no names for the numbers.
_WEIRD_SERVER_REPLY, _HTTP2_STREAM, _TOO_LARGE = 8, 92, 100
_ERRORS = {
    pycurl.E_COULDNT_RESOLVE_HOST: DNS,
    pycurl.E_OPERATION_TIMEDOUT: TIMEOUT,
    pycurl.E_PARTIAL_FILE: TRUNCATED,
    pycurl.E_FILESIZE_EXCEEDED: TOO_LARGE,
    _TOO_LARGE: TOO_LARGE,  # libcurl's own limit on headers
    pycurl.E_URL_MALFORMAT: BLOCKED,
    pycurl.E_RECV_ERROR: RESET,
    pycurl.E_SEND_ERROR: RESET,
    pycurl.E_GOT_NOTHING: RESET,
    _WEIRD_SERVER_REPLY: BAD_RESPONSE,
    pycurl.E_UNSUPPORTED_PROTOCOL: BAD_RESPONSE,  # HTTP/0.9, or no HTTP at all
    pycurl.E_BAD_CONTENT_ENCODING: BAD_RESPONSE,
    pycurl.E_HTTP2: BAD_RESPONSE,
    _HTTP2_STREAM: BAD_RESPONSE,
    pycurl.E_SSL_CONNECT_ERROR: TLS,
    pycurl.E_PEER_FAILED_VERIFICATION: TLS,
    pycurl.E_SSL_CIPHER: TLS,
    pycurl.E_SSL_ISSUER_ERROR: TLS,
    pycurl.E_SSL_INVALIDCERTSTATUS: TLS,
    pycurl.E_USE_SSL_FAILED: TLS,
}
# errno of connect(2), where libcurl only says that it could not connect.
_NO_CONNECTION = {
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: RESET,
    errno.ETIMEDOUT: TIMEOUT,
}


def of_status(status: int) -> Verdict | None:
    """What a final response's status (RFC 9110 15) means; None: the body is the picture.

    200 and 203 carry a whole body. Any other 2xx, and a 3xx that is no redirect, does not.
    """
    if status in (200, 203):
        return None
    if status >= 500:
        return Verdict("server_error", passing=True, retry=status in _RETRIED_5XX)
    if status >= 400:
        return _STATUS.get(status, Verdict("forbidden", passing=False))
    return REDIRECT_LOOP if status >= 300 else TRUNCATED._replace(retry=False)


def of_error(code: int, os_errno: int = 0, message: str = "") -> Verdict:
    """What an error of libcurl (https://curl.se/libcurl/c/libcurl-errors.html) means; unknown ones: unreachable.

    `os_errno` is the system's error behind it (CURLINFO_OS_ERRNO; 0: none), `message` are libcurl's words.
    """
    if code == pycurl.E_COULDNT_CONNECT:
        return _NO_CONNECTION.get(os_errno, UNREACHABLE)
    if code == pycurl.E_RECV_ERROR and not os_errno and "chunk" in message:
        return BAD_RESPONSE  # libcurl has no number of its own for chunks that are none
    return _ERRORS.get(code, UNREACHABLE)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110 10.2.3): a number of seconds or a date; None if neither."""
    value = value.strip()
    if re.fullmatch("[0-9]{1,10}", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:  # RFC 9110 5.6.7: dates are in UTC, the obsolete forms do not say so
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


LONGEST_WISH = 86_400.0
"""Seconds: a longer Retry-After counts as a day, for some hosts name years (urllib3 stops at six hours)."""


def moment(seconds: float | None) -> datetime | None:
    """The time so many seconds from now, as far as such a wish is obeyed."""
    return None if seconds is None else datetime.now(UTC) + timedelta(seconds=min(seconds, LONGEST_WISH))
