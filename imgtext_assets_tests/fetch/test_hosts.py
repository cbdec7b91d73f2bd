"""Politeness on a simulated clock: whatever comes in, the limits of every host hold."""

from collections import Counter
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.catalog import HostLimits
from imgtext_assets.fetch.hosts import Hosts, Parking

HOSTS = "abc"
PARKING = Parking(after=3, seconds=2.0, times=2)

End = Literal["answered", "failed", "done"]


class Host:
    """What a host has seen: the law that `Hosts` must keep, said once more and simply."""

    def __init__(self, limits: HostLimits) -> None:
        self.limits = limits
        self.running = 0
        self.last_start = self.quiet_until = self.rest_until = -1e9
        self.failures = self.rests = 0
        self.given_up = False

    def starts(self, now: float) -> None:
        assert now >= max(self.quiet_until, self.rest_until)
        assert now >= self.last_start + 1 / self.limits.rate - 1e-9
        assert self.running < (1 if self.rests else self.limits.concurrency)
        assert not self.given_up
        self.running, self.last_start = self.running + 1, now

    def ends(self, now: float, end: End) -> None:
        self.running -= 1
        if end == "answered":
            self.failures = self.rests = 0
            self.rest_until = -1e9
        elif end == "failed":
            self.failures += 1
            if self.failures >= PARKING.after and now >= self.rest_until:
                self.given_up = self.rests == PARKING.times
                self.rest_until = now + PARKING.seconds * 2**self.rests
                self.rests += 1


@given(
    limits=st.fixed_dictionaries(
        {
            host: st.builds(HostLimits, concurrency=st.integers(1, 3), rate=st.sampled_from([0.5, 1.0, 4.0]))
            for host in HOSTS
        }
    ),
    jobs=st.lists(
        st.tuples(
            st.sampled_from(HOSTS),
            st.floats(0, 20),
            st.floats(0, 5),
            st.sampled_from(["answered", "failed", "failed", "failed", "done"]),
        ),
        max_size=60,
    ),
    hushes=st.lists(st.tuples(st.sampled_from(HOSTS), st.floats(0, 10), st.floats(0, 10))),
)
def test_every_job_starts_or_is_withdrawn_once_and_the_limits_of_its_host_hold(
    limits: dict[str, HostLimits],
    jobs: list[tuple[str, float, float, End]],
    hushes: list[tuple[str, float, float]],
):
    hosts: Hosts[int] = Hosts(limits.__getitem__, PARKING)
    law = {host: Host(limits[host]) for host in HOSTS}
    for number, (host, due, _, _) in enumerate(jobs):
        hosts.put(host, number, 0.0, due)
    known = {host for host, _, _, _ in jobs}
    pending = sorted(((at, host, at + seconds) for host, at, seconds in hushes if host in known), reverse=True)
    now = 0.0
    running: list[tuple[float, int]] = []
    over: list[int] = []
    while hosts.waiting or running:
        while (job := hosts.take(now)) is not None:
            host, due, seconds, _ = jobs[job]
            assert now >= due
            law[host].starts(now)
            running.append((now + seconds, job))
            over.append(job)
        next_due = hosts.next_due()
        moments = [end for end, _ in running] + [at for at, _, _ in pending[-1:]]
        now = max(now, min(moments if next_due is None else [next_due, *moments]))
        while pending and pending[-1][0] <= now:
            _, host, until = pending.pop()
            law[host].quiet_until = max(law[host].quiet_until, until)
            hosts.hush(host, until)
        for entry in [entry for entry in running if entry[0] <= now]:
            running.remove(entry)
            host, _, _, end = jobs[entry[1]]
            law[host].ends(now, end)
            if end == "failed":
                hosts.failed(host, now, "why")
            else:
                {"answered": hosts.answered, "done": hosts.done}[end](host)
            assert (hosts.given_up(host) == "why") == law[host].given_up
            if law[host].given_up:
                over += hosts.withdraw(host)
    assert sorted(over) == list(range(len(jobs)))


@given(st.lists(st.sampled_from(HOSTS), max_size=60), st.integers(1, 3))
def test_no_host_that_waits_is_passed_over_twice(jobs: list[str], concurrency: int):
    """Turns are fair: between two starts of one host every other that had a job ready and a place free has started."""
    hosts: Hosts[str] = Hosts(lambda _: HostLimits(concurrency=concurrency, rate=1e9))
    for job in jobs:
        hosts.put(job, job, 0.0)
    left = Counter(jobs)
    since: dict[str, set[str]] = {}
    now = 0.0
    while (host := hosts.take(now)) is not None:
        others = {other for other in left if left[other] and other != host}
        assert others <= since.get(host, others)
        for started in since.values():
            started.add(host)
        since[host] = set()
        left[host] -= 1
        hosts.answered(host)
        now += 1.0
    assert not +left


def parked(failures: int) -> Hosts[str]:
    """A host at time 0 with jobs that wait and that many failures."""
    hosts: Hosts[str] = Hosts(lambda _: HostLimits(concurrency=10, rate=1e9), PARKING)
    for number in range(20):
        hosts.put("a", str(number), 0.0)
    for number in range(failures):
        assert hosts.take(float(number) / 1e6)
    for _ in range(failures):
        hosts.failed("a", 0.0, "why")
    return hosts


def test_a_host_rests_after_so_many_failures_in_a_row():
    assert parked(PARKING.after - 1).next_due() == 0.0 + 1e-6 + 1e-9
    assert parked(PARKING.after).next_due() == PARKING.seconds


def test_failures_of_what_was_under_way_when_the_rest_began_do_not_prolong_it():
    assert parked(10).next_due() == PARKING.seconds


def test_after_a_rest_there_is_one_probe_and_an_answer_brings_all_places_back():
    hosts = parked(PARKING.after)
    assert hosts.take(1.9) is None
    assert hosts.take(2.0)
    assert hosts.take(60.0) is None
    hosts.answered("a")
    assert [bool(hosts.take(61.0 + n)) for n in range(10)] == [True] * 10


def test_each_rest_is_twice_as_long_and_after_the_last_the_host_is_given_up():
    hosts = parked(PARKING.after)
    for at, rest_until in ((2.0, 2.0 + 4.0), (6.0, None)):
        assert hosts.take(at)
        assert hosts.given_up("a") is None
        hosts.failed("a", at, "gone")
        assert rest_until is None or hosts.next_due() == rest_until
    assert hosts.given_up("a") == "gone"


def test_a_host_that_was_given_up_is_not_forgotten_for_others():
    hosts = parked(PARKING.after)
    for at in (2.0, 6.0):
        assert hosts.take(at)
        hosts.failed("a", at, "gone")
    hosts.withdraw("a")
    for number in range(5000):
        hosts.put(f"other{number}", "x", 100.0 + number)
        assert hosts.take(100.0 + number)
        hosts.done(f"other{number}")
    assert hosts.given_up("a") == "gone"


def test_hosts_take_turns_however_the_jobs_come_in():
    hosts: Hosts[str] = Hosts(lambda _: HostLimits(concurrency=100, rate=1000))
    for job in ["a1", "a2", "a3", "b1", "b2", "c1"]:
        hosts.put(job[0], job, 0.0)
    taken = [hosts.take(now) for now in range(6)]
    assert taken == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_job_that_is_due_earlier_overtakes_one_that_waits():
    hosts: Hosts[str] = Hosts(lambda _: HostLimits())
    hosts.put("a", "later", 0.0, due=30.0)
    assert hosts.next_due() == 30.0
    hosts.put("a", "now", 0.0)
    assert hosts.take(0.0) == "now"
    assert hosts.take(29.0) is None
    assert hosts.take(30.0) == "later"


def test_withdrawn_jobs_are_waiting_no_longer():
    hosts: Hosts[str] = Hosts(lambda _: HostLimits())
    for job in ("a1", "a2", "b1"):
        hosts.put(job[0], job, 0.0)
    assert hosts.withdraw("a") == ["a1", "a2"]
    assert hosts.waiting == 1
    assert hosts.take(0.0) == "b1"
    assert hosts.take(100.0) is None
    assert hosts.withdraw("never heard of") == []


def test_hosts_that_have_nothing_to_do_are_forgotten():
    hosts: Hosts[int] = Hosts(lambda _: HostLimits())
    for number in range(20_000):
        hosts.put(str(number), number, float(number))
        assert hosts.take(float(number)) == number
        hosts.done(str(number))
    assert len(hosts._hosts) <= 1024
