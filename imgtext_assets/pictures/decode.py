"""Opening pictures from strangers: whole and strictly, or not at all.

What belongs here: Pillow's limits and the meaning of what it raises. What does not: limits on time and memory, which
no code in the same process can keep; run it through the `engine` room.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from imgtext_assets.catalog import PictureSettings

Unusable = Literal["not_image", "damaged", "decode_limit"]


class PictureError(Exception):
    """The bytes are no usable picture. `reason` is a word of `tables.REASONS["verified"]`, `detail` is for people."""

    def __init__(self, reason: Unusable, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Unusable = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[PictureError], tuple[Unusable, str]]:
        return type(self), (self.reason, self.detail)


def open_picture(data: bytes, settings: PictureSettings) -> ImageFile.ImageFile:
    """The first frame of the picture in `data`, decoded whole and turned upright as its EXIF says.

    The format is told by content, among `settings.formats`, and stays in `.format`. The first pass checks what Pillow
    can check without decoding (`verify`: checksums of PNG), the second decodes every pixel; more than
    `settings.max_pixels` are refused at the header. Not reentrant: Pillow's limits are global to the process.

    Raises PictureError: `not_image`, `damaged` (truncated or corrupt) or `decode_limit` (too many pixels, or more
    memory than the process may have).
    """
    with _strict_pillow(settings.max_pixels):
        try:
            with Image.open(io.BytesIO(data), formats=settings.formats) as header:
                header.verify()
            picture = Image.open(io.BytesIO(data), formats=settings.formats)
            picture.load()
        except UnidentifiedImageError:
            raise PictureError("not_image", f"not {'/'.join(settings.formats)}; begins with {data[:32]!r}") from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise PictureError("decode_limit", f"more than {settings.max_pixels:,} pixels") from None
        except MemoryError:
            raise PictureError("decode_limit", "more memory than a decoding process may have") from None
        except Exception as error:  # noqa: BLE001 - decoders raise OSError, SyntaxError, struct.error, KeyError ...
            raise PictureError("damaged", f"{type(error).__name__}: {_line(error)}") from None
        _turn_upright(picture)
        return picture


def _turn_upright(picture: ImageFile.ImageFile) -> None:
    """Apply the EXIF orientation (CIPA DC-008, tag 0x0112); a picture whose EXIF is broken stays as it is."""
    try:
        ImageOps.exif_transpose(picture, in_place=True)
    except MemoryError:
        raise PictureError("decode_limit", "more memory than a decoding process may have") from None
    except Exception:  # noqa: BLE001, S110 - EXIF parsers raise anything, and the pixels are whole
        pass


@contextmanager
def _strict_pillow(max_pixels: int) -> Iterator[None]:
    """Within: Pillow refuses more pixels, and truncated files; and says nothing on stderr."""
    limit, lenient = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = max_pixels, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = limit, lenient


def _line(error: Exception) -> str:
    """The error's text in one line of bounded length: it may quote the file."""
    return " ".join(str(error).split())[:200]
