"""The two ways into foreign files, counting and reading their rows, and the work for them in another process.

What belongs here: what crosses between the processes, which format a file has, and one clear sentence on what went
wrong. What does not: the formats.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pyarrow as pa
from obstore.exceptions import BaseError

from imgtext_assets.lake.foreign.delimited import DelimitedRows
from imgtext_assets.lake.foreign.jsonlines import JsonRows
from imgtext_assets.lake.foreign.lines import TextRows, chunks_of_lines
from imgtext_assets.lake.foreign.opening import open_file
from imgtext_assets.lake.foreign.parquet import ParquetRows
from imgtext_assets.lake.foreign.plain import Gathered, Part, UnreadableError
from imgtext_assets.lake.stores import LakeError, is_local
from imgtext_assets.text import plain as harmless

Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
"""An engine's `map`: a function of each item, where a process may die of it; then its place has `kind` and `detail`."""

UNREADABLE = "_unreadable"
_AT_ONCE = 8  # footers of remote files that one process asks for: it waits more than it works
_FORMATS = {
    ".csv": "CSV",
    ".tsv": "TSV",
    ".txt": "TSV",
    ".jsonl": "JSON Lines",
    ".ndjson": "JSON Lines",
    ".json": "JSON Lines",
}
_DELIMITERS = {"CSV": ",", "TSV": "\t"}


_FAILURES = {
    "timeout": "it takes too long",
    "memory": "it takes too much memory",
    "crash": "it ends the process that reads it",
}


@dataclass(frozen=True)
class Counted:
    """How many rows a file has; or null, and what is wrong with it in a sentence that names it."""

    rows: int | None = None
    problem: str | None = None


def read_foreign(
    url: str, first_row: int, rows: int, folder: Path, run: Run, *, header: bool = True, unreadable: str = UNREADABLE
) -> pl.LazyFrame:
    """Rows `first_row` to `first_row + rows` of a file by somebody else, lazily, in plain columns.

    `url` is local, s3://, https:// or hf://; its name says what it is: `.csv`, `.tsv` or `.txt`, `.jsonl`, `.ndjson`
    or `.json`, each also with `.gz`; else parquet. `header` says whether the first line of a CSV or TSV names the
    columns; if not they are `column_1` and so on. The file is read by `run` (an engine's `map`) in another process;
    what it held is an Arrow file in `folder` then, which the frame is of: the folder has to outlive it.

    Columns are Boolean, numbers, String or Binary (text that is not UTF-8, and bytes of at most 64 KiB); all else
    became text (`plain.plain`). Texts over 64 KiB are cut to a little more than that; embeddings, nested pictures and
    the like are null, and columns of pictures may be left out altogether (`plain`). The last column, `unreadable`, says
    what is wrong with rows that could not be read, whose other columns are null; else it is null.

    Raises LakeError, with the file, the rows and the reason, where the file cannot be read, takes more than `run`
    allows, or has fewer rows than that.
    """
    handle, path = tempfile.mkstemp(dir=folder, suffix=".arrow")
    os.close(handle)
    task = _Task(_from_anywhere(url), header, first_row, rows, path, unreadable)
    (got,) = run(_launder, [task])
    outcome = got if isinstance(got, Counted) else Counted(problem=_failure(url, got))
    if outcome.problem is None and outcome.rows != rows:
        outcome = Counted(problem=f"there are only {outcome.rows:,}; it has changed since its rows were counted")
    if outcome.problem is not None:
        Path(path).unlink()
        raise LakeError(f"{url}: rows {first_row:,} to {first_row + rows:,}: {outcome.problem}")
    return pl.scan_ipc(path, glob=False)


def count_rows(urls: Sequence[str], run: Run, *, header: bool = True) -> list[Counted]:
    """The number of rows of each file, by `run`: by the checked footer of a parquet file, else by reading it."""
    batches = [[url] for url in urls if not _is_slow(url)]
    slow = [url for url in urls if _is_slow(url)]
    batches += [slow[start : start + _AT_ONCE] for start in range(0, len(slow), _AT_ONCE)]
    counted = dict(zip((url for batch in batches for url in batch), _count_batches(batches, run, header), strict=True))
    return [counted[url] for url in urls]


def _count_batches(batches: list[list[str]], run: Run, header: bool) -> Iterator[Counted]:
    """Batch by batch; one that ended its process is counted again file by file, which finds the one to blame."""
    items = [[_Task(_from_anywhere(url), header) for url in batch] for batch in batches]
    for batch, got in zip(batches, run(_count_all, items), strict=True):
        if isinstance(got, list):
            for url, counted in zip(batch, got, strict=True):
                yield replace(counted, problem=counted.problem and f"{url}: {counted.problem}")
        elif len(batch) > 1:
            yield from _count_batches([[url] for url in batch], run, header)
        else:
            yield Counted(problem=f"{batch[0]}: {_failure(batch[0], got)}")


def _is_slow(url: str) -> bool:
    """Whether counting the file's rows is mostly waiting for answers."""
    return not is_local(url) and _format(url) == "parquet"


def _from_anywhere(url: str) -> str:
    """The address as a process with another working directory needs it."""
    return str(Path(url).absolute()) if is_local(url) else url


def _failure(url: str, failed: Any) -> str:
    return f"cannot be read as {_format(url)}: {_FAILURES.get(failed.kind, 'it failed')} ({failed.detail})"


def _format(url: str) -> str:
    return _FORMATS.get(Path(_name(url).removesuffix(".gz")).suffix, "parquet")


def _name(url: str) -> str:
    """The last part of the path, without the query of an address, in lower case."""
    return (url if is_local(url) else url.partition("?")[0]).rpartition("/")[2].lower()


# From here on: in the other process.


class _Rows(Protocol):
    def count(self) -> int: ...

    def parts(self, first: int, rows: int) -> Iterator[Part]: ...


@dataclass(frozen=True)
class _Task:
    """What crosses to the other process."""

    url: str
    header: bool
    first_row: int = 0
    rows: int = 0
    path: str = ""
    unreadable: str = UNREADABLE


def _count_all(tasks: list[_Task]) -> list[Counted]:
    count = partial(_outcome, _count)
    if len(tasks) == 1:
        return [count(tasks[0])]
    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(count, tasks))


def _launder(task: _Task) -> Counted:
    return _outcome(_write, task)


def _count(task: _Task) -> int:
    with _opened(task) as rows:
        return rows.count()


def _write(task: _Task) -> int:
    gathered = Gathered()
    with _opened(task) as rows:
        for part in rows.parts(task.first_row, task.rows):
            gathered.add(part)
    gathered.write(Path(task.path), task.unreadable)
    return gathered.rows


@contextmanager
def _opened(task: _Task) -> Iterator[_Rows]:
    kind = _format(task.url)
    with open_file(task.url) as file:
        if kind == "parquet":
            yield ParquetRows(file, is_local=is_local(task.url))
            return
        chunks = chunks_of_lines(file, gzipped=_name(task.url).endswith(".gz"))
        if kind == "JSON Lines":
            yield TextRows(JsonRows(chunks))
        else:
            yield TextRows(DelimitedRows(chunks, _DELIMITERS[kind], header=task.header))


def _outcome(work: Callable[[_Task], int], task: _Task) -> Counted:
    """The work's number, or a sentence on what is wrong with the file; memory is the engine's to speak of."""
    try:
        return Counted(work(task))
    except LakeError as error:
        return Counted(problem=str(error).removeprefix(f"{task.url}: "))
    except (UnreadableError, pa.ArrowException, BaseError, OSError, EOFError, ValueError, zlib.error) as error:
        if isinstance(error, MemoryError):
            raise
        return Counted(problem=f"cannot be read as {_format(task.url)}: {harmless(error, 300)}")
