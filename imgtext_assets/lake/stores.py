"""Where a lake lies: a local folder or `s3://bucket/prefix`, behind one interface.

What belongs here: opening stores, and turning their failures into one clear error. What does not: what is stored.
S3 is configured as every AWS client is: `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_REGION` and so on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import obstore
import polars as pl
from obstore.exceptions import BaseError, GenericError, PermissionDeniedError, UnauthenticatedError
from obstore.store import HTTPStore, LocalStore, ObjectStore, from_url

T = TypeVar("T")


class LakeError(Exception):
    """A store cannot be read or written; the message says which, why, and what to do."""


class LakeNotFoundError(LakeError):
    """There is nothing at that place."""


def is_local(root: str) -> bool:
    """Whether `root` is a folder of this machine."""
    return "://" not in root


def open_store(root: str) -> ObjectStore:
    """The store under `root`: a local folder (made if missing), `s3://bucket/prefix` or `https://host/path`.

    Raises LakeError when it cannot be opened.
    """
    with store_errors(root):
        if is_local(root):
            return LocalStore(root, mkdir=True)
        if root.startswith("s3://"):
            return from_url(root, config=_credentials(), client_options=_client_options(), retry_config=_RETRY)
        return HTTPStore.from_url(root)


def storage_options(root: str) -> dict[str, str]:
    """The same choices for polars' own object store."""
    return {"aws_allow_http": "true"} if root.startswith("s3://") and _plain_http() else {}


def _client_options() -> Any:
    """Plain HTTP only where the endpoint was given as such, as a local S3 server is."""
    return {"allow_http": _plain_http()}


def _credentials() -> Any:
    """What the environment says, given by name: so a store that travels to a worker process takes it along."""
    return {name.lower(): os.environ[name] for name in _VARIABLES if name in os.environ}


def _plain_http() -> bool:
    return os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")


def has(store: ObjectStore, path: str) -> bool:
    """Whether a store has something at that path. Raises LakeError where it does not say."""
    try:
        with store_errors(path):
            obstore.head(store, path)
    except LakeNotFoundError:
        return False
    return True


def listed(store: ObjectStore, prefix: str | None = None) -> list[obstore.ObjectMeta]:
    """All objects below `prefix`, in no order."""
    return unbroken(lambda: [meta for batch in obstore.list(store, prefix=prefix) for meta in batch])


def listed_folder(store: ObjectStore, folder: str | None = None) -> obstore.ListResult[Sequence[obstore.ObjectMeta]]:
    """The objects and the folders directly in `folder`, or below the store's root."""
    return unbroken(lambda: obstore.list_with_delimiter(store, folder))


def put_object(store: ObjectStore, path: str, content: bytes | Path) -> None:
    """Put bytes or a local file, in parts where it is large. Raises obstore's errors, for `store_errors`."""
    unbroken(lambda: obstore.put(store, path, content))


def delete_objects(store: ObjectStore, paths: str | Sequence[str]) -> None:
    """Delete one object or several; S3 answers alike where there is nothing."""
    unbroken(lambda: obstore.delete(store, paths))


def unbroken(ask: Callable[[], T]) -> T:
    """What `ask` gives, asked again where the connection broke off within an answer, which obstore does not repeat: a
    listing's, or that to the beginning or end of an upload in parts.

    What it did repeat says so in its error, and is not repeated once more.
    """
    for pause in _PAUSES:
        try:
            return ask()
        except (GenericError, FileNotFoundError) as error:
            if not _broke_off(error):
                raise
        time.sleep(pause)
    return ask()


def _broke_off(error: GenericError | FileNotFoundError) -> bool:
    told = str(error).partition("Debug source")[0]
    if isinstance(error, FileNotFoundError):
        return "uploadId=" in told  # given up after its end broke off, and no longer there: it had ended
    return "HTTP error" in told and "max_retries" not in told


@contextmanager
def store_errors(where: str) -> Iterator[None]:
    """Turn a store's failures into a LakeError that names the place and what to do."""
    try:
        yield
    except FileNotFoundError as error:
        raise LakeNotFoundError(f"{where}: not found") from error
    except (BaseError, OSError, pl.exceptions.ComputeError) as error:
        raise LakeError(f"{where}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    text = " ".join(str(error).partition("Debug source")[0].split())
    if isinstance(error, _REFUSED) or any(f"status code: {status} " in text for status in (401, 403)):
        return "access is refused; check the credentials or the folder's owner"
    if "os error 28" in text or "No space left" in text:
        return "the disk is full; make room and run again, what is there already is complete"
    return f"{text[:300]}; check that the place exists and answers, then run again"


def read_bytes(url: str) -> bytes:
    """A small file, local or on a store. Raises LakeError where there is none."""
    with store_errors(url):
        if is_local(url):
            return Path(url).read_bytes()
        folder, _, name = url.rpartition("/")
        return bytes(obstore.get(open_store(folder), name).bytes())


def read_text(url: str) -> str:
    """The text of a small file, local or on a store. Raises LakeError where there is none or it is not UTF-8."""
    try:
        return read_bytes(url).decode("utf-8")
    except UnicodeDecodeError as error:
        raise LakeError(f"{url}: expected UTF-8; byte {error.start} is none") from None


def scan_paths(
    root: str, paths: list[str], schema: pl.Schema | None = None, file_column: str | None = None
) -> pl.LazyFrame:
    """The rows of the parquet files at these paths under `root`, lazily, as one frame.

    With `schema` they have its columns, whichever version of the program wrote them: what a file lacks is null.
    `file_column` is one more, last: the file of each row.
    """
    urls = [f"{root}/{path}" if not is_local(root) else str(Path(root) / path) for path in paths]
    lenient: Any = {"schema": schema, "missing_columns": "insert", "extra_columns": "ignore"} if schema else {}
    return pl.scan_parquet(
        urls, storage_options=storage_options(root) or None, glob=False, include_file_paths=file_column, **lenient
    )


_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
)
# A SlowDown passes in seconds, a failover in less than a minute; whoever waits wants to be told after that.
_RETRY: Any = {
    "max_retries": 10,
    "backoff": {"init_backoff": timedelta(seconds=0.2), "max_backoff": timedelta(seconds=15), "base": 3},
    "retry_timeout": timedelta(minutes=3),
}
_PAUSES = (0.2, 0.6, 1.8, 5.4, 15.0)
"""Seconds before each further try, as those of `_RETRY`."""
_REFUSED = (PermissionError, PermissionDeniedError, UnauthenticatedError)

__all__ = [
    "LakeError",
    "ObjectStore",
    "delete_objects",
    "has",
    "is_local",
    "listed",
    "listed_folder",
    "open_store",
    "read_text",
    "scan_paths",
    "storage_options",
    "store_errors",
]
