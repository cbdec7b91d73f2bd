"""A libcurl handle that runs one transfer after another: what is the same for all requests is set once.

What belongs here: options for libcurl, and dialling past the guard. What does not: judging what comes back
(`transfer`), and when (`multi`, `client`).
"""

from __future__ import annotations

import errno
import socket
from typing import Any

import certifi
import pycurl

from imgtext_assets.fetch.addresses import Guard
from imgtext_assets.fetch.fields import range_wanted
from imgtext_assets.fetch.multi import Ended
from imgtext_assets.fetch.outcomes import Verdict
from imgtext_assets.fetch.transfer import Transfer
from imgtext_assets.settings import FetchSettings

LOW_SPEED_SECONDS = 10
"""A transfer slower than `fetch.min_bytes_per_second` for so long is given up."""
DNS_SECONDS = 60
"""How long libcurl remembers an address; its default, and TTLs are not looked at. All transfers of a `Multi` share the
memory, which is pruned at 30,000 names (https://curl.se/libcurl/c/CURLOPT_DNS_CACHE_TIMEOUT.html)."""

_HEADERS = [b"Accept: image/*,*/*;q=0.1", b"Accept-Encoding: identity"]
_FAILED = -1  # a callback's word to libcurl to break off; None lets it go on


class Handle:
    """One handle; `transfer` is what it runs."""

    transfer: Transfer

    def __init__(self, settings: FetchSettings, guard: Guard) -> None:
        self.easy = pycurl.Curl()
        self._connect_seconds, self._guard = settings.connect_seconds, guard
        self._sockets: list[socket.socket] = []
        self._refused: str | None = None  # why the guard refused all addresses that it was asked for
        self._let_pass = False  # one of them at least
        self._failure: BaseException | None = None  # an error of ours in a callback: libcurl cannot pass it on
        options: dict[int, Any] = {
            pycurl.USERAGENT: settings.user_agent,
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_2TLS,
            pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
            pycurl.FOLLOWLOCATION: False,
            pycurl.NETRC: pycurl.NETRC_IGNORED,
            pycurl.PROXY: "",  # also switches off the environment's proxies
            pycurl.CAINFO: certifi.where(),  # the wheel's own libcurl looks where only some systems have a store
            pycurl.SSL_VERIFYPEER: True,
            pycurl.SSL_VERIFYHOST: 2,
            pycurl.NOSIGNAL: True,
            pycurl.DNS_CACHE_TIMEOUT: DNS_SECONDS,
            pycurl.BUFFERSIZE: 128 * 2**10,
            pycurl.LOW_SPEED_LIMIT: settings.min_bytes_per_second,
            pycurl.LOW_SPEED_TIME: LOW_SPEED_SECONDS,
            pycurl.OPENSOCKETFUNCTION: self._open_socket,
            pycurl.HEADERFUNCTION: self._on_header,
            pycurl.WRITEFUNCTION: self._on_body,
        }
        for option, value in options.items():
            self.easy.setopt(option, value)

    def start(self, transfer: Transfer, seconds: float) -> None:
        """Set what the transfer asks, so that it may take `seconds`. All that one transfer sets, every one sets."""
        self.transfer, self._refused, self._let_pass = transfer, None, False
        setopt = self.easy.setopt
        setopt(pycurl.URL, transfer.url.text)
        setopt(pycurl.NOBODY, transfer.request.method == "HEAD")
        setopt(pycurl.HTTPHEADER, _HEADERS + transfer.conditions + range_wanted(transfer.request))
        setopt(pycurl.CONNECTTIMEOUT_MS, _milliseconds(min(self._connect_seconds, seconds)))
        setopt(pycurl.TIMEOUT_MS, _milliseconds(seconds))

    def end(self, ended: Ended) -> tuple[Verdict | None, str | None]:
        """What came of the transfer, as `Transfer.end` says. Raises what failed on our side in a callback."""
        self._release()
        if self._failure is not None:
            self.transfer.discard()
            raise self._failure
        return self.transfer.end(ended, self._refused)

    def close(self) -> None:
        """Break off; the handle must not be of a `Multi` any more."""
        self.easy.close()
        self._release()

    def _release(self) -> None:
        for dialled in self._sockets:
            dialled.close()
        self._sockets.clear()

    def _open_socket(self, _purpose: int, address: Any) -> socket.socket | int:
        """Dial only what the guard lets pass. libcurl then tries the host's next address, if it has one."""
        if address.family not in (socket.AF_INET, socket.AF_INET6):
            objection = "not an internet address"
        else:
            objection = self._guard.objection(*address.addr[:2])
        if objection is not None:
            self._refused = None if self._let_pass else objection
            return pycurl.SOCKET_BAD
        self._refused, self._let_pass = None, True
        try:
            dialled = socket.socket(address.family, address.socktype, address.protocol)
        except OSError as error:
            if error.errno != errno.EAFNOSUPPORT:  # a machine without IPv6 just tries the next address
                self._failure = error
            return pycurl.SOCKET_BAD
        self._sockets.append(dialled)  # pycurl duplicates the descriptor and leaves this one to us
        return dialled

    def _on_header(self, line: bytes) -> int | None:
        try:
            return None if self.transfer.on_header(line) else _FAILED
        except BaseException as error:  # noqa: BLE001 - raised again by `end`
            self._failure = error
            return _FAILED

    def _on_body(self, data: bytes) -> int | None:
        try:
            return None if self.transfer.on_body(data) else _FAILED
        except BaseException as error:  # noqa: BLE001 - raised again by `end`
            self._failure = error
            return _FAILED


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))  # 0 would mean libcurl's own, longer limit
