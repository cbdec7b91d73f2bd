"""A whole small world for tests: the sample on a web of its own, a catalog for it, a lake, and an instance."""

from __future__ import annotations

import atexit
import io
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dagster as dg
import polars as pl
import yaml

from imgtext_assets.catalog import Catalog, load_catalog
from imgtext_assets.defs.engines import READER_CPU_SECONDS, READER_MEMORY
from imgtext_assets.defs.pipeline import Pipeline, Project
from imgtext_assets.demo import DemoWeb, Sample, build_sample, load_pages, write_sample
from imgtext_assets.engine import LocalEngine
from imgtext_assets.lake import Lake
from imgtext_assets.tables import STAGES
from imgtext_assets_tests.defs.records import Records

SAMPLE_CATALOG = Path(__file__).parents[2] / "data" / "catalog.yaml"
DECISIONS, OPT_OUTS = (SAMPLE_CATALOG.with_name(name) for name in ("account-decisions.csv", "opt-outs.txt"))
DAGSTER_YAML = Path(__file__).parents[2] / "dagster.yaml"


class NoBars:
    """Progress that nobody watches."""

    def each(self, items: Sequence[Any], what: str) -> Iterable[Any]:
        return items

    def start(self, context: Any, what: str) -> Callable[[int, int], None]:
        return lambda done, total: None


@cache
def engine_with(workers: int | None, memory: int, cpu_seconds: float) -> LocalEngine:
    """Processes that all worlds share: they are slow to start."""
    engine = LocalEngine(workers, memory, cpu_seconds)
    atexit.register(engine.close)
    return engine


@dataclass
class World:
    """Everything that one user has. `folder` holds the sample, the catalog and Dagster's home."""

    folder: Path
    web: DemoWeb
    sample: Sample
    catalog: Catalog
    instance: dg.DagsterInstance

    @property
    def pipeline(self) -> Pipeline:
        pictures = self.catalog.pictures
        engine = engine_with(pictures.workers, pictures.decode_memory, pictures.decode_seconds)
        reader = engine_with(None, READER_MEMORY, READER_CPU_SECONDS)
        return Pipeline(self.catalog, self.project.lake, self.instance, NoBars(), engine, reader)

    @property
    def project(self) -> Project:
        return Project(self.catalog, Lake(self.catalog.lake))

    @property
    def catalog_file(self) -> Path:
        return self.folder / "catalog.yaml"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def build(self, **options: Any) -> list[str]:
        """Discover and build; returns the problems, as `imgtext build` would print them."""
        problems = self.pipeline.discover()
        return problems + self.pipeline.build(self.project.shards(), **options)

    def table(self, name: str) -> pl.DataFrame:
        return self.project.scan(name).collect()

    def tables(self) -> dict[str, pl.DataFrame]:
        """All tables that a build makes, without what depends on when and how often the web was asked."""
        names = [*(table.name for table in STAGES), "duplicate_clusters"]
        return {name: stable(self.table(name)) for name in names}

    def runs(self) -> int:
        return self.instance.get_runs_count()

    @contextmanager
    def asked(self) -> Iterator[list[str]]:
        """The paths that the web is asked for meanwhile, filled in at the end."""
        paths: list[str] = []
        before = len(self.web.requests)
        yield paths
        paths += [seen.path for seen in self.web.requests[before:]]

    def paths_of(self, *cases: str) -> set[str]:
        """Paths of the sample's rows of these cases."""
        return {path_of(url) for url in self.sample.expected.filter(pl.col("case").is_in(cases))["url"]}

    def branch(self, folder: Path, built: bool = True) -> World:
        """The same world once more, to be changed: lake and instance are copied, or new ones where not `built`.

        The sample and its web are shared.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if built:
            shutil.copytree(self.home, folder / "home")
            shutil.copytree(self.catalog.lake, folder / "lake")
        catalog = write_catalog(folder, self.folder)
        return World(folder, self.web, self.sample, catalog, new_instance(folder / "home"))

    def settings(self, **changes: Any) -> World:
        """The same with other settings in its catalog."""
        return replace(self, catalog=write_catalog(self.folder, self._sample_folder, self.catalog.lake, **changes))

    @property
    def _sample_folder(self) -> Path:
        return Path(self.catalog.sources[0].paths[0]).parents[3]


def stable(frame: pl.DataFrame) -> pl.DataFrame:
    """A stage's table without the columns that tell when and with how many tries a row was fetched."""
    names = [name for name in ("shard", "source_row", "id") if name in frame.columns]
    return frame.drop("fetched_at", "attempts", "consent", strict=False).sort(names)


def path_of(url: str) -> str:
    """The path that a web sees for a URL."""
    return unquote(urlsplit(url).path)


def ends(world: World) -> pl.DataFrame:
    """Where every row ended: `source, url, stage, reason`; reason null: verified."""
    rejected = [
        world.project.scan(table.name)
        .filter(pl.col("reject_reason").is_not_null())
        .select("source", "url", pl.lit(table.name).alias("stage"), reason="reject_reason")
        for table in STAGES
    ]
    kept = world.project.scan("verified").filter(pl.col("reject_reason").is_null())
    kept = kept.select("source", "url", pl.lit("verified").alias("stage"), reason=pl.lit(None, pl.String))
    return pl.concat([*rejected, kept]).collect()


def new_instance(home: Path, quick: bool = True) -> dg.DagsterInstance:
    """A Dagster instance on disk, as the project configures it; but for the event log where `quick` (see `records`)."""
    home.mkdir(parents=True, exist_ok=True)
    config = yaml.safe_load(DAGSTER_YAML.read_text())
    if quick:
        log = {"module": Records.__module__, "class": Records.__name__, "config": {"base_dir": str(home / "history")}}
        config["event_log_storage"] = log
    (home / "dagster.yaml").write_text(yaml.safe_dump(config))
    return dg.DagsterInstance.from_config(str(home))


def write_catalog(folder: Path, sample: Path, lake: str = "lake", **changes: Any) -> Catalog:
    """The sample's catalog in `folder`, for the metadata below another folder, with other values of its top keys.

    Sources whose files are not there are left out.
    """
    content: dict[str, Any] = yaml.safe_load(SAMPLE_CATALOG.read_text()) | {"lake": lake} | changes
    for source in content["sources"]:
        source["paths"] = str(sample / str(source["paths"]))
    policy = content.setdefault("policy", {})
    policy.setdefault("accounts", {})["decisions"] = str(DECISIONS)
    policy.setdefault("consent", {})["opt_out_lists"] = [str(OPT_OUTS)]
    content["sources"] = [source for source in content["sources"] if Path(source["paths"]).parent.exists()]
    (folder / "catalog.yaml").write_text(yaml.safe_dump(content))
    return load_catalog(folder / "catalog.yaml")


@contextmanager
def new_world(folder: Path, lake: str, quick: bool) -> Iterator[World]:
    """The whole sample, not built yet. `quick` is that of `new_instance`."""
    with DemoWeb({}) as web:
        sample = write_sample(folder / "sample", web.base_url)
        web.pages = load_pages(folder / "sample")
        catalog = write_catalog(folder, folder, lake)
        with new_instance(folder / "home", quick) as instance:
            yield World(folder, web, sample, catalog, instance)


@contextmanager
def small_world(folder: Path, rows: Mapping[str, int], delay: float = 0.0, quick: bool = True) -> Iterator[World]:
    """The first rows of some of the sample's files (file name to rows), each page answered after `delay` seconds.

    `quick` is that of `new_instance`.
    """
    with DemoWeb({}) as web:
        sample = build_sample(web.base_url)
        web.pages = {path: replace(page, delay=delay) for path, page in sample.pages.items()}
        for name, frame in sample.metadata.items():
            if count := rows.get(Path(name).name):
                write_parquet(folder / "sample" / name, frame.head(count))
        catalog = write_catalog(folder, folder)
        with new_instance(folder / "home", quick) as instance:
            yield World(folder, web, sample, catalog, instance)


def write_parquet(file: Path, frame: pl.DataFrame) -> None:
    """Put a file in place in one go, as a careful source would."""
    body = io.BytesIO()
    frame.write_parquet(body)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body.getvalue())
