"""What the docs say of the project is so: links lead somewhere, generated pages are current, tables are complete."""

from __future__ import annotations

import re
import runpy
import tomllib

import dagster as dg
import polars as pl
import pytest
import typer.main
import yaml

from imgtext_assets.catalog import Catalog
from imgtext_assets.cli.main import app
from imgtext_assets.defs.build import build_defs
from imgtext_assets.demo import build_sample
from imgtext_assets.tables import STAGES
from imgtext_assets_tests.docs.markdown import DOCS, ROOT, anchors, blocks, links, pages, table_rows

README = ROOT / "README.md"
NAMES = [page.relative_to(ROOT).as_posix() for page in pages()]


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_files_and_headings_that_are_there(name: str) -> None:
    page = ROOT / name
    broken = []
    for link in links(page):
        target, _, anchor = link.partition("#")
        if "://" in link:
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", NAMES)
def test_commands_and_options_that_are_shown_exist(name: str) -> None:
    commands = typer.main.get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue] - it is a group
    shown = "\n".join(block.text for block in blocks(ROOT / name) if block.language in ("bash", "console"))
    for line in re.findall(r"^(?:\$ )?imgtext ([a-z].*)$", shown.replace("\\\n", " "), re.MULTILINE):
        words = re.sub(r'"[^"]*"|#.*|--catalog \S+', "", line).split()
        assert words[0] in commands, line
        known = {option for parameter in commands[words[0]].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize("name", ["data-dictionary.md", "cli.md"])
def test_generated_pages_are_current(name: str) -> None:
    generated = runpy.run_path(str(DOCS / "generate.py"))["GENERATED"]
    assert (DOCS / name).read_text(encoding="utf-8") == generated[name](), "run `make docs`"


def test_the_readme_names_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = {
        re.split(r"[<>=\[]", spec)[0]
        for spec in [*project["dependencies"], *(spec for name in extras if name != "test" for spec in extras[name])]
    }
    table = README.read_text(encoding="utf-8").partition("| package |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| ([a-z][a-z0-9-]+) \| \S", table, re.MULTILINE)) == needed


def test_the_readme_names_every_asset() -> None:
    said = {row[0].strip("`") for row in table_rows(README) if row[1] in ("shard", "all")}
    assert said == {key.to_user_string() for key in definitions().resolve_all_asset_keys()} - {"source_files"}


def test_the_how_to_names_all_that_runs_by_itself() -> None:
    repository = definitions().get_repository_def()
    running = {schedule.name for schedule in repository.schedule_defs} | {
        sensor.name for sensor in repository.sensor_defs
    }
    assert running <= {row[0].strip("`") for row in table_rows(DOCS / "how-to.md")}


def test_the_deployment_page_explains_all_of_dagster_yaml() -> None:
    said = "\n".join(row[0] for row in table_rows(DOCS / "deployment.md"))
    settings = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    assert [key for key in settings if f"`{key}" not in said] == []


def test_the_funnel_in_the_readme_is_the_samples() -> None:
    expected = build_sample("http://127.0.0.1:8377").expected
    ended = expected.drop_nulls("reason").group_by("stage", "reason").len()
    received, funnel = expected.height, []
    for stage in [table.name for table in STAGES]:
        reasons = ended.filter(stage=stage).sort(pl.col("len"), "reason", descending=[True, False])
        lost = int(reasons["len"].sum())
        why = ", ".join(f"{reason} {count}" for _, reason, count in reasons.iter_rows())
        funnel.append([f"`{stage}`", str(received), str(received - lost), str(lost), why])
        received -= lost
    assert [row if len(row) == 5 else [*row, ""] for row in table_rows(README) if row[1].isdigit()] == funnel


def definitions() -> dg.Definitions:
    return build_defs(Catalog.model_validate({"sources": [{"name": "a", "format": "table", "paths": "a.parquet"}]}))
