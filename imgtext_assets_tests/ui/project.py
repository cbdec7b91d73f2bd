"""A project as a user has it, apart from anybody else's: an instance, a catalog, a lake, the sample and its web.

Everything runs as processes of their own, as in production: the command line, the webserver, the daemon. Also the
stage for docs/screenshots.py.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
import yaml

from imgtext_assets.catalog import Catalog, load_catalog
from imgtext_assets.demo import DemoWeb, load_pages, write_sample
from imgtext_assets.lake import Lake

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
LOCATION = "imgtext-assets"

Value = TypeVar("Value")


class Project:
    """The sample as a project in a folder of its own. A context manager: its web is served while it is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web = DemoWeb({})
        self.catalog_file = folder / "catalog.yaml"
        self.home = folder / "home"

    def __enter__(self) -> Project:
        self.home.mkdir(parents=True)
        shutil.copy(ROOT / "dagster.yaml", self.home)
        for file in ("catalog.yaml", "account-decisions.csv", "opt-outs.txt"):
            shutil.copy(ROOT / "data" / file, self.folder)
        self.web.start()
        write_sample(self.folder / "sample", self.web.base_url)
        self.web.pages = load_pages(self.folder / "sample")
        # Opening a fresh SQLite instance from several processes at once fails: open it once before.
        with self.instance():
            return self

    def __exit__(self, *_: object) -> None:
        self.web.stop()

    @property
    def catalog(self) -> Catalog:
        """The project's catalog, as it is in its file now."""
        return load_catalog(self.catalog_file)

    @property
    def lake(self) -> Lake:
        """The project's lake."""
        return Lake(self.catalog.lake)

    def instance(self) -> dg.DagsterInstance:
        """The project's Dagster instance, to look at and to close."""
        return dg.DagsterInstance.from_config(str(self.home))

    def env(self, **more: str) -> dict[str, str]:
        """The environment of the project's processes."""
        return os.environ | {"DAGSTER_HOME": str(self.home), "IMGTEXT_CATALOG": str(self.catalog_file)} | more

    def imgtext(self, *arguments: str, **env: str) -> None:
        """Run the command; it must succeed."""
        command = [BIN / "imgtext", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env(**env), capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, f"imgtext {' '.join(arguments)}: {done.stderr}{done.stdout}"

    def change_catalog(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Edit the catalog's YAML in place."""
        content = yaml.safe_load(self.catalog_file.read_text(encoding="utf-8"))
        change(content)
        self.catalog_file.write_text(yaml.safe_dump(content), encoding="utf-8")

    @contextmanager
    def webserver(self) -> Iterator[Webserver]:
        """A running `dagster-webserver`."""
        port = free_port()
        server = Webserver(f"http://127.0.0.1:{port}")
        with self._process("webserver", [BIN / "dagster-webserver", "-p", str(port)]) as process:
            until(lambda: _running(process) and server.answers(), 120, "the webserver answers")
            yield server

    @contextmanager
    def daemon(self, *, interval_seconds: int | None = None) -> Iterator[None]:
        """A running `dagster-daemon`; `interval_seconds` is how often it looks after backfills (Dagster: 30)."""
        command = [BIN / "dagster-daemon", "run"]
        if interval_seconds is not None:
            command = [sys.executable, "-c", _FAST_DAEMON.format(interval_seconds), "run"]
        with self._process("daemon", command):
            yield

    @contextmanager
    def _process(self, name: str, command: Sequence[str | Path]) -> Iterator[subprocess.Popen[bytes]]:
        """A process of the project that runs until the end of the block, with its output in `<name>.log`."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=self.env(), stdout=log, stderr=log)
        try:
            yield process
        except BaseException as error:
            error.add_note(f"{name}.log ends: {(self.folder / f'{name}.log').read_text(errors='replace')[-3000:]}")
            raise
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


# Dagster has no setting for this interval; tests need not wait 30 s for each step of a backfill.
_FAST_DAEMON = """
from dagster._daemon import cli, controller
assert controller.DEFAULT_DAEMON_INTERVAL_SECONDS == 30
controller.DEFAULT_DAEMON_INTERVAL_SECONDS = {}
cli.main()
"""


class Webserver:
    """A running webserver: its pages, and its GraphQL API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def asset(self, name: str, partition: str | None = None, view: str = "partitions") -> str:
        """Address of an asset's page, or of one of its partitions."""
        chosen = f"&partition={partition}" if partition else ""
        return f"{self.url}/assets/{name}?view={view}{chosen}"

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """What GraphQL answers; its errors are failures."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/graphql", body, headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            answer: dict[str, Any] = json.load(response)
        assert not answer.get("errors"), answer["errors"]
        return answer["data"]

    def answers(self) -> bool:
        """Whether it serves the project's definitions already."""
        try:
            nodes = self.ask("{ repositoriesOrError { __typename ... on RepositoryConnection { nodes { name } } } }")
        except OSError:
            return False
        return bool(nodes["repositoriesOrError"].get("nodes"))


def until(holds: Callable[[], Value], seconds: float, what: str) -> Value:
    """Wait until something holds, and return it. AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        time.sleep(0.5)
    return value


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def repository() -> Mapping[str, str]:
    """The project's definitions, as GraphQL names them."""
    return {"repositoryName": "__repository__", "repositoryLocationName": LOCATION}


def _running(process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, f"ended with exit status {process.returncode}"
    return True
