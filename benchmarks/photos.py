"""Photographs, and the hashes of each and of its edited copies: what `duplicates_quality` compares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from benchmarks.edits import EDITS, as_jpeg, as_png
from imgtext_assets.catalog import PictureSettings
from imgtext_assets.demo.pictures import all_pictures
from imgtext_assets.pictures import fingerprint, open_picture

SETTINGS = PictureSettings()
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
LEAST_SIDE = 200
DECODES = ("as fingerprinted", "exact")
PICTURE, WINDOW = "picture", "window"


class Hash(NamedTuple):
    """The hashes of one file, by one of the two ways of decoding."""

    what: str  # PICTURE, WINDOW, or the edit
    decode: str
    phash: int
    phash256: bytes
    low_information: bool


@dataclass(frozen=True)
class Photo:
    """One picture: its file, and which photograph it shows (pictures of one are never false positives)."""

    name: str
    photograph: str
    path: Path | None
    edited: bool
    windows: bool

    def file(self) -> bytes:
        """Its bytes."""
        if self.path is not None:
            return self.path.read_bytes()
        return as_jpeg(next(picture for picture in all_pictures() if picture.slug == self.name).image(), 95)


def demo_photos() -> list[Photo]:
    """The demo's pictures: they have their windows among them."""
    return [Photo(picture.slug, picture.photograph.file, None, True, False) for picture in all_pictures()]


def photos_of(folder: Path, edited: int) -> list[Photo]:
    """The pictures of a folder whose sides are long enough; about `edited` of them, evenly spread, are to be edited."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES and _large(path)]
    step = max(1, len(paths) // edited)
    return [Photo(path.stem, str(path), path, n % step == 0, True) for n, path in enumerate(paths)]


def _large(path: Path) -> bool:
    with Image.open(path) as picture:
        return min(picture.size) >= LEAST_SIDE


def hashes_of(photo: Photo) -> list[Hash]:
    """Of the picture, its windows and its edited copies, by both decodes."""
    original = photo.file()
    files = [(PICTURE, original)]
    image = open_picture(original, SETTINGS).convert("RGB")
    if photo.windows:
        files += [(WINDOW, as_jpeg(window, 95)) for window in _windows(image)]
    if photo.edited:
        files += [(name, edit(image)) for name, edit in EDITS.items()]
    return [Hash(what, decode, *hashed) for what, data in files for decode, hashed in _both(data)]


def _both(data: bytes) -> Iterator[tuple[str, tuple[int, bytes, bool]]]:
    whole = as_png(open_picture(data, SETTINGS))  # hashed exactly, for it is no JPEG
    for decode, file in zip(DECODES, (data, whole), strict=True):
        seen = fingerprint(file, SETTINGS)
        yield decode, (seen.phash, seen.phash256, seen.low_information)


def _windows(image: Image.Image) -> Iterator[Image.Image]:
    """Four corners of 60% of the sides."""
    width, height = round(image.width * 0.6), round(image.height * 0.6)
    for left in (0, image.width - width):
        for upper in (0, image.height - height):
            yield image.crop((left, upper, left + width, upper + height))
