"""Picture files for the tests: encoded by real encoders, then spoilt by hand."""

import io
from pathlib import Path

import numpy as np
import skimage
from PIL import Image

from imgtext_assets.catalog import PictureSettings

SETTINGS = PictureSettings()
PHOTOGRAPHS = Path(skimage.__file__).parent / "data"


def read_from(folder: Path, name: str) -> bytes:
    """The file's bytes: for workers, which import this and not a test."""
    return (folder / name).read_bytes()


def photograph(name: str = "astronaut.png") -> Image.Image:
    """One of the public-domain photographs in scikit-image's wheel."""
    with Image.open(PHOTOGRAPHS / name) as picture:
        return picture.convert("RGB")


def encode(picture: Image.Image, kind: str = "JPEG", **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def flat(shade: int = 128, size: tuple[int, int] = (300, 200)) -> Image.Image:
    return Image.new("L", size, shade)


def gradient() -> Image.Image:
    return Image.fromarray(np.add.outer(np.arange(300), np.arange(300)).astype(np.float64) / 2.35).convert("L")
