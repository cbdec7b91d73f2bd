"""What people order (decisions on accounts, opt-out lists, policies) is judged anew exactly where it concerns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from imgtext_assets.catalog import Catalog, CatalogError
from imgtext_assets.defs.history import newest
from imgtext_assets.defs.orders import check_catalog, load_orders, write_decision
from imgtext_assets.defs.pipeline import ORDER
from imgtext_assets.defs.sensors import orders_sensor
from imgtext_assets_tests.defs.test_by_itself import tick
from imgtext_assets_tests.defs.world import World, path_of, small_world

TODAY = "2026-11-21"
ACCOUNT = "imgtext-sample"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A few ordinary rows of two sources, of which one names accounts, built."""
    with small_world(
        tmp_path_factory.mktemp("orders"), {"megalith.000.parquet": 5, "laion400m.000.parquet": 5}
    ) as world:
        assert world.build() == []
        yield world


@pytest.fixture
def world(small: World, tmp_path: Path) -> World:
    """The same to be changed, with orders of its own."""
    return _with_orders(small.branch(tmp_path))


def _with_orders(world: World) -> World:
    folder = world.folder
    (folder / "list.txt").write_text("# nobody yet\n")
    (folder / "decisions.csv").write_text("account,verdict,who,when,why\n")
    policy = world.catalog.policy
    world.catalog = world.catalog.model_copy(
        update={
            "policy": policy.model_copy(
                update={
                    "accounts": policy.accounts.model_copy(update={"decisions": str(folder / "decisions.csv")}),
                    "consent": policy.consent.model_copy(update={"opt_out_lists": [str(folder / "list.txt")]}),
                }
            )
        }
    )
    return world


def made(world: World) -> dict[tuple[str, str], int]:
    """The place in the event log of every asset's newest materialisation, by asset and shard."""
    return {(name, shard): found.place for name in ORDER for shard, found in newest(world.instance, name).items()}


def ran(world: World) -> set[tuple[str, str]]:
    """The assets and shards that a build runs."""
    before = made(world)
    assert world.build() == []
    return {key for key, place in made(world).items() if before.get(key) != place}


def reasons(world: World, stage: str, source: str) -> set[str | None]:
    return set(world.table(stage).filter(source=source)["reject_reason"])


def decide(world: World, verdict: str, account: str = ACCOUNT) -> None:
    decision = {"account": account, "verdict": verdict, "who": "eve", "when": TODAY, "why": "a test"}
    write_decision(world.folder / "decisions.csv", decision)


def test_a_decision_judges_only_the_shards_that_hold_the_account_and_what_follows_from_it(world: World) -> None:
    decide(world, "exclude", "somebody-else")
    assert ran(world) == set()
    decide(world, "exclude")
    found = ran(world)
    assert {shard for _, shard in found} == {"megalith-00000"}
    assert ("license_filtered", "megalith-00000") in found
    assert ("raw_metadata", "megalith-00000") not in found
    assert reasons(world, "license_filtered", "megalith") == {"account_excluded"}
    assert ran(world) == set()
    decide(world, "include")
    assert ("verified", "megalith-00000") in ran(world)
    assert None in reasons(world, "verified", "megalith")


def test_an_address_on_an_opt_out_list_ends_before_anything_is_asked_for(world: World) -> None:
    row = world.table("verified").filter(pl.col("reject_reason").is_null(), source="laion400m").row(0, named=True)
    (world.folder / "list.txt").write_text(f"{row['url']}\n")
    with world.asked() as asked:
        found = ran(world)
    assert asked == []
    assert {shard for _, shard in found} == {"laion400m-00000"}
    judged = world.table("license_filtered").filter(id=row["id"]).row(0, named=True)
    assert judged["reject_reason"] == "opted_out"
    assert str(world.folder / "list.txt") in judged["reject_detail"]
    assert row["id"] not in set(world.table("verified")["id"])


def test_a_preview_that_a_list_names_ends_its_row_at_downloaded(world: World) -> None:
    row = world.table("verified").filter(pl.col("reject_reason").is_null(), source="megalith").row(0, named=True)
    (world.folder / "list.txt").write_text(f"{row['preview_url']}\n")
    with world.asked() as asked:
        found = ran(world)
    assert asked == []
    assert ("downloaded", "megalith-00000") in found
    assert {shard for _, shard in found} == {"megalith-00000"}
    judged = world.table("downloaded").filter(id=row["id"]).row(0, named=True)
    assert judged["reject_reason"] == "opted_out"
    assert ran(world) == set()


def test_bytes_on_an_opt_out_list_end_at_verified(world: World) -> None:
    row = world.table("verified").filter(pl.col("reject_reason").is_null(), source="megalith").row(0, named=True)
    (world.folder / "list.txt").write_text(f"{row['sha256'].upper()}\n")
    assert ran(world) == {("verified", "megalith-00000")}
    assert world.table("verified").filter(id=row["id"])["reject_reason"].to_list() == ["opted_out"]


def test_bytes_that_are_no_longer_listed_come_back(world: World) -> None:
    row = world.table("verified").filter(pl.col("reject_reason").is_null(), source="megalith").row(0, named=True)
    (world.folder / "list.txt").write_text(f"{row['sha256']}\n")
    assert ran(world) == {("verified", "megalith-00000")}
    (world.folder / "list.txt").write_text("")
    assert ran(world) == {("verified", "megalith-00000")}
    assert world.table("verified").filter(id=row["id"])["reject_reason"].to_list() == [None]


def test_a_refusal_that_a_recheck_hears_is_obeyed_by_the_next_build_and_no_release_goes_before_it(world: World) -> None:
    row = world.table("verified").filter(pl.col("reject_reason").is_null(), source="megalith").row(0, named=True)
    pages, path = world.web.pages, path_of(row["url"])
    world.web.pages = pages | {path: replace(pages[path], headers={"X-Robots-Tag": "noai"})}
    assert world.pipeline.recheck(["megalith-00000"]) == []
    refused = world.pipeline.release()
    assert not refused.ok
    assert "1 are not, such as megalith-00000" in str(refused.problem)
    assert ran(world) == {("verified", "megalith-00000")}
    world.web.pages = pages
    judged = world.table("verified").filter(id=row["id"]).row(0, named=True)
    assert judged["reject_reason"] == "opted_out"
    assert judged["reject_detail"].endswith(": X-Robots-Tag: noai")
    assert world.pipeline.release().ok


def test_a_shard_whose_file_is_gone_obeys_orders_and_policies_too(tmp_path: Path) -> None:
    with small_world(tmp_path, {"megalith.000.parquet": 3, "laion400m.000.parquet": 3}) as built:
        world = _with_orders(built)
        assert world.build() == []
        (tmp_path / "sample/metadata/megalith/megalith.000.parquet").rename(tmp_path / "away.parquet")
        decide(world, "exclude")
        before = made(world)
        assert any("has vanished" in problem for problem in world.build())
        assert {shard for (asset, shard), place in made(world).items() if before.get((asset, shard)) != place} == {
            "megalith-00000"
        }
        assert reasons(world, "license_filtered", "megalith") == {"account_excluded"}
        assert world.pipeline.release().ok


def test_a_policy_that_changes_no_row_runs_one_stage_and_nothing_after_it(world: World) -> None:
    licenses = world.catalog.policy.licenses.model_copy(update={"allow": ["public-domain", "CC-BY-4.0"]})
    world.catalog = world.catalog.model_copy(
        update={"policy": world.catalog.policy.model_copy(update={"licenses": licenses})}
    )
    assert ran(world) == {("license_filtered", "megalith-00000"), ("license_filtered", "laion400m-00000")}
    assert ran(world) == set()


def test_the_orders_sensor_asks_for_the_shards_that_an_order_concerns_once(world: World) -> None:
    quiet = tick(orders_sensor, world)
    assert quiet.run_requests == []
    assert "no new order" in tick(orders_sensor, world, quiet.cursor).skip_message
    decide(world, "exclude")
    kept = world.table("verified").filter(pl.col("reject_reason").is_null(), source="laion400m")["sha256"][0]
    (world.folder / "list.txt").write_text(f"{kept}\n")
    told = tick(orders_sensor, world, quiet.cursor)
    asked = {request.partition_key: (request.job_name, request.asset_selection[0]) for request in told.run_requests}
    assert asked == {
        "megalith-00000": ("refresh", dg.AssetKey("license_filtered")),
        "laion400m-00000": ("build", dg.AssetKey("verified")),
    }
    assert {request.run_key for request in told.run_requests} == {None}
    assert "no new order" in tick(orders_sensor, world, told.cursor).skip_message


def test_the_accounts_asset_counts_what_became_of_their_rows(world: World) -> None:
    assert world.pipeline.accounts() == []
    (account,) = world.table("accounts").to_dicts()
    assert (account["source"], account["account"], account["rows"], account["kept"]) == ("megalith", ACCOUNT, 5, 5)
    assert account["verdict"] is None
    (record,) = world.instance.fetch_materializations(dg.AssetKey("accounts"), limit=1).records
    made = record.asset_materialization
    assert made is not None
    assert ACCOUNT.replace("-", "\\-") in str(made.metadata["undecided_first"].value)
    decide(world, "include")
    assert world.pipeline.accounts() == []
    assert world.table("accounts")["verdict"].to_list() == ["include"]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("decisions.csv", "account,verdict,who,when,why\nann,banish,eve,2026-11-21,x\n", "line 2: verdict 'banish'"),
        ("list.txt", "a.example\nno entry\n", "line 2: 'no entry' is no address"),
        ("list.txt", b"\xff\xfe", "expected UTF-8"),
        ("list.txt", None, "not found"),
    ],
)
def test_a_mistake_in_the_files_is_a_mistake_of_the_catalog(
    world: World, file: str, text: str | bytes | None, said: str
):
    place = world.folder / file
    if text is None:
        place.unlink()
    else:
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CatalogError) as mistake:
        load_orders(world.catalog)
    assert str(mistake.value).startswith(str(place))
    assert said in str(mistake.value)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"licenses": {"allow": ["public domain"]}}, "public-domain"),
        ({"captions": {"languages": ["xx"]}}, "xx"),
    ],
)
def test_a_policy_that_names_what_there_is_not_is_said_at_once(policy: dict, said: str) -> None:
    source = {"name": "a", "paths": "x"}
    for catalog in ({"policy": policy}, {"sources": [source | _own(policy)]}):
        with pytest.raises(CatalogError, match=said):
            check_catalog(Catalog.model_validate({"sources": [source]} | catalog))


def test_a_mapping_of_columns_that_cannot_be_is_said_at_once() -> None:
    with pytest.raises(CatalogError, match=r"`columns\.licence`: no such column of ours; .*license"):
        check_catalog(Catalog.model_validate({"sources": [{"name": "a", "paths": "x", "columns": {"licence": "l"}}]}))
    with pytest.raises(ValueError, match="`columns` is for format `table`"):
        Catalog.model_validate({"sources": [{"name": "a", "format": "pd12m", "paths": "x", "columns": {"url": "u"}}]})


def _own(policy: dict) -> dict:
    """The same policy as a source's own."""
    return {{"licenses": "license_policy", "captions": "caption_policy"}[name]: value for name, value in policy.items()}
