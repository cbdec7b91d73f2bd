"""What the table says of columns of statements and of licence ids, as polars expressions."""

from __future__ import annotations

from functools import partial

import polars as pl

from imgtext_assets.rights.licenses.matching import find_license
from imgtext_assets.rights.licenses.model import Demand
from imgtext_assets.rights.licenses.table import BY_ID, LICENSES

RECOGNISED = pl.Struct({"license_id": pl.String(), "pattern": pl.String()})


def recognise(stated: pl.Expr, scheme: str | None = None) -> pl.Expr:
    """What `find_license` finds in each text: Struct of `license_id` and `pattern`, both null where that is nothing.

    Each different text is looked at once a batch.

    >>> texts = pl.Series(["CC0", "9", "my own"])
    >>> pl.select(recognise(pl.lit(texts), "flickr").struct.field("license_id")).to_series().to_list()
    ['CC0-1.0', 'CC0-1.0', None]
    """
    return stated.map_batches(partial(_recognise, scheme=scheme), return_dtype=RECOGNISED, is_elementwise=True)


def license_url(license_id: pl.Expr) -> pl.Expr:
    """The canonical address of each licence: String, null where there is none."""
    return license_id.replace_strict([*BY_ID], [known.url for known in LICENSES], default=None, return_dtype=pl.String)


def is_public_domain(license_id: pl.Expr) -> pl.Expr:
    """Whether nobody claims copyright in a work so licensed: Boolean, null where the licence is unknown."""
    said = [known.public_domain for known in LICENSES]
    return license_id.replace_strict([*BY_ID], said, default=None, return_dtype=pl.Boolean)


def demands(license_id: pl.Expr, demand: Demand) -> pl.Expr:
    """Whether the licence makes this demand: Boolean, null where it is unknown. Reserved rights make every demand.

    >>> ids = pl.Series(["CC-BY-NC-4.0", "CC0-1.0", "all-rights-reserved"])
    >>> pl.select(demands(pl.lit(ids), Demand.NON_COMMERCIAL)).to_series().to_list()
    [True, False, True]
    """
    return (_demands(license_id) & demand.mask) != 0


def stricter(license_id: pl.Expr, than: pl.Expr) -> pl.Expr:
    """Whether the first licence demands something that the second does not: Boolean, null where either is unknown.

    Two licences can each be stricter than the other. Reserved rights are stricter than any licence.

    >>> first, second = pl.lit("CC-BY-NC-4.0"), pl.lit("CC-BY-SA-4.0")
    >>> pl.select(a=stricter(first, second), b=stricter(second, first), c=stricter(first, first)).row(0)
    (True, True, False)
    """
    return (_demands(license_id) & ~_demands(than)) != 0


def _demands(license_id: pl.Expr) -> pl.Expr:
    """The demands of each licence as bits."""
    masks = [known.demands.mask for known in LICENSES]
    return license_id.replace_strict([*BY_ID], masks, default=None, return_dtype=pl.UInt8)


def _recognise(stated: pl.Series, scheme: str | None) -> pl.Series:
    found = [(text, match) for text in stated.unique().drop_nulls() if (match := find_license(text, scheme))]
    index = stated.replace_strict(
        pl.Series([text for text, _ in found], dtype=pl.String),
        pl.Series(range(len(found)), dtype=pl.UInt32),
        default=None,
        return_dtype=pl.UInt32,
    )
    ids = pl.Series("license_id", [match.license.id for _, match in found], dtype=pl.String)
    patterns = pl.Series("pattern", [match.pattern for _, match in found], dtype=pl.String)
    return pl.DataFrame([ids.gather(index), patterns.gather(index)]).to_struct(stated.name)
