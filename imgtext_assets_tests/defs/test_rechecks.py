"""Rounds of rechecks against hosts that answer each in their own way: what is asked, believed, observed and learned."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.catalog import Catalog, HostLimits, LinkSettings, Source
from imgtext_assets.defs.assets.links import link_checks
from imgtext_assets.defs.progress import LogProgress
from imgtext_assets.defs.rechecks import SCOUTS, Recheck, waves
from imgtext_assets.lake import Lake
from imgtext_assets.tables import DEAD_LINKS, LINK_CHECKS, LINK_HOSTS, VERIFIED
from imgtext_assets_tests.defs.world import engine_with
from imgtext_assets_tests.fetch.conftest import loopback
from imgtext_assets_tests.pictures.files import encode, photograph
from imgtext_assets_tests.web import HostileWeb, Manner, Seen, answer

SHARD = "s-00000"
PHOTO = encode(photograph())
AGAIN = encode(photograph().resize((300, 300)))
OTHER = encode(photograph().rotate(90))
JPEG = {"Content-Type": "image/jpeg"}
FILES = ("/robots.txt", "/.well-known/tdmrep.json")


def by_method(head: Manner, get: Manner) -> Manner:
    return lambda seen: (head if seen.method == "HEAD" else get)(seen)


def serving(body: bytes, **headers: str) -> Manner:
    """An honest host: HEAD, conditions, ranges."""

    def manner(seen: Seen) -> list[Any]:
        fields = JPEG | {"Content-Length": str(len(body))} | headers
        status, sent = "200 OK", body
        if headers.get("ETag") and seen.headers.get("if-none-match") == headers["ETag"]:
            return [b"HTTP/1.1 304 Not Modified\r\n\r\n"]
        if wanted := seen.headers.get("range"):
            last = min(int(wanted.rpartition("-")[2]), len(body) - 1)
            status, sent = "206 Part", body[: last + 1]
            fields |= {"Content-Length": str(len(sent)), "Content-Range": f"bytes 0-{last}/{len(body)}"}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return [f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + (b"" if seen.method == "HEAD" else sent)]

    return manner


@dataclass
class Rounds:
    """One shard of links, its lake, and a web."""

    folder: Path
    web: HostileWeb
    catalog: Catalog
    rows: list[dict[str, Any]] = field(default_factory=list)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lake(self) -> Lake:
        return Lake(self.catalog.lake)

    def add(self, path: str, manner: Manner, host: str = "127.0.0.1", **values: Any) -> None:
        """A verified link that had the photograph, and how it is answered now."""
        self.web.manners = {**self.web.manners, path: manner}
        url = self.web.url(path, host=host)
        self.rows.append(
            {"id": path, "url": url, "final_url": url, "source": "s", "shard": SHARD}
            | {"sha256": hashlib.sha256(PHOTO).hexdigest(), "bytes": len(PHOTO), "content_type": "image/jpeg"}
            | {"phash": phash(PHOTO), "fetched_at": datetime.now(UTC) - timedelta(days=60)}
            | values
        )

    def recheck(self, **options: Any) -> dict[str, dict[str, Any]]:
        """One round, as it is appended to the lake; observations by path."""
        before = len(self.web.requests)
        output: Any = link_checks(
            dg.build_asset_context(partition_key=SHARD),
            Recheck(**options),
            VERIFIED.conform(pl.LazyFrame(self.rows, infer_schema_length=None, schema_overrides={"phash": pl.UInt64}))
            if self.rows
            else VERIFIED.schema.to_frame(eager=False),
            catalog=self.catalog,
            lake=self.lake,
            engine=engine_with(1, 2**30, 10.0),
            progress=LogProgress(),
        )
        self.asked = [seen for seen in self.web.requests[before:] if seen.path not in FILES]
        self.metadata = output.metadata
        self.lake.tables.append(LINK_CHECKS.name, output.value, SHARD)
        return {row["id"]: row for row in output.value.to_dicts()}

    def methods(self, path: str) -> list[str]:
        return [seen.method + (" part" if "range" in seen.headers else "") for seen in self.asked if seen.path == path]

    def value(self, name: str) -> Any:
        return getattr(self.metadata[name], "value", self.metadata[name])

    def settings(self, **links: Any) -> None:
        self.catalog = self.catalog.model_copy(update={"links": LinkSettings(**links)})


def phash(body: bytes) -> int:
    from imgtext_assets.catalog import PictureSettings
    from imgtext_assets.pictures import inspect

    hashed = inspect(body, PictureSettings()).phash
    assert hashed is not None
    return hashed


@pytest.fixture
def rounds(tmp_path: Path) -> Iterator[Rounds]:
    source = Source(name="s", format="table", paths=["nowhere.parquet"])
    fetch = loopback(attempts=1)
    links = LinkSettings(sample=0.0, min_days=0)
    with HostileWeb({}, hosts=("127.0.0.1", "127.0.0.2")) as web:
        yield Rounds(tmp_path, web, Catalog(sources=[source], lake=str(tmp_path), fetch=fetch, links=links))


def seen(check: Mapping[str, Any]) -> tuple[str, str | None, int | None]:
    return check["state"], check["asked_by"], check["head_status"]


def test_each_link_is_asked_in_the_cheapest_way(rounds: Rounds):
    rounds.add("/etag", serving(PHOTO, ETag='"1"'), etag='"1"')
    rounds.add("/plain", serving(PHOTO))
    found = rounds.recheck()
    assert seen(found["/etag"]) == ("alive", "conditional", None)
    assert seen(found["/plain"]) == ("alive", "head", None)
    assert (rounds.methods("/etag"), rounds.methods("/plain")) == (["GET"], ["HEAD"])
    assert rounds.value("received_bytes") < 1000
    assert rounds.value("requests") == 2
    assert rounds.value("asked_by") == "conditional 1, head 1"


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "405 Method Not Allowed", "501 Not Implemented"])
def test_a_head_that_a_get_contradicts_is_not_believed(rounds: Rounds, status: str):
    rounds.add("/a", by_method(answer(status=status), serving(PHOTO)))
    assert seen(rounds.recheck()["/a"]) == ("alive", "get", int(status[:3]))
    assert rounds.methods("/a") == ["HEAD", "GET"]


def test_that_nothing_is_there_is_confirmed_by_a_get(rounds: Rounds):
    rounds.add("/a", answer(status="404 Not Found"))
    assert seen(rounds.recheck()["/a"]) == ("gone", "get", 404)
    assert rounds.methods("/a") == ["HEAD", "GET"]


def test_a_host_whose_head_lies_is_asked_for_the_beginning_from_then_on(rounds: Rounds):
    rounds.settings(sample=0.0, min_days=0, first_bytes=512)
    rounds.add("/a", serving(PHOTO))
    rounds.add("/page", answer(b"<html>gone" + bytes(9), headers={"Content-Length": str(len(PHOTO))}))
    lies = {"source": "s", "host": "127.0.0.1", "head_lies": 9}
    rounds.lake.tables.write(LINK_HOSTS.name, LINK_HOSTS.conform(pl.LazyFrame([lies])))
    rounds.web.manners = {**rounds.web.manners, "/page": answer(b"<!DOCTYPE html>" + b" " * len(PHOTO))}
    found = rounds.recheck()
    assert seen(found["/a"]) == ("alive", "range", None)
    assert found["/a"]["bytes"] == len(PHOTO)
    assert rounds.methods("/a") == ["GET part"]
    assert seen(found["/page"]) == ("gone", "get", None)
    assert rounds.methods("/page") == ["GET part", "GET"]


@pytest.mark.parametrize(
    ("body", "state"), [(AGAIN, "changed"), (OTHER, "replaced"), (b"\xff\xd8 no picture at all", "changed")]
)
def test_other_bytes_are_decoded_and_compared(rounds: Rounds, body: bytes, state: str):
    rounds.add("/head", serving(body))
    rounds.add("/etag", serving(body, ETag='"2"'), etag='"1"')
    found = rounds.recheck()
    for path, way in (("/head", "get"), ("/etag", "conditional")):
        assert (found[path]["state"], found[path]["asked_by"]) == (state, way)
        assert found[path]["sha256"] == hashlib.sha256(body).hexdigest()
        assert found[path]["bytes"] == len(body)
    distance = found["/head"]["distance"]
    assert distance is None if body[-3:] == b"all" else (distance > 10) is (state == "replaced")
    assert not list(rounds.folder.glob("blobs/**/*.jpg")), "what is not ours is not kept"


def test_a_placeholder_that_a_host_gives_for_many_links_is_told_and_known_from_then_on(rounds: Rounds):
    for n in range(10):
        rounds.add(f"/{n}", serving(OTHER), sha256=f"{n:064x}")
    assert {check["state"] for check in rounds.recheck().values()} == {"placeholder"}
    rounds.rows = rounds.rows[:1]
    assert rounds.recheck()["/0"]["state"] == "placeholder"


# The sample.


def test_the_sample_is_read_whole_and_finds_a_head_that_calls_alive_what_is_gone(rounds: Rounds):
    rounds.settings(sample=1.0)
    cheats = by_method(serving(PHOTO), answer(status="404 Not Found"))
    rounds.add("/cheats", cheats)
    rounds.add("/honest", serving(PHOTO))
    rounds.add("/denies", by_method(answer(status="403 No"), serving(PHOTO)))
    found = rounds.recheck()
    assert seen(found["/cheats"]) == ("gone", "get", 200)
    assert seen(found["/honest"]) == ("alive", "get", None), "what was believed and is true is no lie"
    assert seen(found["/denies"]) == ("alive", "get", 403)
    assert all(check["uniform"] for check in found.values())
    assert rounds.methods("/honest") == ["HEAD", "GET"]


def test_a_host_whose_head_calls_everything_alive_is_found_out_by_the_sample(rounds: Rounds):
    rounds.settings(sample=0.3)
    for n in range(60):
        rounds.add(f"/{n}", by_method(serving(PHOTO), answer(status="404 Not Found")))
    found = rounds.recheck()
    assert {check["state"] for check in found.values()} == {"gone"}
    assert {check["asked_by"] for check in found.values()} == {"get", "range"}


def test_the_sample_is_asked_again_the_next_day_and_the_others_are_not(rounds: Rounds):
    rounds.settings(sample=0.5)
    for n in range(40):
        rounds.add(f"/{n}", serving(PHOTO))
    first = rounds.recheck()
    assert len(first) == 40
    assert all(check["uniform"] for check in first.values())
    sample = {path for path, check in first.items() if check["asked_by"] == "get"}
    second = rounds.recheck()
    assert set(second) == sample
    assert 5 < len(sample) < 35
    assert rounds.value("skipped_not_due") == 40 - len(sample)
    assert rounds.value("links") == 40 == rounds.value("observed") + rounds.value("skipped")
    assert rounds.value("summary").endswith(f"; skipped: not_due {40 - len(sample)}")
    assert {path for path, check in rounds.recheck(everything=True).items() if check["uniform"]} == set(first)


# The budget.


def crowd(rounds: Rounds, count: int, manner: Callable[[], Manner] = lambda: serving(PHOTO)) -> None:
    for n in range(count):
        rounds.add(f"/{n}", manner(), host="127.0.0.1" if n % 2 else "127.0.0.2")


def test_no_more_requests_are_made_than_allowed_escalations_included(rounds: Rounds):
    """Every HEAD is in vain, and a budget still has something to show for it."""
    crowd(rounds, 40, lambda: by_method(answer(status="404 No"), serving(PHOTO)))
    found = rounds.recheck(requests=30)
    assert len(rounds.asked) == rounds.value("requests") == 30
    assert {seen(check)[:2] for check in found.values()} == {("alive", "get"), ("alive", "range")}
    assert len(found) == 20, "ten scouts were asked twice, the others once, and not by HEAD any more"
    assert rounds.value("skipped_requests") == 20


def test_a_host_whose_head_is_in_vain_is_asked_a_few_times_only(rounds: Rounds):
    for n in range(30):
        rounds.add(f"/{n}", by_method(answer(status="405 No"), serving(PHOTO)))
        rounds.add(f"/honest/{n}", serving(PHOTO), host="127.0.0.2")
    found = rounds.recheck()
    assert {check["state"] for check in found.values()} == {"alive"}
    asked = Counter((seen.host, seen.method) for seen in rounds.asked)
    assert asked == {("127.0.0.1", "HEAD"): 5, ("127.0.0.1", "GET"): 30, ("127.0.0.2", "HEAD"): 30}


def test_a_host_that_was_given_up_is_left_alone_for_the_rest_of_the_round(rounds: Rounds):
    rounds.catalog = rounds.catalog.model_copy(
        update={
            "fetch": loopback(
                attempts=1, park_after=3, park_times=1, park_seconds=0.01, hosts=[HostLimits(concurrency=1, rate=1e6)]
            )
        }
    )
    for n in range(30):
        rounds.add(f"/{n}", answer(status="503 Ill"))
    found = rounds.recheck()
    assert {check["state"] for check in found.values()} == {"unreachable"}
    assert len(found) == 30
    assert len(rounds.asked) <= 5


def test_a_host_is_asked_no_more_than_allowed(rounds: Rounds):
    crowd(rounds, 20)
    found = rounds.recheck(requests_per_host=3)
    assert len(found) == 6
    assert rounds.value("skipped_requests_per_host") == 14
    assert not any(check["uniform"] for check in found.values())
    shown = rounds.value("skipped_by_host")
    assert "127\\.0\\.0\\.1" in shown
    assert "requests\\_per\\_host" in shown


def test_bytes_run_out_and_the_rest_is_skipped_and_said(rounds: Rounds):
    rounds.settings(sample=1.0)
    rounds.catalog = rounds.catalog.model_copy(update={"fetch": loopback(concurrency=1)})
    crowd(rounds, 12, lambda: serving(PHOTO, ETag='"1"'))
    for row in rounds.rows:
        row["etag"] = '"1"'
    found = rounds.recheck(bytes=3 * len(PHOTO))
    assert len(found) == 3
    assert rounds.value("skipped_bytes") == 9
    assert all(check["uniform"] for check in found.values()), "of each host the sample was asked from the front"


def test_a_round_that_runs_out_is_not_even(rounds: Rounds):
    rounds.catalog = rounds.catalog.model_copy(update={"fetch": loopback(concurrency=1)})
    crowd(rounds, 6)
    found = rounds.recheck(bytes=1)
    assert 1 <= len(found) < 6
    assert not any(check["uniform"] for check in found.values())


def test_a_host_s_budget_for_the_day_leaves_its_links_for_another(rounds: Rounds):
    limits = [HostLimits(match="127.0.0.1", concurrency=1, rate=1e6, bytes_per_day=1), HostLimits(rate=1e6)]
    rounds.catalog = rounds.catalog.model_copy(update={"fetch": loopback(hosts=limits)})
    crowd(rounds, 8)
    found = rounds.recheck()
    assert {check["host"] for check in found.values()} == {"127.0.0.2"}, "robots.txt took what there was"
    assert rounds.value("skipped_bytes_per_day") == 4


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["head", "range", "conditional"]))), st.integers(1, 9))
def test_every_link_is_in_one_wave_and_scouts_go_first(links: list[tuple[str, str]], count: int):
    rows = [{"url": n, "host": host, "asked_by": way} for n, (host, way) in enumerate(links)]
    made = list(waves(rows, count))
    assert sorted(row["url"] for wave in made for row in wave) == list(range(len(rows)))
    assert len(made) <= count + 1
    for host in "ab":
        heads = [row["url"] for row in rows if row["host"] == host and row["asked_by"] == "head"]
        if heads:
            assert {row["url"] for row in made[0]} >= set(heads[:SCOUTS])


def test_time_runs_out_and_the_rest_is_skipped_and_said(rounds: Rounds):
    """A host that asked for quiet is not waited for."""
    crowd(rounds, 6, lambda: answer(status="429 Slow", headers={"Retry-After": "100"}))
    rounds.catalog = rounds.catalog.model_copy(update={"fetch": loopback(attempts=4)})
    found = rounds.recheck(seconds=1)
    assert rounds.value("skipped_seconds") + len(found) == 6
    assert rounds.value("skipped_seconds") > 0


def test_what_is_given_for_a_round_goes_before_the_catalog(rounds: Rounds):
    rounds.settings(sample=0.0, requests=2)
    crowd(rounds, 6)
    assert len(rounds.recheck()) == 2
    assert len(rounds.recheck(everything=True)) == 6
    assert len(rounds.recheck(everything=True, requests=3)) == 3


def test_a_dead_link_is_left_alone(rounds: Rounds):
    crowd(rounds, 2)
    rounds.recheck()
    dead = {"id": "/0", "source": "s", "shard": SHARD, "dead_since": datetime.now(UTC) + timedelta(days=1)}
    dead |= {"told": True}  # by an even round: nothing is to be learned of it
    rounds.lake.tables.write(DEAD_LINKS.name, DEAD_LINKS.conform(pl.LazyFrame([dead])))
    found = rounds.recheck()
    assert set(found) == {"/1"}
    assert found["/1"]["uniform"], "nothing that may die was left out"
    assert rounds.value("skipped_dead") == 1


def test_rows_that_share_an_address_are_asked_once_and_each_observed(rounds: Rounds):
    crowd(rounds, 1)
    rounds.rows.append(rounds.rows[0] | {"id": "another"})
    assert set(rounds.recheck()) == {"/0", "another"}
    assert len(rounds.asked) == 1


def test_nothing_verified_is_an_empty_round(rounds: Rounds):
    assert rounds.recheck() == {}
    assert rounds.value("summary") == "no links"


def test_old_observations_without_the_newer_columns_are_read(rounds: Rounds):
    crowd(rounds, 1)
    rounds.recheck()
    (file,) = rounds.lake.tables.files(LINK_CHECKS.name, SHARD)
    path = rounds.folder / file
    pl.read_parquet(path).drop("outcome", "asked_by", "head_status", "bytes", "distance", "uniform").write_parquet(path)
    assert set(rounds.recheck()) == {"/0"}


def test_a_webserver_s_rule_of_the_catalog_is_obeyed(rounds: Rounds):
    rounds.settings(sample=0.0, hosts=[{"match": "127.0.0.1", "states": {403: "gone"}}])
    rounds.add("/a", answer(status="403 No"))
    rounds.add("/b", answer(status="403 No"), host="127.0.0.2")
    found = rounds.recheck()
    assert (found["/a"]["state"], found["/b"]["state"]) == ("gone", "blocked")
