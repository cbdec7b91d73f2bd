"""The address guard: which URLs may be asked for, and which network addresses may be dialled.

A URL is checked as text before a request, and once more as the address that a socket is about to be connected to.
Only the second check is a defence: names resolve to anything, and to something else a moment later (DNS rebinding);
the address that is checked here is the one that is dialled.

What belongs here: parsing URLs and judging addresses. What does not: resolving names, connecting.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote, urljoin

import idna

from imgtext_assets.settings import FetchSettings

MAX_URL = 8192
"""Longest URL that is asked for, characters (RFC 9110 4.1 asks for at least 8000)."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# IANA's special-purpose registries (https://www.iana.org/assignments/iana-ipv4-special-registry, ipv6 likewise), as
# far as they are not ordinary hosts. `ipaddress.is_global` is no substitute: Python 3.11 passes several of these.
_DENIED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba Cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent: a public address that only its virtual machines reach
        "169.254.0.0/16",  # link-local; the clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# All that IANA has given out for hosts lies in 2000::/3, so loopback, ULA, link-local, site-local, multicast, SRv6 and
# the local NAT64 prefix need no entry.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_DENIED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, withdrawn: leads to any IPv4 address
        "3fff::/20",  # documentation
        "3ffe::/16",  # 6bone, returned
    )
)
_EMBEDDING_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible (RFC 4291 2.5.5.1)
        "::ffff:0:0/96",  # IPv4-mapped (RFC 4291 2.5.5.2)
        "::ffff:0:0:0/96",  # IPv4-translated (RFC 7915)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
    )
)
_DEFAULT_PORTS = {"http": 80, "https": 443}

_ASCII = "".join(map(chr, range(128)))
_URL = re.compile(r"(https?)://([^/?#]*)(/[^?#]*)?(\?[^#]*)?(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]@%]+)(?::([0-9]{0,5}))?", re.IGNORECASE)
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_NUMBERS = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class BadURL(ValueError):
    """The text is no URL that is ever asked for; the message says why."""


class URL(NamedTuple):
    """An absolute http(s) URL in ASCII as it goes out: no fragment, host in lower case, odd characters escaped."""

    text: str
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """Scheme, host and port, as `text` begins (RFC 6454 4): whose robots.txt holds."""
        return "/".join(self.text.split("/", 3)[:3])


def parse_url(text: str) -> URL:
    """Parse and normalise an address from the internet; raises BadURL.

    The text is what goes out, byte by byte: consent is judged by it. Accepts what a browser's address bar does of http
    and https (https://url.spec.whatwg.org): spaces and non-ASCII letters are percent-encoded as UTF-8, dot segments
    resolved, host names become IDNA (UTS 46), IPv4 addresses in odd spellings (decimal, octal, hex) the usual four
    numbers. Refuses credentials, control characters and everything else.

    >>> parse_url("HTTP://Bücher.example:80/ä b?q=1#top").text
    'http://xn--bcher-kva.example/%C3%A4%20b?q=1'
    """
    text = text.strip(" \t\r\n")
    if len(text) > MAX_URL:
        raise BadURL(f"longer than {MAX_URL} characters")
    if _UNPRINTABLE.search(text):
        raise BadURL("control characters")
    match = _URL.fullmatch(text)
    if not match:
        raise BadURL("not http or https")
    scheme, authority, path, query = match[1].lower(), match[2], match[3] or "/", match[4] or ""
    if "@" in authority:
        raise BadURL("user name or password in the address")
    parts = _AUTHORITY.fullmatch(authority)
    if not parts:
        raise BadURL("no valid host")
    host = _host(parts[1])
    port = int(parts[2] or _DEFAULT_PORTS[scheme])
    if not 0 < port < 65536:
        raise BadURL("no valid port")
    shown_port = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
    shown_path = quote(_without_dot_segments(path), safe="%/:@!$&'()*+,;=~")
    shown_query = quote(query, safe="%/:@!$&'()*+,;=~?")
    return URL(f"{scheme}://{host}{shown_port}{shown_path}{shown_query}", scheme, host, port)


def follow(url: URL, location: str) -> URL:
    """Where a redirect leads (RFC 9110 10.2.2: relative to the URL that was asked for); raises BadURL.

    `location` is the header's value as received, decoded as Latin-1. Bytes beyond ASCII are escaped one by one.
    """
    escaped = quote(location.encode("latin-1"), safe=_ASCII)
    try:
        return parse_url(urljoin(url.text, escaped))
    except ValueError as error:  # urljoin's too, for brackets that are no IPv6 address
        raise BadURL(str(error)) from None


class Guard:
    """Judges every address at the moment it is dialled."""

    def __init__(self, settings: FetchSettings) -> None:
        self._allowed = [ipaddress.ip_network(network) for network in settings.allow_networks]
        self._ports = frozenset(settings.allow_ports)

    def objection(self, address: str, port: int) -> str | None:
        """Why `address` (a literal IPv4 or IPv6 address) must not be connected to, or None.

        An address in `allow_networks` may be connected to on any port, a public one on `allow_ports`.
        """
        ip = unwrap(ipaddress.ip_address(address.partition("%")[0]))
        if _within(ip, self._allowed):
            return None
        if not is_public(ip):
            return f"{address} is not a public address"
        if port not in self._ports:
            return f"port {port} is not one of fetch.allow_ports"
        return None


def unwrap(ip: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 address stands for (mapped, compatible, translated, NAT64), else `ip` itself."""
    if isinstance(ip, ipaddress.IPv6Address) and _within(ip, _EMBEDDING_V6):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def is_public(ip: IPAddress) -> bool:
    """Whether the address is one of an ordinary host on the internet."""
    ip = unwrap(ip)
    if isinstance(ip, ipaddress.IPv4Address):
        return not _within(ip, _DENIED_V4)
    return ip in _GLOBAL_V6 and not _within(ip, _DENIED_V6)


def _within(ip: IPAddress, networks: Iterable[IPNetwork]) -> bool:
    return any(ip in network for network in networks)


def _host(host: str) -> str:
    if host.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]"
        except ValueError:
            raise BadURL("no valid IPv6 address") from None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise BadURL("no valid international host name") from None
    host = host.lower().removesuffix(".")
    if _NUMBERS.fullmatch(host):
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except OSError:
            raise BadURL("no valid IPv4 address") from None
    if not _NAME.fullmatch(host):
        raise BadURL("no valid host")
    return host


def _without_dot_segments(path: str) -> str:
    """RFC 3986 5.2.4; `%2e` is a dot, too, to browsers and to libcurl, which else would do this behind our back."""
    segments = path.split("/")[1:]
    dots = [segment.lower().replace("%2e", ".") for segment in segments]
    if "." not in dots and ".." not in dots:
        return path
    kept: list[str] = []
    for segment, plain in zip(segments, dots, strict=True):
        if plain == "..":
            del kept[-1:]
        elif plain != ".":
            kept.append(segment)
    if dots[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
