"""What came of a request: the words for it, and which of them may pass.

A failure is an outcome with a reason from `tables.REASONS["downloaded"]`, never an exception. It is *passing* where
asking again another day may help (the host was down or busy), else *final*. Some passing ones are worth another try
within the same run.

What belongs here: requests, outcomes, and the meaning of statuses, libcurl's errors and headers. What does not:
asking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Literal, NamedTuple

import pycurl

Body = IO[bytes]


@dataclass(frozen=True, slots=True)
class Request:
    """One address to ask for.

    `etag` and `last_modified`, as an earlier response gave them, make it conditional. `at_most`: a body that is larger,
    in bytes, is read so far and counts as whole, however large it is.
    """

    url: str
    method: Literal["GET", "HEAD"] = "GET"
    etag: str | None = None
    last_modified: str | None = None
    at_most: int | None = None


@dataclass(slots=True)
class Outcome:
    """What came of a request. `reason` is None where all is well.

    `final_url` and what follows are as in `tables.FETCHES`. `body` is rewound and the caller closes it; it is None for
    failures, HEAD and 304, and so are the hashes and the size of what was read, `bytes`. `attempts` counts requests,
    redirects not counted; it is 0 where nothing was asked. `not_modified`: 304 to a conditional request.
    `unheard`: the address of another origin that it leads to, for which nobody has been asked for consent; the request
    may be made again once that is done.
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
    attempts: int = 0
    fetched_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    body: Body | None = None
    not_modified: bool = False
    unheard: str | None = None


class Verdict(NamedTuple):
    """A failure: its reason, whether it may pass, and whether to try again in this run."""

    reason: str
    passing: bool
    retry: bool = False


BLOCKED = Verdict("blocked_address", passing=False)
TOO_LARGE = Verdict("too_large", passing=False)
PLACEHOLDER = Verdict("placeholder", passing=False)
REDIRECT_LOOP = Verdict("redirect_loop", passing=False)
THROTTLED = Verdict("throttled", passing=True, retry=True)
INCOMPLETE = Verdict("incomplete", passing=True, retry=True)
UNREACHABLE = Verdict("unreachable", passing=True, retry=True)
TIMEOUT = Verdict("timeout", passing=True, retry=True)
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

_ERRORS = {
    pycurl.E_COULDNT_RESOLVE_HOST: DNS,
    pycurl.E_OPERATION_TIMEDOUT: TIMEOUT,
    pycurl.E_PARTIAL_FILE: INCOMPLETE,
    pycurl.E_FILESIZE_EXCEEDED: TOO_LARGE,
    pycurl.E_URL_MALFORMAT: BLOCKED,
    pycurl.E_SSL_CONNECT_ERROR: TLS,
    pycurl.E_PEER_FAILED_VERIFICATION: TLS,
    pycurl.E_SSL_CIPHER: TLS,
    pycurl.E_SSL_ISSUER_ERROR: TLS,
    pycurl.E_SSL_INVALIDCERTSTATUS: TLS,
    pycurl.E_USE_SSL_FAILED: TLS,
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
    return REDIRECT_LOOP if status >= 300 else Verdict("incomplete", passing=True)


def of_error(code: int) -> Verdict:
    """What an error of libcurl (https://curl.se/libcurl/c/libcurl-errors.html) means; unknown ones: unreachable."""
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
