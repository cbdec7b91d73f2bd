"""Opening pictures from strangers: whole and strictly, or not at all.

| format | told | not told |
| --- | --- | --- |
| JPEG | cut off (also a missing EOI), bad codes, left-over bytes | changes that leave valid codes |
| PNG | cut off (also a missing IEND), any changed byte (checksums, that of IEND too) | |
| WebP | cut off; what the decoder refuses | most changed bytes: there are no checksums |
| GIF | cut off anywhere (also a missing trailer); what the decoder refuses | most changed bytes |
| TIFF | the first page cut off; what the decoder refuses | later pages; changed bytes where uncompressed or JPEG |
| AVIF | cut off anywhere; what the decoder refuses | most changed bytes |

A missing end mark counts as cut off, for nobody can tell what else was lost. Bytes behind a picture's end are let be:
motion photos, multi-picture files and archives keep data there, and the picture is whole.

What belongs here: Pillow's limits and the meaning of what it raises. What does not: limits on time and memory, which no
code in the same process can keep; run it through the `engine` room.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from PIL import Image, ImageFile, ImageOps, PngImagePlugin, UnidentifiedImageError

from imgtext_assets.catalog import PictureSettings
from imgtext_assets.pictures import jpeg
from imgtext_assets.pictures.structure import begins_as, ends_early

Unusable = Literal["not_image", "damaged", "decode_limit"]

JPEGS = ("JPEG", "MPO")
"""Pillow's names for JPEGs; MPO (CIPA DC-007) is one with more pictures behind it, which are not used."""

# Pillow, of a PNG's texts and profile.
_TOO_LARGE = ("Decompressed data too large", "Decompressed Data Too Large", "Too much memory used in text chunks")

_MAX_TEXT = 1 << 24  # bytes of one text or profile of a PNG: some are above Pillow's 1 MiB; their sum stays limited
_IEND = b"\0\0\0\0IEND\xaeB`\x82"  # PNG 11.2.5: it has no content, so that its length and CRC are always these


class PictureError(Exception):
    """The bytes are no usable picture. `reason` is a word of `tables.REASONS["verified"]`, `detail` is for people."""

    def __init__(self, reason: Unusable, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Unusable = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[PictureError], tuple[Unusable, str]]:
        return type(self), (self.reason, self.detail)


def open_picture(data: bytes, settings: PictureSettings, least: int | None = None) -> ImageFile.ImageFile:
    """The first frame of the picture in `data`, decoded whole and turned upright as its EXIF says.

    The format is told by content, among `settings.formats`, and stays in `.format`; more than `settings.max_pixels`
    are refused at the header. With `least`, a JPEG may come smaller, with no side shorter than that, and its damage is
    not looked for: for showing. Not reentrant: Pillow's limits are global to the process.

    Raises PictureError: `not_image`, `damaged` (truncated or corrupt) or `decode_limit` (too many pixels, or more
    memory than the process may have).
    """
    with strictly(data, settings):
        picture = open_header(data, settings)
        if least is not None and picture.format in JPEGS:
            picture.draft(None, (least, least))
        elif settings.strict_jpeg and picture.format in JPEGS:
            jpeg.pixels(data, "GRAY", least=1)
        picture.load()
        _turn_upright(picture)
        return picture


def open_header(data: bytes, settings: PictureSettings) -> ImageFile.ImageFile:
    """The picture with nothing decoded yet; its structure checked where that takes no decoding. Within `strictly`."""
    file = io.BytesIO(data)
    picture = Image.open(file, formats=settings.formats)
    if picture.format == "PNG":
        picture.verify()  # checksums, up to the name of IEND; it spoils the object
        if data[file.tell() - 8 : file.tell() + 4] != _IEND:
            raise PictureError("damaged", "IEND's length or checksum is wrong or missing")
        picture = Image.open(io.BytesIO(data), formats=settings.formats)
    elif detail := ends_early(data, picture.format or ""):
        raise PictureError("damaged", detail)
    return picture


@contextmanager
def strictly(data: bytes, settings: PictureSettings) -> Iterator[None]:
    """Within: Pillow refuses too many pixels and truncated files, is silent, and all that is raised is PictureError."""
    limit, lenient = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    text, PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_CHUNK, _MAX_TEXT
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = settings.max_pixels, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except PictureError:
        raise
    except UnidentifiedImageError:
        kind = begins_as(data)
        if kind in settings.formats:
            raise PictureError("damaged", f"begins as {kind}, but its header cannot be read") from None
        raise PictureError("not_image", f"not {'/'.join(settings.formats)}; begins with {data[:32]!r}") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise PictureError("decode_limit", f"more than {settings.max_pixels:,} pixels") from None
    except MemoryError:
        raise PictureError("decode_limit", "more memory than a decoding process may have") from None
    except jpeg.Corrupt as error:
        raise PictureError("damaged", _line(error)) from None
    except Exception as error:  # noqa: BLE001 - decoders raise OSError, SyntaxError, struct.error, KeyError ...
        line = _line(error)
        raise PictureError(
            "decode_limit" if line.startswith(_TOO_LARGE) else "damaged", f"{type(error).__name__}: {line}"
        ) from None
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = limit, lenient
        PngImagePlugin.MAX_TEXT_CHUNK = text


def orientation(picture: ImageFile.ImageFile) -> int:
    """How the picture lies, 1 (upright) to 8, by its EXIF (CIPA DC-008, tag 0x0112); 1 where that is broken."""
    try:
        value = picture.getexif().get(0x0112, 1)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - EXIF parsers raise anything, and the pixels are whole
        return 1
    return value if value in range(1, 9) else 1


def _turn_upright(picture: ImageFile.ImageFile) -> None:
    try:
        ImageOps.exif_transpose(picture, in_place=True)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001, S110 - EXIF parsers raise anything, and the pixels are whole
        pass


def _line(error: Exception) -> str:
    """The error's text in one line of bounded length: it may quote the file."""
    return " ".join(str(error).split())[:200]
