"""Rounds of rechecks against hosts that answer each in their own way: what is asked, believed, observed and learned."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest

from imgtext_assets.tables import LINK_CHECKS, LINK_HOSTS
from imgtext_assets_tests.defs.rounds import (
    AGAIN,
    OTHER,
    PHOTO,
    SHARD,
    Rounds,
    by_method,
    crowd,
    seen,
    serving,
)
from imgtext_assets_tests.web import answer


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
