"""Addresses of pictures: which can be asked for at all, and a form in which two can be compared.

What belongs here: syntax. What does not: names and networks (`fetch/` guards those).
"""

from __future__ import annotations

import ipaddress
import re
from string import ascii_letters, digits

import idna
import polars as pl

MAX_ADDRESS = 8192
"""Longest address that is asked for, characters (RFC 9110 4.1 asks for at least 8000)."""

_PARTS = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]@%]+)(?::([0-9]{0,5}))?", re.IGNORECASE)
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_NUMBERS = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DEFAULT_PORTS = {"http": 80, "https": 443}

# RFC 3986 2.2 and 2.3. Brackets are reserved too, but belong to hosts alone: elsewhere browsers escape them.
_UNRESERVED = frozenset(ascii_letters + digits + "-._~")
_TO_ESCAPE = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+")
_TRIPLE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")

# Most addresses are their own key, which one linear expression can tell: at most five labels of 49 characters (so 249,
# within DNS's 253), the last one no number; segments that begin with no dot; triples in upper case that stand for
# no unreserved character.
_LABEL = "[a-z0-9_-]"
_ESCAPED = "%(?:[0189A-F][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF])"
_START = rf"(?:[A-Za-z0-9\-_~!$&'()*+,;=:@]|{_ESCAPED})"
_REST = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|{_ESCAPED})*"
_QUERY = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|{_ESCAPED})*"
_IS_KEY = rf"^https?://(?:{_LABEL}{{1,49}}\.){{0,4}}[a-z]{_LABEL}{{0,48}}(?:/(?:{_START}{_REST})?)+(?:\?{_QUERY})?$"


def is_web_address(url: pl.Expr) -> pl.Expr:
    """Whether `url` can be asked for, as `normalise` has it: Boolean, never null.

    >>> urls = pl.Series(["http://a.example/b.jpg", "http:///b.jpg", "file:///b", None])
    >>> pl.select(is_web_address(pl.lit(urls))).to_series().to_list()
    [True, False, False, False]
    """
    return url_key(url).is_not_null()


def url_key(url: pl.Expr) -> pl.Expr:
    """`normalise` for a column of addresses: String, null where there is no address or none that can be asked for.

    >>> pl.select(url_key(pl.lit("HTTP://Example.ORG:80/A.jpg?b#c"))).item()
    'http://example.org/A.jpg?b'
    """
    is_key = url.str.contains(_IS_KEY) & (url.str.len_bytes() <= MAX_ADDRESS)
    others = pl.when(is_key).then(pl.lit(None, pl.String)).otherwise(url)
    keys = others.map_batches(_normalise_distinct, return_dtype=pl.String, is_elementwise=True)
    return pl.when(is_key).then(url).otherwise(keys)


def normalise(address: str) -> str | None:
    """The form of a picture's address in which it is compared; None where it is no address that can be asked for.

    It is for comparison only: what is fetched is the address as given.

    - White space around it is no part of it. Control characters in it, or more than 8192 characters, make it none.
    - The scheme is http or https. There is a host, and no user name or password (RFC 3986 3.2.1), even an empty one.
    - The host is a name, which becomes its IDNA A-label by UTS 46 (RFC 5890 2.3.2.1) in lower case without the final
      dot; an IPv6 address, which becomes its shortest spelling (RFC 5952); or an IPv4 address, which
      becomes four decimal numbers from any spelling that `inet_aton` reads.
      Hosts that the IDNA of 2008 does not allow are no addresses here, those with emoji among them (RFC 5892;
      https://pypi.org/project/idna/), although browsers ask for them.
    - The default port and an empty one are dropped (RFC 3986 6.2.3), and so is the fragment. An empty path is `/`.
    - Percent-encoding (RFC 3986 6.2.2): characters that have no place in a path or query become UTF-8 triples, hex
      digits upper case, and triples of unreserved characters (letters, digits, `-._~`) those characters. Reserved
      ones are never decoded: `%2F` is not `/`. Where a `%` begins no triple, triples stay as they are, since
      decoding next to it could make new ones.
    - Dot segments of the path are removed (RFC 3986 5.2.4).

    Two addresses with one key ask for one resource by the standards alone. Nothing else is made equal: the path's case,
    double slashes, the order of the query and an empty query stay.

    >>> normalise("HTTP://Bücher.example:80/%7ea/./ä b?q=%2f#top")
    'http://xn--bcher-kva.example/~a/%C3%A4%20b?q=%2F'
    >>> normalise("http://user@a.example/b.jpg") is None
    True
    """
    address = address.strip(" \t\r\n")
    match = _PARTS.fullmatch(address) if len(address) <= MAX_ADDRESS else None
    if not match or _UNPRINTABLE.search(address):
        return None
    scheme, path, query = match[1].lower(), match[3] or "/", match[4] or ""
    authority = _AUTHORITY.fullmatch(match[2])
    host = _host(authority[1]) if authority else None
    port = int(authority[2] or _DEFAULT_PORTS[scheme]) if authority else 0
    if host is None or not 0 < port < 65536:
        return None
    shown_port = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{shown_port}{_without_dot_segments(_escaped(path))}{_escaped(query)}"


def _normalise_distinct(urls: pl.Series) -> pl.Series:
    keys: dict[str | None, str | None] = {url: normalise(url) for url in urls.drop_nulls().unique()}
    if not keys:
        return urls
    return pl.Series(urls.name, [keys.get(url) for url in urls], pl.String)


def _host(host: str) -> str | None:
    try:
        if host.startswith("["):
            return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]"
        name = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
        name = name.lower().removesuffix(".")
        if _NUMBERS.fullmatch(name):
            return str(_ipv4(name))
    except ValueError:  # IDNAError is one
        return None
    return name if _NAME.fullmatch(name) else None


def _ipv4(numbers: str) -> ipaddress.IPv4Address:
    """One to four numbers, decimal, octal (`0`) or hexadecimal (`0x`); the last fills what is left of the 32 bits."""
    *first, last = (int(n, 16 if n.startswith("0x") else 8 if n.startswith("0") else 10) for n in numbers.split("."))
    if len(first) > 3 or any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        raise ValueError("no IPv4 address")
    return ipaddress.IPv4Address(bytes(first) + last.to_bytes(4 - len(first), "big"))


def _escaped(part: str) -> str:
    part = _TO_ESCAPE.sub(lambda match: "%" + match[0].encode().hex("%").upper(), part)
    if "%" not in part or _STRAY_PERCENT.search(part):
        return part
    return _TRIPLE.sub(_normal_triple, part)


def _normal_triple(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _without_dot_segments(path: str) -> str:
    if "/." not in path:
        return path
    segments, kept = path.split("/")[1:], list[str]()
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
