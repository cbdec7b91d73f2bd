"""Writing a release into a local folder, from which the lake publishes it whole.

The same rows and settings give the same bytes: rows are sorted, writer settings fixed, and no clock is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from polars.io.partition import FileProviderArgs

from imgtext_assets.catalog import Catalog
from imgtext_assets.publish.card import METADATA_GLOB, dataset_card, license_text
from imgtext_assets.publish.changes import changes, hidden
from imgtext_assets.publish.croissant import CROISSANT_FILE, croissant
from imgtext_assets.publish.manifest import Origin, facts, file_facts, listed, with_ends
from imgtext_assets.publish.release import served
from imgtext_assets.publish.withdrawn import Known, UrlKey, same_address
from imgtext_assets.tables import RELEASE, REMOVED_HASHES

ROW_GROUP = 25_000
"""Rows a row group: small enough that a lookup by statistics reads little, large enough to compress well."""

CHANGES_FILE, REMOVALS_FILE = "changes.parquet", "removals.parquet"


def write_release(
    folder: Path,
    rows: pl.LazyFrame,
    *,
    version: str,
    catalog: Catalog,
    funnel: pl.DataFrame,
    before: pl.LazyFrame | None = None,
    previous_version: str | None = None,
    known: Known | None = None,
    url_key: UrlKey = same_address,
    removed: pl.DataFrame | None = None,
    salt: str = "",
    origin: Origin | None = None,
    formats: Callable[[Path, pl.LazyFrame], None] | None = None,
) -> dict[str, Any]:
    """Write `rows` (a sorted frame of RELEASE) and all that goes with them into `folder`; returns the manifest.

        metadata/<name>.<nnn>.parquet   at most `catalog.release.rows_per_file` rows each, streamed
        changes.parquet                 what changed since `before`, the rows of `previous_version` (CHANGES)
        removals.parquet                what takedowns removed of any release before (REMOVED_HASHES)
        README.md, LICENSE              the dataset card, and what may be done with which part
        croissant.json                  the same for machines, with each of these files
        manifest.json                   all of the above: counts, policy, and bytes, SHA-256 and rows of each file,
                                        and the first and last row of each of metadata

    `formats` writes what else there is, such as archives of the pictures, into folders of their own; it is given the
    folder and the metadata as it was written. `funnel` has the rows of every stage: `stage`, `source`, `reject_reason`
    (null: kept), `rows`. `known` tells why rows left (see `changes`), `removed` are the hashes of takedowns, and `salt`
    that of new ones (see `withdrawn`). Raises FileExistsError where the folder is not empty, and what `formats` raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder}: a release is written into an empty folder")
    _write_rows(folder / "metadata", served(rows, catalog.release.public_url), catalog)
    written = pl.scan_parquet(folder / METADATA_GLOB)
    if formats is not None:
        formats(folder, written)
    changed = changes(before, written, known, url_key)
    told = hidden(changed) if catalog.release.hash_removals else changed
    told.write_parquet(folder / CHANGES_FILE, row_group_size=ROW_GROUP)
    removed = REMOVED_HASHES.schema.to_frame() if removed is None else removed
    removed.write_parquet(folder / REMOVALS_FILE, row_group_size=ROW_GROUP)
    had = 0 if before is None else before.select(pl.len()).collect(engine="streaming").item()
    manifest = facts(
        written,
        changed,
        version=version,
        catalog=catalog,
        funnel=funnel,
        origin=origin or {},
        previous_version=previous_version,
        previous_rows=had,
    )
    manifest["removals"] = {"salt": salt, "hashes": removed.height, "in_clear": not catalog.release.hash_removals}
    (folder / "README.md").write_text(dataset_card(manifest), encoding="utf-8")
    (folder / "LICENSE").write_text(license_text(manifest), encoding="utf-8")
    files = with_ends(folder, listed(folder))
    (folder / CROISSANT_FILE).write_text(croissant(manifest | {"files": files}), encoding="utf-8")
    manifest["files"] = files | {CROISSANT_FILE: file_facts(folder / CROISSANT_FILE)}
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return manifest


def _write_rows(folder: Path, rows: pl.LazyFrame, catalog: Catalog) -> None:
    settings = catalog.release

    def name(file: FileProviderArgs | int) -> str:
        number = file if isinstance(file, int) else file.index_in_partition
        return f"{settings.name}.{number:03d}.parquet"

    files = pl.PartitionBy(
        folder,
        file_path_provider=name,
        max_rows_per_file=settings.rows_per_file,
        approximate_bytes_per_file=None,
    )
    rows.sink_parquet(files, mkdir=True, row_group_size=ROW_GROUP, engine="streaming")
    if not folder.exists():  # no rows, no file: but consumers' tools want one
        folder.mkdir()
        RELEASE.schema.to_frame().write_parquet(folder / name(0))
