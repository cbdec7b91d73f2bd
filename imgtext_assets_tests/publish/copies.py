"""Copies of a store's pictures as a release has them: made in processes that may be killed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from imgtext_assets.pictures import blob_remade
from imgtext_assets.publish.formats import Remake
from imgtext_assets_tests.defs.world import engine_with
from imgtext_assets_tests.pictures.files import SETTINGS, read_from
from imgtext_assets_tests.publish.pictures import Store


def copies(store: Store, folder: Path) -> Remake:
    """What `write_formats` takes, with the pictures of the store in files, where other processes find them."""
    files = folder / "blobs"
    files.mkdir()
    for sha256, data in store.blobs.items():
        (files / sha256).write_bytes(data)
    engine = engine_with(1, SETTINGS.decode_memory, SETTINGS.decode_seconds)

    def remake(longest: int | None = None, formats: tuple[str, ...] | None = None):
        read = partial(read_from, files)

        def pictures(hashes: Iterable[str]) -> Iterator[Any]:
            return engine.map(
                partial(blob_remade, read=read, settings=SETTINGS, longest=longest, formats=formats), hashes
            )

        return pictures

    return remake
