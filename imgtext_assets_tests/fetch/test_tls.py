"""TLS: a host must prove its name, now, by an authority that we know."""

import ipaddress
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from imgtext_assets_tests.fetch.conftest import Fetch
from imgtext_assets_tests.web import HostileWeb, answer


def certificate(folder: Path, *, names: Iterable[x509.GeneralName], days: int = 1) -> Path:
    """A file with a self-signed certificate for `names` that ends in so many days, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    end = datetime.now(UTC) + timedelta(days=days)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=30))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


LOOPBACK = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


@pytest.mark.parametrize(
    ("name", "days", "known", "reason"),
    [
        pytest.param(LOOPBACK, 1, True, None, id="all is well"),
        pytest.param(LOOPBACK, 1, False, "tls", id="an authority that nobody knows"),
        pytest.param(LOOPBACK, -1, True, "tls", id="expired"),
        pytest.param(x509.DNSName("other.example"), 1, True, "tls", id="another host's"),
    ],
)
def test_only_a_valid_certificate_of_the_host_is_trusted(
    fetch: Fetch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: x509.GeneralName,
    days: int,
    known: bool,
    reason: str | None,
):
    file = certificate(tmp_path, names=[name], days=days)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    if known:
        monkeypatch.setattr("certifi.where", lambda: str(file))
    with HostileWeb({"/a": answer(b"x")}, tls=server) as web:
        (outcome,) = fetch([web.url("/a")])
    assert outcome.reason == reason
    assert outcome.passing == (reason is not None)
    assert outcome.attempts == 1
    assert len(web.requests) == (reason is None)


def test_a_host_that_speaks_plain_http_where_tls_is_due(fetch: Fetch):
    with HostileWeb({"/a": answer(b"x")}) as web:
        (outcome,) = fetch([f"https://127.0.0.1:{web.port}/a"])
    assert outcome.reason == "tls"
