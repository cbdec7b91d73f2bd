"""What a round of rechecks spends, in which order, and what is left of one that ends early."""

from __future__ import annotations

import hashlib
import signal
import tempfile
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.catalog import HostLimits
from imgtext_assets.defs import rechecks
from imgtext_assets.defs.rechecks import FIRST_WAVE, LARGEST_WAVE, waves
from imgtext_assets.tables import DEAD_LINKS, HOST_FILES, LINK_CHECKS
from imgtext_assets_tests.defs.rounds import (
    FILES,
    JPEG,
    OTHER,
    PHOTO,
    SHARD,
    Rounds,
    by_method,
    crowd,
    new_rounds,
    seen,
    serving,
)
from imgtext_assets_tests.fetch.conftest import loopback
from imgtext_assets_tests.web import Seen, answer
from imgtext_assets_tests.web.hostile import Words

# The sample.


def test_the_sample_is_read_whole_and_finds_a_head_that_calls_alive_what_is_gone(rounds: Rounds):
    rounds.settings(sample=1.0)
    cheats = by_method(serving(PHOTO), answer(status="404 Not Found"))
    rounds.add("/cheats", cheats)
    rounds.add("/honest", serving(PHOTO))
    rounds.add("/denies", by_method(answer(status="403 No"), serving(PHOTO)))
    found = rounds.recheck()
    assert seen(found["/cheats"]) == ("gone", "get", 200)
    assert seen(found["/honest"]) == ("alive", "get", None), "what was believed and is true is no lie"
    assert seen(found["/denies"]) == ("alive", "get", 403)
    assert all(check["uniform"] for check in found.values())
    assert rounds.methods("/honest") == ["HEAD", "GET"]


def test_a_host_whose_head_calls_everything_alive_is_found_out_by_the_sample(rounds: Rounds):
    rounds.settings(sample=0.3)
    for n in range(60):
        rounds.add(f"/{n}", by_method(serving(PHOTO), answer(status="404 Not Found")))
    found = rounds.recheck()
    assert {check["state"] for check in found.values()} == {"gone"}
    assert {check["asked_by"] for check in found.values()} == {"get", "range"}


def test_the_sample_is_asked_again_the_next_day_and_the_others_are_not(rounds: Rounds):
    rounds.settings(sample=0.5)
    for n in range(40):
        rounds.add(f"/{n}", serving(PHOTO))
    first = rounds.recheck()
    assert len(first) == 40
    assert all(check["uniform"] for check in first.values())
    sample = {path for path, check in first.items() if check["asked_by"] == "get"}
    assert rounds.recheck() == {}, "nothing is asked twice on a day"
    rounds.a_day_passes()
    assert set(rounds.recheck()) == sample
    assert 5 < len(sample) < 35
    assert rounds.value("skipped_not_due") == 40 - len(sample)
    assert rounds.value("links") == 40 == rounds.value("observed") + rounds.value("skipped")
    assert rounds.value("summary").endswith(f"; skipped: not_due {40 - len(sample)}")
    assert {path for path, check in rounds.recheck(everything=True).items() if check["uniform"]} == set(first)


# The budget.


def test_no_more_requests_are_made_than_allowed_escalations_included(rounds: Rounds):
    """Every HEAD is in vain, and a budget still has something to show for it."""
    crowd(rounds, 40, lambda: by_method(answer(status="404 No"), serving(PHOTO)))
    found = rounds.recheck(requests=30)
    assert len(rounds.asked) == rounds.value("requests") == 30
    assert {seen(check)[:2] for check in found.values()} == {("alive", "get"), ("alive", "range")}
    assert len(found) == 20, "ten scouts were asked twice, the others once, and not by HEAD any more"
    assert rounds.value("skipped_requests") == 20


def test_a_host_whose_head_is_in_vain_is_asked_a_few_times_only(rounds: Rounds):
    for n in range(30):
        rounds.add(f"/{n}", by_method(answer(status="405 No"), serving(PHOTO)))
        rounds.add(f"/honest/{n}", serving(PHOTO), host="127.0.0.2")
    found = rounds.recheck()
    assert {check["state"] for check in found.values()} == {"alive"}
    asked = Counter((seen.host, seen.method) for seen in rounds.asked)
    assert asked == {("127.0.0.1", "HEAD"): 5, ("127.0.0.1", "GET"): 30, ("127.0.0.2", "HEAD"): 30}


def test_a_host_that_was_given_up_is_left_alone_for_the_rest_of_the_round(rounds: Rounds):
    rounds.catalog = rounds.catalog.model_copy(
        update={
            "fetch": loopback(
                attempts=1, park_after=3, park_times=1, park_seconds=0.01, hosts=[HostLimits(concurrency=1, rate=1e6)]
            )
        }
    )
    for n in range(30):
        rounds.add(f"/{n}", answer(status="503 Ill"))
    found = rounds.recheck()
    assert {check["state"] for check in found.values()} == {"unreachable"}
    assert len(found) == 30
    assert len(rounds.asked) <= 5


def test_a_host_is_asked_no_more_than_allowed(rounds: Rounds):
    crowd(rounds, 20)
    found = rounds.recheck(requests_per_host=3)
    assert len(found) == 6
    assert rounds.value("skipped_requests_per_host") == 14
    assert not any(check["uniform"] for check in found.values())
    shown = rounds.value("skipped_by_host")
    assert "127\\.0\\.0\\.1" in shown
    assert "requests\\_per\\_host" in shown


def test_bytes_run_out_and_the_rest_is_skipped_and_said(rounds: Rounds):
    rounds.settings(sample=1.0)
    rounds.catalog = rounds.catalog.model_copy(update={"fetch": loopback(concurrency=1)})
    crowd(rounds, 12, lambda: serving(PHOTO, ETag='"1"'))
    for row in rounds.rows:
        row["etag"] = '"1"'
    found = rounds.recheck(bytes=3 * len(PHOTO))
    assert len(found) == 3
    assert rounds.value("skipped_bytes") == 9
    assert all(check["uniform"] for check in found.values()), "of each host the sample was asked from the front"


def test_a_round_that_runs_out_is_not_even(rounds: Rounds):
    rounds.catalog = rounds.catalog.model_copy(update={"fetch": loopback(concurrency=1)})
    crowd(rounds, 6)
    rounds.recheck(seconds=60)  # what the hosts' own files cost is known from now on
    found = rounds.recheck(bytes=1)
    assert 1 <= len(found) < 6
    assert not any(check["uniform"] for check in found.values())


def test_a_host_s_budget_for_the_day_leaves_its_links_for_another(rounds: Rounds):
    limits = [HostLimits(match="127.0.0.1", concurrency=1, rate=1e6, bytes_per_day=1), HostLimits(rate=1e6)]
    rounds.catalog = rounds.catalog.model_copy(update={"fetch": loopback(hosts=limits)})
    crowd(rounds, 8)
    found = rounds.recheck()
    assert {check["host"] for check in found.values()} == {"127.0.0.2"}, "robots.txt took what there was"
    assert rounds.value("skipped_bytes_per_day") == 4


@given(st.integers(0, 3 * LARGEST_WAVE))
def test_every_link_is_in_one_wave_and_most_of_a_round_is_written_down_before_the_last(count: int):
    links = pl.DataFrame({"n": range(count)})
    made = list(waves(links))
    assert pl.concat([links.clear(), *made]).equals(links)
    done = 0
    for wave in made:
        assert 0 < wave.height <= min(LARGEST_WAVE, FIRST_WAVE + 4 * done)
        done += wave.height
    assert len(made) <= 7


def test_time_runs_out_and_the_rest_is_skipped_and_said(rounds: Rounds):
    """A host that asked for quiet is not waited for."""
    crowd(rounds, 6, lambda: answer(status="429 Slow", headers={"Retry-After": "100"}))
    rounds.catalog = rounds.catalog.model_copy(update={"fetch": loopback(attempts=4)})
    found = rounds.recheck(seconds=1)
    assert rounds.value("skipped_seconds") + len(found) == 6
    assert rounds.value("skipped_seconds") > 0


def test_what_is_given_for_a_round_goes_before_the_catalog(rounds: Rounds):
    rounds.settings(sample=0.0, requests=2)
    crowd(rounds, 6)
    assert len(rounds.recheck()) == 2
    assert len(rounds.recheck(everything=True)) == 6
    assert len(rounds.recheck(everything=True, requests=3)) == 3


def test_the_data_version_changes_with_what_was_observed_by_a_killed_round_too(rounds: Rounds):
    rounds.settings(sample=0.0)
    crowd(rounds, 2)
    rounds.recheck()
    first = rounds.version
    assert rounds.recheck() == {}
    assert rounds.version == first, "nothing new follows"
    observed = rounds.lake.tables.scan(LINK_CHECKS.name, LINK_CHECKS.schema).collect()
    rounds.lake.tables.append(LINK_CHECKS.name, observed, SHARD)  # by a round that was killed before its end
    assert rounds.recheck() == {}
    assert rounds.version != first


def test_a_dead_link_is_left_alone(rounds: Rounds):
    crowd(rounds, 2)
    rounds.recheck()
    dead = {"id": "/0", "source": "s", "shard": SHARD, "dead_since": datetime.now(UTC) + timedelta(days=1)}
    dead |= {"told": True}  # by an even round: nothing is to be learned of it
    rounds.lake.tables.write(DEAD_LINKS.name, DEAD_LINKS.conform(pl.LazyFrame([dead])))
    found = rounds.recheck()
    assert set(found) == {"/1"}
    assert found["/1"]["uniform"], "nothing that may die was left out"
    assert rounds.value("skipped_dead") == 1


# Hosts' own files.


def hosts(count: int) -> list[str]:
    return [f"127.0.0.{n + 1}" for n in range(count)]


def states(rounds: Rounds) -> set[str]:
    return set(rounds.lake.tables.scan(HOST_FILES.name, HOST_FILES.schema).collect()["outcome"])


def test_slow_hosts_are_not_waited_for_when_the_time_is_over(tmp_path: Path):
    """Nobody is taken to refuse because there was no time to ask: the next round asks anew."""
    with new_rounds(tmp_path, hosts(16)) as rounds:
        for n, host in enumerate(hosts(16)):
            rounds.add(f"/{n}", serving(PHOTO), host=host)
        rounds.web.manners = {**rounds.web.manners, "/robots.txt": answer(b"User-agent: *\nAllow: /", after=0.3)}
        rounds.catalog = rounds.catalog.model_copy(update={"fetch": loopback(concurrency=1)})
        assert rounds.recheck(seconds=1) == {}
        assert rounds.value("skipped_seconds") == 16
        assert len(rounds.web.asked("/robots.txt")) < 16
        assert "budget_spent" not in states(rounds)
        rounds.catalog = rounds.catalog.model_copy(update={"fetch": loopback()})
        assert {check["state"] for check in rounds.recheck().values()} == {"alive"}


def test_what_hosts_files_weigh_counts_and_the_hosts_of_what_is_not_asked_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rechecks, "FIRST_WAVE", 2)
    monkeypatch.setattr(rechecks, "LARGEST_WAVE", 2)
    with new_rounds(tmp_path, hosts(9)) as rounds:
        for n, host in enumerate(hosts(9)):
            rounds.add(f"/{n}", serving(PHOTO), host=host)
        large = b"User-agent: *\nAllow: /\n" + b"#" * 10_000
        rounds.web.manners = {**rounds.web.manners, "/robots.txt": answer(large)}
        found = rounds.recheck(bytes=30_000)
        asked = {check["host"] for check in found.values()}
        assert len(found) == 2, "of the second wave the hosts took what there was"
        assert rounds.value("skipped_bytes") == 7
        assert asked < {seen.host for seen in rounds.web.requests} < set(hosts(9))
        assert "budget_spent" not in states(rounds)


def test_hosts_files_are_no_requests_of_the_budget(rounds: Rounds):
    crowd(rounds, 4)
    assert len(rounds.recheck(requests=4, requests_per_host=2)) == 4
    assert rounds.value("requests") == 4
    assert len(rounds.web.requests) == 4 + 2 * len(FILES)


# Waves.


def test_bodies_of_other_bytes_are_deleted_after_each_wave(rounds: Rounds, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rechecks, "FIRST_WAVE", 4)
    monkeypatch.setattr(rechecks, "LARGEST_WAVE", 4)
    monkeypatch.setattr(tempfile, "tempdir", str(rounds.folder))
    lying: list[int] = []

    def manner(asked: Seen) -> Iterable[Words]:
        lying.append(len(list(rounds.folder.glob("imgtext-recheck-*/*"))))
        return serving(OTHER + asked.path.encode())(asked)

    for n in range(12):
        rounds.add(f"/{n}", manner)
    assert {check["sha256"] for check in rounds.recheck().values()} == {
        hashlib.sha256(OTHER + f"/{n}".encode()).hexdigest() for n in range(12)
    }
    assert 1 <= max(lying) <= 4


def test_a_killed_round_keeps_what_it_saw_and_the_next_goes_on_where_it_stopped(rounds: Rounds):
    rounds.settings(sample=0.3)
    for n in range(60):
        rounds.add(f"/{n}", answer(PHOTO, headers=JPEG, after=0.01))
    kept: dict[str, str] = {}
    with rounds.begin() as process:
        while process.poll() is None and len(kept) < 4:
            kept = rounds.observed()
        process.kill()
    assert process.returncode == -signal.SIGKILL
    kept = rounds.observed()
    assert 4 <= len(kept) < 60
    found = rounds.recheck()
    assert kept.keys() | found.keys() == {f"/{n}" for n in range(60)}
    assert not kept.keys() & found.keys(), "nothing is asked twice"


def test_a_placeholder_that_comes_in_several_waves_is_told(rounds: Rounds, monkeypatch: pytest.MonkeyPatch):
    """Told from the wave on in which it has been given for enough links."""
    monkeypatch.setattr(rechecks, "FIRST_WAVE", 6)
    for n in range(18):
        rounds.add(f"/{n}", serving(OTHER), sha256=f"{n:064x}")
    assert Counter(check["state"] for check in rounds.recheck().values()) == {"replaced": 6, "placeholder": 12}


def test_suspects_are_confirmed_though_the_sample_costs_more_than_there_is(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch
):
    """Else no link outside the sample would ever die."""
    monkeypatch.setattr(rechecks, "FIRST_WAVE", 4)
    rounds.settings(sample=0.5, min_days=0)
    rounds.catalog = rounds.catalog.model_copy(update={"fetch": loopback(concurrency=1)})
    crowd(rounds, 24)
    sample = {path for path, check in rounds.recheck().items() if check["asked_by"] == "get"}
    gone = sorted({row["id"] for row in rounds.rows} - sample)[:2]
    rounds.web.manners = {**rounds.web.manners, **{path: answer(status="404 Not Found") for path in gone}}
    rounds.recheck()
    found = rounds.recheck(bytes=3 * len(PHOTO))
    assert {path: check["state"] for path, check in found.items() if path in gone} == dict.fromkeys(gone, "gone")
    assert 0 < len(sample & set(found)) < len(sample)
    assert {path for path, check in found.items() if check["uniform"]} == sample & set(found)
