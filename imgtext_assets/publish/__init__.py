"""Releases: what is published of the lake, in a form that every consumer's tool loads.

What belongs here: which rows go out, in what columns and files, the manifest, the dataset card, and what changed
since the release before. What does not: where releases are kept and how one appears at once (`lake`).
"""

from imgtext_assets.publish.card import dataset_card
from imgtext_assets.publish.release import changes, next_version, release_rows
from imgtext_assets.publish.write import write_release

__all__ = ["changes", "dataset_card", "next_version", "release_rows", "write_release"]
