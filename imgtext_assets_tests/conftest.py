"""What several rooms' tests need: a lake in a folder, the same on S3 servers (moto and Swift), and one that is built.

moto's server starts at once but accepts any secret. Swift checks signatures and is asked for by the marker `swift`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from hypothesis import HealthCheck, settings
from moto.server import ThreadedMotoServer

from imgtext_assets_tests.swift.rig import Swift, installation, swift

if TYPE_CHECKING:  # it imports Dagster, which most rooms' tests can do without
    from imgtext_assets_tests.defs.world import World

# No test is judged by how fast the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that the processes that share the files end at about the same time."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """An S3 server on loopback; it checks no credentials."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_root(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """`s3://` address of an empty bucket, with the environment that every AWS client reads."""
    return new_bucket(s3_endpoint, monkeypatch)


@pytest.fixture(scope="module")
def s3_root_of_module(s3_endpoint: str) -> Iterator[str]:
    """The same for what a whole module's tests share."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield new_bucket(s3_endpoint, monkeypatch)


def new_bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """`s3://` address of an empty bucket on moto's server, with the environment that every AWS client reads."""
    variables = {"AWS_ENDPOINT_URL": s3_endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return _bucket_in(variables | {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}, monkeypatch)


@pytest.fixture(scope="session")
def swift_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swift]:
    """OpenStack Swift on loopback, for the whole session. Its logs stay in pytest's temporary folder."""
    venv = installation()
    if venv is None:
        pytest.fail("Swift is not installed: `make s3-test` does it; or deselect these tests with -m 'not swift'")
    with swift(tmp_path_factory.mktemp("swift"), venv) as store:
        yield store


@pytest.fixture
def swift_root(swift_store: Swift, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """`s3://` address of an empty bucket on Swift; where its test fails, the servers' logs are told."""
    yield _bucket_in(swift_store.environment(), monkeypatch)
    print(swift_store.logs())  # pytest shows it where the test failed


@pytest.fixture(scope="module")
def swift_root_of_module(swift_store: Swift) -> Iterator[str]:
    """The same for what a whole module's tests share."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield _bucket_in(swift_store.environment(), monkeypatch)


def _bucket_in(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    bucket = f"lake-{secrets.token_hex(4)}"
    boto3.Session().client("s3").create_bucket(Bucket=bucket)
    return f"s3://{bucket}"


@pytest.fixture(params=["local", "s3", pytest.param("swift", marks=pytest.mark.swift)])
def lake_root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The root of an empty lake: a folder, and an S3 prefix on each of the servers."""
    if request.param == "local":
        return str(tmp_path / "lake")
    return request.getfixturevalue(f"{request.param}_root") + "/some/prefix"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A small part of the sample, built and released once: to be read only, `branch()` makes a copy to change."""
    from imgtext_assets_tests.defs.world import small_world

    rows = {"pd12m.000.parquet": 8, "pd12m.001.parquet": 20, "laion400m.000.parquet": 37}
    with small_world(tmp_path_factory.mktemp("built"), rows) as world:
        assert world.build() == []
        assert world.pipeline.release().ok
        yield world
