"""What people ordered, read from the files that the catalog names: decisions on accounts, opt-out lists.

Read anew at each use, since a person may have added a line. What belongs here: opening the files, and saying plainly
what is wrong with them; adding a decision. What does not: what they mean (`rights`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from imgtext_assets import rights, sources
from imgtext_assets.catalog import Catalog, CatalogError
from imgtext_assets.defs.engines import new_engine
from imgtext_assets.lake import LakeError, read_text, store_errors
from imgtext_assets.sources.table import OURS


@dataclass(frozen=True)
class Orders:
    """Decisions on accounts (`rights.DECISIONS`) and entries of opt-out lists (`rights.OPT_OUTS`)."""

    decisions: pl.DataFrame
    opt_outs: pl.DataFrame


def load_orders(catalog: Catalog) -> Orders:
    """The orders of the catalog's files. Raises CatalogError, which names the file, the line and what was expected."""
    file, lists = catalog.policy.accounts.decisions, catalog.policy.consent.opt_out_lists
    try:
        decisions = rights.parse_decisions(read_text(file), file) if file else rights.DECISIONS.to_frame()
        opt_outs = [rights.parse_opt_outs(read_text(path), path, sources.url_key) for path in lists]
    except (LakeError, ValueError) as error:
        raise CatalogError(str(error)) from None
    return Orders(decisions, pl.concat([rights.OPT_OUTS.to_frame(), *opt_outs]))


def write_decision(file: Path, decision: Mapping[str, str]) -> None:
    """Add a line to a local file of decisions, which may not be there yet. Raises ValueError, LakeError."""
    with store_errors(str(file)):
        text = rights.add_decision(read_text(str(file)) if file.exists() else "", decision)
        unfinished = file.with_name(f".{file.name}.{os.getpid()}")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(file)


def check_catalog(catalog: Catalog) -> None:
    """Raise CatalogError where the catalog names a licence, a language or a column of ours that there is not, or what
    is not installed.
    """
    new_engine(catalog)
    for source in catalog.sources:
        unknown = [ours for ours in source.columns if ours not in OURS]
        if unknown:
            raise CatalogError(
                f"source {source.name}: `columns.{unknown[0]}`: no such column of ours; `columns` can map "
                f"{', '.join(OURS)}"
            )
    for policy in [catalog.policy.licenses, *(source.license_policy for source in catalog.sources)]:
        try:
            rights.allowed_ids(policy.allow if policy else [])
        except ValueError as error:
            raise CatalogError(f"`allow` of a licence policy: {error}") from None
    for captions in [catalog.policy.captions, *(source.caption_policy for source in catalog.sources)]:
        sources.caption_rules(captions or catalog.policy.captions)
