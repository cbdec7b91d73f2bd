"""The manifest of a release as a list of files to copy. It may be anybody's, so nothing in it is believed.

What belongs here: which files there are, and refusing a list that could harm. What does not: what else a manifest says
(`publish.write`), and the files themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from imgtext_assets.lake.stores import LakeError
from imgtext_assets.text import plain

MANIFEST = "manifest.json"
MAX_MANIFEST = 64 * 2**20
"""Largest manifest that is read, bytes: one of 100,000 files has about 15 MB."""
_MAX_BYTES = 2**50
_VERSION = re.compile(r"[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,9}")
# What a release's own files are called. All else, hidden files and every way out of the folder too, is refused.
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,199}){0,7}")


class ListedFile(BaseModel):
    """What the manifest says of one file: its size, its SHA-256 in hex, and, where it is parquet, its rows."""

    model_config = ConfigDict(strict=True, frozen=True)
    bytes: int = Field(ge=0, le=_MAX_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    rows: int | None = Field(default=None, ge=0)


@dataclass(frozen=True)
class Manifest:
    """A manifest: `text` is the file as it is, `files` are those of the release without the manifest, by path."""

    version: str
    files: Mapping[str, ListedFile]
    text: bytes

    @property
    def total(self) -> int:
        """Bytes of all files, the manifest too."""
        return len(self.text) + sum(file.bytes for file in self.files.values())


_FILES = TypeAdapter(dict[str, ListedFile])


def is_version(name: str) -> bool:
    """Whether that is the name of a version (`publish.next_version` gives them)."""
    return _VERSION.fullmatch(name) is not None


def parse_manifest(text: bytes, where: str) -> Manifest:
    """The manifest that `text` is; `where` names it to people.

    Raises LakeError where it is none, and where it names files that must not be written: outside the release's
    folder, hidden, twice (also where only the case differs, which some file systems do not tell), or of absurd size.
    """
    try:
        content = json.loads(text)
        version = content["version"]
        files = _FILES.validate_python(content["files"])
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise LakeError(f"{where}: {plain('.'.join(map(str, problem['loc'])))}: {problem['msg']}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise LakeError(f"{where}: is no manifest of a release: expected JSON with `version` and `files`") from None
    if not isinstance(version, str) or not is_version(version):
        raise LakeError(f"{where}: {plain(repr(version))} is no version; expected one such as 2026.11.0")
    for path in files:
        if _PATH.fullmatch(path) is None:
            raise LakeError(f"{where}: refused, for it names {plain(repr(path))}; no file of a release is called so")
    _refuse_clashes(files, where)
    return Manifest(version, files, text)


def _refuse_clashes(files: Mapping[str, ListedFile], where: str) -> None:
    seen: dict[str, str] = {MANIFEST: MANIFEST}
    for path in files:
        if other := seen.get(path.casefold()):
            raise LakeError(f"{where}: refused, for it names {plain(path)} and {plain(other)}, which clash")
        seen[path.casefold()] = path
    for path in files:
        for folder in PurePosixPath(path.casefold()).parents:
            if other := seen.get(folder.as_posix()):
                raise LakeError(f"{where}: refused, for it names {plain(other)} as a file and as a folder")
