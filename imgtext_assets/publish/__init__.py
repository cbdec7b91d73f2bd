"""Releases: what is published of the lake, in a form that every consumer's tool loads.

What belongs here: which rows go out, in what columns and files, the manifest, the dataset card, what changed since the
release before, and cleaning a copy of what was removed. What does not: where releases are kept and how one appears at
once (`lake`).
"""

from imgtext_assets.publish.apply import Cleaned, clean
from imgtext_assets.publish.card import dataset_card
from imgtext_assets.publish.changes import changes, hidden
from imgtext_assets.publish.orders import ListError, Orders, read_orders
from imgtext_assets.publish.release import next_version, release_rows, served
from imgtext_assets.publish.withdrawn import Known, all_hashes, withdrawn
from imgtext_assets.publish.write import write_release

__all__ = [
    "Cleaned",
    "Known",
    "ListError",
    "Orders",
    "all_hashes",
    "changes",
    "clean",
    "dataset_card",
    "hidden",
    "next_version",
    "read_orders",
    "release_rows",
    "served",
    "withdrawn",
    "write_release",
]
