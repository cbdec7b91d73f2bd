"""The manifest of a release, read: its files and rows. It may be anybody's, so nothing in it is believed.

What belongs here: which files there are, and refusing a list that could harm. What does not: making one
(`publish.manifest`), and the files themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from imgtext_assets.text import plain

MANIFEST = "manifest.json"
MAX_MANIFEST = 64 * 2**20
"""Largest manifest that is read, bytes: one of 100,000 files has about 15 MB."""
_MAX_BYTES = 2**50
_VERSION = re.compile(r"[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,9}")
# What a release's own files are called. All else, hidden files and every way out of the folder too, is refused.
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,199}){0,7}")


class ManifestError(Exception):
    """There is no manifest of a release, or one that could harm; the message says where and why."""


class ListedFile(BaseModel):
    """What the manifest says of one file: its size, its SHA-256 in hex, and, where it is parquet, its rows."""

    model_config = ConfigDict(strict=True, frozen=True)
    bytes: int = Field(ge=0, le=_MAX_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    rows: int | None = Field(default=None, ge=0)


@dataclass(frozen=True)
class Manifest:
    """A manifest: `files` are those of the release without the manifest, by path, and `rows` those of its metadata.

    `text` is the file as it is, and `said` all that it says, of which nothing else has been looked at.
    """

    version: str
    rows: int
    files: Mapping[str, ListedFile]
    text: bytes
    said: Mapping[str, Any]

    @property
    def total(self) -> int:
        """Bytes of all files, the manifest too."""
        return len(self.text) + sum(file.bytes for file in self.files.values())


_FILES = TypeAdapter(dict[str, ListedFile])


def is_version(name: str) -> bool:
    """Whether that is the name of a version (`publish.next_version` gives them)."""
    return _VERSION.fullmatch(name) is not None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the release in a folder. Raises ManifestError, also where there is none."""
    where = folder / MANIFEST
    try:
        with where.open("rb") as file:
            return parse_manifest(file.read(MAX_MANIFEST + 1), str(where))
    except FileNotFoundError:
        raise ManifestError(f"{folder}: no {MANIFEST}, so it is no release, or not a whole one") from None
    except OSError as error:
        raise ManifestError(f"{where}: cannot be read: {plain(error)}") from None


def parse_manifest(text: bytes, where: str) -> Manifest:
    """The manifest that `text` is; `where` names it to people.

    Raises ManifestError where it is none, and where it names files that must not be written: outside the release's
    folder, hidden, twice (also where only the case differs, which some file systems do not tell), or of absurd size.
    """
    if len(text) > MAX_MANIFEST:
        raise ManifestError(f"{where}: refused, for no release's has more than {MAX_MANIFEST:,} bytes")
    try:
        said = json.loads(text)
        version, rows = said["version"], said["rows"]
        files = _FILES.validate_python(said["files"])
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise ManifestError(f"{where}: {plain('.'.join(map(str, problem['loc'])))}: {problem['msg']}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ManifestError(
            f"{where}: is no manifest of a release: expected JSON with `version`, `rows` and `files`"
        ) from None
    if not isinstance(version, str) or not is_version(version):
        raise ManifestError(f"{where}: {plain(repr(version))} is no version; expected one such as 2026.11.0")
    if type(rows) is not int or rows < 0:
        raise ManifestError(f"{where}: {plain(repr(rows))} is no number of rows")
    for path, listed in files.items():
        if _PATH.fullmatch(path) is None:
            raise ManifestError(
                f"{where}: refused, for it names {plain(repr(path))}; no file of a release is called so"
            )
        if path.endswith(".parquet") and listed.rows is None:
            raise ManifestError(f"{where}: {plain(path)}: its number of rows is missing")
    _refuse_clashes(files, where)
    return Manifest(version, rows, files, text, said)


def _refuse_clashes(files: Mapping[str, ListedFile], where: str) -> None:
    seen: dict[str, str] = {MANIFEST: MANIFEST}
    for path in files:
        if other := seen.get(path.casefold()):
            raise ManifestError(f"{where}: refused, for it names {plain(path)} and {plain(other)}, which clash")
        seen[path.casefold()] = path
    for path in files:
        for folder in PurePosixPath(path.casefold()).parents:
            if other := seen.get(folder.as_posix()):
                raise ManifestError(f"{where}: refused, for it names {plain(other)} as a file and as a folder")
