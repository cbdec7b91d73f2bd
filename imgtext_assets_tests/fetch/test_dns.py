"""Names, looked up at a real resolver of our own: remembered, bounded in time, and judged at every dial.

The C library asks only the servers of /etc/resolv.conf, at port 53. So these tests run in namespaces of their own
(Linux; `unshare` must be allowed), where that file and that port are ours: this module is the script that runs there.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from imgtext_assets.fetch import Outcome, Request, fetch_all
from imgtext_assets_tests.fetch.conftest import loopback
from imgtext_assets_tests.web import HostileWeb, answer

RESOLVER_SECONDS = 60  # how long the C library waits for a server that hangs, as set below
FAR_LESS = 30.0

_UNSHARE = ["unshare", "--user", "--map-root-user", "--mount", "--net"]


def _may_unshare() -> bool:
    return (
        shutil.which("unshare") is not None
        and Path("/etc/nsswitch.conf").exists()
        and subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False).returncode == 0
    )


needs_namespaces = pytest.mark.skipif(not _may_unshare(), reason="no namespaces of our own here")


def inside(scene: str, tmp_path: Path) -> dict[str, Any]:
    """What the scene, a function below, returns when it is played in namespaces of its own."""
    command = [*_UNSHARE, sys.executable, "-m", __name__, scene, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=FAR_LESS, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@needs_namespaces
def test_a_name_is_looked_up_once_for_many_connections(tmp_path: Path):
    came = inside("many_connections", tmp_path)
    assert came == {"reasons": {"None": 30}, "connections": 30, "lookups": 1}


@needs_namespaces
def test_a_resolver_that_hangs_holds_up_neither_its_host_for_long_nor_others_nor_the_end(tmp_path: Path):
    """All of the script takes far less than the resolver's own limit: the deadline of `inside` is the proof."""
    assert FAR_LESS < RESOLVER_SECONDS
    came = inside("hangs", tmp_path)
    assert came == {"hang.example": ["timeout", True], "web.example": [None, False]}


@needs_namespaces
def test_more_names_hang_than_libcurl_has_threads(tmp_path: Path):
    came = inside("many_hang", tmp_path)
    assert came == {"reasons": {"timeout": 40}, "fine": [None] * 4}


@needs_namespaces
def test_a_name_that_leads_elsewhere_a_moment_later_leads_to_nothing(tmp_path: Path):
    came = inside("rebinds", tmp_path)
    assert came["reasons"] == [None, "blocked_address", "blocked_address", "blocked_address", None]
    assert came["details"][1] == "169.254.169.254 is not a public address"
    assert came["requests"] == 2


@needs_namespaces
def test_a_name_that_does_not_exist(tmp_path: Path):
    assert inside("does_not_exist", tmp_path) == {"reason": "dns", "passing": True, "attempts": 1}


class Resolver:
    """A DNS server (RFC 1035) on 127.0.0.1:53 that gives a name's addresses by a rule; None: it never answers."""

    def __init__(self, rule: Callable[[str], list[str] | None]) -> None:
        self.asked: Counter[str] = Counter()
        self._rule = rule
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(4096)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1 : at + 1 + query[at]].decode())
                at += 1 + query[at]
            (kind,) = struct.unpack_from("!H", query, at + 1)
            version = {1: 4, 28: 6}.get(kind)
            name = ".".join(labels)
            if version == 4:
                self.asked[name] += 1
            addresses = self._rule(name) if version else []
            if addresses is None:
                continue
            known = [ip for ip in map(ipaddress.ip_address, addresses) if ip.version == version]
            records = b"".join(struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(ip.packed)) + ip.packed for ip in known)
            flags = 0x8180 if addresses else 0x8183  # no error, or no such name
            header = query[:2] + struct.pack("!HHHHH", flags, 1, len(known), 0, 0)
            self._socket.sendto(header + query[12 : at + 5] + records, client)


def _reasons(outcomes: list[Outcome]) -> Mapping[str, int]:
    return Counter(str(outcome.reason) for outcome in outcomes)


def many_connections() -> dict[str, Any]:
    resolver = Resolver(lambda _: ["127.0.0.1"])
    with HostileWeb({"/a": answer(b"x", headers={"Connection": "close"})}) as web:
        requests = [Request(web.url(f"/a?{n}", host="web.example")) for n in range(30)]
        outcomes = list(fetch_all(requests, loopback(concurrency=1)))
        return {"reasons": _reasons(outcomes), "connections": web.dialled, "lookups": resolver.asked["web.example"]}


def hangs() -> dict[str, Any]:
    Resolver(lambda name: ["127.0.0.1"] if name == "web.example" else None)
    with HostileWeb({"/a": answer(b"x")}) as web:
        requests = [Request(web.url("/a", host=host)) for host in ("hang.example", "web.example")]
        outcomes = list(fetch_all(requests, loopback(connect_seconds=1, attempts=1)))
        broken_off = fetch_all(requests, loopback(connect_seconds=50))
        assert "web.example" in next(broken_off).request.url
        broken_off.close()
    return {outcome.request.url.split("/")[2].split(":")[0]: [outcome.reason, outcome.passing] for outcome in outcomes}


def many_hang() -> dict[str, Any]:
    Resolver(lambda name: ["127.0.0.1"] if name == "web.example" else None)
    with HostileWeb({"/a": answer(b"x")}) as web:
        first = Request(web.url("/a", host="web.example"))
        hang = [Request(web.url("/a", host=f"hang{n}.example")) for n in range(40)]
        fine = [Request(web.url(f"/a?{n}", host="web.example")) for n in range(3)]
        settings = loopback(connect_seconds=1, attempts=1, concurrency=44)
        outcomes = list(fetch_all([first, *hang, *fine], settings))
    hung = [outcome for outcome in outcomes if "hang" in outcome.request.url]
    return {"reasons": _reasons(hung), "fine": [o.reason for o in outcomes if o not in hung]}


def rebinds() -> dict[str, Any]:
    answers = iter(
        (["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1", "::1"], ["::ffff:10.0.0.1"], ["10.0.0.1", "127.0.0.1"])
    )
    current: list[str] = []
    Resolver(lambda _: current)
    outcomes = []
    with HostileWeb({"/a": answer(b"x")}) as web:
        for addresses in answers:
            current[:] = addresses
            outcomes += fetch_all([Request(web.url("/a", host="web.example"))], loopback(attempts=1))
        requests = len(web.requests)
    return {
        "reasons": [outcome.reason for outcome in outcomes],
        "details": [outcome.detail for outcome in outcomes],
        "requests": requests,
    }


def does_not_exist() -> dict[str, Any]:
    Resolver(lambda _: [])
    (outcome,) = fetch_all([Request("http://web.example/a")], loopback())
    return {"reason": outcome.reason, "passing": outcome.passing, "attempts": outcome.attempts}


def _settle_in(folder: Path) -> None:
    """Bring up loopback, and make the C library ask 127.0.0.1 alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up = 0x1 | 0x40  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", up))  # SIOCSIFFLAGS
    files = {
        "resolv.conf": f"nameserver 127.0.0.1\noptions timeout:{RESOLVER_SECONDS // 2} attempts:2\n",
        "nsswitch.conf": "hosts: files dns\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
        subprocess.run(["mount", "--bind", str(folder / name), f"/etc/{name}"], check=True)


if __name__ == "__main__":
    _settle_in(Path(sys.argv[2]))
    print(json.dumps(globals()[sys.argv[1]]()))
