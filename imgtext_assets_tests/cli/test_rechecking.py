"""Links asked again, and what is told of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl

from imgtext_assets_tests.cli.worlds import Imgtext, rewrite
from imgtext_assets_tests.defs.world import World


def test_what_is_not_built_is_not_released_nor_rechecked(imgtext: Imgtext, branch: World) -> None:
    rewrite(branch, lake=str(branch.folder / "new"))
    told = imgtext(branch, "recheck")
    assert told.code == 1
    assert "run `imgtext build` first" in told.err
    told = imgtext(branch, "release")
    assert told.code == 1
    assert "nothing is verified yet: run `imgtext build` first" in told.err
    assert imgtext(branch, "build", "--source", "laion400m").code == 0
    told = imgtext(branch, "release")
    assert told.code == 1
    assert "needs every shard verified; missing 2, such as pd12m-00000" in told.err


def test_recheck_shows_the_links(imgtext: Imgtext, branch: World) -> None:
    told = imgtext(branch, "recheck", "--source", "laion400m")
    assert told.code == 0
    kept = branch.table("verified").filter(pl.col("reject_reason").is_null(), source="laion400m").height
    assert re.search(rf"laion400m\W+alive\W+{kept}\b", told.out)


def test_links_tells_how_they_fare_and_writes_a_page(imgtext: Imgtext, branch: World, tmp_path: Path) -> None:
    told = imgtext(branch, "links")
    assert (told.code, told.out.strip()) == (0, "No link has been observed yet: run `imgtext recheck`.")
    assert imgtext(branch, "recheck").code == 0
    page = tmp_path / "page.html"
    told = imgtext(branch, "links", "--html", str(page))
    assert told.code == 0
    kept = branch.table("verified").filter(pl.col("reject_reason").is_null()).height
    assert f"100.0% of {kept} links are there" in " ".join(told.out.split())
    assert "<h1>Link decay</h1>" in page.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in imgtext(branch, "links", "--json", "--source", "pd12m").out.splitlines()]
    assert (lines[0]["source"], lines[0]["host"], lines[0]["dead"]) == ("pd12m", None, 0)
    assert sum(line["links"] for line in lines[1:]) == lines[0]["links"]
    missing = imgtext(branch, "links", "--html", str(tmp_path / "no" / "page.html"))
    assert missing.code == 1
    assert "No such file or directory" in missing.err


def test_a_recheck_with_a_budget_says_what_it_left_out(imgtext: Imgtext, branch: World) -> None:
    kept = branch.table("verified").filter(pl.col("reject_reason").is_null(), source="laion400m").height
    told = imgtext(branch, "recheck", "--source", "laion400m", "--requests", "3", "--minutes", "5")
    assert told.code == 0
    checks = branch.table("link_checks")
    assert 1 <= checks.height <= 3
    assert re.search(rf"{checks.height} of {kept} links were asked", " ".join(told.out.split()))
    told = imgtext(branch, "recheck", "--source", "laion400m", "--everything")
    assert branch.table("link_checks").height == checks.height + kept
    assert "links were asked" not in told.out
