"""Politeness on a simulated clock: whatever comes in, the limits of every host hold."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.catalog import HostLimits
from imgtext_assets.fetch.hosts import Hosts

HOSTS = "abc"


@given(
    limits=st.fixed_dictionaries(
        {
            host: st.builds(HostLimits, concurrency=st.integers(1, 3), rate=st.sampled_from([0.5, 1.0, 4.0]))
            for host in HOSTS
        }
    ),
    jobs=st.lists(st.tuples(st.sampled_from(HOSTS), st.floats(0, 20), st.floats(0, 5))),
    hushes=st.lists(st.tuples(st.sampled_from(HOSTS), st.floats(0, 10), st.floats(0, 10))),
)
def test_every_job_starts_once_and_the_limits_of_its_host_hold(
    limits: dict[str, HostLimits],
    jobs: list[tuple[str, float, float]],
    hushes: list[tuple[str, float, float]],
):
    hosts: Hosts[int] = Hosts(limits.__getitem__)
    for number, (host, due, _) in enumerate(jobs):
        hosts.put(host, number, 0.0, due)
    quiet = {host: 0.0 for host, _, _ in jobs}
    pending = sorted(((at, host, at + seconds) for host, at, seconds in hushes if host in quiet), reverse=True)
    now = 0.0
    running: list[tuple[float, str]] = []
    last_start: dict[str, float] = {}
    started: list[int] = []
    while hosts.waiting or running:
        while (job := hosts.take(now)) is not None:
            host, due, seconds = jobs[job]
            running.append((now + seconds, host))
            started.append(job)
            assert now >= due
            assert now >= quiet[host]
            assert now >= last_start.get(host, -1e9) + 1 / limits[host].rate - 1e-9
            last_start[host] = now
            for name, count in Counter(name for _, name in running).items():
                assert count <= limits[name].concurrency
        next_due = hosts.next_due()
        moments = [end for end, _ in running] + [at for at, _, _ in pending[-1:]]
        now = max(now, min(moments if next_due is None else [next_due, *moments]))
        while pending and pending[-1][0] <= now:
            _, host, until = pending.pop()
            quiet[host] = max(quiet[host], until)
            hosts.hush(host, until)
        for end, host in [entry for entry in running if entry[0] <= now]:
            running.remove((end, host))
            hosts.done(host)
    assert sorted(started) == list(range(len(jobs)))


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


def test_hosts_that_have_nothing_to_do_are_forgotten():
    hosts: Hosts[int] = Hosts(lambda _: HostLimits())
    for number in range(20_000):
        hosts.put(str(number), number, float(number))
        assert hosts.take(float(number)) == number
        hosts.done(str(number))
    assert len(hosts._hosts) <= 1024
