"""Rows of a release whose pictures exist, in all formats that a release may have."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from PIL import Image

from imgtext_assets.publish import release_rows
from imgtext_assets_tests.publish.rows import verified

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "AVIF": "image/avif"}


@dataclass
class Store:
    """Bytes by their SHA-256, as the lake gives them."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.blobs[sha256] = data
        return sha256

    def get(self, sha256: str) -> bytes:
        self.asked.append(sha256)
        return self.blobs[sha256]


def picture(number: int, kind: str = "JPEG", size: tuple[int, int] = (48, 32), **options) -> bytes:
    """A picture that no other number has."""
    pixels = np.random.default_rng(number).integers(0, 256, (size[1] // 4, size[0] // 4, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(out, kind, **options)
    return out.getvalue()


def pictured(store: Store, kinds: Iterable[str], **values) -> pl.LazyFrame:
    """A row of RELEASE for each kind of picture, which goes into the store."""
    kinds = list(kinds)
    files = [picture(number, kind) for number, kind in enumerate(kinds)]
    rows = verified(
        range(len(kinds)),
        **{
            "sha256": [store.put(file) for file in files],
            "measured_md5": [hashlib.md5(file).hexdigest() for file in files],
            "mime_type": [FORMATS[kind] for kind in kinds],
            "width": 48,
            "height": 32,
        }
        | values,
    )
    return release_rows(rows)
