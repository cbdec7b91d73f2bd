"""What a release is cut from: its rows, what tells why rows left, the hashes of removals, and how much may be lost.

What belongs here: reading these from the lake. What does not: what they mean (`publish`), whether the lake is up to
date (`assets/release`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import polars as pl
import polars.selectors as cs

from imgtext_assets import links, publish
from imgtext_assets.catalog import Catalog, ReleaseSettings
from imgtext_assets.defs.discover import known_shards
from imgtext_assets.defs.removals import not_removed, refused_now
from imgtext_assets.defs.replacing import acts_on_dead_links
from imgtext_assets.defs.versions import code_versions
from imgtext_assets.lake import Lake, LakeError
from imgtext_assets.publish.changes import in_words
from imgtext_assets.publish.manifest import Origin, inputs
from imgtext_assets.publish.withdrawn import KEY
from imgtext_assets.publish.write import REMOVALS_FILE
from imgtext_assets.sources import url_key
from imgtext_assets.tables import (
    DEAD_LINKS,
    LINK_DECAY,
    LINK_HOSTS,
    RAW_METADATA,
    REMOVALS,
    REMOVED_HASHES,
    STAGES,
    VERIFIED,
    Table,
)
from imgtext_assets.text import plain

_SALT_BYTES = 16  # as NIST SP 800-132, 5.1, asks of a salt at least


class Removed(TypedDict):
    """What `write_release` publishes of takedowns."""

    removed: pl.DataFrame
    salt: str


def of_catalog(catalog: Catalog) -> pl.Expr:
    """Whether a row is of a source that the catalog has."""
    return pl.col("source").is_in([source.name for source in catalog.sources])


def released_rows(lake: Lake, catalog: Catalog) -> pl.LazyFrame:
    """The rows that a release of now has: RELEASE."""
    verified = not_removed(_rows(lake, VERIFIED).filter(of_catalog(catalog)), lake, catalog.policy)
    return publish.release_rows(verified, _dead(lake, catalog))


def known(lake: Lake, catalog: Catalog) -> publish.Known:
    """What the lake knows of rows that left a release."""
    verified = _rows(lake, VERIFIED).filter(of_catalog(catalog))
    return publish.Known(
        rejected={
            table.name: _rows(lake, table).filter(of_catalog(catalog) & pl.col("reject_reason").is_not_null())
            for table in STAGES
        },
        listed=_rows(lake, RAW_METADATA).filter(of_catalog(catalog)).select(KEY),
        removals=pl.concat([_rows(lake, REMOVALS), refused_now(verified, lake, catalog.policy)]),
        dead=_dead(lake, catalog),
    )


def removed(lake: Lake, catalog: Catalog, rows: pl.LazyFrame) -> Removed:
    """The hashes of all that takedowns removed of any release so far, and their salt; `rows` are those of now.

    The salt is that of the release before, so that hashes stay the same from release to release and can be added up;
    the first release that needs one draws it, and until then it is empty.
    """
    versions, knows = lake.releases.versions(), known(lake, catalog)
    had = _salt(lake, versions)
    salt = had or secrets.token_hex(_SALT_BYTES)
    before = [lake.releases.scan_file(version, REMOVALS_FILE, REMOVED_HASHES.schema) for version in versions[-1:]]
    gone = [publish.withdrawn(lake.releases.scan(version), knows, url_key) for version in versions]
    # Less those that are there: of two rows of an id, a stage may have refused one.
    left = [pl.concat(gone).join(rows.select(KEY), on=KEY, how="anti")] if gone else []
    hashes = publish.all_hashes(before, left, salt)
    return {"removed": hashes, "salt": "" if had is None and hashes.is_empty() else salt}


def _salt(lake: Lake, versions: Sequence[str]) -> str | None:
    """The salt of the newest release that has one. It stays in manifests, so nothing else has to be kept for it."""
    manifests = map(lake.releases.manifest, reversed(versions))
    return next((salt for manifest in manifests if (salt := manifest.get("removals", {}).get("salt"))), None)


def emptied_files(lake: Lake, catalog: Catalog) -> list[str]:
    """Shards whose file shrank so that it holds no row of them any more, with the name of the file."""
    emptied = known_shards(lake).filter(of_catalog(catalog) & (pl.col("rows") == 0) & (pl.col("state") == "present"))
    return [f"{shard} ({plain(file)})" for shard, file in emptied.select("shard", "source_file").iter_rows()]


def refuse_if_too_much_is_lost(
    manifest: Mapping[str, Any], settings: ReleaseSettings, emptied: Sequence[str] = ()
) -> None:
    """Refuse a release that loses more of the rows before than settings allow, without others in their place.

    An interface that failed for a night, a list that came empty, a policy with a slip: what they take out of a release
    is out for whoever loads it. So somebody has to look. Raises LakeError.
    """
    had, lost = manifest["previous_rows"], manifest["changes"]["removed"]
    if lost <= settings.max_removed_rows or lost <= settings.max_removed_share * had:
        return
    why = in_words(manifest["why_rows_left"]["removed"].items())
    shards = f"; no rows any more in {len(emptied)} shards, such as {emptied[0]}" if emptied else ""
    raise LakeError(
        f"release {manifest['version']} would lose {lost:,} of the {had:,} rows of {manifest['previous_version']} "
        f"({lost / had:.1%}; release.max_removed_share is {settings.max_removed_share:.1%}): {why}{shards}; where that "
        "is meant: imgtext release --allow-removals"
    )


def origin(lake: Lake, catalog: Catalog) -> Origin:
    """What the manifest says of where the release comes from: lists, code, and how links fare."""
    return {
        "inputs": inputs(known_shards(lake).filter(of_catalog(catalog))),
        "code": code_versions(catalog),
        "decay": _decay(lake, catalog),
    }


def _decay(lake: Lake, catalog: Catalog) -> dict[str, Any]:
    hosts = _rows(lake, LINK_HOSTS).filter(of_catalog(catalog)).collect()
    last = _rows(lake, LINK_DECAY).select(pl.col("checked_on").max()).collect().item()
    if last is None:
        return {"as_of": None, "by_source": {}}
    shares = links.forecast(hosts, last).select("source", "drawn", "alive_share", "alive_lower", "alive_upper")
    of_sources = hosts.filter(pl.col("host").is_null()).select("source", "links", "dead", "half_life")
    # Sums of shares may differ in their last digits from run to run; a release may not.
    seen = of_sources.join(shares, on="source", how="left").sort("source").with_columns(cs.float().round(4))
    return {"as_of": last.isoformat(), "by_source": {row.pop("source"): row for row in seen.to_dicts()}}


def _dead(lake: Lake, catalog: Catalog) -> pl.LazyFrame:
    """The links that no release may have for being dead."""
    return _rows(lake, DEAD_LINKS) if acts_on_dead_links(catalog) else DEAD_LINKS.schema.to_frame().lazy()


def _rows(lake: Lake, table: Table) -> pl.LazyFrame:
    return lake.tables.scan(table.name, table.schema)
