"""The checks read back what was written, and find what breaks the contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from imgtext_assets.defs.build import build_defs
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
    assert checked(branch) == {"schema": True, "unique_ids": True, "rows_conserved": True, "kept_share": True}


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
    "all is rejected": (lambda rows: rows.with_columns(reject_reason=pl.lit("too_small")), {"kept_share"}),
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
