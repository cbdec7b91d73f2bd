"""Copies of releases: out of the lake to where consumers get them, and from there onto a consumer's disk.

What belongs here: moving the files of one release so that a copy is there whole or not at all, and is what its
manifest says. What does not: how a release is made and appears in the lake (`lake.releases`), and asking the web (the
room `fetch`).
"""

from imgtext_assets.lake.copies.fetch import fetch_release
from imgtext_assets.lake.copies.files import Files, StoreFiles, hub_dataset, manifest_of, release_files
from imgtext_assets.lake.copies.hub_push import push_to_hub
from imgtext_assets.lake.copies.push import push_to_store

__all__ = [
    "Files",
    "StoreFiles",
    "fetch_release",
    "hub_dataset",
    "manifest_of",
    "push_to_hub",
    "push_to_store",
    "release_files",
]
