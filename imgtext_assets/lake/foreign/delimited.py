"""Rows of CSV and TSV files by somebody else, of which every line may be broken.

CSV is read as RFC 4180 says: commas, quotes, line breaks within quotes. TSV likewise, as most programs write it; a line
that makes no sense so is read as `text/tab-separated-values` says (IANA), which knows no quotes. A quote that is text
must not swallow the rows up to the next one: a quoted record is doubted where its lines look like rows (`_swallows`).

What belongs here: lines to rows. What does not: files and encodings (`lines`), types (all is text).
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator

from imgtext_assets.lake.foreign.lines import CHUNK_LINES, MAX_LINE, Unreadable, too_long
from imgtext_assets.lake.foreign.plain import MAX_COLUMNS, Part, UnreadableError, names, text_column

Row = list[str] | Unreadable
# Our judgement. A record has at most MAX_LINE characters, else its quote counts as never closed. A file in which that
# was found out in vain too often gets short records, else each of its lines could cost a million characters.
MAX_IN_VAIN = 2**27  # characters
SHORT_RECORD = 100  # lines


class DelimitedRows:
    """A file's rows: as many fields each as the first has, which names the columns where there is a `header`.

    A line whose quotes are broken, or with another number of fields, is a row by itself that cannot be read; what
    follows it is read as if it were not there. Blank lines are no rows. Raises UnreadableError where the header is
    no good.
    """

    def __init__(self, chunks: Iterator[list[str]], delimiter: str, *, header: bool) -> None:
        csv.field_size_limit(MAX_LINE)
        self._chunks, self._delimiter = chunks, delimiter
        self._lines: deque[str] = deque()
        self._in_vain = 0
        self._width: int | None = None
        self._first: list[Row] = []
        first = self._first_record(header)
        self._width = len(first)
        if len(first) > MAX_COLUMNS:
            raise UnreadableError(f"its first line has {len(first):,} fields")
        self._names = names(first if header else [""] * len(first))

    def rows(self) -> Iterator[list[Row]]:
        """All rows, once, some thousands at a time."""
        yield self._first
        while self._lines or self._refill():
            yield self._at_once() or self._one_by_one()

    def part(self, rows: list[Row]) -> Part:
        """Rows as columns of text."""
        missing: list[str | None] = [None] * len(self._names)
        columns = zip(*(missing if isinstance(row, Unreadable) else row for row in rows), strict=True)
        columns = list(columns) or [()] * len(self._names)
        problems = text_column([row if isinstance(row, Unreadable) else None for row in rows])
        return Part({name: text_column(values) for name, values in zip(self._names, columns, strict=True)}, problems)

    def _first_record(self, header: bool) -> list[str]:
        """The first line that can be read; it and those before it are rows too, unless it is the header."""
        while self._lines or self._refill():
            record = self._record()
            if header and isinstance(record, Unreadable):
                raise UnreadableError(f"the line that should name its columns: {record}")
            self._first += [record] if record and not header else []
            if isinstance(record, list):
                return record
        return []

    def _at_once(self) -> list[Row] | None:
        """The rows of all lines at hand, if each line is one as it should be: the fast way, for nearly all files."""
        lines = list(self._lines)
        if max(map(len, lines)) >= MAX_LINE:
            return None
        try:
            rows: list[Row] = [*csv.reader(lines, delimiter=self._delimiter, strict=True)]
        except csv.Error:
            return None
        if len(rows) != len(lines) or set(map(len, rows)) != {self._width}:
            return None
        self._lines.clear()
        return rows

    def _one_by_one(self) -> list[Row]:
        rows: list[Row] = []
        while self._lines and len(rows) < CHUNK_LINES:
            record = self._record()
            rows += [record] if record else []
        return rows

    def _record(self) -> Row | None:
        """The next record; null for a blank line. One that cannot be read takes its first line only."""
        used: list[str] = []
        try:
            record = next(csv.reader(self._feed(used), delimiter=self._delimiter, strict=True), [])
            problem = f"{len(record)} fields where {self._width} are expected"
        except csv.Error as error:
            record, problem = None, f"broken quotes ({error})"
        if too_long(used[0]):
            return Unreadable.because(f"longer than {MAX_LINE:,} characters", used[0])
        if record and len(record) == (self._width or len(record)) and not too_long(used[-1]):
            if not self._swallows(used, len(record)):
                return record
            problem = "broken quotes (closed only after many lines that look like rows)"
        self._lines.extendleft(reversed(used[1:]))
        self._in_vain += sum(map(len, used[1:]))
        if not used[0].strip("\r\n "):
            return None
        literal = _split(used[0], "\t")
        if self._delimiter == "\t" and len(literal) == (self._width or len(literal)):
            return literal
        return Unreadable.because(problem, used[0])

    def _swallows(self, lines: list[str], width: int) -> bool:
        """Whether these lines, one record by its quotes, are rather rows of which two happen to have a quote.

        In TSV: where two of them have all the fields by themselves; if it were one record its texts would hold tabs,
        which they seldom do, while captions that begin or end with a quote are many. In CSV, where texts do hold
        commas: only where the record is long and most of its lines are so.
        """
        if len(lines) == 1:
            return False
        complete = sum(len(_split(line, self._delimiter)) == width for line in lines)
        if self._delimiter == "\t":
            return complete > 1
        return len(lines) > SHORT_RECORD and complete > len(lines) / 2

    def _feed(self, used: list[str]) -> Iterator[str]:
        """Lines for one record, each noted in `used`."""
        size = 0
        most = MAX_LINE if self._in_vain < MAX_IN_VAIN else SHORT_RECORD
        while len(used) < most and size < MAX_LINE and (self._lines or self._refill()):
            used.append(self._lines.popleft())
            size += len(used[-1])
            yield used[-1]

    def _refill(self) -> bool:
        self._lines.extend(next(self._chunks, ()))
        return bool(self._lines)


def _split(line: str, delimiter: str) -> list[str]:
    """The fields of a line in which quotes mean nothing."""
    return line.rstrip("\r\n").split(delimiter)
