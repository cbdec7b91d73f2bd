"""Blobs: bytes under the name of their hash."""

from __future__ import annotations

import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgtext_assets.lake import Blobs, LakeError


def name(data: bytes) -> str:
    return sha256(data).hexdigest()


@pytest.fixture
def blobs(lake_root: str) -> Blobs:
    return Blobs(lake_root)


@given(data=st.binary(max_size=2000))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_bytes_come_back_as_they_went_however_often(blobs: Blobs, data: bytes) -> None:
    blobs.put(name(data), io.BytesIO(data))
    blobs.put(name(data), data)
    assert blobs.get(name(data)) == data


def test_present_tells_which_are_there(blobs: Blobs) -> None:
    blobs.put(name(b"here"), b"here")
    assert blobs.present([name(b"here"), name(b"not here")]) == {name(b"here")}
    assert blobs.present([]) == set()


def test_two_runs_that_store_the_same_bytes_do_not_clash(blobs: Blobs) -> None:
    data = b"x" * 100_000
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: blobs.put(name(data), io.BytesIO(data)), range(32)))
    assert blobs.get(name(data)) == data


def test_a_store_that_travels_to_another_process_takes_its_settings_along(
    lake_root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers start from a server process whose environment may be older."""
    blobs = Blobs(lake_root)
    blobs.put(name(b"here"), b"here")
    packed = pickle.dumps(blobs)
    for variable in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(variable, raising=False)
    assert pickle.loads(packed).get(name(b"here")) == b"here"


def test_a_missing_blob_is_one_clear_error(blobs: Blobs) -> None:
    with pytest.raises(LakeError, match="not found"):
        blobs.get(name(b"never stored"))


def test_bytes_that_changed_on_disk_are_never_given_out(tmp_path: Path) -> None:
    blobs = Blobs(str(tmp_path))
    blobs.put(name(b"good"), b"good")
    stored = tmp_path / "blobs/sha256" / name(b"good")[:2] / name(b"good")[2:4] / name(b"good")
    stored.write_bytes(b"bad")
    with pytest.raises(LakeError, match="not those of its name"):
        blobs.get(name(b"good"))
