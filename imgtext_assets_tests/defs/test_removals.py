"""The removal drill: what is removed stays out, under whatever name it comes back, through builds, backfills, releases.

Everything is real but the pictures' owners: the web, the lake, Dagster's instance.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from imgtext_assets import rights
from imgtext_assets.catalog import Source
from imgtext_assets.defs.takedowns import carry_out, plan
from imgtext_assets.demo import Page
from imgtext_assets.sources import url_key
from imgtext_assets.sources.urls import normalise
from imgtext_assets.tables import STAGES
from imgtext_assets_tests.defs.world import World, path_of, small_world

pytestmark = pytest.mark.slow

CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
PREVIEWED, BARE = "megalith", "laion400m"  # the one's host offers previews, the other's pictures are fetched at once
KINDS = ("id", "url", "sha256")  # by which somebody names the picture that is to go; columns, too


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    rows = {"megalith.000.parquet": 4, "laion400m.000.parquet": 4}
    with small_world(tmp_path_factory.mktemp("removals"), rows) as world:
        assert world.build() == []
        assert world.pipeline.release().ok
        yield world


@pytest.fixture
def world(small: World, tmp_path: Path) -> World:
    """The same to be changed, with an empty list of copies of its own."""
    return small.branch(tmp_path)


def picture_of(world: World, source: str) -> dict[str, Any]:
    """A picture that is in the release, with the bytes and look that it was fingerprinted by."""
    kept = world.table("verified").filter(pl.col("reject_reason").is_null(), source=source, low_information=False)
    return kept.sort("id").row(0, named=True)


def remove(world: World, kind: str, value: str, source: str | None = None, *, only_this: bool = False) -> None:
    named = rights.order(kind, value, normalise, source)
    orders = rights.orders_frame([(*named, "the photographer asked", "ticket 7")], datetime.now(UTC))
    carry_out(world.project.lake, plan(world.project.lake, orders, world.catalog.policy.removals, only_this=only_this))


def body_of(world: World, url: str) -> bytes:
    """What the web answers with."""
    body = world.web.pages[path_of(url)].body
    return body if isinstance(body, bytes) else body.read_bytes()


def encoded_anew(body: bytes) -> bytes:
    """The same picture in other bytes."""
    out = io.BytesIO()
    Image.open(io.BytesIO(body)).convert("RGB").save(out, "JPEG", quality=88)
    return out.getvalue()


def relist(world: World, pages: dict[str, Page], **columns: list[str | None]) -> World:
    """Another list, of another source, whose rows are at these paths of the web."""
    world.web.pages = world.web.pages | pages
    urls = [f"{world.web.base_url}{path}" for path in pages]
    rows = pl.DataFrame({"id": [f"copy-{n}" for n in range(len(urls))], "url": urls, **columns})
    file = world.folder / "copies.csv"
    rows.with_columns(caption=pl.lit("the same picture once more, as somebody else lists it")).write_csv(file)
    copies = Source(name="copies", format="table", paths=[str(file)], license=CC0)
    others = [source for source in world.catalog.sources if source.name != "copies"]
    return replace(world, catalog=world.catalog.model_copy(update={"sources": [*others, copies]}))


def ends_of(world: World, source: str) -> dict[str, tuple[str, str | None]]:
    """Where the rows of a source ended, by id: the last stage that has the row, and its verdict."""
    found: dict[str, tuple[str, str | None]] = {}
    for stage in STAGES:
        rows = world.table(stage.name).filter(source=source).select("id", "reject_reason")
        found |= {row_id: (stage.name, reason) for row_id, reason in rows.iter_rows()}
    return found


def released(world: World) -> pl.DataFrame:
    """The rows of a new release."""
    told = world.pipeline.release()
    assert told.ok, told.problem
    releases = world.project.lake.releases
    return releases.scan(releases.versions()[-1]).collect()


def test_what_is_removed_stays_out_under_every_name(world: World) -> None:
    """Remove by id, address and bytes, list again under other names, build, backfill everything, release; twice."""
    before = world.table("verified").filter(pl.col("reject_reason").is_null(), low_information=False).sort("id")
    previewed, bare = (before.filter(source=source) for source in (PREVIEWED, BARE))
    rows = [previewed.row(0, named=True), bare.row(0, named=True), previewed.row(1, named=True)]
    pages: dict[str, Page] = {}
    for row, kind in zip(rows, KINDS, strict=True):
        body = body_of(world, row["url"])
        remove(world, kind, row[kind])
        pages |= {
            f"/copies/{kind}-same-bytes.jpg": Page(body),
            f"/copies/{kind}-same-look.jpg": Page(encoded_anew(body)),
            f"/copies/{kind}-led-there.jpg": Page(redirect=path_of(row["url"])),
        }
    world = relist(world, pages)
    lake, hashes = world.project.lake, [row["sha256"] for row in rows]
    lake.blobs.delete(hashes)
    for force in (False, True):
        with world.asked() as asked:
            assert world.build(force=force) == []
        for row in rows:
            assert ends_of(world, row["source"])[row["id"]] == ("license_filtered", "removed")
        ends = ends_of(world, "copies")
        assert len(ends) == len(pages)
        assert {reason for _, reason in ends.values()} == {"removed"}, ends
        assert lake.blobs.present(hashes) == set()
        # That its bytes are removed is known only when they come; from then on nobody asks again.
        assert [asked.count(f"/copies/{kind}-same-bytes.jpg") for kind in KINDS] == [0 if force else 1] * len(KINDS)
        left = released(world)
        assert "copies" not in left["source"]
        assert not set(hashes) & set(left["sha256"])
        assert left.join(pl.DataFrame(rows).select("source", "id"), on=["source", "id"], how="semi").is_empty()
    runs = world.runs()
    assert world.build() == []
    assert world.runs() == runs


def test_a_removal_changes_no_other_row(world: World) -> None:
    before = world.tables()["verified"]
    row = picture_of(world, BARE)
    remove(world, "id", row["id"], BARE)
    assert world.build() == []
    after = world.tables()["verified"]
    repeats = set(before["id"]) - set(after["id"])
    assert row["id"] in repeats
    kept = pl.col("reject_reason").is_null()
    assert before.filter(kept, ~pl.col("id").is_in(list(repeats))).equals(after.filter(kept))


def test_a_preview_that_is_removed_is_not_kept_and_its_picture_not_asked_for(world: World) -> None:
    """Its bytes come once, from another address; its own address is refused before anything is asked for."""
    row = picture_of(world, PREVIEWED)
    remove(world, "id", row["id"], PREVIEWED)
    preview = body_of(world, row["preview_url"])
    world.web.pages = world.web.pages | {"/copies/preview.jpg": Page(preview)}
    pages = {"/copies/0.jpg": Page(encoded_anew(body_of(world, row["url"]))), "/copies/1.jpg": Page(b"")}
    spelled = row["preview_url"].replace("http://", "HTTP://") + "#x"
    world = relist(world, pages, preview_url=[f"{world.web.base_url}/copies/preview.jpg", spelled])
    world.project.lake.blobs.delete([row["fingerprint_sha256"]])
    with world.asked() as asked:
        assert world.build() == []
    assert {path for path in asked if "/copies/" in path} == {"/copies/preview.jpg"}
    assert ends_of(world, "copies") == {"copy-0": ("downloaded", "removed"), "copy-1": ("license_filtered", "removed")}
    assert world.project.lake.blobs.present([row["fingerprint_sha256"]]) == set()


def test_all_that_a_person_made_in_a_source_goes_and_so_does_what_comes_later(world: World) -> None:
    people = {"creator": ["Ann  Example", "Bob", None], "account": [None, None, "cleo"]}
    world = relist(world, {f"/copies/{n}.jpg": Page(b"") for n in range(3)}, **people)
    remove(world, "creator", "ann example")
    remove(world, "creator", "Bob", BARE)
    remove(world, "account", "cleo", PREVIEWED)
    assert world.build(until="license_filtered") == []
    ends = ends_of(world, "copies")
    assert ends == {f"copy-{n}": ("license_filtered", reason) for n, reason in enumerate(["removed", None, None])}


def test_near_duplicates_stay_where_the_policy_says_so(world: World) -> None:
    policy = world.catalog.policy
    removals = policy.removals.model_copy(update={"near_duplicates": False})
    world.catalog = world.catalog.model_copy(update={"policy": policy.model_copy(update={"removals": removals})})
    row = picture_of(world, BARE)
    world = relist(world, {"/copies/look.jpg": Page(encoded_anew(body_of(world, row["url"])))})
    remove(world, "id", row["id"], BARE)
    assert world.build() == []
    assert ends_of(world, "copies") == {"copy-0": ("verified", None)}
    # The tombstone of the look is there, and counts as soon as the policy wants it.
    world.catalog = world.catalog.model_copy(update={"policy": policy})
    assert world.build() == []
    assert {reason for _, reason in ends_of(world, "copies").values()} == {"removed"}


def test_only_this_lets_another_copy_take_its_place(world: World) -> None:
    """Also one of the same bytes."""
    row = picture_of(world, BARE)
    world = relist(world, {"/copies/bytes.jpg": Page(body_of(world, row["url"]))})
    assert world.build() == []
    assert "deduplicated" in {
        stage for stage, _ in (ends_of(world, BARE)[row["id"]], ends_of(world, "copies")["copy-0"])
    }
    remove(world, "id", row["id"], BARE, only_this=True)
    assert world.build() == []
    assert ends_of(world, "copies") == {"copy-0": ("verified", None)}


def test_a_release_obeys_tombstones_of_every_kind_before_any_build(world: World) -> None:
    """A person, a redirect, a preview's bytes and a look that no stage has judged yet."""
    megalith = world.table("verified").filter(pl.col("reject_reason").is_null(), source=PREVIEWED).sort("id")
    by_account, by_preview = megalith.row(0, named=True), megalith.row(1, named=True)
    by_look = picture_of(world, BARE)
    lake = world.project.lake
    stones = [
        ("account", by_account["account"], BARE, "of another source"),
        ("sha256", by_preview["fingerprint_sha256"], None, "the preview"),
        ("phash", f"{by_look['phash'] ^ 0b111:016x}", None, "the look"),
    ]
    lake.tables.append("removals", rights.orders_frame([(*stone, None) for stone in stones], datetime.now(UTC)))
    left = released(world)
    assert by_account["id"] in left["id"]
    assert by_preview["id"] not in left["id"]
    assert by_look["id"] not in left.filter(source=BARE)["id"]


def test_an_order_is_carried_out_once(world: World) -> None:
    row = picture_of(world, PREVIEWED)
    remove(world, "id", row["id"], PREVIEWED)
    stones = world.table("removals")
    assert stones.height == stones.unique(["kind", "value", "source"]).height
    assert {"id", "url", "sha256", "phash"} == set(stones["kind"])
    assert set(stones.filter(kind="url")["value"]) >= set(
        pl.select(url_key(pl.lit(pl.Series([row["url"], row["preview_url"]])))).to_series()
    )
    remove(world, "id", row["id"], PREVIEWED)
    assert world.table("removals").equals(stones)
