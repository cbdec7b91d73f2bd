"""The client: asks for many addresses at once, politely, and says what came of each.

One thread and one generator. A job waits in `Hosts` for its host's turn, runs as a `Transfer`, and then ends, follows
a redirect (back into the queue, for the turn of the next host), or waits for another try. Between two outcomes nothing
moves: whoever takes them should not hold one for long.

What belongs here: the way of a job through redirects and tries. What does not: bytes (`transfer`), turns (`hosts`),
the meaning of answers (`outcomes`).
"""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import pycurl

from imgtext_assets.catalog import FetchSettings
from imgtext_assets.fetch import outcomes
from imgtext_assets.fetch.addresses import URL, BadURL, Guard, follow, parse_url
from imgtext_assets.fetch.consent import Consent
from imgtext_assets.fetch.hosts import Hosts
from imgtext_assets.fetch.multi import Ended, Multi
from imgtext_assets.fetch.outcomes import Outcome, Request, Verdict
from imgtext_assets.fetch.transfer import Transfer

LOOK_AHEAD = 16_384
"""How many requests may wait at once: so far a list that is sorted by host is read for hosts to take turns."""
_READ_AT_ONCE = 256
_SHOWN = 200  # characters of an address in a detail
_IDLE_SECONDS = 1.0


def fetch_all(
    requests: Iterable[Request], settings: FetchSettings, consent: Consent | None = None
) -> Generator[Outcome, None, None]:
    """Ask for all `requests`; one outcome each, in order of completion.

    Requests are read as there is room for them: at most `settings.concurrency` run and `LOOK_AHEAD` wait. Bodies are
    in memory up to 4 MiB each, else in temporary files. Outside failures are outcomes with a reason; what fails on
    our side (a full disk) is raised. Closing the generator breaks off what runs.

    `consent` is asked before each request, of redirects too, and again when a response's headers are in: what it
    refuses is not asked for, or broken off before its body. A redirect to a host of which it has heard nothing ends
    as `unheard`. Without one nobody objects.

    >>> [outcome.reason for outcome in fetch_all([Request("file:///etc/passwd")], FetchSettings())]
    ['blocked_address']
    """
    client = _Client(settings, consent)
    try:
        yield from client.outcomes(iter(requests))
    finally:
        client.close()


@dataclass(slots=True)
class _Job:
    """A request on its way. `url` is what is asked next; `seen` are the addresses of this try."""

    request: Request
    url: URL
    attempts: int = 0
    seconds: float = 0.0
    seen: list[URL] = field(default_factory=list)


class _Client:
    def __init__(self, settings: FetchSettings, consent: Consent | None) -> None:
        self._settings, self._consent = settings, consent
        self._user_agent = settings.user_agent
        self._guard = Guard(settings)
        self._multi = Multi(connections=settings.concurrency)
        self._hosts: Hosts[_Job] = Hosts(settings.limits)
        self._running: dict[pycurl.Curl, tuple[_Job, Transfer]] = {}
        self._spare: list[pycurl.Curl] = []
        self._more = True

    def outcomes(self, requests: Iterator[Request]) -> Iterator[Outcome]:
        while True:
            yield from self._fill(requests)
            if not (self._more or self._running or self._hosts.waiting):
                return
            for ended in self._multi.poll(self._patience()):
                yield from self._end(ended)

    def close(self) -> None:
        for easy, (_, transfer) in self._running.items():
            self._multi.remove(easy)
            easy.close()
            transfer.release()
            transfer.discard()
        for easy in self._spare:
            easy.close()
        self._multi.close()

    def _fill(self, requests: Iterator[Request]) -> Iterator[Outcome]:
        """Start what may start, and read on only while places are free."""
        self._start_waiting()
        read = 0
        while self._more and self._room() and self._hosts.waiting < LOOK_AHEAD and read < _READ_AT_ONCE:
            request = next(requests, None)
            if request is None:
                self._more = False
            else:
                yield from self._admit(request)
                self._start_waiting()
            read += 1

    def _admit(self, request: Request) -> Iterator[Outcome]:
        try:
            job = _Job(request, parse_url(request.url))
        except BadURL as error:
            yield Outcome(request, outcomes.BLOCKED.reason, str(error), outcomes.BLOCKED.passing)
            return
        if self._is_placeholder(job.url):
            yield _failed(job, outcomes.PLACEHOLDER, "the address itself is a placeholder's")
        elif refused := self._refused(job.url):
            yield self._with_consent(_failed(job, *refused), job)
        else:
            yield from self._enqueue(job)

    def _refused(self, url: URL) -> tuple[Verdict, str] | None:
        """Why an address must not be asked for; None: it may be."""
        refusal = self._consent.refusal(url.text) if self._consent else None
        return (Verdict(refusal.reason, refusal.passing), refusal.detail) if refusal else None

    def _with_consent(self, outcome: Outcome, job: _Job, transfer: Transfer | None = None) -> Outcome:
        """The outcome with what was said of the use of its address."""
        if self._consent:
            first = job.seen[0] if job.seen else job.url
            outcome.consent = self._consent.record(first.text, transfer.headers if transfer else {})
        return outcome

    def _is_placeholder(self, url: URL) -> bool:
        return any(fnmatchcase(url.text, pattern) for pattern in self._settings.placeholders)

    def _room(self) -> bool:
        return len(self._running) < self._settings.concurrency

    def _start_waiting(self) -> None:
        while self._room() and (job := self._hosts.take(time.monotonic())):
            if not job.seen:
                job.attempts += 1
            job.seen.append(job.url)
            transfer = Transfer(job.request, job.url, self._settings, self._guard, self._consent)
            easy = self._spare.pop() if self._spare else pycurl.Curl()
            transfer.configure(easy, self._user_agent, max(0.001, self._settings.total_seconds - job.seconds))
            self._running[easy] = job, transfer
            self._multi.add(easy)

    def _patience(self) -> float:
        """Seconds until something may have to be started, if nothing happens before."""
        if self._more and self._room() and self._hosts.waiting < LOOK_AHEAD:
            return 0.0
        due = self._hosts.next_due() if self._room() else None
        return _IDLE_SECONDS if due is None else min(_IDLE_SECONDS, max(0.0, due - time.monotonic()))

    def _end(self, ended: Ended) -> Iterator[Outcome]:
        """Take a transfer that is over off its handle, and decide how its job goes on."""
        job, transfer = self._running.pop(ended.easy)
        job.seconds += float(ended.easy.getinfo(pycurl.TOTAL_TIME))
        self._multi.remove(ended.easy)
        ended.easy.reset()
        self._spare.append(ended.easy)
        self._hosts.done(job.url.host)
        verdict, detail = transfer.end(ended)
        if verdict is None:
            yield self._with_consent(_fine(job, transfer), job, transfer)
            return
        transfer.discard()
        if transfer.redirects:
            yield from self._redirect(job, transfer)
        elif verdict.retry:
            yield from self._retry(job, transfer, verdict, detail)
        else:
            yield self._with_consent(_failed(job, verdict, detail, transfer), job, transfer)

    def _redirect(self, job: _Job, transfer: Transfer) -> Iterator[Outcome]:
        location = transfer.headers.get("location", [""])[0]
        if not location:
            yield _failed(job, outcomes.REDIRECT_LOOP, f"HTTP {transfer.status} without Location", transfer)
            return
        try:
            target = follow(job.url, location)
        except BadURL as error:
            yield _failed(job, outcomes.BLOCKED, f"redirects to {location[:_SHOWN]!r}: {error}", transfer)
            return
        if self._is_placeholder(target):
            yield _failed(job, outcomes.PLACEHOLDER, f"redirects to {target.text[:_SHOWN]}", transfer)
        elif target in job.seen:
            yield _failed(job, outcomes.REDIRECT_LOOP, f"redirects back to {target.text[:_SHOWN]}", transfer)
        elif len(job.seen) > self._settings.max_redirects:
            yield _failed(job, outcomes.REDIRECT_LOOP, f"more than {self._settings.max_redirects} redirects", transfer)
        elif refused := self._refused(target):
            verdict, detail = refused
            detail = f"{detail} (redirects to {target.text[:_SHOWN]})"
            yield self._with_consent(_failed(job, verdict, detail, transfer), job, transfer)
        elif self._consent and target.origin != job.url.origin and self._consent.unheard(target.text):
            detail = f"redirects to {target.text[:_SHOWN]}, whose host was not asked for consent"
            outcome = _failed(job, outcomes.REDIRECT_LOOP, detail, transfer)
            outcome.unheard = target.text
            yield outcome
        else:
            job.url = target
            yield from self._enqueue(job)

    def _retry(self, job: _Job, transfer: Transfer, verdict: Verdict, detail: str | None) -> Iterator[Outcome]:
        """Try again later: when the host said, else after exponential backoff with full jitter.

        Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
        """
        host, now, longest = job.url.host, time.monotonic(), self._settings.max_wait_seconds
        wait = random.uniform(0, min(longest, self._settings.backoff_seconds * 2 ** (job.attempts - 1)))  # noqa: S311
        asked = transfer.retry_after
        if asked is not None:
            wait, detail = asked, f"{detail}, Retry-After {asked:.0f} s"
        if asked is not None or transfer.status == 429:
            self._hosts.hush(host, now + wait)
        if job.attempts >= self._settings.attempts or wait > longest:
            yield _failed(job, verdict, detail, transfer)
        else:
            job.url, job.seen, job.seconds = job.seen[0], [], 0.0
            yield from self._enqueue(job, due=now + wait)
        if wait > longest:
            for other in self._hosts.withdraw(host):
                yield from self._enqueue(other)

    def _enqueue(self, job: _Job, due: float = 0.0) -> Iterator[Outcome]:
        """Let the job wait for its turn, unless the host's quiet lasts too long for that."""
        now, host = time.monotonic(), job.url.host
        quiet = self._hosts.quiet_until(host) - now
        if quiet > self._settings.max_wait_seconds:
            yield _failed(job, outcomes.THROTTLED, f"{host} wants no requests for {quiet:.0f} s")
        else:
            self._hosts.put(host, job, now, due)


def _fine(job: _Job, transfer: Transfer) -> Outcome:
    body = transfer.body
    if body is not None:
        body.seek(0)
    return Outcome(
        request=job.request,
        http_status=transfer.status,
        final_url=transfer.url.text,
        etag=transfer.header("etag"),
        last_modified=transfer.header("last-modified"),
        content_type=transfer.header("content-type"),
        sha256=transfer.sha256.hexdigest() if body is not None else None,
        md5=transfer.md5.hexdigest() if body is not None else None,
        bytes=transfer.size if body is not None else None,
        attempts=job.attempts,
        body=body,
        not_modified=transfer.status == 304,
    )


def _failed(job: _Job, verdict: Verdict, detail: str | None, transfer: Transfer | None = None) -> Outcome:
    """`transfer` is the last one of the job; None where it ends without having asked."""
    answered = transfer if transfer is not None and transfer.answered else None
    return Outcome(
        request=job.request,
        reason=verdict.reason,
        detail=detail,
        passing=verdict.passing,
        http_status=answered.status if answered else None,
        final_url=answered.url.text if answered else None,
        content_type=answered.header("content-type") if answered else None,
        attempts=job.attempts,
    )
