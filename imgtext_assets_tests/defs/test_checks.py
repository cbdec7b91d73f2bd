"""The checks read back what was written, and find what breaks the contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.defs.build import build_defs
from imgtext_assets.defs.checks import BLOCKING_CHECKS, compare_reasons, is_jump
from imgtext_assets.defs.describe import funnel
from imgtext_assets.defs.io import LakeIOManager
from imgtext_assets.defs.jobs import BUILD
from imgtext_assets.defs.runs import run_job
from imgtext_assets.defs.stale import stages_to_run
from imgtext_assets.defs.versions import code_versions
from imgtext_assets_tests.defs.world import NoBars, World

SHARD = "pd12m-00001"
STAGE = "resolution_filtered"

Tamper = Callable[[pl.DataFrame], pl.DataFrame]


def checked(world: World, tamper: Tamper = lambda rows: rows) -> dict[str, bool]:
    """Run a stage of one shard whose table is tampered with as it is written: each check and whether it passed."""

    class Tampering(LakeIOManager):
        def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
            super().handle_output(context, obj)
            world.project.lake.tables.write(STAGE, tamper(obj), SHARD)

    lake = world.project.lake
    defs = build_defs(world.catalog, lake=lake, lake_tables=Tampering(lake))
    result = defs.resolve_job_def("build").execute_in_process(
        instance=world.instance,
        partition_key=SHARD,
        asset_selection=[dg.AssetKey(STAGE)],
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=False,
    )
    return {evaluation.check_name: evaluation.passed for evaluation in result.get_asset_check_evaluations()}


@pytest.fixture
def branch(built: World, tmp_path: Path) -> World:
    return built.branch(tmp_path)


def test_all_pass_on_what_a_stage_writes(branch: World) -> None:
    assert checked(branch) == dict.fromkeys([*BLOCKING_CHECKS, "kept_share", "reasons"], True)


def _double(rows: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([rows, rows.head(1)])


def _one_id_twice(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(id=pl.when(pl.int_range(pl.len()) == 1).then(pl.col("id").first()).otherwise("id"))


TAMPERED: dict[str, tuple[Tamper, set[str]]] = {
    "a row is lost": (lambda rows: rows.tail(-1), {"rows_conserved"}),
    "a row is there twice": (_double, {"rows_conserved", "unique_ids"}),
    "an id is there twice": (_one_id_twice, {"unique_ids"}),
    "a reason is none of the vocabulary": (
        lambda rows: rows.with_columns(reject_reason=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("ugly"))),
        {"rows_conserved"},
    ),
    "a column is missing": (lambda rows: rows.drop("caption"), {"schema"}),
    "a column has another type": (lambda rows: rows.with_columns(pl.col("width").cast(pl.String)), {"schema"}),
    "a column is one too many": (lambda rows: rows.with_columns(more=1), {"schema"}),
    "a required value is null": (lambda rows: rows.with_columns(source=pl.lit(None, pl.String)), {"schema"}),
    "all is rejected": (lambda rows: rows.with_columns(reject_reason=pl.lit("too_small")), {"kept_share", "reasons"}),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_what_breaks_the_contract_is_found(branch: World, case: str) -> None:
    tamper, failing = TAMPERED[case]
    assert {name for name, passed in checked(branch, tamper).items() if not passed} == failing


def test_a_table_that_breaks_the_contract_stops_its_shard(branch: World) -> None:
    """What follows does not run, and the run fails."""

    class Losing(LakeIOManager):
        def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame) -> None:
            super().handle_output(context, obj.tail(-1) if context.asset_key.path == ["downloaded"] else obj)

    lake = branch.project.lake
    defs = build_defs(branch.catalog, lake=lake, progress=NoBars(), lake_tables=Losing(lake))
    result = run_job(defs, "build", branch.instance, SHARD)
    assert not result.ok
    assert set(result.metadata) == {"deduplicated", "resolution_filtered", "downloaded"}
    assert "rows_conserved" in (result.problem or "")
    due = stages_to_run(branch.instance, lake, BUILD, [SHARD], code_versions(branch.catalog))
    assert due == {SHARD: ["downloaded", "verified"]}, "the next build must not go on from the broken table"
    refused = run_job(defs, "release", branch.instance)
    assert "every shard up to date" in (refused.problem or "")


# Jumps of reasons.


def rejected(rows: int, **reasons: int) -> pl.DataFrame:
    """Rows of a stage, so many of them rejected for each reason."""
    given = [reason for reason, count in reasons.items() for _ in range(count)]
    return pl.DataFrame(
        {"id": map(str, range(rows)), "reject_reason": given + [None] * (rows - len(given)), "reject_detail": None},
        schema_overrides={"reject_reason": pl.String, "reject_detail": pl.String},
    )


def jumps(now: pl.DataFrame, *earlier: pl.DataFrame) -> str:
    """The reasons that the check names."""
    made = [dg.AssetMaterialization("downloaded", metadata=funnel(rows)).metadata for rows in earlier]
    result = compare_reasons(now.lazy(), made)
    named = result.metadata["jumps"].value
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert result.passed == (not named)
    return str(named)


def test_one_reason_in_place_of_another_is_a_jump_of_both_though_as_many_rows_are_kept() -> None:
    before = rejected(1_000, not_found=200)
    assert jumps(rejected(1_000, forbidden=100, not_found=100), before) == "forbidden, not_found"


def test_a_reason_that_was_never_there_or_is_gone_is_a_jump() -> None:
    assert jumps(rejected(1_000, timeout=60), rejected(1_000)) == "timeout"
    assert jumps(rejected(1_000), rejected(1_000, timeout=60)) == "timeout"


def test_one_bad_night_among_earlier_runs_is_not_what_a_run_is_held_to() -> None:
    bad, good = rejected(1_000, timeout=900), rejected(1_000, timeout=10)
    assert jumps(good, bad, good, good) == ""
    assert jumps(bad, good, bad, good) == "timeout"


def test_a_shard_that_grew_is_compared_by_shares() -> None:
    assert jumps(rejected(2_000, not_found=200), rejected(1_000, not_found=100)) == ""


def test_a_first_run_and_a_shard_without_rows_have_nothing_to_compare() -> None:
    assert jumps(rejected(10, not_found=9)) == ""
    assert jumps(rejected(0), rejected(10, not_found=9)) == ""


@given(rows=st.integers(1, 100_000), share=st.floats(0, 1))
def test_a_reason_that_rejects_as_ever_is_no_jump(rows: int, share: float) -> None:
    assert not is_jump(round(rows * share), rows, share)


@given(rows=st.integers(1, 50))
def test_a_single_row_is_no_jump_in_a_small_shard(rows: int) -> None:
    assert not is_jump(1, rows, 0)


@given(rows=st.integers(100, 100_000))
def test_in_every_shard_of_size_a_third_of_the_rows_is_a_jump(rows: int) -> None:
    assert is_jump(rows // 3, rows, 0)
    assert is_jump(0, rows, 1 / 3)
