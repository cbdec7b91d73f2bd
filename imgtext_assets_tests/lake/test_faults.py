"""A store that answers 500 and 503, loses answers and cuts connections: nothing is lost, nothing is half-written.

In front of moto's server and of Swift, which checks signatures and the length of what it is sent.
"""

from __future__ import annotations

import io
import json
import os
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import obstore
import polars as pl
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from imgtext_assets.lake import Blobs, LakeError, Releases, Tables, stores
from imgtext_assets_tests.lake.faults import Fault, FaultyStore, OfUploads, Plan

if TYPE_CHECKING:
    from imgtext_assets_tests.defs.world import World

FRAME = pl.DataFrame({"id": [f"row {n}" for n in range(20_000)], "value": range(20_000)})


@pytest.fixture(params=["s3", pytest.param("swift", marks=pytest.mark.swift)])
def root(request: pytest.FixtureRequest) -> str:
    """An empty lake on each of the servers."""
    return request.getfixturevalue(f"{request.param}_root") + "/some/prefix"


@pytest.fixture
def store(root: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyStore]:
    """What now stands between every client and that lake; a fifth of the requests meet a fault."""
    with FaultyStore(os.environ["AWS_ENDPOINT_URL"], Plan(share=0.2)) as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
        yield store


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives up on a store after two retries, so that a test need not wait."""
    brief = {"init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(milliseconds=200), "base": 2}
    monkeypatch.setattr(stores, "_RETRY", {"max_retries": 2, "backoff": brief, "retry_timeout": timedelta(seconds=5)})


def name(data: bytes) -> str:
    return sha256(data).hexdigest()


def client(endpoint: str, attempts: int = 1) -> Any:
    """Of a client that never tries again, unless told to."""
    return boto3.Session().client("s3", endpoint_url=endpoint, config=Config(retries={"total_max_attempts": attempts}))


def direct_client(store: FaultyStore) -> Any:
    """Of the store itself, which may be busy: Swift answers 503 then, now and then."""
    return client(store.endpoint, attempts=10)


def stored(store: FaultyStore, root: str) -> dict[str, bytes]:
    """Every object below the root, from the store itself, by its path."""
    direct = direct_client(store)
    bucket, _, prefix = root.removeprefix("s3://").partition("/")
    pages = direct.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return {key.removeprefix(f"{prefix}/"): direct.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def assert_whole(objects: dict[str, bytes]) -> None:
    """Blobs are the bytes of their names, and what is called a table is one."""
    for path, data in objects.items():
        if path.startswith("blobs/"):
            assert path.rpartition("/")[2] == name(data)
        elif path.endswith(".parquet"):
            pl.read_parquet(io.BytesIO(data))


@given(share=st.floats(0, 1), seed=st.integers(), nth=st.integers(1, 100))
def test_a_plan_is_the_same_for_the_same_seed_whatever_the_bucket(share: float, seed: int, nth: int) -> None:
    plan = Plan(share, seed)
    assert plan.of("GET", "/lake-1/key", nth) == Plan(share, seed).of("GET", "/lake-2/key", nth)
    assert Plan(0, seed).of("GET", "/lake/key", nth) is None
    assert Plan(1, seed).of("GET", "/lake/key", nth) in Fault


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
def test_each_fault_is_what_it_says(store: FaultyStore, root: str, fault: Fault) -> None:
    """To a client that never tries again, and to the store."""
    bucket = root.removeprefix("s3://").partition("/")[0]
    s3, direct = client(store.url), client(store.endpoint)
    direct.put_object(Bucket=bucket, Key="there", Body=b"x" * 100_000)
    store.plan = Plan(1, kinds=(fault,))
    put: Callable[[], Any] = lambda: s3.put_object(Bucket=bucket, Key="new", Body=b"y" * 100_000)  # noqa: E731
    get: Callable[[], Any] = lambda: s3.get_object(Bucket=bucket, Key="there")["Body"].read()  # noqa: E731
    if fault is Fault.DELAY:
        put()
        assert get() == b"x" * 100_000
    for ask in () if fault is Fault.DELAY else (put, get):
        with pytest.raises((ClientError, BotoCoreError)) as told:
            ask()
        if isinstance(told.value, ClientError):
            code = "SlowDown" if fault is Fault.SLOW_DOWN else "InternalError"
            assert told.value.response["Error"]["Code"] == code
        else:
            assert fault in (Fault.CUT_REQUEST, Fault.CUT_RESPONSE)
    assert store.met == {fault: 2}
    keys = {entry["Key"] for entry in direct.list_objects_v2(Bucket=bucket)["Contents"]}
    done = fault in (Fault.DELAY, Fault.LOST_ANSWER, Fault.CUT_RESPONSE)
    assert keys == ({"there", "new"} if done else {"there"})


@pytest.mark.parametrize(
    "kinds", [*((fault,) for fault in Fault), tuple(Fault)], ids=[*(fault.name for fault in Fault), "all"]
)
def test_every_blob_that_was_put_is_there_and_is_the_bytes_of_its_name(
    store: FaultyStore, root: str, kinds: tuple[Fault, ...]
) -> None:
    """Whoever puts it, and however many at once."""
    store.plan = Plan(0.2, kinds=kinds)
    blobs = Blobs(root)
    bodies = [random.Random(n).randbytes(1 + n * 5000) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda data: blobs.put(name(data), io.BytesIO(data)), bodies * 2))
        assert list(pool.map(lambda data: blobs.get(name(data)), bodies)) == bodies
    assert blobs.present([name(data) for data in bodies] + [name(b"never")]) == {name(data) for data in bodies}
    assert store.met.total() > 20
    objects = stored(store, root)
    assert sorted(objects.values()) == sorted(bodies)
    assert_whole(objects)


def test_tables_are_written_read_and_listed_as_if_nothing_were(store: FaultyStore, root: str) -> None:
    """The scans are polars' own reader, which tries again as obstore does."""
    store.plan = Plan(0.25)
    tables = Tables(root)
    for n in range(12):
        tables.write("verified", FRAME.with_columns(shard=pl.lit(n)), f"s-{n:05}")
        tables.append("fetches", FRAME.head(n), "s-00000")
    merged = tables.files("fetches", "s-00000")
    tables.compact("fetches", tables.scan("fetches", FRAME.schema).collect(), merged, "s-00000")
    assert tables.shards("verified") == [f"s-{n:05}" for n in range(12)]
    rows = tables.scan("verified", pl.Schema({**FRAME.schema, "shard": pl.Int32()})).collect()
    assert rows["shard"].to_list() == [n for n in range(12) for _ in range(FRAME.height)]
    assert rows.filter(shard=7).drop("shard").equals(FRAME)
    assert tables.scan("fetches", FRAME.schema).collect().height == sum(range(12))
    assert store.met.total() > 5
    assert_whole(stored(store, root))


def test_a_table_that_is_written_anew_is_whole_at_every_moment(store: FaultyStore, root: str) -> None:
    store.plan = Plan(0.5, kinds=(Fault.CUT_REQUEST, Fault.CUT_RESPONSE, Fault.LOST_ANSWER))
    tables, versions = Tables(root), [FRAME.with_columns(version=pl.lit(n)) for n in range(15)]
    tables.write("verified", versions[0], "s-00000")
    direct, done, seen = direct_client(store), threading.Event(), []
    bucket, _, prefix = root.removeprefix("s3://").partition("/")

    def read() -> None:
        while not done.is_set():
            body = direct.get_object(Bucket=bucket, Key=f"{prefix}/verified/s-00000.parquet")["Body"].read()
            seen.append(pl.read_parquet(io.BytesIO(body)))

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        for version in versions[1:]:
            tables.write("verified", version, "s-00000")
        done.set()
        reading.result()
    order = [frame["version"][0] for frame in seen]
    assert order == sorted(order)
    assert all(frame.equals(versions[n]) for n, frame in zip(order, seen, strict=True))


def test_a_listing_or_deletion_that_breaks_off_is_asked_for_again(
    store: FaultyStore, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is repeated by obstore itself."""
    monkeypatch.setattr(stores, "_PAUSES", (0.0,) * 20)
    opened, paths = stores.open_store(root), [f"a/{n}" for n in range(8)]
    for path in paths:
        obstore.put(opened, path, b"x")
    store.plan = Plan(0.6, kinds=(Fault.CUT_RESPONSE,))
    for left in range(8, 0, -1):
        assert {meta["path"] for meta in stores.listed(opened, "a")} == set(paths[:left])
        assert stores.listed_folder(opened)["common_prefixes"] == ["a"]
        stores.delete_objects(opened, paths[left - 1 :])
    assert stores.listed(opened) == []
    assert store.met[Fault.CUT_RESPONSE] > 8


def test_a_release_is_published_whole(store: FaultyStore, root: str, tmp_path: Path) -> None:
    files = {f"metadata/{n}.parquet": random.Random(n).randbytes(50_000) for n in range(12)}
    files["manifest.json"] = json.dumps({"files": {}}).encode()
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    releases = Releases(root)
    releases.publish(tmp_path, "2026.11.0")
    assert releases.versions() == ["2026.11.0"]
    assert stored(store, root) == {f"releases/2026.11.0/{path}": data for path, data in files.items()}


@pytest.mark.parametrize("step", ["begins", "ends"])
@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
def test_what_is_put_in_parts_arrives_though_the_beginning_or_the_end_fails(
    store: FaultyStore, root: str, step: str, fault: Fault
) -> None:
    data = random.Random(0).randbytes(12 << 20)
    store.plan = OfUploads(0, kinds=(fault,), step=step)
    stores.put_object(stores.open_store(root), "table.parquet", data)
    assert store.met == {fault: 1}
    assert stored(store, root) == {"table.parquet": data}


def test_a_store_that_is_down_for_good_is_one_clear_error(store: FaultyStore, root: str, impatient: None) -> None:
    store.down = True
    tables, blobs = Tables(root), Blobs(root)
    for ask in (
        lambda: tables.write("verified", FRAME),
        lambda: tables.files("verified"),
        lambda: tables.exists("verified"),
        lambda: blobs.put(name(b"x"), b"x"),
        lambda: blobs.get(name(b"x")),
        lambda: blobs.present([name(b"x")]),
    ):
        with pytest.raises(LakeError, match="check that the place exists and answers, then run again"):
            ask()


@pytest.mark.slow
@pytest.mark.swift
@pytest.mark.parametrize("root", ["swift"], indirect=True)
def test_a_build_ends_as_an_undisturbed_one_does(built: World, store: FaultyStore, root: str, tmp_path: Path) -> None:
    world = unbuilt(built, tmp_path / "faulty", root)
    assert world.build() == []
    assert_equal(world.tables(), built.tables())
    assert store.met.total() > 50
    assert set(store.met) == set(Fault)
    assert_whole(stored(store, root))


@pytest.mark.slow
@pytest.mark.swift
@pytest.mark.parametrize("root", ["swift"], indirect=True)
def test_a_build_that_lost_its_store_goes_on_where_it_was(
    built: World, store: FaultyStore, root: str, tmp_path: Path, impatient: None
) -> None:
    """However often it goes down, each time a little later: nothing that a journal holds is asked for again."""
    world = unbuilt(built, tmp_path / "faulty", root)
    store.plan, more, held, outages, problems = Plan(0), 60, set[str](), 0, ["not built yet"]
    while problems:
        store.down, store.down_after = False, store.requests + more
        with world.asked() as asked:
            problems = build(world)
        assert not held & set(asked)
        for problem in problems:
            assert "check that the place exists and answers, then run again" in problem
        objects = stored(store, root)
        assert_whole(objects)
        held = held_by_journals(objects, built)
        outages, more = outages + 1, more * 2
    assert outages > 3
    assert held
    assert_equal(world.tables(), built.tables())


def unbuilt(built: World, folder: Path, root: str) -> World:
    """The same sample and web, with an empty lake at `root`."""
    world = built.branch(folder, built=False)
    return replace(world, catalog=world.catalog.model_copy(update={"lake": root}))


def build(world: World) -> list[str]:
    """The problems, those that break the build off among them."""
    try:
        return world.build()
    except LakeError as error:
        return [str(error)]


def held_by_journals(objects: dict[str, bytes], built: World) -> set[str]:
    """Paths of the web for which the journals of all shards that name them have an answer that stands.

    A shard asks for its own addresses, whatever another's journal has.
    """
    from imgtext_assets_tests.defs.world import path_of

    held: set[tuple[str, str]] = set()
    for path, data in objects.items():
        if path.startswith("fetches/"):
            answers = pl.read_parquet(io.BytesIO(data)).filter(~pl.col("passing"))
            held |= {(path.split("/")[1], path_of(url)) for url in answers["url"]}
    raw = built.table("raw_metadata").select("shard", "url", "preview_url")
    naming = {(shard, path_of(url)) for shard, *urls in raw.iter_rows() for url in urls if url}
    return {path for _, path in held} - {path for _, path in naming - held}


def assert_equal(after: dict[str, pl.DataFrame], before: dict[str, pl.DataFrame]) -> None:
    assert set(after) == set(before)
    for table, frame in before.items():
        assert_frame_equal(after[table], frame)
