"""Addresses of pictures: which can be asked for at all, and a form in which two can be compared.

What belongs here: syntax, as polars expressions. What does not: names and networks (`fetch/` guards those).
"""

from __future__ import annotations

import polars as pl

# RFC 3986, appendix B, narrowed to http(s). A host begins with no dot and has none of the characters that the WHATWG
# URL standard forbids in one; the address has no control characters, which clients drop or split requests at.
_HOST = r"""(?:\[[0-9A-Fa-f:.]+\]|[^\s.\x00-\x1f\x7f#%/:<>?@\[\\\]^`{|}"'][^\s\x00-\x1f\x7f#%/:<>?@\[\\\]^`{|}"']*)"""
_WEB_ADDRESS = rf"^(?i:https?)://(?:[^/?#@\\\x00-\x20]*@)?{_HOST}(?::[0-9]{{0,5}})?(?:[/?#][^\x00-\x1f\x7f]*)?$"
_SCHEME = r"^([^:]+)://"
_USER = r"^[^:]+://([^/?#@]*@)"
_HOST_AND_PORT = r"^[^:]+://(?:[^/?#@]*@)?([^/?#]*)"
_PATH_AND_QUERY = r"^[^:]+://[^/?#]*([^#]*)"


def is_web_address(url: pl.Expr) -> pl.Expr:
    """Whether `url` is an http or https address with a host: Boolean, never null.

    >>> urls = pl.Series(["http://a.example/b.jpg", "http:///b.jpg", "file:///b", None])
    >>> pl.select(is_web_address(pl.lit(urls))).to_series().to_list()
    [True, False, False, False]
    """
    return url.str.contains(_WEB_ADDRESS).fill_null(False)


def url_key(url: pl.Expr) -> pl.Expr:
    """`url` for comparison: scheme and host in lower case, no default port, no fragment, the rest untouched.

    Null where `url` is no web address. These are the normalisations of RFC 3986, 6.2.2.1 and 6.2.3, that never
    make two pictures one; path and query keep their case and their percent-encodings.

    >>> pl.select(url_key(pl.lit("HTTP://Example.ORG:80/A.jpg?b#c"))).item()
    'http://example.org/A.jpg?b'
    """
    scheme = url.str.extract(_SCHEME).str.to_lowercase()
    host = url.str.extract(_HOST_AND_PORT).str.to_lowercase()
    default_port = pl.when(scheme == "http").then(pl.lit(":80")).otherwise(pl.lit(":443"))
    host = host.str.strip_suffix(default_port).str.strip_suffix(":")
    user = url.str.extract(_USER).fill_null("")
    key = pl.concat_str(scheme, pl.lit("://"), user, host, url.str.extract(_PATH_AND_QUERY))
    return pl.when(is_web_address(url)).then(key)
