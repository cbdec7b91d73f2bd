"""The sample as files: the lists as parquet, CSV and JSON Lines, the pages' bodies beside one `pages.json`.

    <folder>/metadata/<source>/<source>.<000>.parquet (or .csv, .jsonl)
    <folder>/expected.parquet
    <folder>/pages.json, <folder>/bodies/<sha256>

Writing it again for the same address touches no file that is already right, so that a build has nothing to redo.

What belongs here: files. What does not: what is in them (`sample`).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from imgtext_assets.demo.pages import Page
from imgtext_assets.demo.sample import Sample, build_sample

PAGES = "pages.json"
EXPECTED = "expected.parquet"


def write_sample(folder: Path, base_url: str) -> Sample:
    """Build the sample for a web at `base_url` and write it; `pages.json` comes last. Returns what was written.

    Every file is written under a temporary name first. OSError where the folder cannot be written.
    """
    sample = build_sample(base_url)
    entries = {}
    for path, page in sample.pages.items():
        body = page.content()
        name = f"bodies/{hashlib.sha256(body).hexdigest()}"
        _write(folder / name, body)
        entries[path] = {**asdict(page), "body": name}
    for name, frame in sample.metadata.items():
        _write(folder / name, _parquet(frame))
    for name, text in sample.texts.items():
        _write(folder / name, text)
    _write(folder / EXPECTED, _parquet(sample.expected))
    _write(folder / PAGES, json.dumps(entries, indent=1).encode())
    return sample


def load_pages(folder: Path) -> dict[str, Page]:
    """The pages that `write_sample` wrote, by path; bodies stay in their files.

    Raises FileNotFoundError where the folder holds no sample.
    """
    entries: dict[str, dict[str, Any]] = json.loads((folder / PAGES).read_text(encoding="utf-8"))
    return {
        path: Page(**{**entry, "body": folder / entry["body"], "flaky": tuple(entry["flaky"])})
        for path, entry in entries.items()
    }


def _parquet(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def _write(file: Path, data: bytes) -> None:
    if file.is_file() and file.read_bytes() == data:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.write_bytes(data)
    unfinished.replace(file)
