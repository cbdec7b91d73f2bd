"""Harvesting: each address is asked for once, bytes are stored before they are journalled, and reruns pick up there."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import IO

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.fetch import Outcome, Request
from imgtext_assets.fetch.harvest import Harvest, harvest, latest
from imgtext_assets.tables import FETCHES

NOTHING = FETCHES.schema.to_frame()
Kind = str


class Shard:
    """A shard's journal and store, in memory, and a web that gives each address the outcome that is asked for here."""

    def __init__(self) -> None:
        self.journal = NOTHING
        self.store: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.writes: list[tuple[str, ...]] = []

    def run(
        self, kinds: dict[str, Kind], keep: Callable[[str, IO[bytes]], None] | None = None, settings: str = "as before"
    ) -> Harvest:
        return harvest(
            {f"key:{url}": url for url in kinds},
            latest(self.journal.lazy()).collect(),
            settings=settings,
            ask=lambda urls: self._ask(urls, kinds),
            store=keep or self._keep,
            journal=self._write,
            progress=lambda done, total: None,
        )

    def _ask(self, urls: Iterable[str], kinds: dict[str, Kind]) -> Iterator[Outcome]:
        for url in urls:
            self.asked.append(url)
            if kinds[url] == "ok":
                body = url.encode()
                sha256 = hashlib.sha256(body).hexdigest()
                yield Outcome(Request(url), http_status=200, sha256=sha256, bytes=len(body), body=io.BytesIO(body))
            else:
                yield Outcome(Request(url), reason=kinds[url], passing=kinds[url] == "throttled")

    def _keep(self, sha256: str, body: IO[bytes]) -> None:
        self.store[sha256] = body.read()

    def _write(self, rows: pl.DataFrame) -> None:
        promised = set(rows.filter(outcome="ok")["sha256"])
        assert promised <= set(self.store), "journalled before it was stored"
        self.journal = pl.concat([self.journal, rows])


KINDS = st.dictionaries(st.text("abcdef", min_size=1), st.sampled_from(["ok", "not_found", "throttled"]), max_size=30)


@given(KINDS)
def test_every_address_gets_one_answer_and_each_is_counted(kinds: dict[str, Kind]) -> None:
    shard = Shard()
    found = shard.run(kinds)
    assert sorted(found.answers["url"]) == sorted(kinds)
    assert found.answers.schema == FETCHES.schema
    assert (found.found, found.fetched + found.failed) == (0, len(kinds))
    assert found.fetched == list(kinds.values()).count("ok") == len(shard.store)
    assert sorted(shard.journal["url"]) == sorted(kinds)


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
    assert set(shard.journal["sha256"]) <= set(shard.store)


def test_of_an_interrupted_run_nothing_stored_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is written as the run goes on; here after every row."""
    monkeypatch.setattr(import_module("imgtext_assets.fetch.harvest"), "_FLUSH_ROWS", 1)
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
