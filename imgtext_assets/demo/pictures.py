"""Real photographs without a licence problem, cut into many that differ, and how to encode them.

The photographs are files of the scikit-image wheel (extra `demo`); nothing is downloaded. Only those are used whose
author or owner gave them away, as scikit-image notes in the docstrings of `skimage/data/_fetchers.py`: `claim` quotes
these notes. Files that it ships without such a note (moon, page, motorcycle) are left out.

What belongs here: pictures and their bytes. What does not: addresses and metadata (`cases`, `sources`).
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
PUBLIC_DOMAIN = "https://creativecommons.org/publicdomain/mark/1.0/"
NO_KNOWN_COPYRIGHT = "https://www.flickr.com/commons/usage/"


@dataclass(frozen=True)
class Photograph:
    """One file of scikit-image: what it shows, whose it is, and the words by which it may be used."""

    file: str
    subject: str
    author: str
    license: str
    claim: str


PHOTOGRAPHS = (
    Photograph(
        "astronaut.png",
        "Astronaut Eileen Collins in an orange suit before a flag",
        "NASA",
        PUBLIC_DOMAIN,
        "No known copyright restrictions, released into the public domain.",
    ),
    Photograph(
        "chelsea.png",
        "A tabby cat named Chelsea, looking aside",
        "Stefan van der Walt",
        CC0,
        "No copyright restrictions. CC0 by the photographer (Stefan van der Walt).",
    ),
    Photograph(
        "coffee.png",
        "A cup of espresso with a spoon on a wooden table",
        "Rachel Michetti",
        CC0,
        "No copyright restrictions. CC0 by the photographer (Rachel Michetti).",
    ),
    Photograph(
        "rocket.jpg",
        "A Falcon 9 rocket carrying DSCOVR lifts off from Cape Canaveral",
        "SpaceX",
        PUBLIC_DOMAIN,
        "The image was captured by SpaceX and released in the public domain",
    ),
    Photograph(
        "hubble_deep_field.jpg",
        "Galaxies in the Hubble eXtreme Deep Field",
        "NASA",
        PUBLIC_DOMAIN,
        "The image was captured by NASA and may be freely used in the public domain",
    ),
    Photograph(
        "retina.jpg",
        "A fundus photograph of a normal left eye",
        "Mikael Häggström",
        CC0,
        "This file is made available under the Creative Commons CC0 1.0 Universal Public Domain Dedication.",
    ),
    Photograph(
        "camera.png",
        "A photographer with a camera on a tripod in a meadow",
        "Lav Varshney",
        CC0,
        "No copyright restrictions. CC0 by the photographer (Lav Varshney).",
    ),
    Photograph(
        "coins.png",
        "Greek coins from Pompeii on a grey ground",
        "Brooklyn Museum",
        NO_KNOWN_COPYRIGHT,
        "No known copyright restrictions.",
    ),
    Photograph(
        "ihc.png",
        "Stained colonic glands under a microscope",
        "Center for Microscopy And Molecular Imaging",
        NO_KNOWN_COPYRIGHT,
        "No known copyright restrictions.",
    ),
    Photograph(
        "clock_motion.png",
        "A wall clock, blurred by the motion of the camera",
        "Stefan van der Walt",
        PUBLIC_DOMAIN,
        "Released into the public domain by the photographer (Stefan van der Walt).",
    ),
    Photograph(
        "brick.png",
        "A brick wall",
        "CC0Textures",
        CC0,
        "downloaded from CC0Textures and licensed under the Creative Commons CC0 License.",
    ),
    Photograph(
        "grass.png",
        "Grass seen from above",
        "linolafett",
        CC0,
        "downloaded from DeviantArt and licensed under the Creative Commons CC0 License.",
    ),
    Photograph(
        "gravel.png",
        "Gravel seen from above",
        "CC0Textures",
        CC0,
        "downloaded from CC0Textures and licensed under the Creative Commons CC0 License.",
    ),
    Photograph(
        "cell.png",
        "A cell floating in saline, a quantitative phase image",
        "Paul Müller and others",
        CC0,
        "This image is CC0, dedicated to the public domain.",
    ),
)

# Besides the whole photograph, nine windows of 60% of its sides and five of 40%: of the 210 pictures no two pHashes are
# nearer than 16 bits.
_WINDOW, _DETAIL = 0.6, 0.4
_PLACES = tuple(
    (x / 2, y / 2, f"{row} {column} part")
    for y, row in enumerate(("upper", "middle", "lower"))
    for x, column in enumerate(("left", "central", "right"))
)
_DETAIL_PLACES = (
    (0, 0, "upper left detail"),
    (1, 0, "upper right detail"),
    (0, 1, "lower left detail"),
    (1, 1, "lower right detail"),
    (0.5, 0.5, "central detail"),
)


@dataclass(frozen=True)
class Picture:
    """One picture of the sample: a photograph or a window of it."""

    photograph: Photograph
    part: str | None
    """Which part of the photograph it shows, in words; None: all of it."""
    box: tuple[float, float, float, float]
    """Left, upper, right and lower side, as shares of the photograph's width and height."""

    @property
    def caption(self) -> str:
        """What it shows, in a sentence."""
        return self.photograph.subject + (f" ({self.part})." if self.part else ".")

    @property
    def title(self) -> str:
        """What it might be called."""
        return self.slug.replace("-", " ").capitalize()

    @property
    def slug(self) -> str:
        """A file name without its extension, one for each picture."""
        words = [Path(self.photograph.file).stem, *(self.part or "whole").split()]
        return "-".join(words).replace("_", "-")

    @property
    def published_file(self) -> bytes:
        """The photograph's file as scikit-image ships it, byte for byte."""
        return _file(self.photograph.file).read_bytes()

    def image(self, long_side: int = 640) -> Image.Image:
        """The picture with a long side of that many pixels, RGB or grey as the photograph is."""
        whole = _open(self.photograph.file)
        left, upper, right, lower = self.box
        window = whole.crop(
            (int(left * whole.width), int(upper * whole.height), int(right * whole.width), int(lower * whole.height))
        )
        scale = long_side / max(window.size)
        size = (round(window.width * scale), round(window.height * scale))
        return window.resize(size, Image.Resampling.LANCZOS)


def all_pictures() -> list[Picture]:
    """The 210 pictures: first every photograph whole, then window by window, so that neighbours differ in subject."""
    whole = [Picture(photograph, None, (0, 0, 1, 1)) for photograph in PHOTOGRAPHS]
    return whole + _windows(_WINDOW, _PLACES) + _windows(_DETAIL, _DETAIL_PLACES)


def _windows(side: float, places: Iterable[tuple[float, float, str]]) -> list[Picture]:
    """Windows of that share of the sides; a place is 0 at the left or the top, 1 at the right or the bottom."""
    free = 1 - side
    return [
        Picture(photograph, part, (x * free, y * free, x * free + side, y * free + side))
        for x, y, part in places
        for photograph in PHOTOGRAPHS
    ]


def jpeg(image: Image.Image, quality: int = 85, exif: Image.Exif | None = None, xmp: bytes = b"") -> bytes:
    """The image as a JPEG file, with the metadata given."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, exif=exif or Image.Exif(), xmp=xmp)
    return file.getvalue()


def png(image: Image.Image) -> bytes:
    """The image as a PNG file, losslessly."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


@cache
def _open(file: str) -> Image.Image:
    with Image.open(_file(file)) as image:
        image.load()
        return image.copy()


def _file(name: str) -> Path:
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the sample's photographs come with scikit-image: pip install 'imgtext-assets[demo]'")
    return Path(spec.submodule_search_locations[0]) / "data" / name
