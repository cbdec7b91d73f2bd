"""Pictures are hashed while others are still being fetched: the one waits for the web, the other keeps the cores busy.

What belongs here: the two at once. What does not: fetching (`fetching`), and hashing (`pictures`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Event
from typing import TypeVar

import polars as pl

from imgtext_assets.defs.fetching import Fetcher
from imgtext_assets.engine import Engine
from imgtext_assets.fetch import Harvest
from imgtext_assets.pictures.rows import blob_fingerprint, fingerprint_frame, without_errors

Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Hasher:
    """Fetches addresses as its fetcher does, and takes the perceptual hashes of what comes in."""

    fetcher: Fetcher
    engine: Engine

    def fetch(
        self, rows: pl.DataFrame, what: str, url: str = "url", url_key: str = "url_key"
    ) -> tuple[Harvest, pl.DataFrame]:
        """An answer for every address of the rows, and the hashes (PRINTS) of the pictures that were had."""
        fetcher = self.fetcher
        look = partial(blob_fingerprint, read=fetcher.lake.blobs.get, settings=fetcher.catalog.pictures)
        harvest, hashes, seen = meanwhile(
            lambda stored, check: fetcher.fetch(rows, what, url, url_key, stored, check),
            lambda hashes: without_errors(self.engine.map(look, hashes)),
        )
        report = fetcher.progress.start(fetcher.context, "pictures fingerprinted")
        return harvest, fingerprint_frame(hashes, seen, report)


def meanwhile(
    fetch: Callable[[Callable[[str], None], Callable[[], None]], Harvest],
    look: Callable[[Iterable[str]], Iterable[Seen]],
) -> tuple[Harvest, list[str], list[Seen]]:
    """What `fetch` gives, the SHA-256s of all that was had, each once, and what `look` saw in them, in that order.

    `fetch` runs in a thread of its own. It calls the first function that it is given with each file's SHA-256 as it
    comes in, those that were there before follow at the end; and the second one now and then, which raises once nobody
    takes pictures any more. What either raises ends both.
    """
    arrived: SimpleQueue[str | None] = SimpleQueue()
    hashes: dict[str, None] = {}
    over = Event()

    def check() -> None:
        if over.is_set():
            raise RuntimeError("nobody takes the pictures any more: the step has failed")

    def come_in() -> Iterator[str]:
        yield from iter(arrived.get, None)
        yield from fetching.result().answers.filter(outcome="ok")["sha256"]

    def each_once() -> Iterator[str]:
        for sha256 in come_in():
            if sha256 not in hashes:
                hashes[sha256] = None
                yield sha256

    with ThreadPoolExecutor(1, thread_name_prefix="fetch") as thread:
        fetching = thread.submit(fetch, arrived.put, check)
        fetching.add_done_callback(lambda _: arrived.put(None))
        try:
            seen = list(look(each_once()))
        finally:
            over.set()
    return fetching.result(), list(hashes), seen
