"""Harvesting: each address is asked for once, bytes are stored before they are journalled, and reruns pick up there.

Whatever fails on the way, what was stored is journalled.
"""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgtext_assets.fetch import Outcome, Request, keeping
from imgtext_assets.fetch.harvest import Harvest, harvest, latest
from imgtext_assets.reasons import PASSING, REASONS, REFUSALS
from imgtext_assets.tables import FETCHES

unhurried = settings(deadline=None, max_examples=50)  # threads take their time on a busy machine
NOTHING = FETCHES.schema.to_frame()
Kind = str


class BrokenOff(Exception):
    """What a store, a journal, a web or a listener raises here."""


@dataclass
class Shard:
    """A shard's journal and store, in memory, and a web that gives each address the outcome that is asked for here.

    `refuse` is asked before each write of the journal.
    """

    journal: pl.DataFrame = field(default_factory=lambda: NOTHING)
    store: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    files: int = 0
    refuse: Callable[[], bool] = lambda: False

    def run(
        self,
        kinds: dict[str, Kind],
        keep: Callable[[str, IO[bytes]], None] | None = None,
        settings: str = "as before",
        retry_final: bool = False,
        stored: Callable[[str], None] | None = None,
        web: Callable[[Iterable[str]], Iterator[Outcome]] | None = None,
    ) -> Harvest:
        return harvest(
            {f"key:{url}": url for url in kinds},
            latest(self.journal.lazy()).collect(),
            settings=settings,
            ask=web or (lambda urls: self._ask(urls, kinds)),
            store=keep or self.keep,
            journal=self._write,
            progress=lambda done, total: None,
            stored=stored or self._hear,
            retry_final=retry_final,
        )

    def _ask(self, urls: Iterable[str], kinds: dict[str, Kind]) -> Iterator[Outcome]:
        for url in urls:
            self.asked.append(url)
            if kinds[url] == "broken web":
                raise BrokenOff("web")
            if kinds[url] == "ok":
                body = url.encode()
                yield Outcome(Request(url), http_status=200, sha256=name(url), bytes=len(body), body=io.BytesIO(body))
            else:
                yield Outcome(Request(url), reason=kinds[url], passing=kinds[url] in PASSING)

    def keep(self, sha256: str, body: IO[bytes]) -> None:
        self.store[sha256] = body.read()

    def _hear(self, sha256: str) -> None:
        assert sha256 in self.store, "told before it was stored"
        self.told.append(sha256)

    def _write(self, rows: pl.DataFrame) -> None:
        promised = set(rows.filter(outcome="ok")["sha256"])
        assert promised <= set(self.store), "journalled before it was stored"
        if self.refuse():
            raise BrokenOff("journal")
        self.files += 1
        self.journal = pl.concat([self.journal, rows])

    @property
    def journalled(self) -> set[str]:
        """The SHA-256s in the journal."""
        return set(self.journal["sha256"].drop_nulls())


def name(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


KINDS = st.dictionaries(st.text("abcdef", min_size=1), st.sampled_from(["ok", "not_found", "throttled"]), max_size=30)


@unhurried
@given(KINDS)
def test_every_address_gets_one_answer_and_each_is_counted(kinds: dict[str, Kind]) -> None:
    shard = Shard()
    found = shard.run(kinds)
    assert sorted(found.answers["url"]) == sorted(kinds)
    assert found.answers.schema == FETCHES.schema
    assert (found.found, found.fetched + found.failed) == (0, len(kinds))
    assert found.fetched == list(kinds.values()).count("ok") == len(shard.store)
    assert sorted(shard.journal["url"]) == sorted(kinds)


@unhurried
@given(KINDS)
def test_a_rerun_asks_only_for_what_may_have_passed(kinds: dict[str, Kind]) -> None:
    shard = Shard()
    shard.run(kinds)
    shard.asked.clear()
    again = shard.run(dict.fromkeys(kinds, "ok"))
    throttled = [url for url, kind in kinds.items() if kind == "throttled"]
    assert sorted(shard.asked) == sorted(throttled)
    assert again.found == list(kinds.values()).count("ok")
    assert dict(again.answers.select("url", "outcome").iter_rows()) == {
        url: "not_found" if kind == "not_found" else "ok" for url, kind in kinds.items()
    }


def test_an_address_that_is_no_longer_wanted_is_not_answered_for() -> None:
    shard = Shard()
    shard.run({"a": "ok", "b": "ok"})
    assert shard.run({"b": "ok"}).answers["url"].to_list() == ["b"]


def test_the_last_answer_counts() -> None:
    shard = Shard()
    shard.run({"a": "throttled"})
    shard.run({"a": "ok"})
    assert shard.journal.height == 2
    assert latest(shard.journal.lazy()).collect()["outcome"].to_list() == ["ok"]
    older = shard.journal.tail(1).with_columns(
        fetched_at=pl.lit(datetime.now(UTC) - timedelta(days=1)), outcome=pl.lit("dns")
    )
    assert latest(pl.concat([shard.journal, older]).lazy()).collect()["outcome"].to_list() == ["ok"]


def test_a_store_that_refuses_stops_the_run_and_what_was_stored_is_journalled() -> None:
    shard = Shard()

    def refusing(sha256: str, body: IO[bytes]) -> None:
        if body.read() == b"bad":
            raise OSError("full")
        shard.store[sha256] = b"kept"

    with pytest.raises(OSError, match="full"):
        shard.run({**{f"good{n}": "ok" for n in range(5)}, "bad": "ok"}, keep=refusing)
    assert "bad" not in shard.journal["url"]
    assert shard.journalled == set(shard.store)


@unhurried
@given(st.integers(0, 59), st.data())
def test_of_what_is_under_way_when_the_store_fails_nothing_is_lost(bad: int, data: st.DataObject) -> None:
    """Others are being stored at that moment: they are waited for and journalled, and a rerun asks for the rest."""
    shard = Shard()
    slow = data.draw(st.sets(st.integers(0, 59)))

    def keep(sha256: str, body: IO[bytes]) -> None:
        number = int(body.read())
        if number == bad:
            raise OSError("full")
        if number in slow:
            time.sleep(0.001)
        shard.store[sha256] = b"kept"

    whole = {str(number): "ok" for number in range(60)}
    with pytest.raises(OSError, match="full"):
        shard.run(whole, keep=keep)
    assert shard.journalled == set(shard.store)
    assert name(str(bad)) not in shard.journalled
    kept = set(shard.journal["url"])
    shard.asked.clear()
    assert shard.run(whole).answers.height == 60
    assert sorted(shard.asked) == sorted(set(whole) - kept)


def test_a_web_that_breaks_off_leaves_what_it_gave() -> None:
    shard = Shard()
    with pytest.raises(BrokenOff, match="web"):
        shard.run({"a": "ok", "b": "not_found", "broken": "broken web", "c": "ok"})
    assert dict(shard.journal.select("url", "outcome").iter_rows()) == {"a": "ok", "b": "not_found"}


def test_the_error_of_the_web_is_the_one_that_is_raised_though_the_store_fails_too() -> None:
    shard, going = Shard(), threading.Event()

    def keep(sha256: str, body: IO[bytes]) -> None:
        going.wait(10)
        raise OSError("full")

    def web(urls: Iterable[str]) -> Iterator[Outcome]:
        (url,) = urls
        yield Outcome(Request(url), sha256=name(url), bytes=1, body=io.BytesIO(b"a"))
        going.set()
        raise BrokenOff("web")

    with pytest.raises(BrokenOff, match="web") as caught:
        shard.run({"a": "ok"}, keep=keep, web=web)
    assert shard.journal.is_empty()
    assert "full" in caught.value.__notes__[0]


def test_what_a_journal_refused_once_is_written_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends all the same: a journal that fails is not to be relied on. But nothing has to be fetched again."""
    monkeypatch.setattr(keeping, "FLUSH_ROWS", 10)
    shard, refusals = Shard(), iter([True])
    shard.refuse = lambda: next(refusals, False)
    with pytest.raises(BrokenOff, match="journal"):
        shard.run({f"{n:03d}": "ok" for n in range(100)})
    assert shard.journalled == set(shard.store)
    assert len(shard.asked) < 100, "it went on asking"


def test_a_journal_that_keeps_refusing_ends_the_run() -> None:
    shard = Shard()
    shard.refuse = lambda: True
    with pytest.raises(BrokenOff, match="journal"):
        shard.run({f"{n:03d}": "ok" for n in range(100)})
    assert shard.journal.is_empty()


def test_the_journal_grows_while_the_web_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came in must not wait for the next answer: that may take minutes, and a kill in between would lose it."""
    monkeypatch.setattr(keeping, "FLUSH_SECONDS", 0.01)
    shard = Shard()

    def web(urls: Iterable[str]) -> Iterator[Outcome]:
        for count, url in enumerate(urls, start=1):
            yield Outcome(Request(url), sha256=name(url), bytes=1, body=io.BytesIO(b"a"))
            deadline = time.monotonic() + 60
            while shard.journal.height < count and time.monotonic() < deadline:
                time.sleep(0.001)
            assert shard.journal.height == count

    shard.run({"a": "ok", "b": "ok"}, web=web)
    assert shard.files == 2


def test_bodies_that_wait_for_the_store_are_bounded_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else 32 bodies of 64 MiB wait in memory for a slow store."""
    monkeypatch.setattr(keeping, "STORE_BYTES", 100)
    shard, lock = Shard(), threading.Lock()
    given: list[int] = []
    kept: list[int] = []
    most = 0

    def keep(sha256: str, body: IO[bytes]) -> None:
        time.sleep(0.001)
        with lock:
            shard.store[sha256] = body.read()
            kept.append(len(shard.store[sha256]))

    def web(urls: Iterable[str]) -> Iterator[Outcome]:
        nonlocal most
        for url in urls:
            with lock:
                most = max(most, sum(given) - sum(kept))
            given.append(40)
            yield Outcome(Request(url), sha256=name(url), bytes=40, body=io.BytesIO(b"x" * 40))

    shard.run({str(n): "ok" for n in range(50)}, keep=keep, web=web)
    assert len(kept) == 50
    assert 0 < most <= 100


def test_of_an_interrupted_run_nothing_stored_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is written as the run goes on; here after every row."""
    monkeypatch.setattr(keeping, "FLUSH_ROWS", 1)
    shard = Shard()
    whole = {f"{n:03d}": "ok" for n in range(200)}

    class Killed(BaseException): ...

    def dying(sha256: str, body: IO[bytes]) -> None:
        if len(shard.store) == 100:
            raise Killed
        shard.store[sha256] = body.read()

    with pytest.raises(Killed):
        shard.run(whole, keep=dying)
    journalled = set(shard.journal["url"])
    assert journalled
    shard.asked.clear()
    assert shard.run(whole).answers.height == 200
    assert set(shard.asked) == set(whole) - journalled


def test_what_our_own_settings_refused_is_asked_for_again_once_they_change() -> None:
    shard = Shard()
    shard.run({"a": "too_large", "b": "not_found"})
    shard.run({"a": "too_large", "b": "not_found"})
    assert shard.asked == ["a", "b"]
    shard.run({"a": "ok", "b": "not_found"}, settings="larger ones allowed")
    assert shard.asked == ["a", "b", "a"]


@unhurried
@given(KINDS)
def test_a_listener_is_told_each_file_that_comes_in_once_after_it_is_stored(kinds: dict[str, Kind]) -> None:
    shard = Shard()
    shard.run(kinds)
    assert sorted(shard.told) == sorted(shard.store)


def test_a_file_that_two_addresses_lead_to_is_told_once() -> None:
    shard = Shard()

    def web(urls: Iterable[str]) -> Iterator[Outcome]:
        for url in urls:
            yield Outcome(Request(url), sha256=name("same"), bytes=4, body=io.BytesIO(b"same"))

    assert shard.run({"a": "ok", "b": "ok"}, web=web).fetched == 2
    assert shard.told == [name("same")]


def test_a_listener_that_fails_ends_the_run_and_what_was_stored_is_journalled() -> None:
    shard = Shard()

    def deaf(sha256: str) -> None:
        raise BrokenOff("listener")

    with pytest.raises(BrokenOff, match="listener"):
        shard.run({f"{n:03d}": "ok" for n in range(200)}, stored=deaf)
    assert shard.journalled == set(shard.store)
    assert len(shard.asked) < 200, "it went on asking"


FINAL = sorted(set(REASONS["downloaded"]) - PASSING)


@unhurried
@given(st.dictionaries(st.text("abcdef", min_size=1), st.sampled_from(["ok", *FINAL]), max_size=20))
def test_final_failures_are_asked_for_again_only_where_that_is_wanted(kinds: dict[str, Kind]) -> None:
    """Refusals too; what was had stays, and where it gives other bytes by now."""
    shard = Shard()
    shard.run(kinds)
    shard.asked.clear()
    assert shard.run(kinds).answers.height == len(kinds)
    assert shard.asked == []
    again = shard.run(dict.fromkeys(kinds, "ok"), retry_final=True)
    assert sorted(shard.asked) == sorted(url for url, kind in kinds.items() if kind not in ("ok", "changed"))
    assert again.answers.height == len(kinds)
    assert set(again.answers["outcome"]) <= {"ok", "changed"}
    assert again.found == list(kinds.values()).count("ok")


@pytest.mark.parametrize("reason", sorted(REFUSALS - {"removed"}))
def test_a_refusal_stands_only_as_long_as_the_settings_that_it_was_judged_by(reason: str) -> None:
    shard = Shard()
    shard.run({"a": reason})
    shard.run({"a": reason})
    assert shard.asked == ["a"]
    shard.run({"a": "ok"}, settings="robots.txt is not obeyed")
    assert shard.asked == ["a", "a"]
