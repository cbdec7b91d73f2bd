"""Opt-out lists: files of addresses, domains and SHA-256s whose owners said no, such as a registry hands out.

What belongs here: the format of such a file, and which rows it names. What does not: reading files (the caller), and
what an address is compared by (`sources.url_key`, which the caller passes).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl

OPT_OUTS = pl.Schema({"kind": pl.String(), "value": pl.String(), "list": pl.String()})
"""One row an entry. `kind` is `url` (`value` is a url_key), `domain` (a host name in lower case) or `sha256`."""

_HEADER = r"^(?i:kind\s*,\s*value)$"
_SHA256 = r"^[0-9A-Fa-f]{64}$"
_DOMAIN = r"^(?:\*?\.)?([^\s.,/:@?#]+(?:\.[^\s.,/:@?#]+)+)\.?$"
_HOST = r"^[^:]+://(\[[^\]]*\]|[^/?#:]*)"
_ORIGIN_OF_DOMAIN = r"^https?://[^/?#:]*\.[^/?#:]*(?::[0-9]+)?/$"
_SCHEME = re.compile("^https?://")
_SHOWN = 100  # characters of a bad line in an error


def parse_opt_outs(text: str, name: str, url_key: Callable[[pl.Expr], pl.Expr]) -> pl.DataFrame:
    """The entries of one list, as OPT_OUTS without repeats; `name` is what the list is called in evidence and errors.

    One entry a line: 64 hex digits are the SHA-256 of a file, what has `://` is an address, anything else a domain,
    which covers its subdomains (`*.` before it says nothing more). An address without a path (`https://example.org/`)
    is its domain, too: whoever lists it hardly means the front page alone. A `*` in an address is no wildcard but an
    error, for it would name nothing. A file that begins with the line `kind,value`
    names the kind (`url`, `domain`, `sha256`) of each entry instead. Empty lines and those that begin with `#` say
    nothing. Raises ValueError, which names the list and the line, for a line that is none of these: an entry that
    nobody understands would be an opt-out that nobody obeys.

    >>> from imgtext_assets.sources import url_key
    >>> parse_opt_outs("# by mail\\nExample.org\\nHTTP://a.example:80/b.jpg", "mine.txt", url_key).rows()
    [('domain', 'example.org', 'mine.txt'), ('url', 'http://a.example/b.jpg', 'mine.txt')]
    """
    lines = (
        pl.LazyFrame({"line": text.removeprefix("\ufeff").splitlines()}, schema={"line": pl.String})
        .with_row_index("number", offset=1)
        .with_columns(pl.col("line").str.strip_chars())
        .filter((pl.col("line") != "") & ~pl.col("line").str.starts_with("#"))
    )
    value = pl.col("entry")
    host = url_key(pl.format("http://{}/", value.str.extract(_DOMAIN))).str.extract(_HOST)
    entries = (
        _split(lines)
        .with_columns(
            value=pl.when((pl.col("kind") == "url") & ~value.str.contains("*", literal=True))
            .then(url_key(value))
            .when(kind="domain")
            .then(host)
            .when((pl.col("kind") == "sha256") & value.str.contains(_SHA256))
            .then(value.str.to_lowercase())
        )
        .with_columns(is_origin=(pl.col("kind") == "url") & pl.col("value").str.contains(_ORIGIN_OF_DOMAIN))
        .with_columns(
            kind=pl.when("is_origin").then(pl.lit("domain")).otherwise("kind"),
            value=pl.when("is_origin").then(pl.col("value").str.extract(_HOST)).otherwise("value"),
        )
        .collect()
    )
    for number, line in entries.filter(pl.col("value").is_null()).select("number", "line").head(1).iter_rows():
        raise ValueError(
            f"{name}, line {number}: {line[:_SHOWN]!r} is no address (http or https), domain or SHA-256 (64 hex digits)"
        )
    unique = entries.unique(["kind", "value"], keep="first", maintain_order=True)
    return unique.select("kind", "value", list=pl.lit(name))


def listed(frame: pl.LazyFrame, opt_outs: pl.DataFrame) -> pl.LazyFrame:
    """`frame` with `opted_out_by`: the list and the entry that name the row's `url_key`; null where none does.

    An address comes before a domain, a longer domain before a shorter one; http and https are one. Rows in = rows out,
    in the same order. One join for addresses and one for each number of labels that the domains have, so millions of
    entries do.
    """
    domains = opt_outs.filter(kind="domain").with_columns(labels=pl.col("value").str.count_matches(".", literal=True))
    host, found = pl.col("url_key").str.extract(_HOST), []
    joined = _joined(frame, opt_outs.filter(kind="url"), pl.col("url_key"), found)
    for labels in domains["labels"].unique().sort(descending=True):
        tail = host.str.extract(rf"(?:^|\.)([^.]+(?:\.[^.]+){{{labels}}})$")
        joined = _joined(joined, domains.filter(labels=labels), tail, found)
    return _with_first(joined, found)


class OptOuts:
    """The same question for one address at a time: redirects and previews are known only on the way.

    `opt_outs` are entries of OPT_OUTS, and `normalise` gives the url_key of an address, None for what is none.
    """

    def __init__(self, opt_outs: pl.DataFrame, normalise: Callable[[str], str | None]) -> None:
        self._normalise = normalise
        self._urls, self._domains = (_by_value(opt_outs.filter(kind=kind)) for kind in ("url", "domain"))

    def holds(self, evidence: str) -> bool:
        """Whether an entry that was named as evidence before is on its list still."""
        return evidence in self._urls.values() or evidence in self._domains.values()

    def evidence(self, url: str) -> str | None:
        """The list and the entry that name an address, as `listed` gives them; None where none does."""
        key = self._normalise(url) if self._urls or self._domains else None
        if key is None:
            return None
        address = _SCHEME.sub("", key)
        if address in self._urls:
            return self._urls[address]
        host = re.match(_HOST, key)
        labels = host[1].split(".") if host else []
        domains = (".".join(labels[start:]) for start in range(len(labels)))
        return next((self._domains[domain] for domain in domains if domain in self._domains), None)


def _by_value(entries: pl.DataFrame) -> dict[str, str]:
    """The evidence by the value as it is compared; of entries for one value the first."""
    return dict(_evidence(entries, "evidence").iter_rows())


def _evidence(entries: pl.DataFrame, name: str) -> pl.DataFrame:
    compared = entries.with_columns(_opt_out=_compared(pl.col("value")))
    first = compared.unique("_opt_out", keep="first", maintain_order=True)
    return first.select("_opt_out", pl.format("{} lists {}", "list", "value").alias(name))


def _compared(value: pl.Expr) -> pl.Expr:
    """A value without its scheme, in which spellings of one address differ more often than pictures do."""
    return value.str.replace(_SCHEME.pattern, "")


def listed_bytes(frame: pl.LazyFrame, opt_outs: pl.DataFrame, column: str = "sha256") -> pl.LazyFrame:
    """`frame` with `opted_out_by`: the list and the SHA-256 that name the bytes of `column`; else null."""
    found: list[str] = []
    return _with_first(_joined(frame, opt_outs.filter(kind="sha256"), pl.col(column), found), found)


def _split(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Add `kind` and `entry` to the lines: by the file's own first column where it has one, else by their form."""
    first = lines.first().collect()["line"]
    if not first.str.contains(_HEADER).any():
        form = pl.when(pl.col("line").str.contains(_SHA256)).then(pl.lit("sha256"))
        form = form.when(pl.col("line").str.contains("://", literal=True)).then(pl.lit("url"))
        return lines.with_columns(kind=form.otherwise(pl.lit("domain")), entry="line")
    parts = pl.col("line").str.splitn(",", 2)
    return lines.slice(1).with_columns(
        kind=parts.struct.field("field_0").str.strip_chars().str.to_lowercase(),
        entry=parts.struct.field("field_1").str.strip_chars(' "'),
    )


def _joined(frame: pl.LazyFrame, entries: pl.DataFrame, value: pl.Expr, found: list[str]) -> pl.LazyFrame:
    """Join the entries by `value` as one more column of evidence, whose name is added to `found`."""
    if entries.is_empty():
        return frame
    evidence = f"_opt_out_{len(found)}"
    found.append(evidence)
    with_value = frame.with_columns(_opt_out=_compared(value))
    return with_value.join(_evidence(entries, evidence).lazy(), on="_opt_out", how="left", maintain_order="left").drop(
        "_opt_out"
    )


def _with_first(frame: pl.LazyFrame, found: list[str]) -> pl.LazyFrame:
    """The first evidence that there is, in place of the columns of evidence."""
    first = pl.coalesce(found) if found else pl.lit(None, pl.String)
    return frame.with_columns(opted_out_by=first).drop(found)
