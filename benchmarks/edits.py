"""What becomes of pictures on the web: the edits by which `duplicates_quality` measures the fingerprints."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

MIRRORED, MIRRORED_SMALL, UPSIDE_DOWN = "mirrored", "mirrored, resize 0.5, JPEG 60", "upside down"


def as_jpeg(image: Image.Image, quality: int = 90) -> bytes:
    """The image as a JPEG."""
    return _saved(image, "JPEG", quality=quality)


def as_png(image: Image.Image) -> bytes:
    """The image losslessly, and not compressed: for its pixels."""
    return _saved(image, "PNG", compress_level=0)


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _resized(share: float, image: Image.Image) -> Image.Image:
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _gamma(power: float, image: Image.Image) -> Image.Image:
    return image.point([round(255 * (level / 255) ** power) for level in range(256)] * 3)


def _cropped(share: float, image: Image.Image) -> Image.Image:
    """That share of the width and of the height is lost, half of it on each side."""
    x, y = image.width * share / 2, image.height * share / 2
    return image.crop((round(x), round(y), round(image.width - x), round(image.height - y)))


def _cornered(share: float, image: Image.Image) -> Image.Image:
    """That share of the width and of the height is lost, all of it at the left and at the top."""
    return image.crop((round(image.width * share), round(image.height * share), image.width, image.height))


def _bordered(share: float, colour: str, image: Image.Image) -> Image.Image:
    """A frame as wide on each side as that share of the longer side."""
    return ImageOps.expand(image, round(max(image.size) * share), colour)


def _watermarked(image: Image.Image) -> Image.Image:
    """White text at 60% opacity in the lower right corner, a third as wide as the picture."""
    text = "© example.org"
    font = ImageFont.load_default(size=image.width / 20)
    layer = Image.new("RGBA", image.size)
    place = (image.width * 0.98, image.height * 0.97)
    ImageDraw.Draw(layer).text(place, text, fill=(255, 255, 255, 153), font=font, anchor="rb")
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _rotated(degrees: float, image: Image.Image) -> Image.Image:
    """Turned about the centre, with black corners."""
    return image.rotate(degrees, Image.Resampling.BICUBIC)


_PIXELS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "resize 0.5": partial(_resized, 0.5),
    "resize 0.25": partial(_resized, 0.25),
    "grey": ImageOps.grayscale,
    "gamma 0.7": partial(_gamma, 0.7),
    "gamma 1.5": partial(_gamma, 1.5),
    "contrast stretched": partial(ImageOps.autocontrast, cutoff=1),
    "blur": lambda image: image.filter(ImageFilter.GaussianBlur(max(image.size) / 400)),
    "sharpen": lambda image: image.filter(ImageFilter.UnsharpMask()),
    "watermark": _watermarked,
    "crop 2%": partial(_cropped, 0.02),
    "crop 5%": partial(_cropped, 0.05),
    "crop 10%": partial(_cropped, 0.10),
    "crop 2%, one corner": partial(_cornered, 0.02),
    "crop 5%, one corner": partial(_cornered, 0.05),
    "crop 10%, one corner": partial(_cornered, 0.10),
    "border 1%, white": partial(_bordered, 0.01, "white"),
    "border 2%, white": partial(_bordered, 0.02, "white"),
    "border 5%, white": partial(_bordered, 0.05, "white"),
    "border 2%, black": partial(_bordered, 0.02, "black"),
    "rotate 1 degree": partial(_rotated, 1),
    "rotate 2 degrees": partial(_rotated, 2),
    "rotate 3 degrees": partial(_rotated, 3),
    MIRRORED: ImageOps.mirror,
    MIRRORED_SMALL: lambda image: _resized(0.5, ImageOps.mirror(image)),
    UPSIDE_DOWN: ImageOps.flip,
}


def _edit(pixels: Callable[[Image.Image], Image.Image], quality: int, image: Image.Image) -> bytes:
    return as_jpeg(pixels(image), quality)


EDITS: dict[str, Callable[[Image.Image], bytes]] = {
    "JPEG 90": partial(as_jpeg, quality=90),
    "JPEG 60": partial(as_jpeg, quality=60),
    "JPEG 30": partial(as_jpeg, quality=30),
    "PNG": as_png,
    "WebP 80": partial(_saved, kind="WEBP", quality=80),
    **{name: partial(_edit, edit, 60 if name == MIRRORED_SMALL else 90) for name, edit in _PIXELS.items()},
}
"""Each makes the file of an edited copy of an RGB image; without a word on its coding, a JPEG of quality 90."""

GEOMETRIC = tuple(name for name in _PIXELS if name.startswith(("crop", "border", "rotate")))
TURNED = (MIRRORED, MIRRORED_SMALL, UPSIDE_DOWN)
PHOTOMETRIC = tuple(name for name in EDITS if name not in (*GEOMETRIC, *TURNED))
