"""A web to be fetched from: nginx on loopback, and thousands of JPEGs that all differ in their bytes.

What belongs here: pictures, certificates and nginx. What does not: who fetches, and how that is measured (`fetch`).
"""

from __future__ import annotations

import io
import ipaddress
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import numpy as np
import typer
from PIL import Image

from imgtext_assets.demo.pictures import all_pictures

_MADE = 64  # pictures that are encoded; the others differ from one of them in a comment, for encoding is slow
_A_FOLDER = 1000
_AFTER_JFIF = 20  # bytes of SOI and of Pillow's APP0, which has to come first and tells img2dataset that it is a JPEG
_SPARE = 2.2  # room on the disk: the corpus, and what the larger of two sides keeps of it
_NGINX = "/usr/sbin/nginx"
_CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  types {{ image/jpeg jpg; }}
  server {{ listen 127.0.0.1:{port}{tls}; root {root}; }}
}}
"""


@dataclass(frozen=True)
class Corpus:
    """Pictures of one size. `bytes` is what a file is to have, about."""

    width: int
    height: int
    bytes: int


LARGE = Corpus(1024, 768, 189_000)
SMALL = Corpus(512, 384, 36_000)


@dataclass(frozen=True)
class Web:
    """A running server: the addresses of its pictures, its port, and the file of certificates that vouch for it."""

    urls: list[str]
    port: int
    authorities: Path


def write_corpus(folder: Path, corpus: Corpus, count: int) -> list[str]:
    """Write `count` pictures below `folder`, unless they are there; returns their paths below it.

    Each holds its number in a comment (JPEG's COM segment, ITU-T T.81 B.2.4.5), so that no two have the same bytes.
    Ends the program where the disk has too little room.
    """
    paths = [f"{number // _A_FOLDER:03d}/{number:06d}.jpg" for number in range(count)]
    if all((folder / path).exists() for path in (paths[0], paths[-1])):
        return paths
    folder.mkdir(parents=True, exist_ok=True)
    wanted, free = round(count * corpus.bytes * _SPARE), shutil.disk_usage(folder).free
    if free < wanted:
        print(f"{folder}: {free / 1e9:.1f} GB free, {wanted / 1e9:.1f} GB needed; see --folder and --pictures")
        raise typer.Exit(2)
    made = [_encode(corpus, number) for number in range(min(_MADE, count))]
    for number, path in enumerate(paths):
        comment = b"picture %012d" % number
        segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
        data = made[number % len(made)]
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data[:_AFTER_JFIF] + segment + data[_AFTER_JFIF:])
    return paths


def _encode(corpus: Corpus, number: int) -> bytes:
    """A photograph with some noise, of the quality that comes nearest to the wanted size."""
    picture = all_pictures()[number].image(corpus.width).convert("RGB").resize((corpus.width, corpus.height))
    noise = np.random.default_rng(number).normal(0, 6, (corpus.height, corpus.width, 3))
    noisy = Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))

    def encoded(quality: int) -> bytes:
        body = io.BytesIO()
        noisy.save(body, "JPEG", quality=quality)
        return body.getvalue()

    low, high = 5, 97
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if len(encoded(middle)) < corpus.bytes else (low, middle)
    return encoded(low)


@contextmanager
def serving(root: Path, paths: list[str], folder: Path, *, tls: bool, core: int | None) -> Iterator[Web]:
    """nginx for the files of `root`, with its own files in `folder`, on one core or on any."""
    binary = shutil.which("nginx") or _NGINX
    if not Path(binary).exists():
        print("nginx is missing: apt-get install nginx-light (Debian, Ubuntu), or put another one on the PATH")
        raise typer.Exit(2)
    folder.mkdir(parents=True)
    port, authorities, options = _free_port(), Path(certifi.where()), ""
    if tls:
        certificate, key = write_certificate(folder)
        authorities = folder / "authorities.pem"
        authorities.write_bytes(Path(certifi.where()).read_bytes() + certificate.read_bytes())
        options = f" ssl http2; ssl_certificate {certificate}; ssl_certificate_key {key}"
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, tls=options, root=root, user=user))
    command = [binary, "-c", str(config), "-e", f"{folder}/error.log"]
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    with subprocess.Popen(command) as server:
        try:
            _wait_for(port, folder)
            scheme = "https" if tls else "http"
            yield Web([f"{scheme}://127.0.0.1:{port}/{path}" for path in paths], port, authorities)
        finally:
            server.terminate()


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """Files with a self-signed certificate for 127.0.0.1 that is good for a day, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "benchmark")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    certificate.write_bytes(signed.public_bytes(pem))
    secret.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return certificate, secret


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int, folder: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                print(f"nginx does not answer; see {folder}/error.log")
                raise typer.Exit(1) from None
            time.sleep(0.05)
