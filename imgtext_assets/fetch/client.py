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
from fnmatch import fnmatchcase

import pycurl

from imgtext_assets.fetch import outcomes
from imgtext_assets.fetch.addresses import URL, BadURL, Guard, follow, parse_url
from imgtext_assets.fetch.allowance import Allowance
from imgtext_assets.fetch.budget import Budget
from imgtext_assets.fetch.consent import Consent
from imgtext_assets.fetch.handle import Handle
from imgtext_assets.fetch.hosts import Hosts, Parking
from imgtext_assets.fetch.job import Job
from imgtext_assets.fetch.multi import Ended, Multi
from imgtext_assets.fetch.outcomes import Outcome, Request, Verdict
from imgtext_assets.fetch.transfer import Transfer
from imgtext_assets.settings import FetchSettings

LOOK_AHEAD = 131_072
"""How many requests may wait at once: more than a shard has rows, so that whatever their order, no host waits behind
the requests of another that is slow, quiet or parked."""
KEPT_CONNECTIONS = 256
"""How many connections are open at most, idle ones included: hosts take turns, so that of many each one's turn comes
round when as many others have been asked; well under the 1,024 files that a process often may have open."""
_READ_AT_ONCE = 256
_SHOWN = 200  # characters of an address in a detail
_IDLE_SECONDS = 1.0


def new_hosts(settings: FetchSettings) -> Hosts[Job]:
    """The politeness that the settings ask for, for one `fetch_all` after another."""
    return Hosts(settings.limits, Parking(settings.park_after, settings.park_seconds, settings.park_times))


def fetch_all(
    requests: Iterable[Request],
    settings: FetchSettings,
    consent: Consent | None = None,
    budget: Budget | None = None,
    hosts: Hosts[Job] | None = None,
    allowance: Allowance | None = None,
) -> Generator[Outcome, None, None]:
    """Ask for all `requests`; one outcome each, in order of completion.

    Requests are read as there is room for them: at most `settings.concurrency` run and `LOOK_AHEAD` wait. Bodies are
    in memory up to 4 MiB each, else in temporary files. Outside failures are outcomes with a reason; what fails on
    our side (a full disk) is raised. Closing the generator breaks off what runs.

    `consent` is asked before each request, of redirects too, and again when a response's headers are in: what it
    refuses is not asked for, or broken off before its body. A redirect to a host of which it has heard nothing ends
    as `unheard`. Without one nobody objects.

    `budget` counts all that is received, of broken transfers too. A host that has none left is not asked; what runs
    then may finish. `hosts` (of `new_hosts`) remember from one call to the next when each may be asked again; they
    serve one call at a time.

    `allowance` is what may be asked in all. Once it is spent, nothing is begun any more, and what is left ends as
    `budget_spent`; what runs may finish, where redirects lead it too.

    >>> [outcome.reason for outcome in fetch_all([Request("file:///etc/passwd")], FetchSettings())]
    ['blocked_address']
    """
    client = _Client(settings, consent, budget, hosts or new_hosts(settings), allowance or Allowance())
    try:
        yield from client.outcomes(iter(requests))
    finally:
        client.close()


class _Client:
    def __init__(
        self,
        settings: FetchSettings,
        consent: Consent | None,
        budget: Budget | None,
        hosts: Hosts[Job],
        allowance: Allowance,
    ) -> None:
        self._settings, self._consent, self._budget, self._allowance = settings, consent, budget, allowance
        self._guard = Guard(settings)
        self._multi = Multi(connections=max(settings.concurrency, KEPT_CONNECTIONS))
        self._hosts = hosts
        self._running: dict[pycurl.Curl, tuple[Job, Handle]] = {}
        self._spare: list[Handle] = []
        self._more = True

    def outcomes(self, requests: Iterator[Request]) -> Iterator[Outcome]:
        spent = False
        while True:
            yield from self._fill(requests)
            if not spent and self._allowance.spent():
                spent = True
                for job in self._hosts.withdraw_all():
                    yield from self._enqueue(job)
            if not (self._more or self._running or self._hosts.waiting):
                return
            for ended in self._multi.poll(self._patience()):
                yield from self._end(ended)

    def close(self) -> None:
        for easy, (job, handle) in self._running.items():
            self._multi.remove(easy)
            handle.close()
            self._count(job.url.host, handle.transfer)
            handle.transfer.discard()
        for handle in self._spare:
            handle.close()
        self._multi.close()
        self._hosts.let_go()

    def _fill(self, requests: Iterator[Request]) -> Iterator[Outcome]:
        """Start what may start, and read on only while places are free."""
        yield from self._start_waiting()
        read = 0
        while self._more and self._room() and self._hosts.waiting < LOOK_AHEAD and read < _READ_AT_ONCE:
            request = next(requests, None)
            if request is None:
                self._more = False
            else:
                yield from self._admit(request)
                yield from self._start_waiting()
            read += 1

    def _admit(self, request: Request) -> Iterator[Outcome]:
        try:
            job = Job(request, parse_url(request.url))
        except BadURL as error:
            yield Outcome(request, outcomes.BLOCKED.reason, str(error), outcomes.BLOCKED.passing)
            return
        if self._is_placeholder(job.url):
            yield job.failed(outcomes.PLACEHOLDER, "the address itself is a placeholder's")
        elif refused := self._refused(job.url):
            yield self._with_consent(job.failed(*refused), job)
        else:
            yield from self._enqueue(job)

    def _refused(self, url: URL) -> tuple[Verdict, str] | None:
        """Why an address must not be asked for; None: it may be."""
        refusal = self._consent.refusal(url.text) if self._consent else None
        return (Verdict(refusal.reason, refusal.passing), refusal.detail) if refusal else None

    def _with_consent(self, outcome: Outcome, job: Job, transfer: Transfer | None = None) -> Outcome:
        """The outcome with what was said of the use of its address."""
        if self._consent:
            first = job.seen[0] if job.seen else job.url
            outcome.consent = self._consent.record(first.text, transfer.headers if transfer else {})
        return outcome

    def _is_placeholder(self, url: URL) -> bool:
        return any(fnmatchcase(url.text, pattern) for pattern in self._settings.placeholders)

    def _room(self) -> bool:
        return len(self._running) < self._settings.concurrency

    def _start_waiting(self) -> Iterator[Outcome]:
        while self._room() and (job := self._hosts.take(time.monotonic())):
            if why := self._spent_on(job):
                self._hosts.done(job.url.host)
                yield job.failed(outcomes.BUDGET_SPENT, why)
                continue
            job.starts()
            self._allowance.begin(job.url.host)
            handle = self._spare.pop() if self._spare else Handle(self._settings, self._guard)
            transfer = Transfer(job.request, job.url, self._settings, self._consent)
            handle.start(transfer, max(0.001, self._settings.total_seconds - job.seconds))
            self._running[handle.easy] = job, handle
            self._multi.add(handle.easy)

    def _patience(self) -> float:
        """Seconds until something may have to be started, if nothing happens before."""
        if self._more and self._room() and self._hosts.waiting < LOOK_AHEAD:
            return 0.0
        due = self._hosts.next_due() if self._room() else None
        return _IDLE_SECONDS if due is None else min(_IDLE_SECONDS, max(0.0, due - time.monotonic()))

    def _end(self, ended: Ended) -> Iterator[Outcome]:
        """Take a transfer that is over off its handle, and decide how its job goes on, and its host's others."""
        job, handle = self._running.pop(ended.easy)
        host, transfer = job.url.host, handle.transfer
        job.seconds += float(ended.easy.getinfo(pycurl.TOTAL_TIME))
        self._multi.remove(ended.easy)
        self._spare.append(handle)
        self._count(host, transfer)
        verdict, detail = handle.end(ended)
        self._tell(host, transfer, verdict, detail)
        if verdict is None:
            yield self._with_consent(job.fine(transfer), job, transfer)
        elif transfer.redirects:
            yield from self._redirect(job, transfer)
        elif verdict.retry:
            yield from self._retry(job, transfer, verdict, detail)
        else:
            yield self._with_consent(job.failed(verdict, detail, transfer), job, transfer)
        if self._barred(host) or self._allowance.spent_on(host):
            for other in self._hosts.withdraw(host):
                yield from self._enqueue(other)

    def _spent_on(self, job: Job) -> str | None:
        """Why the job may not begin, as nothing is left for it; one that redirects lead on has begun."""
        return None if job.seen else self._allowance.spent_on(job.url.host)

    def _count(self, host: str, transfer: Transfer) -> None:
        self._allowance.receive(transfer.received)
        if self._budget is not None:
            self._budget.add(host, transfer.received)

    def _tell(self, host: str, transfer: Transfer, verdict: Verdict | None, detail: str | None) -> None:
        """What the end of a transfer says of its host. A 501 speaks of the method alone (RFC 9110 15.6.2)."""
        if verdict is not None and verdict.reason in outcomes.HOST_FAILURES and transfer.status != 501:
            self._hosts.failed(host, time.monotonic(), f"{verdict.reason}: {detail}")
        elif verdict is outcomes.BLOCKED:  # nobody was asked
            self._hosts.done(host)
        else:
            self._hosts.answered(host)

    def _redirect(self, job: Job, transfer: Transfer) -> Iterator[Outcome]:
        location = transfer.headers.get("location", [""])[0]
        if not location:
            yield job.failed(outcomes.REDIRECT_LOOP, f"HTTP {transfer.status} without Location", transfer)
            return
        try:
            target = follow(job.url, location)
        except BadURL as error:
            yield job.failed(outcomes.BLOCKED, f"redirects to {location[:_SHOWN]!r}: {error}", transfer)
            return
        if self._is_placeholder(target):
            yield job.failed(outcomes.PLACEHOLDER, f"redirects to {target.text[:_SHOWN]}", transfer)
        elif target in job.seen:
            yield job.failed(outcomes.REDIRECT_LOOP, f"redirects back to {target.text[:_SHOWN]}", transfer)
        elif len(job.seen) > self._settings.max_redirects:
            yield job.failed(outcomes.REDIRECT_LOOP, f"more than {self._settings.max_redirects} redirects", transfer)
        elif refused := self._refused(target):
            verdict, detail = refused
            detail = f"{detail} (redirects to {target.text[:_SHOWN]})"
            yield self._with_consent(job.failed(verdict, detail, transfer), job, transfer)
        elif self._consent and target.origin != job.url.origin and self._consent.unheard(target.text):
            detail = f"redirects to {target.text[:_SHOWN]}, whose host was not asked for consent"
            outcome = job.failed(outcomes.REDIRECT_LOOP, detail, transfer)
            outcome.unheard = target.text
            yield outcome
        else:
            job.url = target
            yield from self._enqueue(job)

    def _retry(self, job: Job, transfer: Transfer, verdict: Verdict, detail: str | None) -> Iterator[Outcome]:
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
        if job.attempts >= self._settings.attempts or wait > longest or self._allowance.spent_on(host):
            outcome = job.failed(verdict, detail, transfer)
            outcome.not_before = outcomes.moment(asked)
            yield outcome
        else:
            job.starts_over()
            yield from self._enqueue(job, due=now + wait)

    def _enqueue(self, job: Job, due: float = 0.0) -> Iterator[Outcome]:
        """Let the job wait for its turn, unless its host is not to be asked any more."""
        why = self._spent_on(job)
        if barred := (outcomes.BUDGET_SPENT, why) if why else self._barred(job.url.host):
            outcome = job.failed(*barred)
            if barred[0] is outcomes.THROTTLED:
                outcome.not_before = outcomes.moment(self._hosts.quiet_until(job.url.host) - time.monotonic())
            yield outcome
        else:
            self._hosts.put(job.url.host, job, time.monotonic(), due)

    def _barred(self, host: str) -> tuple[Verdict, str] | None:
        """Why the host is not asked any more in this run; None: it is, be it later."""
        if self._budget is not None and self._budget.left(host) == 0:
            return outcomes.BUDGET_SPENT, f"{host} has sent all that fetch.hosts.bytes_per_day allows"
        if why := self._hosts.given_up(host):
            return outcomes.PARKED, f"{host} failed too often in a row, last with {why}"
        quiet = self._hosts.quiet_until(host) - time.monotonic()
        if quiet > self._settings.max_wait_seconds:
            return outcomes.THROTTLED, f"{host} wants no requests for {quiet:.0f} s"
        return None
