"""Releases: what is published of the lake, in a form that every consumer's tool loads.

What belongs here: which rows go out, in what columns and files, the manifest, the dataset card, what changed since the
release before, and cleaning a copy of what was removed. What does not: where releases are kept and how one appears at
once (`lake`).

What cleans and checks copies, and writes archives, is imported when it is asked for (PEP 562): it takes longer than to
look up a row.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgtext_assets.publish.card import dataset_card
from imgtext_assets.publish.changes import changes, hidden
from imgtext_assets.publish.orders import ListError, Orders, read_orders
from imgtext_assets.publish.pairs import Pictures, ReleaseError, as_stored
from imgtext_assets.publish.release import next_version, release_rows, served
from imgtext_assets.publish.withdrawn import Known, all_hashes, withdrawn
from imgtext_assets.publish.write import write_release

if TYPE_CHECKING:
    from imgtext_assets.publish.apply import Cleaned, clean
    from imgtext_assets.publish.check import problems
    from imgtext_assets.publish.formats import write_formats
    from imgtext_assets.publish.laion400m import Embeddings, write_embeddings

_LATER = {
    **dict.fromkeys(("Cleaned", "clean"), "apply"),
    **dict.fromkeys(("problems",), "check"),
    **dict.fromkeys(("Embeddings", "write_embeddings"), "laion400m"),
    "write_formats": "formats",
}

__all__ = [
    "Cleaned",
    "Embeddings",
    "Known",
    "ListError",
    "Orders",
    "Pictures",
    "ReleaseError",
    "all_hashes",
    "as_stored",
    "changes",
    "clean",
    "dataset_card",
    "hidden",
    "next_version",
    "problems",
    "read_orders",
    "release_rows",
    "served",
    "withdrawn",
    "write_embeddings",
    "write_formats",
    "write_release",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
