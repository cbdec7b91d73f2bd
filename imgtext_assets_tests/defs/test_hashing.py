"""Pictures are hashed while others are still being fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import Event

import polars as pl
import pytest

from imgtext_assets.defs.hashing import meanwhile
from imgtext_assets.fetch import Harvest
from imgtext_assets.lake import LakeError
from imgtext_assets.tables import FETCHES

Stored = Callable[[str], None]
Check = Callable[[], None]


def harvested(*hashes: str) -> Harvest:
    rows = pl.DataFrame({"url_key": list(hashes), "outcome": "ok", "sha256": list(hashes)})
    return Harvest(FETCHES.conform(rows.lazy()).collect(), 0, len(hashes), 0)


def upper(hashes: Iterable[str]) -> Iterator[str]:
    return (sha256.upper() for sha256 in hashes)


def test_what_was_had_before_and_what_comes_in_is_looked_at_once_each() -> None:
    def fetch(stored: Stored, check: Check) -> Harvest:
        for sha256 in ("b", "a", "b"):
            stored(sha256)
        return harvested("a", "old", "b", "old")

    harvest, hashes, seen = meanwhile(fetch, upper)
    assert harvest.fetched == 4
    assert hashes == ["b", "a", "old"]
    assert seen == ["B", "A", "OLD"]


def test_a_picture_is_looked_at_before_the_last_is_fetched() -> None:
    looked = Event()

    def fetch(stored: Stored, check: Check) -> Harvest:
        stored("a")
        assert looked.wait(30), "nobody looked while the fetch went on"
        return harvested("a")

    def look(hashes: Iterable[str]) -> Iterator[str]:
        for sha256 in hashes:
            looked.set()
            yield sha256

    assert meanwhile(fetch, look)[2] == ["a"]


def test_a_lake_that_fails_ends_both() -> None:
    def fetch(stored: Stored, check: Check) -> Harvest:
        stored("a")
        raise LakeError("the disk is full")

    with pytest.raises(LakeError, match="the disk is full"):
        meanwhile(fetch, upper)


def test_a_bug_in_looking_ends_the_fetch_early() -> None:
    broken, ended = Event(), Event()

    def fetch(stored: Stored, check: Check) -> Harvest:
        stored("a")
        try:
            while True:  # for ever, unless it is stopped
                broken.wait(0.01)
                check()
        finally:
            ended.set()

    def look(hashes: Iterable[str]) -> Iterator[str]:
        for sha256 in hashes:
            broken.set()
            raise ValueError(sha256)
        yield ""

    with pytest.raises(ValueError, match="a"):
        meanwhile(fetch, look)
    assert ended.is_set()
