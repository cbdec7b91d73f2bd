"""Files by somebody else: parquet, CSV, TSV and JSON Lines, made harmless before anything else opens them.

Such a file is hostile until proved otherwise: polars panics or aborts on some malformed parquet files, a few kilobytes
can ask for gigabytes, and one line may be broken among millions. So it is opened, checked and read in a process that
may die (`run`, which is an engine's `map`), by readers that fail cleanly; what they could read is written anew as a
plain Arrow file, and that is all that the rest of the program opens. A row that cannot be read stays a row, with a
message; a file that cannot be read is one error that names it.

What belongs here: bytes to columns. What does not: listing files (`lake.files`), what columns mean (`sources/`).

- `reading`: the two ways in, and the work in the other process
- `opening`: a file wherever it lies
- `parquet`, `delimited`, `jsonlines`: one reader a format, over `lines` for the two of text
- `plain`: the few types of column that leave here
"""

from imgtext_assets.lake.foreign.reading import count_rows, read_foreign

__all__ = ["count_rows", "read_foreign"]
