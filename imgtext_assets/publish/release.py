"""Which rows a release has, at which addresses, and what it is called. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

import polars as pl

from imgtext_assets.tables import RELEASE

_KEY = ("source", "id")


def release_rows(verified: pl.LazyFrame, dead_links: pl.LazyFrame | None = None) -> pl.LazyFrame:
    """The rows to publish: those of VERIFIED that go on; RELEASE, sorted by source and id.

    But for those whose link is dead: `dead_links` is a frame of DEAD_LINKS; null: they stay, as where we serve the
    bytes. What was removed since the stages ran is not among `verified` any more (`defs.removals.not_removed`).
    """
    rows = verified.filter(pl.col("reject_reason").is_null())
    if dead_links is not None:
        rows = rows.join(dead_links.select("url").unique(), on="url", how="anti", maintain_order="left")
    published = rows.drop("license").rename(
        {"measured_md5": "hash", "license_url": "license", "url": "source_url", "fetched_at": "retrieved_at"}
    )
    # As sources write addresses, some have blanks and letters beyond ASCII, which many clients cannot ask for.
    address = pl.coalesce("url_key", "source_url")
    named = published.with_columns(
        url=address, phash=_hex_digits(pl.col("phash")), source_file=public_name(pl.col("source_file"))
    )
    return RELEASE.conform(named).sort(_KEY)


def served(rows: pl.LazyFrame, public_url: str | None) -> pl.LazyFrame:
    """The rows of a release with `url` where we serve the bytes, if we do; `source_url` stays the source's.

    `public_url` has `{sha256}` where the SHA-256 belongs (`release.public_url`).
    """
    if public_url is None:
        return rows
    first, *others = (pl.lit(part) for part in public_url.split("{sha256}"))
    return rows.with_columns(url=pl.concat_str(first, *(part for other in others for part in ("sha256", other))))


def _hex_digits(phash: pl.Expr) -> pl.Expr:
    """64-bit hashes as imagehash writes them: 16 hex digits; null stays null."""

    def digits(hashes: pl.Series) -> pl.Series:
        of_all = hashes.fill_null(0).to_numpy().astype(">u8").tobytes().hex()
        each = [of_all[start : start + 16] for start in range(0, len(of_all), 16)]
        return pl.Series(hashes.name, each, pl.String).set(hashes.is_null(), None)

    return phash.map_batches(digits, return_dtype=pl.String, is_elementwise=True)


def public_name(file: pl.Expr) -> pl.Expr:
    """A metadata file's name without what is nobody's business: folders of our machine, passwords, signed queries."""
    far = file.str.replace("://[^/]*@", "://").str.replace(r"[?#].*$", "")
    near = pl.when(file.str.starts_with("/")).then(file.str.split("/").list.last()).otherwise(file)
    return pl.when(file.str.contains("://", literal=True)).then(far).otherwise(near)


def next_version(existing: Iterable[str], today: date) -> str:
    """The version after all of `existing`: year, month and a counter from 0 (calver.org: `YYYY.MM.MICRO`).

    Names that are no such version are passed over.

    >>> next_version(["2026.10.3", "2026.11.0"], date(2026, 11, 21))
    '2026.11.1'
    """
    this_month = re.compile(rf"{today.year}\.{today.month}\.(\d+)", re.ASCII)
    counters = [int(match[1]) for name in existing if (match := this_month.fullmatch(name))]
    return f"{today.year}.{today.month}.{max(counters, default=-1) + 1}"
