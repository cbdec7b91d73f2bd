"""The lake on OpenStack Swift: what moto's server cannot show. The lake's own tests run on it too (`lake_root`)."""

from __future__ import annotations

import io
import random
import socket
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import obstore
import polars as pl
import pytest

from imgtext_assets.lake import Blobs, LakeError, Tables
from imgtext_assets.lake.bucket import State, Wish, carry_out, plan
from imgtext_assets.lake.stores import open_store
from imgtext_assets_tests.swift import rig
from imgtext_assets_tests.swift.rig import PAGE, RigError, Swift, swift

pytestmark = pytest.mark.swift

MULTIPART = 8 << 20  # obstore sends what is larger than 5 MiB in parts


def name(data: bytes) -> str:
    return sha256(data).hexdigest()


def test_a_wrong_secret_is_one_clear_error(swift_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked; and what is right goes on."""
    frame = pl.DataFrame({"id": ["a"]})
    Tables(swift_root).write("verified", frame)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    tables, blobs = Tables(swift_root), Blobs(swift_root)
    for ask in (
        lambda: tables.write("verified", frame),
        lambda: tables.exists("verified"),
        lambda: tables.files("verified"),
        lambda: blobs.put(name(b"x"), b"x"),
        lambda: blobs.get(name(b"x")),
        lambda: blobs.present([name(b"x")]),
        lambda: plan(swift_root, Wish()),
    ):
        with pytest.raises(LakeError, match=r"access is refused.*check the credentials"):
            ask()


def test_what_is_large_goes_in_parts_and_comes_back_whole(swift_root: str, tmp_path: Path) -> None:
    data = random.Random(1).randbytes(3 * MULTIPART)
    blobs, tables = Blobs(swift_root), Tables(swift_root)
    blobs.put(name(data), io.BytesIO(data))
    assert blobs.get(name(data)) == data
    frame = pl.DataFrame({"bytes": [data[n : n + 1000] for n in range(0, len(data), 1000)]})
    path = tables.write("fingerprints", frame, "s-00000")
    size = obstore.head(open_store(swift_root), path)["size"]
    assert size > 2 * MULTIPART
    assert tables.scan("fingerprints", frame.schema).collect().equals(frame)


def test_a_listing_of_several_pages_is_whole(swift_root: str) -> None:
    store, names = open_store(swift_root), [f"many/{n:05}.parquet" for n in range(2 * PAGE + 1)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda path: obstore.put(store, path, b"x"), names))
    assert Tables(swift_root).files("many") == names


def test_writers_that_race_for_one_blob_do_no_harm(swift_root: str) -> None:
    """Swift's If-None-Match is not atomic: several may write. The bytes are the same."""
    data = random.Random(2).randbytes(300_000)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: Blobs(swift_root).put(name(data), io.BytesIO(data)), range(48)))
    assert Blobs(swift_root).get(name(data)) == data


def test_of_a_bucket_what_swift_lacks_is_said_and_no_error(swift_root: str) -> None:
    """It has versions; neither lifecycles nor policies."""
    new = f"{swift_root}-new/some/prefix"
    for root in (new, new, swift_root):
        states = {step.name: carry_out(step).state for step in plan(root, Wish(public_read=True))}
        assert states.pop("bucket") in (State.DONE, State.RIGHT)
        assert states.pop("versioning") in (State.DONE, State.RIGHT)
        assert set(states) == {"lifecycle", "public access block", "public read"}
        assert set(states.values()) == {State.UNSUPPORTED}
    bucket = new.removeprefix("s3://").partition("/")[0]
    assert boto3.Session().client("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert plan(new, Wish())[1].state is State.RIGHT


def test_with_versioning_the_lake_reads_the_latest_and_lists_each_once(swift_root: str) -> None:
    for step in plan(swift_root, Wish()):
        carry_out(step)
    tables = Tables(swift_root)
    for n in range(3):
        tables.write("verified", pl.DataFrame({"n": [n]}), "s-00000")
    assert tables.files("verified") == ["verified/s-00000.parquet"]
    assert tables.scan("verified", pl.Schema({"n": pl.Int64()})).collect()["n"].to_list() == [2]


def test_every_server_is_stopped_at_the_end(tmp_path: Path, swift_store: Swift) -> None:
    venv = rig.installation()
    assert venv
    with swift(tmp_path, venv) as store:
        assert store.endpoint != swift_store.endpoint
        ports = [int(line.split("=")[1]) for conf in tmp_path.glob("*.conf") for line in bind_ports(conf)]
        assert len(ports) == 4
        assert all(answers(port) for port in ports)
    assert not any(answers(port) for port in ports)
    port = urlsplit(swift_store.endpoint).port
    assert port
    assert answers(port)


def bind_ports(conf: Path) -> list[str]:
    return [line for line in conf.read_text().splitlines() if line.startswith("bind_port")]


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_a_server_that_does_not_start_is_told_with_its_log(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    real = rig.installation()
    assert real
    for program in ("python", *(f"swift-{each}-server" for each in ("account", "container", "object", "proxy"))):
        does = "echo it is broken; exit 1" if "proxy" in program else f'exec "{real}/bin/{program}" "$@"'
        (venv / "bin" / program).write_text(f"#!/bin/sh\n{does}\n")
        (venv / "bin" / program).chmod(0o755)
    with pytest.raises(RigError, match=r"(?s)swift-proxy-server.*it is broken"), swift(tmp_path / "store", venv):
        pass
