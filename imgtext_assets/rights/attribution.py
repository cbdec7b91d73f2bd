"""The credit line that a licence asks for: title, author, source, licence (TASL).

What each part is, and that a missing one is left out, is from
https://wiki.creativecommons.org/wiki/Recommended_practices_for_attribution. All parts but the licence are somebody
else's texts, so they are made one short line that cannot pretend to be more: no markup, no control, invisible or
direction-changing characters, no quotation marks within the title, and addresses whole or not at all.
"""

from __future__ import annotations

import polars as pl

from imgtext_assets.rights.licenses import LICENSES, license_url

LONGEST_TITLE, LONGEST_NAME = 120, 80  # characters
LONGEST_ADDRESS = 2048  # bytes
_READ = 1000  # characters of a text that are looked at, since a caption can have 65,536 bytes
_TAG = r"</?[A-Za-z!][^<>]*>"
# Unicode general categories: control, format (bidirectional overrides, zero-width characters), private, unassigned.
_INVISIBLE = r"[[\p{Cc}\p{Cf}\p{Co}\p{Cn}]--\s]"
_SPACE = r"\s\s+|[\s-- ]"  # all but what is one space already
_ADDRESS = r"""^(?i:https?)://[^\s/?#@\\<>"]+(?:[/?#][^\s<>"\\]*)?$"""  # a host without user info, no brackets


def attribution() -> pl.Expr:
    """The credit line, of columns title, caption, creator, creator_url, landing_url, url and license_id.

    String; null where the licence asks for none, permits nothing, or is unknown. Addresses stand in angle brackets
    behind what they lead to (RFC 3986, appendix C). The title is the caption where there is none; the source is the
    picture's page, else the picture.

    >>> row = {"title": "A bird", "caption": "", "creator": "Ann", "creator_url": "https://a.example/",
    ...        "landing_url": "https://a.example/1", "url": "https://a.example/1.jpg", "license_id": "CC-BY-4.0"}
    >>> pl.DataFrame([row]).select(attribution()).item()  # doctest: +ELLIPSIS
    '"A bird" <https://a.example/1> by Ann <https://a.example/>, CC BY 4.0 <https://creativecommons.org/...>'
    """
    license_id = pl.col("license_id")
    asking = {known.id: known.title for known in LICENSES if known.attribution and not known.reserved}
    terms = license_id.replace_strict([*asking], [*asking.values()], default=None, return_dtype=pl.String)

    def given(column: str) -> pl.Expr:
        """A column where a line is wanted: the rest costs nothing."""
        return pl.when(terms.is_not_null()).then(pl.col(column))

    title = pl.coalesce(_line(given(column), LONGEST_TITLE) for column in ("title", "caption"))
    line = pl.concat_str(
        pl.format('"{}"', title.str.replace_all('"', "'", literal=True)).fill_null("Picture"),
        _link(pl.coalesce(_address(given(column)) for column in ("landing_url", "url"))),
        pl.format(" by {}{}", _line(given("creator"), LONGEST_NAME), _link(_address(given("creator_url")))).fill_null(
            ""
        ),
        pl.format(", {}{}", terms, _link(license_url(license_id))),
    )
    return pl.when(terms.is_not_null()).then(line)


def _line(text: pl.Expr, longest: int) -> pl.Expr:
    """`text` as one line without markup and invisible characters, cut to `longest`; null where nothing is left."""
    read = text.str.slice(0, _READ).str.replace_all(_TAG, " ").str.replace_all(_INVISIBLE, "")
    plain = read.str.replace_all(_SPACE, " ").str.strip_chars(" ")
    cut = plain.str.replace(f"^(.{{{longest - 1}}}).{{2,}}$", "${1}…")
    return cut.str.extract("^(.+)$")  # which is null for an empty one


def _address(url: pl.Expr) -> pl.Expr:
    """`url` where it can be shown whole and safely; else null."""
    whole = url.str.contains(_ADDRESS) & ~url.str.contains(_INVISIBLE) & (url.str.len_bytes() <= LONGEST_ADDRESS)
    return pl.when(whole).then(url)


def _link(url: pl.Expr) -> pl.Expr:
    return pl.format(" <{}>", url).fill_null("")
