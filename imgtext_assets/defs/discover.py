"""Which shards there are: list each source's files and plan their rows into partitions.

Used by the shard sensor and by `imgtext build`, so that both see the same shards.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import dagster as dg
import polars as pl

from imgtext_assets.catalog import Catalog, Source, digest, is_relative
from imgtext_assets.defs.history import SOURCE_FILES, newest
from imgtext_assets.defs.partitions import shards
from imgtext_assets.engine import Engine
from imgtext_assets.lake import Lake, LakeError, file_versions, list_files
from imgtext_assets.sources import plan_shards
from imgtext_assets.tables import RAW_METADATA, SHARDS

# Dagster's limit for one request, measured to take 0.16 s.
_KEYS_A_CALL = 10_000
_NO_HEADER = "-noheader"
_SHOWN = 3


@dataclass(frozen=True)
class Discovery:
    """All shards (rows of SHARDS), those that are new or changed, and what is wrong, a line each."""

    shards: pl.DataFrame
    changed: list[str]
    problems: list[str]


def known_shards(lake: Lake) -> pl.DataFrame:
    """The shards as last planned: rows of SHARDS."""
    return lake.tables.scan(SHARDS.name, SHARDS.schema).collect()


def discover(catalog: Catalog, lake: Lake, reader: Engine) -> Discovery:
    """List the files of every source and write the plan of shards where it changed.

    `reader` opens files that are new, in processes that may die of them. A source that cannot be listed keeps its
    shards as they were and is named in `problems`.
    """
    known = known_shards(lake)
    plans, problems = [_without_source(known, catalog)], []
    for source in catalog.sources:
        of_source = known.filter(source=source.name)
        try:
            listing = _list(catalog, source, of_source, reader)
        except LakeError as error:
            plans.append(of_source)
            problems.append(f"source {source.name}: {error}")
            continue
        plans.append(plan_shards(known, listing, source, catalog.shard_rows))
        problems += _problems(catalog, source, listing, plans[-1])
    planned = pl.concat(plans).sort("shard")
    changed = planned.join(known, on=known.columns, how="anti", nulls_equal=True)["shard"].to_list()
    if changed:
        lake.tables.write(SHARDS.name, planned)
    return Discovery(planned, changed, problems)


def listing_version(catalog: Catalog, source: Source) -> str:
    """A digest of which files a source has and of which versions, and of how it is read; none is opened.

    Raises LakeError where the source cannot be listed.
    """
    versions = file_versions(source.paths, str(catalog.folder))
    return sha256(repr((sorted(versions.items()), digest(source.reading))).encode()).hexdigest()[:16]


def _without_source(known: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Shards whose source is no longer in the catalog: they stay, and nothing is built or released of them."""
    gone = known.filter(~pl.col("source").is_in([source.name for source in catalog.sources]))
    return gone.with_columns(state=pl.lit("vanished"), problem=pl.lit("the source is no longer in the catalog"))


def _list(catalog: Catalog, source: Source, known: pl.DataFrame, reader: Engine) -> pl.DataFrame:
    """The source's files as `list_files` has them, written down as the plan does: those of relative paths relative.

    A file whose version is as before has as many rows as before: it need not be opened again. Whether its first line
    is a header is part of the version.
    """
    version, mark = pl.col("file_version"), "" if source.header else _NO_HEADER
    counted = known.filter(version.str.ends_with(_NO_HEADER) == bool(mark), state="present")
    counted = counted.group_by("source_file", version.str.strip_suffix(mark)).agg(pl.col("rows").sum())
    there = counted.with_columns(problem=pl.lit(None, pl.String))

    def listed(relative: bool) -> pl.DataFrame:
        paths = [path for path in source.paths if is_relative(path) == relative]
        return list_files(paths, there, run=reader.map, header=source.header, root=str(catalog.folder))

    near, far = listed(relative=True), listed(relative=False)
    both = far["source_file"].is_in([catalog.place(file) for file in near["source_file"]])
    return pl.concat([near, far.filter(~both)]).with_columns(version + mark)


def _problems(catalog: Catalog, source: Source, listing: pl.DataFrame, plan: pl.DataFrame) -> list[str]:
    if listing.is_empty() and plan.is_empty():
        paths = ", ".join(catalog.place(path) for path in source.paths)
        return [f"source {source.name}: no file matches {paths}; check `paths` in the catalog"]
    if plan.is_empty():
        files = ", ".join(catalog.place(file) for file in listing["source_file"].head(_SHOWN))
        return [f"source {source.name}: no rows in {files}; if a list has no line that names columns: `header: false`"]
    vanished = plan.filter(state="vanished").group_by("source_file", maintain_order=True).agg(pl.col("shard"))
    unreadable = plan.filter(state="unreadable").unique("source_file", maintain_order=True)
    return [
        *(
            f"source {source.name}: {file} has vanished; its shards stay as they were: {', '.join(keys)}"
            for file, keys in vanished.iter_rows()
        ),
        *(f"source {source.name}: {problem}" for problem in unreadable["problem"]),
    ]


def present_shards(lake: Lake, source: str | None = None) -> list[str]:
    """Keys of the shards whose file is there and whose source is in the catalog, of all sources or of one."""
    known = known_shards(lake).filter(state="present")
    return (known if source is None else known.filter(source=source))["shard"].to_list()


def judged_shards(lake: Lake, catalog: Catalog, source: str | None = None) -> list[str]:
    """Keys of the shards that are judged and released, of all sources of the catalog or of one.

    Also those whose file is gone or broken by now, if they had been read before: their rows are in the lake, and obey
    policies and orders as all others do.
    """
    names = [entry.name for entry in catalog.sources] if source is None else [source]
    was_read = pl.col("shard").is_in(lake.tables.shards(RAW_METADATA.name))
    known = known_shards(lake).filter(pl.col("source").is_in(names) & ((pl.col("state") == "present") | was_read))
    return known["shard"].to_list()


def source_of(shard: str) -> str:
    """The name of the source that a shard is of: its key is `<source>-<00000>`."""
    return shard.rpartition("-")[0]


def shard_plan(lake: Lake, shard: str) -> dict[str, Any]:
    """The plan of one shard, a row of SHARDS. Raises LakeError where its file cannot be read."""
    plan = known_shards(lake).filter(shard=shard).to_dicts()
    if not plan:
        raise LakeError(f"shard {shard}: not in {lake.root}/shards.parquet; run `imgtext build` or the shard sensor")
    if plan[0]["state"] != "present":
        raise LakeError(f"shard {shard}: {plan[0]['source_file']}: {plan[0]['problem']}")
    return plan[0]


def add_partitions(instance: dg.DagsterInstance, discovery: Discovery) -> list[str]:
    """Add the shards that the instance lacks. Returns their keys."""
    have = set(instance.get_dynamic_partitions(str(shards.name)))
    new = [key for key in discovery.shards["shard"] if key not in have]
    for start in range(0, len(new), _KEYS_A_CALL):
        instance.add_dynamic_partitions(str(shards.name), new[start : start + _KEYS_A_CALL])
    return new


def file_events(instance: dg.DagsterInstance, discovery: Discovery, catalog: Catalog) -> list[dg.AssetMaterialization]:
    """The version of each readable shard's piece of a file, where the instance does not know it yet.

    How the catalog says to read its source is part of it: another mapping of columns makes this source's shards stale.

    Materialisations of the external asset, not observations: Dagster 1.13 takes no account of observations where it
    compares the data versions of partitions.
    """
    known = newest(instance, SOURCE_FILES.to_user_string())
    reading = {source.name: digest(source.reading) for source in catalog.sources}
    present = discovery.shards.filter(state="present").with_columns(
        version=pl.format(
            "{}:{}:{}:{}", "file_version", "first_row", "rows", pl.col("source").replace_strict(reading, default="")
        )
    )
    return [
        dg.AssetMaterialization(
            SOURCE_FILES,
            partition=row["shard"],
            metadata={name: row[name] for name in ("source_file", "first_row", "rows")},
            tags={"dagster/data_version": row["version"]},
        )
        for row in present.iter_rows(named=True)
        if row["shard"] not in known or known[row["shard"]].data_version != row["version"]
    ]
