"""Accounts: looked at, decided, obeyed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from imgtext_assets.catalog import load_catalog
from imgtext_assets_tests.cli.worlds import Imgtext, rewrite
from imgtext_assets_tests.defs.world import World, small_world


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[World]:
    """A built world whose rows name an account, and whose decisions file is not there yet."""
    with small_world(tmp_path, {"megalith.000.parquet": 4}) as world:
        policy = {"accounts": {"decisions": "decisions.csv"}, "consent": {"opt_out_lists": []}}
        rewrite(world, policy=policy)
        (tmp_path / "decisions.csv").write_text("account,verdict,who,when,why\n")
        yield replace(world, catalog=load_catalog(world.catalog_file))


def test_accounts_are_listed_decided_and_obeyed_by_the_next_build_and_release(
    imgtext: Imgtext, accounts: World
) -> None:
    assert imgtext(accounts, "build").code == 0
    told = imgtext(accounts, "accounts", "--top", "5")
    assert told.code == 0
    assert re.search(r"imgtext-sample +megalith: 4 rows, 100% kept\n +http", told.out)
    (listed,) = [json.loads(line) for line in imgtext(accounts, "accounts", "--json").out.splitlines()]
    assert len(listed["samples"]) == 4
    told = imgtext(accounts, "decide", "imgtext-sample", "exclude", "--why", "sells prints, of others", "--who", "eve")
    assert told.code == 0
    assert re.search(r"megalith-00000\W+4\b", told.out)
    assert "No account is undecided" in imgtext(accounts, "accounts").out
    assert "exclude eve" in imgtext(accounts, "accounts", "--all").out
    told = imgtext(accounts, "release")
    assert told.code == 1
    assert "needs every shard up to date; 1 are not, such as megalith-00000: run `imgtext build`" in told.err
    assert imgtext(accounts, "build").code == 0
    rejected = accounts.table("license_filtered").select("reject_reason", "reject_detail").unique().rows()
    ((reason, detail),) = rejected
    assert reason == "account_excluded"
    assert re.fullmatch(r"imgtext-sample; sells prints, of others; eve; \d{4}-\d\d-\d\d", detail)


def test_mistakes_about_accounts_are_said_in_a_line(imgtext: Imgtext, accounts: World) -> None:
    decide = ("decide", "ann", "exclude", "--why", "x")
    assert imgtext(accounts, "decide", "ann", "banish", "--why", "x").code == 2
    told = imgtext(accounts, *decide, "--source", "megalith")
    assert told.code == 2
    assert "the first line names no column source" in told.err
    (accounts.folder / "decisions.csv").write_text("account,verdict,who,when,why\nann,banish,eve,2026-11-21,x\n")
    for command in (("build",), ("accounts",), decide):
        told = imgtext(accounts, *command)
        assert told.code == 2 if command != ("accounts",) else told.code in (1, 2)
        assert "line 2: verdict 'banish': expected include or exclude" in told.err
    rewrite(accounts, policy={})
    told = imgtext(accounts, *decide)
    assert told.code == 2
    assert "`policy.accounts.decisions`: name a local CSV file" in told.err
