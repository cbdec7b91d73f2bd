"""Pictures with their texts, row by row, as archives take them.

What belongs here: reading pictures ahead, and what stands beside each. What does not: archives (`tar`), and how they
are cut and named (`webdataset`, `laion400m`).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import polars.selectors as cs

from imgtext_assets.publish.tar import write_tar
from imgtext_assets.text import plain

AT_ONCE = 16
"""Pictures that are read ahead: so many are in memory, of at most `fetch.max_bytes` each."""


class ReleaseError(Exception):
    """The release cannot be made; the message names the row and says why."""


class Copy(Protocol):
    """A picture made anew for a release (see `pictures.Remade`): its bytes, its pixels, its media type."""

    @property
    def data(self) -> bytes:
        """The file."""
        ...

    @property
    def width(self) -> int:
        """Pixels."""
        ...

    @property
    def height(self) -> int:
        """Pixels."""
        ...

    @property
    def mime_type(self) -> str:
        """Its media type."""
        ...


class Failure(Protocol):
    """No picture (see `engine.Failed`), and why."""

    @property
    def detail(self) -> str:
        """Why, in a line."""
        ...


Pictures = Callable[[Iterable[str]], Iterator[bytes | Copy | Failure]]
"""The pictures under these SHA-256s in their order: the bytes of that hash, a copy made of them, or why there is none.

It draws hashes only boundedly far ahead of what was taken; what it raises is a failure of the picture that comes next.
"""


def as_stored(read: Callable[[str], bytes], at_once: int = AT_ONCE) -> Pictures:
    """Pictures as `read` gives them (see `lake.Blobs.get`), which runs in threads, `at_once` pictures ahead."""

    def pictures(hashes: Iterable[str]) -> Iterator[bytes]:
        with ThreadPoolExecutor(at_once) as threads:
            under_way: deque[Future[bytes]] = deque()
            try:
                for sha256 in hashes:
                    under_way.append(threads.submit(read, sha256))
                    if len(under_way) >= at_once:
                        yield under_way.popleft().result()
                while under_way:
                    yield under_way.popleft().result()
            finally:  # nobody takes the rest
                for future in under_way:
                    future.cancel()

    return pictures


def write_pairs(file: Path, rows: pl.DataFrame, pictures: Pictures, first: int = 0) -> None:
    """An archive with three members for each row of RELEASE (`height` rows), in their order, numbered from `first`.

        000000042.jpg    the picture
        000000042.json   the row, as `describe` puts it
        000000042.txt    its caption, UTF-8; empty where there is none

    The names hold nothing that comes from outside, and sort as the rows do. The picture is called `.jpg` whatever its
    format: the extension is the name of a column to `webdataset` and `datasets`, and the latter refuses archives whose
    samples have different ones, and knows no `.avif` (packaged_modules/webdataset of datasets 5.0); all clients tell
    the format by the bytes, and img2dataset names pictures that it leaves as they are in the same way. `mime_type` in
    the `.json` says what it is.

    Raises ReleaseError, which names the row, where a picture cannot be had.
    """
    write_tar(file, _members(rows, pictures, first))


def _members(rows: pl.DataFrame, pictures: Pictures, first: int) -> Iterator[tuple[str, bytes]]:
    captions = rows["caption"].fill_null("")
    coming = pictures(iter(rows["sha256"]))
    described = _plain_values(rows).iter_rows(named=True)
    for number, (row, caption) in enumerate(zip(described, captions, strict=True), start=first):
        picture = _picture(row, coming)
        key = f"{number:09d}"
        yield f"{key}.jpg", picture if isinstance(picture, bytes) else picture.data
        yield f"{key}.json", describe(row, None if isinstance(picture, bytes) else picture)
        yield f"{key}.txt", caption.encode()


def _picture(row: Mapping[str, Any], coming: Iterator[bytes | Copy | Failure]) -> bytes | Copy:
    """The picture of the row, the next to come."""
    try:
        got = next(coming)
    except Exception as error:
        raise ReleaseError(_refusal(row, error)) from error
    if isinstance(got, bytes):
        return got
    # A failure is told by what it has: this room does not know the others' classes.
    detail = getattr(got, "detail", None)
    if detail is not None:
        raise ReleaseError(_refusal(row, detail))
    return got  # pyright: ignore[reportReturnType]


def _refusal(row: Mapping[str, Any], why: object) -> str:
    return (
        f"row {plain(row['id'])} of {plain(row['source'])} cannot be released, for its picture cannot be read: "
        f"{plain(why, 500)}"
    )


def describe(row: Mapping[str, Any], copy: Copy | None = None) -> bytes:
    """A row as JSON: its columns, how large the picture was and, where `resized`, is now.

    A text that is not known is `""`, and a score -1.0, as the builder of LAION-400M has it for `similarity`: `datasets`
    takes the columns and types of all rows from those of the first five, drops a column that none of these has, and has
    no type for a null. `hash` and `sha256` are always those of the original.
    """
    said = {name: value for name, value in row.items() if value is not None}
    said |= {"original_width": row["width"], "original_height": row["height"], "resized": copy is not None}
    if copy is not None:
        said |= {"width": copy.width, "height": copy.height, "mime_type": copy.mime_type}
    return json.dumps(said, ensure_ascii=False, allow_nan=False).encode()


def _plain_values(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with values that JSON has, and all its readers have alike.

    Times as RFC 3339 writes them; numbers of 64 bits without sign, which no reader promises to keep (RFC 8259, 6), and
    bytes as hexadecimal digits, as imagehash writes its hashes; no NaN.
    """
    return rows.with_columns(
        cs.string().fill_null(""),
        cs.float().fill_nan(None).fill_null(-1.0),
        cs.datetime().dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ").fill_null(""),
        cs.by_dtype(pl.UInt64).map_elements("{:016x}".format, return_dtype=pl.String).fill_null(""),
        cs.binary().bin.encode("hex").fill_null(""),
    )
