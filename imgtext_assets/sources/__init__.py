"""Other people's lists of pictures: how their files are cut into shards, and how each format is read.

Pure: frames in, frames out. What belongs here: shard plans, one module a format, values that can be used, addresses in
comparable form. What does not: listing, opening and checking files (the caller hands over rows), judging licences.
"""

from imgtext_assets.sources.captions import caption_rules
from imgtext_assets.sources.columns import UNREADABLE, SourceError
from imgtext_assets.sources.formats import Recognised, recognise_format
from imgtext_assets.sources.plan import plan_shards
from imgtext_assets.sources.reading import read
from imgtext_assets.sources.urls import is_web_address, url_key
from imgtext_assets.sources.values import count_ignored

__all__ = [
    "UNREADABLE",
    "Recognised",
    "SourceError",
    "caption_rules",
    "count_ignored",
    "is_web_address",
    "plan_shards",
    "read",
    "recognise_format",
    "url_key",
]
