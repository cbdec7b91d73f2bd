"""What a release's manifest says of it: counts, policy, inputs, and every file.

What belongs here: counting, and keeping out of it what is nobody's business. What does not: what the words are for
people (`card`) and for machines (`croissant`), writing files (`write`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from pathlib import Path, PurePosixPath
from typing import Any, TypedDict

import polars as pl

from imgtext_assets.catalog import Catalog
from imgtext_assets.publish.card import METADATA_GLOB
from imgtext_assets.publish.changes import count_changes, count_reasons
from imgtext_assets.publish.release import public_name
from imgtext_assets.publish.withdrawn import KEY
from imgtext_assets.tables import RELEASE

_PLACES = ("decisions", "drop_folder", "opt_out_lists", "path")
"""Settings of the policy that are paths: on our machine they begin with folders that others have not to know."""


class Origin(TypedDict, total=False):
    """What else a manifest says of where a release comes from.

    `inputs`: by source, the `version` of all its lists and its `files`, as `inputs` gives them. `code`: by asset, its
    code version. `decay`: what rechecks saw of the links, `as_of` a day, and `by_source` its `links`, those that are
    `dead`, the `half_life` in days, null where none died; and of all its links the share that is there, `alive_share`,
    from `alive_lower` to `alive_upper` (95%), by so many `drawn`, null where none was.
    """

    inputs: dict[str, Any]
    code: dict[str, str]
    decay: dict[str, Any]


def inputs(shards: pl.DataFrame) -> dict[str, Any]:
    """The lists that rows were read from, by source: `shards` is a frame of SHARDS.

    Each of the `files` has its `file` (named as the rows' `source_file`), its `version` as it was last seen, its `rows`
    and its `state`; the `version` of the source is a digest of these.
    """
    files = (
        shards.group_by("source", "source_file")
        .agg(pl.col("file_version").max(), pl.col("rows").sum(), pl.col("state").min())
        .sort("source", "source_file")
        .select("source", "rows", "state", file=public_name(pl.col("source_file")), version="file_version")
    )
    by_source: dict[str, Any] = {}
    for row in files.iter_rows(named=True):
        entry = {name: row[name] for name in ("file", "version", "rows", "state")}
        by_source.setdefault(row["source"], []).append(entry)
    return {source: {"version": _digest(entries), "files": entries} for source, entries in by_source.items()}


def _digest(entries: list[dict[str, Any]]) -> str:
    told = "\n".join(f"{entry['file']}\t{entry['version']}\t{entry['rows']}" for entry in entries)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def facts(
    written: pl.LazyFrame,
    changed: pl.DataFrame,
    *,
    version: str,
    catalog: Catalog,
    funnel: pl.DataFrame,
    origin: Origin,
    previous_version: str | None,
    previous_rows: int,
) -> dict[str, Any]:
    """All that a manifest says but of removals and files (see `write.write_release`)."""
    by_source, by_license = (
        dict(written.group_by(key).agg(pl.len()).sort(key).collect(engine="streaming").iter_rows())
        for key in ("source", "license")
    )
    return {
        "name": catalog.release.name,
        "title": catalog.release.title,
        "version": version,
        "previous_version": previous_version,
        "previous_rows": previous_rows,
        "license": catalog.release.license,
        "formats": list(dict.fromkeys(catalog.release.formats)),
        "rows": sum(by_source.values()),
        "rows_by_source": by_source,
        "rows_by_license": {str(license): rows for license, rows in by_license.items()},
        "changes": count_changes(changed),
        "why_rows_left": count_reasons(changed),
        "columns": {column.name: str(column.dtype) for column in RELEASE.columns},
        "inputs": origin.get("inputs", {}),
        "policy": _public(catalog.policy.model_dump(mode="json")),
        "code": origin.get("code", {}),
        "funnel": funnel.select("stage", "source", "reject_reason", "rows").to_dicts(),
        "decay": origin.get("decay", {}),
        "software": f"imgtext-assets {installed_version('imgtext-assets')}",
    }


def _public(value: Any, is_place: bool = False) -> Any:
    if isinstance(value, Mapping):
        return {name: _public(one, name in _PLACES) for name, one in value.items()}
    if isinstance(value, list):
        return [_public(one, is_place) for one in value]
    return PurePosixPath(value).name if is_place and isinstance(value, str) and "://" not in value else value


def listed(folder: Path) -> dict[str, dict[str, Any]]:
    """Every file below a folder, by its path: its `bytes`, its `sha256`, and where it is parquet its `rows`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_facts(path) for path in files}


def with_ends(folder: Path, files: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The same with the `keys` of the first and the last row (source and id) of each file of the release's rows.

    These are sorted, so that of all releases whoever looks for a row reads one file each (`lake.releases`).
    """
    ends = {path.relative_to(folder).as_posix(): _ends(path) for path in folder.glob(METADATA_GLOB)}
    return {name: said | ({"keys": ends[name]} if ends.get(name) else {}) for name, said in files.items()}


def _ends(path: Path) -> list[list[str]]:
    keys = pl.scan_parquet(path).select(KEY)
    return [list(row) for end in (keys.head(1), keys.tail(1)) for row in end.collect(engine="streaming").rows()]


def file_facts(path: Path) -> dict[str, Any]:
    """What the manifest says of one file."""
    with path.open("rb") as file:
        said: dict[str, Any] = {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }
    if path.suffix == ".parquet":
        said["rows"] = pl.scan_parquet(path).select(pl.len()).collect().item()
    return said
