"""Malice by where an address leads: to what must not be dialled, around in circles, or past the limits of grammar."""

from __future__ import annotations

from collections.abc import Iterator

from imgtext_assets.demo.pictures import Picture
from imgtext_assets_tests.web.hostile import Seen, Words, answer, says
from imgtext_assets_tests.web.kind import (
    CLOSED,
    ELSEWHERE,
    METADATA,
    OPEN,
    SELF_SIGNED,
    TLS,
    Kind,
    fails,
    leads_to,
    photograph,
)

SECRET = b"\xff\xd8\xff credentials of the machine"
"""What the stand-in for a metadata service answers: it passes for a picture, so that nothing else ends it."""

# All stand for METADATA: inet_aton's spellings, IPv6 with an IPv4 address in it, digits that IDNA maps to ASCII.
SPELLINGS = {
    "as it is": METADATA,
    "in decimal": "2130706434",
    "in octal": "0177.0.0.2",
    "in long octal": "0000000177.0.0.02",
    "in hex": "0x7f000002",
    "in parts of hex": "0x7f.0x0.0x0.0x2",
    "in two parts": "127.2",
    "with a final dot": f"{METADATA}.",
    "in wide digits": "１２７.0.0.２",
    "in circled digits": "①②⑦.0.0.②",
    "with ideographic stops": "127。0。0。2",
    "mapped": f"[::ffff:{METADATA}]",
    "mapped in hex": "[::ffff:7f00:2]",
    "compatible": "[::7f00:2]",
    "by NAT64": "[64:ff9b::7f00:2]",
    "by 6to4": "[2002:7f00:2::1]",
}
# No server of ours can stand for these.
REAL = {
    "a cloud's metadata": "http://169.254.169.254/latest/meta-data/",
    "a cloud's metadata in decimal": "http://2852039166/latest/meta-data/",
    "a cloud's metadata by NAT64": "http://[64:ff9b::a9fe:a9fe]/",
    "a cloud's metadata by IPv6": "http://[fd00:ec2::254]/latest/meta-data/",
    "Alibaba's metadata": "http://100.100.100.200/",
    "Azure's host": "http://168.63.129.16/",
    "a private network": "http://10.0.0.1/",
    "another private network": "http://192.168.1.1/",
    "loopback of IPv6": "http://[::1]:{port}/",
    "this host": "http://0.0.0.0:{port}/",
    "a name of loopback": "http://localhost:{port}/",
    "multicast": "http://239.255.255.250/",
    "a port for mail": "http://8.8.8.8:25/",
    "a file": "file:///etc/passwd",
    "a file of this host": "file://localhost/etc/passwd",
    "ftp": "ftp://{host}/etc/passwd",
    "gopher": "gopher://{host}:70/_x",
    "dict": "dict://{host}:11211/stats",
    "data": "data:image/png;base64,iVBORw0KGgo=",
    "a script": "javascript:alert(1)",
    "a password": "http://user:secret@{host}:{port}/picture.jpg",
    "an empty password": "http://@{host}:{port}/picture.jpg",
    "brackets": "http://[oops/",
    "a port beyond ports": "http://{host}:99999/",
    "two hosts": "http://{host}:{port}\\@127.0.0.2:{port}/",
}


def redirects(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """All kinds of this module."""
    spelled = {f"redirects to metadata {how}": f"http://{host}:{{port}}/" for how, host in SPELLINGS.items()}
    real = {f"redirects to {what}": location for what, location in REAL.items()}
    blocked = {name: fails(leads_to(location), "blocked_address") for name, location in (spelled | real).items()}
    return blocked | _addresses() | _circles() | _crooked(pictures) | _elsewhere(pictures)


def _addresses() -> dict[str, Kind]:
    """The same without a redirect: the row itself names them, each by a path of its own, or they would repeat."""
    places = {f"metadata {how}": host for how, host in SPELLINGS.items()} | {"localhost": "localhost"}
    return {
        f"is {what}": Kind(None, "downloaded", "blocked_address", address=f"http://{host}:{{port}}/own/{number}")
        for number, (what, host) in enumerate(places.items())
    }


def _circles() -> dict[str, Kind]:
    goes_on = answer(status="302 Found")
    return {
        "redirects to itself": fails(leads_to("?"), "redirect_loop"),
        "redirects in a circle": fails(leads_to("/b"), "redirect_loop", {"/b": leads_to("/picture.jpg")}),
        "redirects on and on": fails(_on_and_on, "redirect_loop"),
        "redirects nowhere": fails(goes_on, "redirect_loop"),
    }


def _on_and_on(seen: Seen) -> Iterator[Words]:
    number = int(seen.path.partition("?")[2] or 0) + 1
    return iter(leads_to(f"/picture.jpg?{number}")(seen))


def _crooked(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """Locations that break the grammar or bend it, and lead to a picture all the same; or try to smuggle in a line."""
    ways = {
        "relatively": ("b.jpg", "/b.jpg"),
        "through dot segments": ("/x/y/../.././%2e%2e/b.jpg", "/b.jpg"),
        "above the root": ("../../../b.jpg", "/b.jpg"),
        "by é and a space": ("/é b.jpg", "/%C3%A9%20b.jpg"),
        "with a fragment": ("/b.jpg#<script>", "/b.jpg"),
        "with escaped ends of line": ("/b%0D%0ACookie:%20a=b", "/b%0D%0ACookie:%20a=b"),
        "by a tab": ("/b\t.jpg", "/b.jpg"),
        "without a scheme": ("//{host}:{port}/b.jpg", "/b.jpg"),
        "in capitals": ("HTTP://{host}:{port}/b.jpg", "/b.jpg"),
    }
    fine = {
        f"redirects {how}": Kind(leads_to(location), "verified", None, {path: answer(photograph(pictures))})
        for how, (location, path) in ways.items()
    }
    smuggled = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nX-Injected: 1\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    return fine | {
        "redirects by Latin-1": Kind(
            answer(status="302 Found", headers={"Location": "/\xe9.jpg"}),
            "verified",
            None,
            {"/%E9.jpg": answer(photograph(pictures))},
        ),
        "redirects with more headers": Kind(says(smuggled), "verified", None, {"/b": answer(photograph(pictures))}),
        "redirects by a control character": fails(leads_to("/b\x01"), "blocked_address"),
        "redirects to a backslash": fails(leads_to(f"http:\\\\{METADATA}:{{port}}\\"), "not_found"),  # a path, to us
        "redirects to a host of spaces": fails(leads_to("http://a b/"), "blocked_address"),
        "redirects without a scheme to metadata": fails(leads_to(f"//{METADATA}:{{port}}/"), "blocked_address"),
        "redirects to an address too long": fails(leads_to("/" + "a" * 9000), "blocked_address"),
    }


def _elsewhere(pictures: Iterator[Picture]) -> dict[str, Kind]:
    """Redirects to other hosts, which have words of their own."""
    there = f"http://{OPEN}:{{port}}"
    hidden = {f"{CLOSED}/robots.txt": answer(b"User-agent: *\nDisallow: /\n"), f"{CLOSED}/a.jpg": answer(SECRET)}
    cookies = {"Set-Cookie": "session=1; Path=/", "Location": "/b.jpg"}
    return {
        "redirects to a host that is closed": Kind(
            leads_to(f"http://{CLOSED}:{{port}}/a.jpg"), "downloaded", "robots_disallowed", hidden
        ),
        "redirects to a host that leads to metadata": fails(
            leads_to(there + "/to-metadata"),
            "blocked_address",
            {f"{OPEN}/to-metadata": leads_to(f"http://{METADATA}:{{port}}/")},
        ),
        "redirects to TLS": Kind(
            leads_to(f"https://{TLS}:{{port}}/b.jpg"), "verified", None, {f"{TLS}/b.jpg": answer(photograph(pictures))}
        ),
        "redirects from TLS": Kind(
            None,
            "verified",
            None,
            {f"{TLS}/from": leads_to(there + "/from.jpg"), f"{OPEN}/from.jpg": answer(photograph(pictures))},
            address=f"https://{TLS}:{{port}}/from",
        ),
        "redirects to a bad certificate": fails(leads_to(f"https://{SELF_SIGNED}:{{port}}/b.jpg"), "tls"),
        "redirects to what is unavailable": fails(leads_to("/photo_unavailable.png"), "placeholder"),
        "sets a cookie and redirects": Kind(
            answer(status="302 Found", headers=cookies),
            "verified",
            None,
            {"/b.jpg": answer(photograph(pictures), headers={"Set-Cookie": "more=1"})},
        ),
        "asks for a password and redirects": Kind(
            leads_to(there + "/after.jpg", status="307 Temporary Redirect"),
            "verified",
            None,
            {f"{OPEN}/after.jpg": answer(photograph(pictures), headers={"WWW-Authenticate": "Basic realm=x"})},
        ),
    }


UNREACHED = (METADATA, ELSEWHERE)
"""Where none of these may arrive."""
