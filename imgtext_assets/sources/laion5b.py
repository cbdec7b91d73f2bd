"""LAION-5B's and LAION-Aesthetics' schemas, in the spellings that are about.

`URL, TEXT, WIDTH, HEIGHT, similarity, hash, punsafe, pwatermark`, in parts `LANGUAGE`; Re-LAION says the same in lower
case and adds `key`. LAION-Aesthetics adds `aesthetic`, its improved subsets `AESTHETIC_SCORE`, and derivatives have
`aesthetic_score` or COYO's `aesthetic_score_laion_v2`. `hash` is MurmurHash3 of address and text (int64), not of the
picture, and stays in `extra`. From https://laion.ai/blog/laion-5b/, https://laion.ai/blog/relaion-5b/ and
https://github.com/LAION-AI/laion-datasets/blob/main/laion-aesthetic.md
"""

from __future__ import annotations

from itertools import product

import polars as pl

from imgtext_assets.catalog import Source
from imgtext_assets.sources.columns import FileColumns

AESTHETIC = ("aesthetic", "AESTHETIC_SCORE", "aesthetic_score", "AESTHETIC", "aesthetic_score_laion_v2")
_SCORES = ("punsafe", "PUNSAFE", "pwatermark", "PWATERMARK")
_ADDRESS = ("URL", "url")
SIGNATURES = tuple(frozenset(names) for names in product(_ADDRESS, _SCORES))
AESTHETIC_SIGNATURES = (
    *(frozenset(names) for names in product(_ADDRESS, _SCORES, AESTHETIC)),
    frozenset({"URL", "AESTHETIC_SCORE"}),
    frozenset({"URL", "aesthetic"}),
)


def columns(file: FileColumns, _: Source) -> dict[str, pl.Expr]:
    """Our columns from the file's. Raises SourceError where there is no address."""
    file.require(*_ADDRESS)
    return {
        "url": file.first(*_ADDRESS),
        "caption": file.first("TEXT", "text", "caption"),
        "license": file.first("LICENSE", "license", nothing="?"),
        "width": file.first("WIDTH", "width", "original_width"),
        "height": file.first("HEIGHT", "height", "original_height"),
        "mime_type": file.first("mime_type"),
        "md5": file.first("md5", "MD5"),
        "similarity": file.first("similarity", "SIMILARITY"),
        "nsfw": file.first("NSFW", "nsfw"),
        "punsafe": file.first("punsafe", "PUNSAFE"),
        "pwatermark": file.first("pwatermark", "PWATERMARK"),
        "aesthetic": file.first(*AESTHETIC),
    }
