"""Certificates for servers of tests: by an authority of the test's own, and such that prove nothing.

What belongs here: making them. What does not: judging them (the client).
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])


@dataclass(frozen=True)
class Authority:
    """Signs certificates; its own is in `file`, which also gets the keys of the servers (`<host>.pem`) beside it."""

    folder: Path

    @property
    def file(self) -> Path:
        """The certificates that a client is to trust."""
        path = self.folder / "authority.pem"
        path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def server(self, host: str, *, name: str | None = None, days: int = 1, trusted: bool = True) -> ssl.SSLContext:
        """What a server at the address `host` shows: a certificate for `name` (else `host`), over in so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.IPAddress(ipaddress.ip_address(name or host))
        signed = _certificate(key, subject, days, signer=self._key if trusted else key)
        file = self.folder / f"{host}.pem"
        file.write_bytes(
            signed.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def _certificate(self) -> x509.Certificate:
        return _certificate(self._key, None, 30, signer=self._key)


def _certificate(
    key: ec.EllipticCurvePrivateKey, subject: x509.GeneralName | None, days: int, signer: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """A certificate of an authority (`subject` None), or of a server."""
    end = datetime.now(UTC) + timedelta(days=days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]) if subject else _NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=60))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=subject is None, path_length=None), critical=True)
    )
    if subject:
        builder = builder.add_extension(x509.SubjectAlternativeName([subject]), critical=True)
    return builder.sign(signer, hashes.SHA256())
