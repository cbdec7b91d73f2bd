"""Other people's lists of pictures: how their files are cut into shards, and how each format is read.

Pure: frames in, frames out. What belongs here: shard plans, one module a format, addresses in comparable form. What
does not: listing, opening and checking files (the caller hands over a lazy frame), judging licences.
"""

from imgtext_assets.sources.columns import SourceError
from imgtext_assets.sources.plan import plan_shards
from imgtext_assets.sources.reading import read
from imgtext_assets.sources.urls import is_web_address, url_key

__all__ = ["SourceError", "is_web_address", "plan_shards", "read", "url_key"]
